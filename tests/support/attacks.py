"""Ways round maker-checker, each by its name: refused by the service, and by the database where somebody gets past it.

An attack sets its stage and answers who attacks, through which service call, and with which statements of the
application's own role. Whatever was tried, the review stands as it stood and nothing is live.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from campaigns.approvals import rules
from campaigns.approvals.models import Decision, Delegation, Revision, Seat, Step
from campaigns.approvals.services import reviews, signers
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope, system_scope
from content.models import LiveItem
from tests.support.cast import AT, Cast, Player
from tests.support.content import signature
from tests.support.reviews import DAY, seats_of, steps_of

LATER = AT + timedelta(hours=1)


@dataclass
class Attempt:
    """Who attacks, how through the services, how past them; in words of the database why not."""

    by: Any
    service: Callable[[Scope], object]
    refused: type[Refusal] | tuple[type[Refusal], ...]
    database: Callable[[Scope], object]
    because: str | None
    revision: Revision
    at: Any = AT
    is_live: bool = False


Attack = Callable[[Cast], Attempt]


class Attacks(dict[str, Attack]):
    """The attacks of a test module, by name, as they are written down: `@attack`."""

    def __call__(self, make: Attack) -> Attack:
        self[make.__name__] = make
        return make


def approving(revision: Revision, sha256: str = "") -> Callable[[Scope], object]:
    return lambda scope: reviews.approve_revision(
        scope=scope, revision_id=revision.pk, sha256=sha256 or revision.sha256
    )


def signing(revision: Revision, **more: Any) -> Callable[[Scope], object]:
    """The row that the service would write, in the name of who acts unless told otherwise."""
    return lambda scope: signature(revision, scope.person_id, **more).save(force_insert=True)


def signs(by: Player, revision: Revision, refused: Any, because: str | None, **more: Any) -> Attempt:
    """Approving where one may not; the commonest attack."""
    return Attempt(by, approving(revision), refused, signing(revision, **more), because, revision)


def void(revision: Revision) -> Seat:
    """Empty the first seat, as its holder would to hand it on."""
    seat = seats_of(revision)[0]
    Seat.objects.filter(pk=seat.pk).update(void_at=AT, is_open=False)
    return seat


def seat_for(revision: Revision, player: Player, **more: Any) -> Seat:
    first = steps_of(revision)[0]
    return Seat.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        step=first,
        revision_id=revision.pk,
        person_id=player.person.pk,
        person_name=player.person.name,
        is_open=True,
        **more,
    )


def step_for(revision: Revision, **more: Any) -> Step:
    return Step.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision_id=revision.pk,
        position=1,
        title="容易",
        due_after=DAY,
        **more,
    )


def delegation_row(scope: Scope, to: Player, person_id: Any, **more: Any) -> Delegation:
    row = {
        "branch_id": scope.branch_id,
        "branch_pos": scope.branch_pos,
        "assignment_id": scope.carry["assignment"],
        "person_id": person_id,
        "person_name": "x",
        "deputy_id": to.person.pk,
        "deputy_name": to.person.name,
        "held_from": AT,
        "held_until": AT + DAY,
        "reason": "x",
    }
    return Delegation.objects.create(**(row | more))


def hands_on(by: Player, to: Player, revision: Revision, because: str) -> Attempt:
    return Attempt(
        by,
        lambda scope: signers.hand_on(
            scope=scope, revision_id=revision.pk, person_id=to.person.pk, words="请处理"
        ),
        rules.CannotSign,
        lambda scope: seat_for(revision, to, replaces=void(revision), given_by_id=scope.person_id),
        because,
        revision,
    )


def by_hand(revision: Revision, scope: Scope) -> None:
    """Sign and approve without the service."""
    signature(revision, scope.person_id).save(force_insert=True)
    Step.objects.filter(revision_id=revision.pk, state="open").update(state="passed", closed_at=AT)
    Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT)


def standing(cast: Cast) -> tuple[object, ...]:
    """Everything a successful attack would have changed."""
    with cast.ho_auditor.scope(at=LATER):
        return (
            sorted(Revision.objects.values_list("pk", "state", "round", "author_id", "sha256")),
            sorted(Step.objects.values_list("pk", "state", "since", "count")),
            sorted(Seat.objects.values_list("pk", "person_id", "void_at"), key=str),
            Decision.objects.count(),
            sorted(Delegation.objects.values_list("pk", "held_until")),
            sorted(LiveItem.objects.values_list("item_id", "title", "revision_id"), key=str),
        )


def assert_refused(cast: Cast, make: Attack) -> None:
    """The service refuses, the database refuses, and nothing has changed."""
    attempt = make(cast)
    before = standing(cast)

    def acting() -> Any:
        return attempt.by.scope(at=attempt.at) if attempt.by else system_scope(at=attempt.at, cause="test")

    with pytest.raises(attempt.refused), acting() as scope:
        attempt.service(scope)
    assert standing(cast) == before
    with (
        pytest.raises(DatabaseError, match=attempt.because),
        acting() as scope,
        transaction.atomic(),
    ):
        assert scope.lo is not None
        attempt.database(scope)
    assert standing(cast) == before
