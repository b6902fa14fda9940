"""Tags: what a customer has now is what the open spells say, whoever wrote them."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from campaigns.customers.models import Customer, Profile, Tag, Tagging
from campaigns.customers.services.tag_definitions import add_category, add_tag, change_tag
from campaigns.customers.services.tags import end_expired, tag_customers, tag_staged, untag_customers
from campaigns.customers.tag_rules import NotYourTags, TagNotByHand, TagRetired, UntilPast
from campaigns.customers.tag_selectors import count_tagged, holders_by_branch, tagged_customers, tags_of
from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.tree import move_branch
from tests.support.cast import AT, Cast

DAY = timedelta(days=1)


@pytest.fixture
def tags(cast: Cast) -> dict[str, Tag]:
    """Manual tags of head office (vip; trial, for 30 days) and of North (north), and an imported one."""
    with system_scope(at=AT, cause="test") as scope:
        add_category(scope=scope, code="value", name="价值", owner_id=cast.branch["HO"].pk)
        add_category(scope=scope, code="local", name="本地", owner_id=cast.branch["N"].pk)
        made = [
            add_tag(scope=scope, code="vip", category_code="value", name="贵宾"),
            add_tag(scope=scope, code="trial", category_code="value", name="试用", valid_days=30),
            add_tag(scope=scope, code="north", category_code="local", name="北方"),
            add_tag(scope=scope, code="core", category_code="value", name="核心", kind="imported"),
        ]
    return {tag.code: tag for tag in made}


def arrays() -> dict[UUID, list[int]]:
    return dict(Profile.objects.exclude(tag_ids=[]).values_list("customer_id", "tag_ids"))


def _few(few: str) -> None:
    """Up to how many customers a scope is read by position; "": as it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.few', %s, true)", [few])


def from_spells() -> dict[UUID, list[int]]:
    """The oracle: what the open spells say."""
    found: dict[UUID, list[int]] = {}
    for customer, tag in Tagging.objects.filter(until=FOREVER).values_list("customer_id", "tag_id"):
        found.setdefault(customer, []).append(tag)
    return {customer: sorted(some) for customer, some in found.items()}


def test_a_tag_is_given_until_taken_and_its_spells_are_the_history(cast: Cast, tags: dict[str, Tag]) -> None:
    nb, vip = cast.customers["nb"].customer.pk, tags["vip"].pk
    with cast.nb_manager.scope() as scope:
        assert tag_customers(scope=scope, tag_id=vip, customer_ids=[nb]) == 1
        assert tag_customers(scope=scope, tag_id=vip, customer_ids=[nb]) == 0
        assert arrays() == {nb: [vip]} == from_spells()
        [now] = tags_of(scope=scope, customer_id=nb)
        assert (now.since, now.until, now.source, now.by) == (AT, None, "manual", "nb_manager")
    with cast.nb_manager.scope(at=AT + DAY) as scope:
        assert untag_customers(scope=scope, tag_id=vip, customer_ids=[nb]) == 1
        assert untag_customers(scope=scope, tag_id=vip, customer_ids=[nb]) == 0
        assert arrays() == {} == from_spells()
        assert tag_customers(scope=scope, tag_id=vip, customer_ids=[nb]) == 1
        # Given and taken in one moment leaves no trace of a spell.
        assert untag_customers(scope=scope, tag_id=vip, customer_ids=[nb]) == 1
        [before] = tags_of(scope=scope, customer_id=nb, with_history=True)
        assert (before.since, before.until, before.ended_by) == (AT, AT + DAY, "manual")


