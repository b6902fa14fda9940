"""Households: registered by who saw something for it, or joined on the phone; points pass within them alone. And points
that staff let lapse later.
"""

from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.test import override_settings

from campaigns.audit.models import Entry as Note
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.steps import steps_of
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.models import Notice
from campaigns.points.models import Extension, Member, Movement
from campaigns.points.refusals import extensions as later
from campaigns.points.refusals import households as no
from campaigns.points.refusals.desk import CustomerNotKnown, ReasonNotGiven
from campaigns.points.refusals.ledger import NothingToExtend, NotOneHousehold, PointsShort
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.extensions import extension_in_scope
from campaigns.points.selectors.households import own_household
from campaigns.points.services import extensions, households, postings
from campaigns.points.services.postings import Accrual, Validity
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_awards import agrees, another, work
from tests.support.cast import AT, Cast, hired
from tests.support.customers import anonymous

DAY = timedelta(days=1)


def earn(cast: Cast, points: int, *, who: UUID | None = None, months: int | None = 1, at: Any = AT) -> None:
    with system_scope(at=at, cause="test") as scope:
        postings.accrue_points(
            scope=scope,
            accruals=[Accrual(who or cast.customers["nb"].customer.pk, points, uuid4())],
            issuer_id=cast.branch["N"].pk,
            title="签到奖励",
            validity=Validity(months, "day"),
        )


def has(cast: Cast, who: str) -> int:
    with system_scope(at=AT, cause="test") as scope:
        return balance_of(scope=scope, customer_id=cast.customers[who].customer.pk).usable


def test_who_invites_and_who_says_yes_are_a_household(cast: Cast) -> None:
    earn(cast, 100)
    with cast.customers["nb"].scope() as scope:
        assert own_household(scope=scope) == []
        code, until = households.invite_to_household(scope=scope)
        with pytest.raises(no.InvitationNotGood):
            households.join_household(scope=scope, code=code)  # one's own
    assert until == AT + DAY
    for wrong in ("", "x", code[:-1], "A" + code[1:] if code[0] != "A" else "B" + code[1:]):
        with cast.customers["sb"].scope() as scope, pytest.raises(no.InvitationNotGood):
            households.join_household(scope=scope, code=wrong)
    with cast.customers["sb"].scope(at=AT + DAY) as scope, pytest.raises(no.InvitationNotGood):
        households.join_household(scope=scope, code=code)
    # Of another province, and yet one family.
    with cast.customers["sb"].scope() as scope:
        members = households.join_household(scope=scope, code=code.lower())
        assert [(each.is_me, each.household) for each in members] == [(False, "家庭"), (True, "家庭")]
        assert members[0].number_tail == cast.customers["nb"].customer.number_tail
        with pytest.raises(no.MemberAlready):
            households.join_household(scope=scope, code=code)
        host = members[0].member_id
        with pytest.raises(PointsShort):
            households.pass_points(scope=scope, member_id=host, points=1, key="a")
    with patch.object(households, "MOST_MEMBERS", 2), cast.customers["nb2"].scope() as scope:
        with pytest.raises(no.HouseholdFull):
            households.join_household(scope=scope, code=code)
        with pytest.raises(NotOneHousehold):
            households.pass_points(scope=scope, member_id=host, points=1, key="a")
    with cast.customers["nb"].scope() as scope, override_settings(POINTS_PASSED_A_DAY=60):
        guest = next(each.member_id for each in own_household(scope=scope) if not each.is_me)
        first = households.pass_points(scope=scope, member_id=guest, points=40, key="one")
        again = households.pass_points(scope=scope, member_id=guest, points=40, key="one")
        assert (first.is_new, again.is_new, first.movement_id) == (True, False, again.movement_id)
        with pytest.raises(no.PassedEnough):
            households.pass_points(scope=scope, member_id=guest, points=21, key="two")
        households.pass_points(scope=scope, member_id=guest, points=20, key="two")
    assert (has(cast, "nb"), has(cast, "sb")) == (40, 60)
    with cast.customers["sb"].scope() as scope:
        households.leave_household(scope=scope)
        with pytest.raises(no.NoMember):
            households.leave_household(scope=scope)
        assert own_household(scope=scope) == []
    with cast.customers["nb"].scope() as scope, pytest.raises(NotOneHousehold):
        households.pass_points(scope=scope, member_id=guest, points=1, key="three")
    with system_scope(at=AT, cause="test"):
        verbs = Note.objects.filter(verb__startswith="points.household.").values_list("verb", flat=True)
        assert sorted(verbs) == ["points.household.join", "points.household.leave"]
    agrees()


