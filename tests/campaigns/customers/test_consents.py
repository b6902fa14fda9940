"""Consent: what was said is kept as rows, and what counts follows from them at once."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.audit.models import Entry
from campaigns.customers.consent_models import Birth, Consent, ConsentText, Permission
from campaigns.customers.consent_refusals import (
    EvidenceMissing,
    GuardianNeeded,
    SaidLater,
)
from campaigns.customers.consent_rules import (
    BITS,
    PURPOSES,
    SERVICE_MASK,
    allowed_of,
    is_minor_on,
    prefix_of,
)
from campaigns.customers.consent_selectors import (
    births_of,
    may_do,
    may_send,
    permission_of,
    standing_of,
)
from campaigns.customers.models import Customer
from campaigns.customers.panels import moments_of, panels
from campaigns.customers.services.consents import (
    let_come_of_age,
    merge_consents,
    note_birth,
    note_consent,
    set_personalisation,
    unmerge_consents,
)
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.consents import mask_of, publish_all, say
from tests.support.races import together

HOUR = timedelta(hours=1)


def test_the_database_has_the_same_bits_as_the_rules(cast: Cast) -> None:
    with connection.cursor() as cursor:
        for (purpose, channel), bit in BITS.items():
            cursor.execute("SELECT customers_consent_bit(%s, %s)", [purpose, channel])
            assert cursor.fetchone() == (bit,)
        cursor.execute("SELECT customers_consent_bit('marketing', '')")
        assert cursor.fetchone() == (None,)
    assert len(BITS) == 13 and SERVICE_MASK == 31


def test_who_has_said_nothing_gets_service_and_nothing_else(cast: Cast) -> None:
    nb, sb = cast.customers["nb"].customer.pk, cast.customers["sb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        for purpose, channels in PURPOSES.items():
            for channel in channels:
                may = may_do(scope=scope, customer_ids=[nb, sb], purpose=purpose, channel=channel)
                assert may == ({nb, sb} if purpose == "service" else set())
    with cast.nb_manager.scope() as scope:
        assert may_send(scope=scope, customer_ids=[nb, sb], purpose="service", channel="sms") == {nb}


def test_a_consent_counts_at_once_and_a_withdrawal_too(cast: Cast, django_assert_num_queries: Any) -> None:
    publish_all()
    nb = cast.customers["nb"]
    assert say(nb, "marketing", "subscribe", True) == 1
    assert say(nb, "marketing", "subscribe", True, AT + HOUR) == 0, "the same again adds no row"
    with system_scope(at=AT, cause="test") as scope:
        scope.facts  # noqa: B018
        with django_assert_num_queries(1):
            may = may_send(
                scope=scope, customer_ids=[nb.customer.pk], purpose="marketing", channel="subscribe"
            )
        assert may == {nb.customer.pk}
        assert not may_send(scope=scope, customer_ids=[nb.customer.pk], purpose="marketing", channel="sms")
    assert say(nb, "marketing", "subscribe", False, AT + 2 * HOUR) == 1
    assert say(nb, "service", "sms", False, AT + 2 * HOUR) == 1
    with system_scope(at=AT, cause="test") as scope:
        assert not may_send(
            scope=scope, customer_ids=[nb.customer.pk], purpose="marketing", channel="subscribe"
        )
        assert not may_send(scope=scope, customer_ids=[nb.customer.pk], purpose="service", channel="sms")
        assert mask_of(nb) == SERVICE_MASK & ~BITS["service", "sms"]
        rows = list(Consent.objects.order_by("id").values_list("is_given", "text__version", "ip_prefix"))
        assert rows == [(True, 1, ""), (False, 1, ""), (False, 1, "")]
        Customer.objects.filter(pk=nb.customer.pk).update(status="blocked")
        assert not may_send(scope=scope, customer_ids=[nb.customer.pk], purpose="service", channel="wecom")


words = st.tuples(
    st.sampled_from(sorted(BITS)), st.booleans(), st.booleans(), st.integers(min_value=-5, max_value=0)
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(st.lists(st.tuples(st.sampled_from(["nb", "sb"]), words), max_size=14), st.booleans())
def test_permissions_equal_what_the_rows_say(cast: Cast, said: list[Any], is_minor: bool) -> None:
    """Whatever was said, in whatever order it was noted, for several customers by one statement."""
    with transaction.atomic():
        texts = publish_all(AT - 30 * HOUR)
        with system_scope(at=AT, cause="test") as scope:
            rows = []
            for who, ((purpose, channel), is_given, by_guardian, hours) in said:
                customer, text = cast.customers[who].customer, texts[purpose]
                rows.append(
                    Consent(
                        customer=customer, branch_id=customer.branch_id, branch_pos=customer.branch_pos,
                        purpose=purpose, channel=channel, is_given=is_given, by_guardian=by_guardian, text=text,
                        text_sha256=text.sha256, source="counter", at=AT + hours * HOUR, noted_at=AT,
                        request_id=scope.request_id,
                    )
                )  # fmt: skip
            cut = len(rows) // 2
            Consent.objects.bulk_create(rows[:cut])
            Consent.objects.bulk_create(rows[cut:])
            if is_minor:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT note_minority(%s::uuid[], true)",
                        [[c.customer.pk for c in cast.customers.values()]],
                    )
            for player in cast.customers.values():
                found = permission_of(scope=scope, customer_id=player.customer.pk)
                found_mask = found.allowed if found.branch_id else SERVICE_MASK
                assert found_mask == _expected(
                    [r for r in rows if r.customer_id == player.customer.pk], is_minor
                )
        transaction.set_rollback(True)


def _expected(rows: list[Consent], is_minor: bool) -> int:
    given_, guarded = SERVICE_MASK, 0
    for pair, bit in BITS.items():
        mine = sorted(
            (r for r in rows if (r.purpose, r.channel) == pair), key=lambda r: (r.at, not r.is_given)
        )
        for row in mine:
            given_ = given_ & ~bit if not row.is_given else given_ | (0 if row.by_guardian else bit)
            guarded = guarded & ~bit if not row.is_given else guarded | (bit if row.by_guardian else 0)
            if row.is_given and row.by_guardian and pair[0] == "service":
                given_ |= bit
    return allowed_of(given=given_, guarded=guarded, is_minor=is_minor)


def test_two_who_speak_at_once_for_one_customer_lose_no_word(committed_cast: Cast) -> None:
    publish_all()
    nb = committed_cast.customers["nb"]
    channels = ["inbox", "subscribe", "sms", "wecom"]
    together([lambda c=channel: say(nb, "marketing", c, True) for channel in channels])
    assert mask_of(nb) == SERVICE_MASK | sum(BITS["marketing", channel] for channel in channels)


def test_rows_are_added_and_never_changed_and_name_the_text_as_it_was(cast: Cast) -> None:
    publish_all()
    nb = cast.customers["nb"]
    say(nb, "marketing", "sms", True)
    with system_scope(at=AT, cause="test"):
        for wrong in (
            lambda: Consent.objects.update(is_given=False),
            lambda: Consent.objects.all().delete(),
            lambda: ConsentText.objects.update(text="别的"),
            lambda: Permission.objects.update(given=0),
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                wrong()
        row = Consent.objects.get()
        row.pk, row.text_sha256 = None, "0" * 64
        with pytest.raises(DatabaseError, match="is_to_what_the_text_said"), transaction.atomic():
            row.save(force_insert=True)
    with nb.scope():
        row = Consent.objects.get()
        row.pk, row.customer = None, cast.customers["nb2"].customer
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)


def test_staff_note_what_they_were_told_with_its_evidence(cast: Cast) -> None:
    publish_all(AT - 48 * HOUR)
    nb = cast.customers["nb"].customer
    told: dict[str, Any] = {
        "customer_id": nb.pk,
        "purpose": "marketing",
        "channel": "phone",
        "source": "paper",
    }
    with cast.nb_manager.scope() as scope:
        with pytest.raises(EvidenceMissing):
            note_consent(scope=scope, is_given=True, evidence=" ", **told)
        with pytest.raises(SaidLater):
            note_consent(scope=scope, is_given=True, evidence="表-1", said_at=AT + HOUR, **told)
        note_consent(scope=scope, is_given=False, evidence="表-2", said_at=AT - HOUR, **told)
        # A form that was signed before, and came later: the withdrawal stands.
        row = note_consent(scope=scope, is_given=True, evidence="表-1", said_at=AT - 2 * HOUR, **told)
        assert (row.by_person, row.noted_at) == (cast.nb_manager.person.pk, AT)
        assert not may_send(scope=scope, customer_ids=[nb.pk], purpose="marketing", channel="phone")
        deeds = Entry.objects.filter(subject=ref("customers.customer", nb.pk)).values_list("verb", flat=True)
        assert {"customers.consent.note", "customers.consent.take_away"} <= set(deeds)
    with cast.nb_clerk.scope() as scope, pytest.raises(NotAllowed):
        note_consent(scope=scope, is_given=True, evidence="表-1", **told)


def test_a_minor_needs_a_guardian_until_coming_of_age(cast: Cast) -> None:
    publish_all()
    nb = cast.customers["nb"]
    say(nb, "marketing", "sms", True)
    with cast.nb_manager.scope() as scope:
        assert note_birth(
            scope=scope,
            customer_id=nb.customer.pk,
            born=date(2009, 1, 31),
            source="柜面",
            reason="按证件登记",
        )
        assert births_of(scope=scope, customer_ids=[nb.customer.pk]) == {nb.customer.pk: date(2009, 1, 31)}
        assert b"2009" not in bytes(Birth.objects.get().value)
        assert not may_do(scope=scope, customer_ids=[nb.customer.pk], purpose="marketing", channel="sms")
        assert may_do(scope=scope, customer_ids=[nb.customer.pk], purpose="service", channel="sms")
    with pytest.raises(GuardianNeeded):
        say(nb, "profiling", "", True)
    with cast.nb_manager.scope() as scope:
        told: dict[str, Any] = {
            "customer_id": nb.customer.pk, "purpose": "profiling", "channel": "", "is_given": True,
            "source": "paper", "evidence": "监护人-7",
        }  # fmt: skip
        with pytest.raises(GuardianNeeded):
            note_consent(scope=scope, **told)
        note_consent(scope=scope, by_guardian=True, **told)
        assert may_do(scope=scope, customer_ids=[nb.customer.pk], purpose="profiling") == {nb.customer.pk}
    for day, grown in (
        (datetime(2027, 1, 30, tzinfo=AT.tzinfo), 0),
        (datetime(2027, 1, 31, tzinfo=AT.tzinfo), 1),
    ):
        with system_scope(at=day, cause="customers.come_of_age") as scope:
            assert let_come_of_age(scope=scope) == grown
    with system_scope(at=AT, cause="test") as scope:
        ids = [nb.customer.pk]
        assert may_do(scope=scope, customer_ids=ids, purpose="marketing", channel="sms") == set(ids)
        assert not may_do(scope=scope, customer_ids=ids, purpose="profiling"), "a guardian speaks for a minor"


def test_ages_and_nets() -> None:
    assert is_minor_on(born=date(2008, 2, 29), day=date(2026, 2, 28))
    assert not is_minor_on(born=date(2008, 2, 29), day=date(2026, 3, 1))
    assert [prefix_of(a) for a in ("203.0.113.77", "2001:db8:1:2::3", "nowhere")] == [
        "203.0.113.0/24", "2001:db8:1::/48", "",
    ]  # fmt: skip


def test_the_switch_wins_over_a_consent_to_profiling(cast: Cast) -> None:
    publish_all()
    nb = cast.customers["nb"]
    say(nb, "profiling", "", True)
    with nb.scope() as scope:
        assert set_personalisation(scope=scope, is_on=False)
        assert not set_personalisation(scope=scope, is_on=False)
    with system_scope(at=AT, cause="test") as scope:
        assert not may_do(scope=scope, customer_ids=[nb.customer.pk], purpose="profiling")
        assert Customer.objects.filter(is_personalised=False).count() == 1


def test_of_two_who_are_one_the_stricter_word_counts_and_parting_gives_back(cast: Cast) -> None:
    publish_all()
    kept, absorbed = cast.customers["nb"], cast.customers["sb"]
    say(kept, "marketing", "sms", True)
    say(kept, "marketing", "wecom", True)
    say(kept, "service", "phone", False)
    say(absorbed, "marketing", "sms", True)
    say(absorbed, "marketing", "sms", False, AT + HOUR)
    say(absorbed, "marketing", "inbox", True)
    before = mask_of(kept)
    with absorbed.scope() as scope:
        set_personalisation(scope=scope, is_on=False)
    with system_scope(at=AT + 2 * HOUR, cause="test") as scope:
        pair = {
            "kept": Customer.objects.get(pk=kept.customer.pk),
            "absorbed": Customer.objects.get(pk=absorbed.customer.pk),
        }
        moved = merge_consents(scope=scope, **pair)
        assert len(moved) == 2
        assert not Customer.objects.get(pk=kept.customer.pk).is_personalised
    marketing = {c: BITS["marketing", c] for c in ("inbox", "sms", "wecom")}
    assert mask_of(kept) == (before & ~marketing["sms"]) | marketing["inbox"]
    with system_scope(at=AT + 3 * HOUR, cause="test") as scope:
        unmerge_consents(scope=scope, moved=moved, **pair)
    assert mask_of(kept) == before


# --- over HTTP ---


def test_a_customer_reads_agrees_and_withdraws_over_http(cast: Cast) -> None:
    texts = publish_all()
    client, headers = Client(), cast.customers["nb"].headers()

    def send(consents: list[dict[str, Any]]) -> Any:
        return client.put(
            "/api/v1/me/consents", {"consents": consents}, content_type="application/json", headers=headers
        )

    page = client.get("/api/v1/me/consents", headers=headers).json()
    by_purpose = {each["purpose"]: each for each in page["purposes"]}
    assert by_purpose["marketing"]["text"]["text"] == "我同意：marketing"
    assert [c["channel"] for c in by_purpose["marketing"]["channels"]] == list(PURPOSES["marketing"])
    wish = {"purpose": "marketing", "channel": "sms", "is_given": True}
    assert send([wish | {"text_sha256": "0" * 64}]).json()["code"] == "customers.consent.text_changed"
    assert send([wish | {"channel": ""}]).json()["code"] == "customers.consent.pair_unknown"
    assert send([wish | {"purpose": "everything"}]).status_code == 400
    done = send([wish | {"text_sha256": texts["marketing"].sha256}])
    assert done.status_code == 200
    given_ = {
        (p["purpose"], c["channel"]) for p in done.json()["purposes"] for c in p["channels"] if c["is_given"]
    }
    assert given_ == {*((("service", c)) for c in PURPOSES["service"]), ("marketing", "sms")}
    with system_scope(at=AT, cause="test"):
        assert Consent.objects.get().ip_prefix == "127.0.0.0/24"
    assert send([wish | {"is_given": False}]).status_code == 200
    switch = client.put(
        "/api/v1/me/personalisation",
        {"is_personalised": False},
        content_type="application/json",
        headers=headers,
    )
    assert switch.json() == {"is_personalised": False}
    assert client.get("/api/v1/me", headers=headers).json()["is_personalised"] is False
    other = client.get("/api/v1/me/consents", headers=cast.customers["nb2"].headers()).json()
    assert all(c["at"] is None for p in other["purposes"] for c in p["channels"])


def test_the_customers_page_has_a_panel_and_moments(cast: Cast) -> None:
    publish_all()
    nb = cast.customers["nb"]
    say(nb, "marketing", "sms", True)
    [panel] = [each for each in panels() if each.code == "customers.consents"]
    with cast.nb_manager.scope() as scope:
        lines = {line.label: line.value for line in panel.rows(scope, nb.customer.pk)}
        assert lines["营销"] == "短信" and lines["画像"] == "未同意"
        [moment] = moments_of(scope=scope, customer_id=nb.customer.pk, before=AT + HOUR, many=5)
        assert "营销 短信" in moment.sentence
        assert len(standing_of(scope=scope, customer_id=nb.customer.pk)) == 13