def test_a_tag_ends_after_its_days_in_sets_and_giving_it_again_prolongs_it(
    cast: Cast, tags: dict[str, Tag]
) -> None:
    nb, nb2 = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    trial = tags["trial"].pk
    with cast.nb_manager.scope() as scope:
        tag_customers(scope=scope, tag_id=trial, customer_ids=[nb, nb2])
        with pytest.raises(UntilPast):
            tag_customers(scope=scope, tag_id=trial, customer_ids=[nb], until=AT)
    with cast.nb_manager.scope(at=AT + 10 * DAY) as scope:
        assert tag_customers(scope=scope, tag_id=trial, customer_ids=[nb2]) == 0
        spells = {row.customer_id: row.expires_at for row in Tagging.objects.all()}
        assert spells == {nb: AT + 30 * DAY, nb2: AT + 40 * DAY}
    with cast.nb_manager.scope(at=AT + 31 * DAY) as scope:
        # Over at its time, even before anybody has written that down.
        assert tags_of(scope=scope, customer_id=nb) == []
        [over] = tags_of(scope=scope, customer_id=nb, with_history=True)
        assert (over.until, over.ended_by) == (AT + 30 * DAY, "time")
    with system_scope(at=AT + 31 * DAY, cause="test") as scope:
        assert end_expired(scope=scope) == 1
        assert end_expired(scope=scope) == 0
        assert arrays() == {nb2: [trial]} == from_spells()


def test_tags_are_given_where_they_mean_something_and_changed_by_their_owner(
    cast: Cast, tags: dict[str, Tag]
) -> None:
    nb, sb = cast.customers["nb"].customer.pk, cast.customers["sb"].customer.pk
    with cast.sb_manager.scope() as scope:
        for tag, customer, refusal in [
            ("north", sb, NotFound),
            ("vip", nb, NotFound),
            ("core", sb, TagNotByHand),
        ]:
            with pytest.raises(refusal):
                tag_customers(scope=scope, tag_id=tags[tag].pk, customer_ids=[customer])
        with pytest.raises(NotAllowed):
            add_tag(scope=scope, code="mine", category_code="value", name="x")
    with system_scope(at=AT, cause="test") as scope:
        with pytest.raises(NotFound):
            tag_customers(scope=scope, tag_id=tags["north"].pk, customer_ids=[nb, sb])
        assert arrays() == {}
    with cast.ho_administrator.scope(stand_at=cast.branch["N"].pk) as scope:
        add_tag(scope=scope, code="own", category_code="local", name="自有")
        with pytest.raises(NotYourTags):
            add_tag(scope=scope, code="other", category_code="value", name="x")
        with pytest.raises(NotYourTags):
            change_tag(scope=scope, tag_id=tags["vip"].pk, name="x", name_en="")
    with cast.ho_administrator.scope() as scope:
        change_tag(scope=scope, tag_id=tags["vip"].pk, name="贵宾客户", name_en="", is_active=False)
    with cast.nb_manager.scope() as scope, pytest.raises(TagRetired):
        tag_customers(scope=scope, tag_id=tags["vip"].pk, customer_ids=[nb])


def test_a_staged_set_is_given_at_once_and_again_changes_nothing(cast: Cast, tags: dict[str, Tag]) -> None:
    people = [player.customer for player in cast.customers.values()]
    rows = [(c.pk, c.branch_id, c.branch_pos, tags[t].pk) for c in people for t in ("core", "vip")]
    with system_scope(at=AT, cause="test") as scope, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE import_tags (customer_id uuid, branch_id int, branch_pos int, tag_id int)"
            " ON COMMIT DROP"
        )
        with cursor.copy("COPY import_tags FROM STDIN") as copy:
            for row in [*rows, rows[0]]:
                copy.write_row(row)
        tag_customers(scope=scope, tag_id=tags["vip"].pk, customer_ids=[people[0].pk])
        assert tag_staged(cursor, scope=scope, source="core-bank") == 5
        assert tag_staged(cursor, scope=scope, source="core-bank") == 0
        wanted = sorted([tags["vip"].pk, tags["core"].pk])
        assert arrays() == {c.pk: wanted for c in people} == from_spells()
        cursor.execute("INSERT INTO import_tags SELECT %s, %s, %s, 987654", rows[0][:3])
        with pytest.raises(DatabaseError, match="there is no tag 987654"), transaction.atomic():
            # Unknown ones are dropped by the join; a row past the service is refused.
            assert tag_staged(cursor, scope=scope, source="core-bank") == 0
            cursor.execute(
                "INSERT INTO customers_tagging (customer_id, branch_id, branch_pos, tag_id, since, until, source,"
                " ended_by) VALUES (%s, %s, %s, 987654, %s, %s, 'x', '')",
                [*rows[0][:3], AT, FOREVER],
            )


