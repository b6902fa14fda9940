"""Computed tags and scores: asked for all at once, and only what differs is written."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.customers import activities
from campaigns.customers.models import Customer, Profile, StageChange, Tag, Tagging
from campaigns.customers.services import tag_runs
from campaigns.customers.services.attributes import add_attribute
from campaigns.customers.services.scoring import change_scoring_terms, score_customers
from campaigns.customers.services.tag_definitions import add_category, add_tag, change_tag
from campaigns.customers.services.tag_runs import ask_recompute, ask_run, run_tag
from campaigns.customers.services.tags import tag_customers
from campaigns.customers.steps import steps_of, told_by
from campaigns.customers.tag_rules import TagInRule, TagRetired, TermsWrong
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long_runs import run_long
from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotAllowed
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.tasks import reopened
from tests.support.cast import AT, Cast
from tests.support.rewards import live_batch

DAY = timedelta(days=1)
OVER_30 = {"about": "attribute:age", "is": ">", "value": 31}


def defined(cast: Cast) -> dict[str, Tag]:
    """older: over 31, that is nb2 and sb; older_north: the same, of North alone; both: has older and not young."""
    with system_scope(at=AT, cause="test") as scope:
        add_attribute(scope=scope, code="age", name="年龄", kind="number")
        add_category(scope=scope, code="value", name="价值", owner_id=cast.branch["HO"].pk)
        add_category(scope=scope, code="local", name="本地", owner_id=cast.branch["N"].pk)
        made = [
            add_tag(scope=scope, code="older", category_code="value", name="年长", kind="computed", rule=OVER_30),
            add_tag(scope=scope, code="older_north", category_code="local", name="北方年长", kind="computed",
                    rule=OVER_30),
            add_tag(scope=scope, code="a_both", category_code="value", name="两者", kind="computed",
                    rule={"all": [{"about": "tags", "is": "all", "value": ["older"]},
                                  {"about": "stage", "is": "in", "value": ["new"]}]}),
        ]  # fmt: skip
    return {tag.code: tag for tag in made}


@pytest.fixture
def tags(cast: Cast) -> dict[str, Tag]:
    return defined(cast)


def names(cast: Cast, tag: Tag) -> set[str]:
    rows = Tagging.objects.filter(tag=tag, until=FOREVER).values_list("customer_id", flat=True)
    return {name for name, player in cast.customers.items() if player.customer.pk in set(rows)}


def test_a_rule_gives_and_takes_what_differs_below_its_owner(cast: Cast, tags: dict[str, Tag]) -> None:
    with system_scope(at=AT, cause="test") as scope:
        did = run_tag(scope=scope, tag_id=tags["older"].pk)
        assert (did["held"], did["given"], did["taken"]) == (2, 2, 0)
        assert names(cast, tags["older"]) == {"nb2", "sb"}
        run_tag(scope=scope, tag_id=tags["older_north"].pk)
        assert names(cast, tags["older_north"]) == {"nb2"}
        before = set(Tagging.objects.values_list("customer_id", "tag_id", "since"))
        did = run_tag(scope=scope, tag_id=tags["older"].pk)
        assert (did["held"], did["given"], did["taken"]) == (2, 0, 0)
        assert set(Tagging.objects.values_list("customer_id", "tag_id", "since")) == before
        Customer.objects.filter(pk=cast.customers["nb"].customer.pk).update(attributes={"age": 99})
        Customer.objects.filter(pk=cast.customers["sb"].customer.pk).update(attributes={})
    with system_scope(at=AT + DAY, cause="test") as scope:
        did = run_tag(scope=scope, tag_id=tags["older"].pk)
        assert (did["held"], did["given"], did["taken"]) == (2, 1, 1)
        assert names(cast, tags["older"]) == {"nb", "nb2"}
        tag = Tag.objects.get(pk=tags["older"].pk)
        assert (tag.last_run_at, tag.last_run["given"]) == (AT + DAY, 1)
        change_tag(
            scope=scope, tag_id=tags["a_both"].pk, name="两者", name_en="", rule=OVER_30, is_active=False
        )
        with pytest.raises(TagRetired):
            run_tag(scope=scope, tag_id=tags["a_both"].pk)


def test_a_run_on_demand_stays_within_who_asks(cast: Cast, tags: dict[str, Tag]) -> None:
    with cast.ho_administrator.scope(stand_at=cast.branch["NB"].pk) as scope:
        run_tag(scope=scope, tag_id=tags["older"].pk)
        with pytest.raises(NotAllowed):
            ask_run(scope=scope, tag_id=tags["older"].pk)
    with cast.ho_administrator.scope() as scope:
        assert names(cast, tags["older"]) == {"nb2"}
        with pytest.raises(TagInRule):
            change_tag(
                scope=scope, tag_id=tags["older"].pk, name="x", name_en="", rule=OVER_30, is_active=False
            )
    with cast.nb_manager.scope() as scope, pytest.raises(NotAllowed):
        run_tag(scope=scope, tag_id=tags["older"].pk)


def test_the_night_is_one_long_job_scores_first_and_tags_in_the_order_of_their_rules(
    committed_cast: Cast,
) -> None:
    made = defined(committed_cast)
    with system_scope(at=AT, cause="test") as scope:
        Tag.objects.filter(code="older_north").update(rule={"about": "attribute:gone", "is": "filled"})
        job = ask_recompute(scope=scope)
        assert job is not None
        assert ask_recompute(scope=scope) is None

    def reopen(kind: str, carry: dict[str, Any], at: Any) -> Any:
        return reopened(kind, carry, at, "test")

    run_long(
        scope=scope, reopen=reopen, clock=lambda: AT + timedelta(minutes=1), at_most=timedelta(minutes=5)
    )
    with system_scope(at=AT, cause="test"):
        done = Job.objects.get(pk=job.pk)
        assert (done.state, done.done, done.total, done.refused) == (Job.State.DONE, 4, 4, 1)
        # It asks for the stage and for another tag: both were there.
        assert names(committed_cast, made["a_both"]) == {"nb2", "sb"}
        assert "attribute:gone" in Tag.objects.get(code="older_north").last_run["error"]
    assert done.kind == tag_runs.JOB


def test_stages_follow_from_the_last_sign_of_life(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    nb = cast.customers["nb"].customer.pk

    def score(days: int) -> tuple[str, int, int]:
        with system_scope(at=AT + days * DAY, cause="test") as scope:
            scored = score_customers(scope=scope)
            profile = Profile.objects.get(pk=nb)
            return profile.stage, scored.changed, scored.passed_on

    assert score(1) == ("new", 3, 3)
    assert score(2) == ("new", 0, 0)
    assert score(40)[0] == "active"
    assert score(100)[0] == "asleep"
    came = f"SELECT '{nb}'::uuid, '{(AT + 150 * DAY).isoformat()}'::timestamptz, 5000"
    monkeypatch.setitem(activities._ACTIVITIES, "test", came)
    stage, changed, passed_on = score(151)
    assert (stage, changed, passed_on) == ("won_back", 1, 1)
    assert score(200)[0] == "won_back"
    assert score(230)[0] == "active"
    assert score(150 + 366)[0] == "lost"
    with system_scope(at=AT + 600 * DAY, cause="test") as scope:
        course = StageChange.objects.filter(customer_id=nb).order_by("at").values_list("was", "became")
        assert [became for _was, became in course] == [
            "new",
            "active",
            "asleep",
            "won_back",
            "active",
            "lost",
        ]
        assert Profile.objects.get(pk=nb).stage_since == AT + 516 * DAY
        with pytest.raises(TermsWrong):
            change_scoring_terms(scope=scope, window_days=365, new_days=30, asleep_days=400, lost_days=365,
                                 won_back_days=60, loyal_deeds=6)  # fmt: skip
        change_scoring_terms(scope=scope, window_days=1000, new_days=30, asleep_days=600, lost_days=700,
                             won_back_days=60, loyal_deeds=1)  # fmt: skip
    # Back, for the terms have changed; then, having done one thing, loyal.
    assert score(601)[0] == "won_back"
    assert score(662)[0] == "loyal"


def test_what_coupons_say_counts_and_equal_figures_have_equal_scores(cast: Cast) -> None:
    batch = live_batch(cast)
    for name in ("nb", "nb2"):
        with cast.customers[name].scope(at=AT + DAY) as scope:
            claim_coupon(scope=scope, batch_id=batch.pk)
    with system_scope(at=AT + 2 * DAY, cause="test") as scope:
        score_customers(scope=scope)
        found = {profile.pk: (profile.recency, profile.frequency, profile.monetary)
                 for profile in Profile.objects.all()}  # fmt: skip
        assert {name: found[player.customer.pk] for name, player in cast.customers.items()} == {
            "nb": (5, 5, 5), "nb2": (5, 5, 5), "sb": (1, 1, 1),
        }  # fmt: skip


def test_tags_unite_in_a_merge_and_part_again(cast: Cast, tags: dict[str, Tag]) -> None:
    kept, absorbed = cast.customers["nb"].customer, cast.customers["sb"].customer
    with system_scope(at=AT, cause="test") as scope:
        for code in ("vip", "old"):
            add_tag(scope=scope, code=code, category_code="value", name=code)
        vip, old = Tag.objects.get(code="vip").pk, Tag.objects.get(code="old").pk
        tag_customers(scope=scope, tag_id=vip, customer_ids=[kept.pk, absorbed.pk])
        tag_customers(scope=scope, tag_id=old, customer_ids=[absorbed.pk])
    merge, unmerge, erase = (
        next(step.act for step in steps_of(verb) if step.name == "customers: tags")  # type: ignore[arg-type]
        for verb in ("merge", "unmerge", "erase")
    )

    def arrays() -> tuple[list[int], list[int]]:
        have = dict(Profile.objects.values_list("customer_id", "tag_ids"))
        return have[kept.pk], have[absorbed.pk]

    with system_scope(at=AT + DAY, cause="test") as scope:
        before = sorted(Tagging.objects.values_list("customer_id", "tag_id", "since", "until"))
        moved = merge(scope=scope, kept=kept, absorbed=absorbed)
        assert arrays() == (sorted([vip, old]), [])
        assert Tagging.objects.get(customer_id=kept.pk, tag_id=old).since == AT
    with system_scope(at=AT + 2 * DAY, cause="test") as scope:
        unmerge(scope=scope, kept=kept, absorbed=absorbed, moved=moved)
        assert sorted(Tagging.objects.values_list("customer_id", "tag_id", "since", "until")) == before
        assert arrays() == ([vip], sorted([vip, old]))
        [tell] = [step.act for step in told_by() if step.name == "customers: tags"]
        told = list(tell(scope=scope, customer_id=absorbed.pk))
        assert {table for table, _row in told} == {"attributes", "tags"}
        erase(scope=scope, customer=absorbed)
        assert not Tagging.objects.filter(customer_id=absorbed.pk).exists()
        assert not Profile.objects.filter(pk=absorbed.pk).exists()
