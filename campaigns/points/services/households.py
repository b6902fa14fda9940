"""Households: registered by staff who saw something for it, or on the phone by one's word and another's yes.

Points pass within a household alone (services/postings.py, sql/changes.py).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from campaigns.audit.services import record
from campaigns.customers.models import Customer
from campaigns.customers.selectors import customers_known_by
from campaigns.lib.constraints import violated
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.invitations import invitation_of, inviter_of
from campaigns.points.models import Household, Member
from campaigns.points.refusals.desk import CustomerNotKnown
from campaigns.points.refusals.households import BY_WORD, EvidenceNotGiven, HouseholdFull, MemberAlready
from campaigns.points.refusals.ledger import PointsMissing
from campaigns.points.rules import key_of
from campaigns.points.selectors.households import Housemate, household_of, own_household
from campaigns.points.services.postings import MOST, Posted
from campaigns.points.verbs import LEAST_REASON, ask, reason_of
from campaigns.tenants.scopes import Scope

MAY = "points.household.change"
MOST_MEMBERS = 6
_PASSED = "家庭成员转赠"


@transaction.atomic
def add_member(*, scope: Scope, customer_id: UUID, number: str, evidence: str) -> Member:
    """Register that two customers of the scope live together: the one with this whole customer number joins the other's
    household, which begins with both where there is none. `evidence`: what was shown for it.

    Raises NotFound, CustomerNotKnown, EvidenceNotGiven, MemberAlready, HouseholdFull.
    """
    scope.demand(MAY)
    evidence = evidence.strip()[:200]
    if not number.strip() or len(evidence) < LEAST_REASON:
        raise EvidenceNotGiven
    host = _active(scope, customer_id)
    joins = customers_known_by(scope=scope, words=number, whole=True).filter(status=Customer.Status.ACTIVE)
    if joins.count() != 1 or (guest := joins.get()).pk == host.pk:
        raise CustomerNotKnown
    try:
        with transaction.atomic():
            home = household_of(scope=scope, customer_id=host.pk)
            if home is None:
                home = Household.objects.create(
                    branch_id=host.branch_id, branch_pos=host.branch_pos, name="家庭", opened_at=scope.at
                )
                _member(scope, home, host, evidence)
            # Several may join one household at once.
            Household.objects.within(scope).select_for_update(no_key=True, of=("self",)).get(pk=home.pk)
            if Member.objects.within(scope).filter(household=home, until=None).count() >= MOST_MEMBERS:
                raise HouseholdFull(most=MOST_MEMBERS)
            made = _member(scope, home, guest, evidence)
    except IntegrityError as error:
        if violated(error) != "points_member_is_of_one_household":
            raise
        raise MemberAlready from error
    _note(scope, "add_member", home, member=str(made.pk), reason=evidence)
    return made


@transaction.atomic
def end_membership(*, scope: Scope, member_id: UUID, reason: str) -> Member:
    """A customer of the scope leaves the household; points stay where they are. Raises NotFound, ReasonNotGiven."""
    scope.demand(MAY)
    reason = reason_of(reason)
    rows = Member.objects.within(scope).filter(pk=member_id, until=None)
    member = rows.select_related("household").first()
    if member is None or not rows.update(until=scope.at):
        raise NotFound
    home = Household.objects.within(scope).filter(pk=member.household_id).first()
    _note(scope, "end_member", home or member, member=str(member.pk), reason=reason)
    return member


def invite_to_household(*, scope: Scope) -> tuple[str, datetime]:
    """The word by which another customer may join the household of the scope's customer within a day, and its end."""
    assert scope.customer_id is not None
    return invitation_of(customer_id=scope.customer_id, at=scope.at)


def join_household(*, scope: Scope, code: str) -> list[Housemate]:
    """The scope's customer joins who invited. Raises InvitationNotGood, MemberAlready, HouseholdFull."""
    host = inviter_of(code=code, at=scope.at)
    ask(
        "SELECT join_household(%s, %s, %s, %s, %s)",
        [host, new_id(), new_id(), new_id(), MOST_MEMBERS],
        BY_WORD,
        most=MOST_MEMBERS,
    )
    return own_household(scope=scope)


def leave_household(*, scope: Scope) -> None:
    """The scope's customer leaves the household. Raises NoMember."""
    ask("SELECT leave_household()", [], BY_WORD, most=MOST_MEMBERS)


def pass_points(*, scope: Scope, member_id: UUID, points: int, key: str) -> Posted:
    """Points of the scope's customer to another member of the household; issuer and end go along. `key`: the request's.

    Raises NotOneHousehold, PointsShort, PassedEnough, PointsMissing.
    """
    if not 1 <= points <= MOST:
        raise PointsMissing
    most = settings.POINTS_PASSED_A_DAY
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, movement FROM pass_points(%s, %s, %s, %s, %s)",
            [member_id, points, key_of("points.transfer", scope.customer_id, key), _PASSED, most],
        )
        word, movement = cursor.fetchone()
    if word not in (None, "twice"):
        raise BY_WORD.get(word, NotFound)(most=f"{most:,}")
    return Posted(movement, word is None)


def _active(scope: Scope, customer_id: UUID) -> Customer:
    found = Customer.objects.within(scope).filter(pk=customer_id, status=Customer.Status.ACTIVE).first()
    if found is None:
        raise NotFound
    return found


def _member(scope: Scope, home: Household, who: Customer, evidence: str) -> Member:
    made: Member = Member.objects.create(
        branch_id=who.branch_id,
        branch_pos=who.branch_pos,
        customer=who,
        household=home,
        evidence=evidence,
        since=scope.at,
    )
    return made


def _note(scope: Scope, verb: str, home: Household | Member, **detail: Any) -> None:
    is_home = isinstance(home, Household)
    record(
        scope=scope,
        verb=f"points.household.{verb}",
        subject=ref("points.household", home.pk if is_home else home.household_id),  # type: ignore[union-attr]
        subject_name=home.name if is_home else "家庭",  # type: ignore[union-attr]
        branch_id=home.branch_id,
        branch_pos=home.branch_pos,
        **detail,
    )
