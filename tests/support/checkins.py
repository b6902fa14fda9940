"""Check-in programmes, made through the services: a group of the branch NB, and what its members do."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.services.reviews import approve_revision
from campaigns.customers.scopes import customer_scope
from community.checkins.models import CheckIn, Programme
from community.checkins.services.checkins import Shown, check_in
from community.checkins.services.programmes import add_programme, submit_programme
from community.checkins.terms import ProgrammeTerms
from community.groups.models import Group
from community.groups.services.groups import add_group, add_member
from tests.support.cast import AT, Cast

TODAY = date(2026, 11, 22)  # a Sunday, by every clock of the cast at AT
BEFORE = AT - timedelta(days=20)  # when programmes are approved
TERMS = ProgrammeTerms(
    title="每日攒钱打卡",
    text="每天存一笔，打卡得积分。",
    first_day=TODAY - timedelta(days=10),
    last_day=TODAY + timedelta(days=20),
    points=5,
)


def group_of(cast: Cast, *names: str, by: str = "nb_manager", name: str = "攒钱打卡群") -> Group:
    """A group of the branch of `by`, with these customers of the cast in it for a month."""
    with cast.play(by).scope() as scope:
        group = add_group(scope=scope, name=name, owner_id=cast.play(by).person.pk, capacity=500)
        for each in names:
            add_member(
                scope=scope,
                group_id=group.pk,
                customer_id=cast.customers[each].customer.pk,
                joined_at=AT - timedelta(days=30),
            )
    return group


def approved(
    cast: Cast,
    programme: Programme,
    *,
    by: str = "nb_manager",
    reviewer: str = "north_reviewer",
    at: datetime = BEFORE,
) -> Programme:
    """Submitted, and approved by another person, who has seen every finding."""
    with cast.play(by).scope(at=at) as scope:
        revision = submit_programme(scope=scope, programme_id=programme.pk)
    with cast.play(reviewer).scope(at=at) as scope:
        seen = [each.finding.pk for each in findings_of(scope=scope, revision=revision)]
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=seen)
    return programme


def draft_programme(cast: Cast, *, by: str = "nb_manager", **terms: Any) -> Programme:
    """A draft of the branch of `by`."""
    with cast.play(by).scope() as scope:
        return add_programme(scope=scope, terms=replace(TERMS, **terms))


def live_programme(
    cast: Cast,
    *,
    by: str = "nb_manager",
    reviewer: str = "north_reviewer",
    at: datetime = BEFORE,
    **terms: Any,
) -> Programme:
    """A programme that another person approved."""
    with cast.play(by).scope(at=at) as scope:
        programme = add_programme(scope=scope, terms=replace(TERMS, **terms))
    return approved(cast, programme, by=by, reviewer=reviewer, at=at)


def checked_in(
    customer_id: UUID, group: Group, at: datetime = AT, *, hint: str = "", **shown: Any
) -> CheckIn:
    """One check-in of a customer. Raises as the service."""
    with customer_scope(customer_id=customer_id, at=at, cause="test") as scope:
        return check_in(scope=scope, group_id=group.pk, shown=Shown(**shown), hint=hint)