def test_staff_register_who_showed_something_and_a_place_follows_its_person(cast: Cast) -> None:
    nb, nb2 = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    number = cast.customers["nb2"].number
    with cast.nb_manager.scope() as scope:
        args = {"scope": scope, "customer_id": nb, "number": number, "evidence": "出示户口簿原件"}
        for wrong, refusal in (
            ({"evidence": "户口"}, no.EvidenceNotGiven),
            ({"number": " "}, no.EvidenceNotGiven),
            ({"number": cast.customers["sb"].number}, CustomerNotKnown),
            ({"number": cast.customers["nb"].number}, CustomerNotKnown),
            ({"customer_id": cast.customers["sb"].customer.pk}, NotFound),
        ):
            with pytest.raises(refusal):
                households.add_member(**(args | wrong))
        assert not Member.objects.within(scope).exists()
        member = households.add_member(**args)
        with pytest.raises(no.MemberAlready):
            households.add_member(**args)
        with pytest.raises(ReasonNotGiven):
            households.end_membership(scope=scope, member_id=member.pk, reason="走")
    for other in (hired(cast, "branch_manager", "SB").scope(), cast.nb_clerk.scope()):
        with other as scope, pytest.raises((NotFound, NotAllowed)):
            households.end_membership(scope=scope, member_id=member.pk, reason="客户要求退出")
    with system_scope(at=AT, cause="test") as scope:
        # nb2 turns out to be another; the place goes along, and back.
        one = anonymous(scope, cast, "NB", "openid-1")
        Member.objects.filter(pk=member.pk).update(customer=one)
        merge = merge_customers(scope=scope, kept=nb2, absorbed=one, why={"by": "test"})
        assert Member.objects.get(pk=member.pk).customer_id == nb2
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
        assert Member.objects.get(pk=member.pk).customer_id == one
        # Whose both sides live somewhere, lives where the kept one does.
        merge_customers(scope=scope, kept=nb, absorbed=one, why={"by": "test"})
        assert Member.objects.filter(until=None).values_list("customer_id", flat=True).get() == nb
        assert "points: household" in {step.name for step in steps_of("erase")}
    with cast.nb_manager.scope() as scope:
        own = Member.objects.within(scope).get(until=None)
        households.end_membership(scope=scope, member_id=own.pk, reason="客户要求退出")
        with pytest.raises(NotFound):
            households.end_membership(scope=scope, member_id=own.pk, reason="客户要求退出")


