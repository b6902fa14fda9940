"""What customers are known by: one form for each kind, claims that lock nobody out, and whom to believe."""

from typing import Any
from uuid import UUID

import pytest

from campaigns.audit.models import Entry
from campaigns.customers.identity_rules import PRIORITY, folded, masked_identity, normalised
from campaigns.customers.merge_models import MergeProposal
from campaigns.customers.merge_selectors import current_id
from campaigns.customers.models import Customer, Identity
from campaigns.customers.refusals import IdentityMalformed, ReasonNeeded
from campaigns.customers.rules import reason_kept
from campaigns.customers.selectors import Named, customer_by_identity, match_identities
from campaigns.customers.services.identities import link_identity, revoke_identity, unmask_customer
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope, system_scope
from config.standins.wechat import WeChatStandIn, openid_of
from tests.campaigns.customers.conftest import Phone
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous

PHONE = "13800138000"


@pytest.mark.parametrize(
    "written",
    ["13800138000", " 138 0013 8000", "+86 138-0013-8000", "0086 13800138000", "86 13800138000",
     "１３８００１３８０００", "＋８６　１３８００１３８０００", "+86 (0)138 0013 8000"],
)  # fmt: skip
def test_one_phone_has_one_form_however_it_is_written(written: str) -> None:
    assert normalised(kind="phone", value=written) == "+8613800138000"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("010-65130000", "+861065130000"),
        ("+86 10 6513 0000", "+861065130000"),
        ("+852 2123 4567", "+85221234567"),
        ("00852 21234567", "+85221234567"),
    ],
)
def test_landlines_and_numbers_abroad_have_theirs(written: str, form: str) -> None:
    assert normalised(kind="phone", value=written) == form


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "12345"), ("phone", ""), ("phone", "1380013800x"), ("phone", "+86 99"), ("customer_number", ""),
        ("customer_number", "6225 8801; DROP"), ("openid", "o 1"), ("unionid", "连"), ("device", "x" * 129),
        ("email", "a@b.cn"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_identity_is_refused_by_its_name(kind: str, value: str) -> None:
    with pytest.raises(IdentityMalformed):
        normalised(kind=kind, value=value)
    assert isinstance(folded(kind=kind, value=value), str)


def test_screens_show_the_ends_of_a_phone_alone() -> None:
    assert masked_identity(kind="phone", value="+8613800138000") == "138****8000"
    assert masked_identity(kind="openid", value="oAbCdEfGhIjK") == "oAb******IjK"


def link(scope: Scope, customer: UUID, **more: Any) -> str:
    given = {"kind": "phone", "value": PHONE, "source": "sms", **more}
    return link_identity(scope=scope, customer_id=customer, **given).outcome


def test_a_claim_of_a_strangers_phone_locks_nobody_out(cast: Cast) -> None:
    thief, owner = (cast.customers[name].customer.pk for name in ("sb", "nb"))
    with system_scope(at=AT, cause="test") as scope:
        assert link(scope, thief, is_verified=False) == "claimed"
        assert match_identities(named=[Named("phone", PHONE)]) == []  # a claim names nobody
        assert link(scope, thief, is_verified=False) == "known"
        assert link(scope, owner) == "linked"
        [found] = match_identities(named=[Named("phone", "+86 138 0013 8000")])
        assert (found.customer_id, found.is_known) == (owner, True)
        # The claim stays a claim; verifying it now is a question for staff.
        assert link(scope, thief) == "proposed"
        assert [p.why for p in MergeProposal.objects.all()] == [{"by": "link", "kinds": ["phone"]}]
        assert Identity.objects.get(customer=thief, kind="phone").state == "unverified"


def test_verifying_ones_own_claim_leaves_one_that_counts(cast: Cast) -> None:
    nb = cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        link(scope, nb, is_verified=False)
        assert (link(scope, nb), link(scope, nb)) == ("linked", "known")
        states = Identity.objects.filter(customer=nb, kind="phone").order_by("linked_at", "id")
        assert [row.state for row in states] == ["revoked", "verified"]


def test_a_revoked_identity_is_free_for_its_next_owner(cast: Cast) -> None:
    old, new = cast.customers["nb"].customer.pk, cast.customers["nb2"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        made = link_identity(scope=scope, customer_id=old, kind="phone", value=PHONE, source="core")
        assert made.identity_id
        with pytest.raises(ReasonNeeded):
            revoke_identity(scope=scope, identity_id=made.identity_id, reason="x")
        revoke_identity(scope=scope, identity_id=made.identity_id, reason="运营商销号")
        assert link(scope, new) == "linked"
        with pytest.raises(NotFound):
            revoke_identity(scope=scope, identity_id=made.identity_id, reason="运营商销号")
    with cast.sb_manager.scope() as scope, pytest.raises(NotFound):
        revoke_identity(scope=scope, identity_id=made.identity_id, reason="不是本行客户")


def test_the_banks_number_is_believed_first_and_a_device_last(cast: Cast) -> None:
    nb, nb2, sb = (cast.customers[name].customer.pk for name in ("nb", "nb2", "sb"))
    with system_scope(at=AT, cause="test") as scope:
        link(scope, nb2, kind="device", value="device-7")
        link(scope, sb, kind="external_userid", value="wmAbC", app="corp")
    named = [
        Named("device", "device-7"),
        Named("external_userid", "wmAbC", "corp"),
        Named("customer_number", " N-nb-000001"),
        Named("unionid", "union-nobody"),
    ]
    found = match_identities(named=named)
    assert [(each.kind, each.customer_id) for each in found] == [
        ("customer_number", nb),
        ("external_userid", sb),
        ("device", nb2),
    ]
    assert match_identities(named=[]) == []
    # Another corporation's contact of the same name is another one.
    assert match_identities(named=[Named("external_userid", "wmAbC", "other")]) == []
    assert set(PRIORITY) == set(Identity.Kind.values)


def test_a_shared_device_makes_nobody_one(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        first, second = anonymous(scope, cast, "NB", "a"), anonymous(scope, cast, "NB", "b")
        assert link(scope, first, kind="device", value="tablet") == "linked"
        assert link(scope, second, kind="device", value="tablet") == "claimed"
        assert not MergeProposal.objects.exists()
        assert Customer.objects.get(pk=second).status == "active"


def test_who_is_known_by_wechat_alone_becomes_the_known_customer_at_once(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "SB", "walk-in")
        number = cast.customers["nb"].number
        done = link_identity(
            scope=scope, customer_id=visitor, kind="customer_number", value=number, source="core"
        )
        nb = cast.customers["nb"].customer.pk
        assert (done.outcome, done.customer_id) == ("merged", nb)
        assert current_id(visitor) == nb
        assert match_identities(named=[Named("openid", "walk-in", "wx-test")])[0].customer_id == nb


def test_a_log_in_that_shows_two_customers_makes_them_one_or_asks(
    cast: Cast, wechat: WeChatStandIn, phone: Phone
) -> None:
    openid = openid_of(app="wx-test", unionid="union-nb")
    first = phone.log_in(f"demo-openid:{openid}", "SB").json()["customer"]
    done = phone.log_in("demo-union-nb").json()["customer"]
    nb = cast.customers["nb"].customer.pk
    assert (done["id"], first["id"] == done["id"]) == (str(nb), False)
    with cast.ho_administrator.scope():
        assert Customer.objects.get(pk=first["id"]).status == "merged"
        assert current_id(UUID(first["id"])) == nb
        assert Entry.objects.get(verb="customers.customer.merge").actor == "system:auth.wechat"
    # Two whom the bank knows: the log-in goes on as the one of the unionid, and staff are asked.
    with system_scope(at=AT, cause="test") as scope:
        other = openid_of(app="wx-test", unionid="union-nb2")
        link(scope, cast.customers["sb"].customer.pk, kind="openid", value=other, app="wx-test")
    assert phone.log_in("demo-union-nb2").json()["customer"]["number"] == "****0002"
    with cast.ho_administrator.scope():
        assert MergeProposal.objects.get().state == "open"
        assert customer_by_identity(kind="openid", value=other, app="wx-test") is not None


def test_whoever_sees_a_customer_in_the_clear_says_why_and_the_audit_keeps_it(cast: Cast) -> None:
    nb = cast.customers["nb"]
    with system_scope(at=AT, cause="test") as scope:
        link(scope, nb.customer.pk)
    with cast.nb_manager.scope() as scope:
        with pytest.raises(ReasonNeeded):
            unmask_customer(scope=scope, customer_id=nb.customer.pk, reason="看看")
        assert not Entry.objects.filter(verb="customers.customer.unmask").exists()
        shown = unmask_customer(scope=scope, customer_id=nb.customer.pk, reason="客户来电核对身份")
        assert [text for _row, text in shown] == [nb.number, nb.unionid, "+8613800138000"]
        entry = Entry.objects.get(verb="customers.customer.unmask")
        assert entry.detail["reason"] == "客户来电核对身份"
        told = str(entry.detail) + entry.subject + entry.subject_name
        assert not any(text in told for _row, text in shown)
        with pytest.raises(NotFound):
            reason = "客户来电核对身份"
            unmask_customer(scope=scope, customer_id=cast.customers["sb"].customer.pk, reason=reason)
    with cast.ho_auditor.scope() as scope, pytest.raises(NotAllowed):
        unmask_customer(scope=scope, customer_id=nb.customer.pk, reason="客户来电核对身份")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 来电 138 0013 8000 核对 ", "来电 ****8000 核对"),
        ("身份证11010519491231002x，卡6217-0008-8199-1377", "身份证****002x，卡****1377"),
        ("１３８００１３８０００", "****８０００"),
        ("工单 2026-0117，2026-11-22 10:30 来访", "工单 2026-0117，2026-11-22 10:30 来访"),
    ],
)
def test_a_reason_keeps_its_words_and_of_a_long_number_its_end(typed: str, kept: str) -> None:
    assert reason_kept(typed) == kept
    assert reason_kept(kept) == kept