@pytest.mark.parametrize("few", ["", "0"])  # read by position, and by the index of the arrays
def test_counting_stops_at_the_scope_and_needs_no_look_at_rows(
    cast: Cast, tags: dict[str, Tag], few: str
) -> None:
    nb, nb2, sb = (cast.customers[name].customer.pk for name in ("nb", "nb2", "sb"))
    vip, north, trial = (tags[code].pk for code in ("vip", "north", "trial"))
    with system_scope(at=AT, cause="test") as scope:
        tag_customers(scope=scope, tag_id=vip, customer_ids=[nb, nb2, sb])
        tag_customers(scope=scope, tag_id=north, customer_ids=[nb])
        tag_customers(scope=scope, tag_id=trial, customer_ids=[sb])
        _few(few)
        assert count_tagged(every=[vip]) == 3
        assert count_tagged(every=[vip], without=[north]) == 2
        assert count_tagged(some=[north, trial]) == 2
        assert count_tagged(every=[vip, north], some=[trial]) == 0
        counted = {b.code: n for b, n in holders_by_branch(scope=scope, tag_id=vip)}
        assert counted == {"NB": 2, "SB": 1}
    with cast.nb_manager.scope() as scope:
        _few(few)
        assert count_tagged(every=[vip]) == 2
        assert count_tagged(every=[vip], some=[north, trial]) == 1
        assert sorted(tagged_customers(every=[vip])) == sorted([nb, nb2])
        first, *_more = tagged_customers(every=[vip], many=1)
        assert tagged_customers(every=[vip], after=first) == [max(nb, nb2)]
        assert {b.code: n for b, n in holders_by_branch(scope=scope, tag_id=vip)} == {"NB": 2}


def test_tags_move_along_with_the_home_branch_and_stay_what_they_are(
    cast: Cast, tags: dict[str, Tag]
) -> None:
    nb, vip = cast.customers["nb"].customer, tags["vip"].pk
    with system_scope(at=AT, cause="test") as scope:
        tag_customers(scope=scope, tag_id=vip, customer_ids=[nb.pk])
        move_branch(scope=scope, branch_id=cast.branch["NB"].pk, to_parent_id=cast.branch["SC"].pk)
        pos = Customer.objects.get(pk=nb.pk).branch_pos
        assert pos != nb.branch_pos
        assert Tagging.objects.get(customer_id=nb.pk).branch_pos == pos
        profile = Profile.objects.get(pk=nb.pk)
        assert (profile.branch_pos, profile.tag_ids) == (pos, [vip])


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE customers_profile SET tag_ids = '{1}'", "permission denied"),
        ("INSERT INTO customers_profile (customer_id, branch_id, branch_pos, tag_ids)"
         " SELECT id, branch_id, branch_pos, '{1}' FROM customers_customer", "permission denied"),
        ("UPDATE customers_tagging SET tag_id = tag_id + 1", "permission denied"),
        ("DELETE FROM customers_tag", "permission denied"),
        ("UPDATE customers_tagging SET until = since", "lasts_some_time|says_what_ended_it"),
    ],
)  # fmt: skip
def test_nobody_writes_past_the_spells(
    cast: Cast, tags: dict[str, Tag], statement: str, because: str
) -> None:
    nb = cast.customers["nb"].customer.pk
    with cast.nb_manager.scope() as scope:
        tag_customers(scope=scope, tag_id=tags["vip"].pk, customer_ids=[nb])
        with (
            pytest.raises(DatabaseError, match=because),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert arrays() == {nb: [tags["vip"].pk]}