def test_points_lapse_later_within_the_limit_at_once_and_above_it_by_two(cast: Cast) -> None:
    nb = cast.customers["nb"].customer.pk
    earn(cast, 600)
    until = AT + 100 * DAY
    with cast.north_rewards.scope() as scope:
        with pytest.raises(ReasonNotGiven):
            extensions.ask_extension(scope=scope, customer_id=nb, until=until, reason="好")
        with pytest.raises(NothingToExtend):
            extensions.ask_extension(scope=scope, customer_id=nb, until=AT + DAY, reason="客户住院，延期")
        with pytest.raises(NotFound):
            extensions.ask_extension(
                scope=scope,
                customer_id=cast.customers["sb"].customer.pk,
                until=until,
                reason="客户住院，延期",
            )
        made = extensions.ask_extension(scope=scope, customer_id=nb, until=until, reason="客户住院，延期")
        assert (made.state, made.points, made.done) == ("posted", 600, 1)
        now = balance_of(scope=scope, customer_id=nb)
        assert (now.usable, now.next_end, now.next_points) == (600, until, 600)
        # 600 were extended alone today: as many again are above the limit.
        waits = extensions.ask_extension(
            scope=scope, customer_id=nb, until=until + DAY, reason="客户住院，再延期"
        )
        assert waits.state == "asked"
        with pytest.raises(later.ExtensionIsOwn):
            extensions.decide_extension(scope=scope, extension_id=waits.pk, is_agreed=True)
    with cast.nb_manager.scope() as scope:
        assert Notice.objects.filter(key=f"points.waiting:{waits.pk}").count() == 1
        with pytest.raises(ReasonNotGiven):
            extensions.decide_extension(scope=scope, extension_id=waits.pk, is_agreed=False)
        done = extensions.decide_extension(scope=scope, extension_id=waits.pk, is_agreed=True)
        assert (done.state, done.decided_by_id) == ("posted", cast.nb_manager.person.pk)
        with pytest.raises(later.ExtensionDecided):
            extensions.decide_extension(scope=scope, extension_id=waits.pk, is_agreed=True)
        assert balance_of(scope=scope, customer_id=nb).next_end == until + DAY
    with system_scope(at=AT, cause="test"):
        assert {m.key for m in Movement.objects.filter(kind="extend")} == {made.pk, waits.pk}
    agrees()


def test_points_of_many_lapse_later_by_a_long_job_that_may_be_begun_again(cast: Cast) -> None:
    people = [cast.customers[name].customer.pk for name in ("nb", "nb2")]
    people += [another(cast, f"N-95{n:02d}") for n in range(3)]
    for who in people:
        earn(cast, 100, who=who)
    earn(cast, 5, who=people[0], months=2)
    south = cast.customers["sb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        postings.accrue_points(
            scope=scope,
            accruals=[Accrual(south, 7, uuid4())],
            issuer_id=cast.branch["SB"].pk,
            title="签到",
            validity=Validity(1, "day"),
        )
    args = {"ends_from": AT + 20 * DAY, "ends_until": AT + 40 * DAY, "reason": "系统升级补偿"}
    with cast.north_rewards.scope() as scope:
        for wrong in ({"ends_until": AT + 20 * DAY}, {"until": AT + 30 * DAY}):
            with pytest.raises(later.ExtensionDays):
                extensions.ask_extensions(**({"scope": scope, "until": AT + 90 * DAY} | args | wrong))
        made = extensions.ask_extensions(scope=scope, until=AT + 90 * DAY, **args)
        assert (made.state, made.customers, made.points) == ("agreed", 5, 500)
        extensions.go_on_with_extension(scope=scope, extension_id=made.pk)  # two jobs extend once
    with patch.object(extensions, "AT_ONCE", 2):
        work()
    with system_scope(at=AT, cause="test") as scope:
        now = extension_in_scope(scope=scope, extension_id=made.pk)
        assert (now.state, now.done) == ("posted", 5)
        assert Movement.objects.filter(kind="extend").count() == 5
        ends = {who: balance_of(scope=scope, customer_id=who).next_end for who in [*people, south]}
        # What ended later already stays, and so do customers of the south.
        assert ends[people[0]] < AT + 70 * DAY and ends[south] < AT + 40 * DAY
        assert {ends[who] for who in people[1:]} == {AT + 90 * DAY}
    with cast.north_rewards.scope() as scope, pytest.raises(later.ExtensionDecided):
        extensions.go_on_with_extension(scope=scope, extension_id=made.pk)
    with hired(cast, "branch_manager", "S").scope() as scope:
        assert not Extension.objects.within(scope).exists()
    agrees()
