"""Builders of reviews with steps, and of people who could sign them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from campaigns.approvals.models import Delegation, Revision, Seat, Step
from campaigns.approvals.routes import SeatPlan, StepPlan
from campaigns.approvals.services.delegations import delegate
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import assign_role
from campaigns.tenants.services.people import add_login
from tests.support.cast import AT, PASSWORD, Cast, Player
from tests.support.content import submitted_item

DAY = timedelta(days=1)


def step(title: str, *seats: SeatPlan, **more: Any) -> StepPlan:
    """A step that takes any one of the seats unless told otherwise."""
    return StepPlan(title=title, seats=seats or (SeatPlan(),), **more)


def role(code: str, cast: Cast | None = None, at: str = "") -> SeatPlan:
    """Whoever has the role, at one branch or anywhere on the line."""
    return SeatPlan(role=code, branch_id=cast.branch[at].pk if cast and at else None)


def named(player: Player) -> SeatPlan:
    """One person."""
    return SeatPlan(person_id=player.person.pk, person_name=player.person.name)


@contextmanager
def routed(*plans: StepPlan) -> Iterator[None]:
    """Whatever is submitted inside goes this way, whichever policy there is."""
    with patch("campaigns.approvals.policy_selectors.PolicyLine.route", lambda *_args, **_named: plans):
        yield


def submitted(maker: Player, *plans: StepPlan, title: str = "春节存款", at: datetime = AT) -> Revision:
    """A poster in review along these steps, or along the one that stands for all."""
    if not plans:
        return submitted_item(maker, title=title, at=at)
    with routed(*plans):
        return submitted_item(maker, title=title, at=at)


def steps_of(revision: Revision) -> list[Step]:
    """In their order; asked inside a scope."""
    return list(Step.objects.filter(revision_id=revision.pk).order_by("position"))


def seats_of(revision: Revision) -> list[Seat]:
    """In their order; asked inside a scope."""
    return list(Seat.objects.filter(revision_id=revision.pk).order_by("step__position", "id"))


def also(cast: Cast, player: Player, code: str, at: str, **held: datetime) -> Player:
    """The same person with the same log-in, acting in one more role."""
    with system_scope(at=AT, cause="test") as scope:
        window = {"held_from": AT - DAY} | held
        assignment = assign_role(
            scope=scope, person=player.person, role=code, branch_id=cast.branch[at].pk, **window
        )
    return Player(player.person, player.login, assignment)


def second_login(player: Player) -> Player:
    """The same person by another log-in, in the same assignment."""
    with system_scope(at=AT, cause="test") as scope:
        login = add_login(
            scope=scope, person=player.person, username=f"{player.login.username}.2", password=PASSWORD
        )
    return Player(player.person, login, player.assignment)


def deputy(of: Player, to: Player, held_from: datetime = AT, held_until: datetime = AT + DAY) -> Delegation:
    """`to` decides for `of` for a time."""
    with of.scope() as scope:
        return delegate(
            scope=scope,
            deputy_id=to.person.pk,
            held_from=held_from,
            held_until=held_until,
            reason="休假",
        )
