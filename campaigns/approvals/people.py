"""Who may sign what: the chairs of who acts, and the people a step could ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Q

from campaigns.approvals.models import Decision, Revision, Seat, Step
from campaigns.tenants.scopes import Scope

DECIDE = "approvals.revision.decide"


@dataclass(frozen=True, slots=True)
class Chair:
    """From where the scope's person may sign: the assignment he acts in, or that of somebody whose deputy he is.

    It reaches the branches at positions `lo` to `hi`.
    """

    person_id: UUID
    person_name: str
    role: str
    branch_id: int
    lo: int
    hi: int
    is_own: bool

    def fits(self, seat: Seat, revision: Revision) -> bool:
        """Whether this chair may take `seat`, being open to somebody other than the maker."""
        if not self.lo <= revision.branch_pos <= self.hi or revision.is_by(self.person_id):
            return False
        if seat.person_id is not None:
            return seat.person_id == self.person_id
        return seat.role in ("", self.role) and seat.at_branch_id in (None, self.branch_id)

    def seats(self) -> Q:
        """The same as a condition on seats; the maker is excluded by the query on revisions."""
        by_name = Q(person_id=self.person_id)
        by_role = Q(person_id__isnull=True, role__in=["", self.role])
        here = Q(at_branch_id__isnull=True) | Q(at_branch_id=self.branch_id)
        return Q(branch_pos__range=(self.lo, self.hi)) & (by_name | (by_role & here))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could sign, with the role and the branch that let him."""

    person_id: UUID
    person_name: str
    branch_id: int
    role: str


def chairs_of(scope: Scope) -> tuple[Chair, ...]:
    """The chairs of who acts; none for customers and the system. One query."""
    if scope.kind != "staff":
        return ()
    rows = _ask(scope, "SELECT * FROM approvals_chairs(%s::uuid, %s)", [scope.carry["assignment"], scope.at])
    return tuple(Chair(*row) for row in rows)


def candidates(
    scope: Scope,
    branch_id: int,
    role: str = "",
    at_branch_id: int | None = None,
    person_id: UUID | None = None,
) -> list[Candidate]:
    """Who could sign for a thing of `branch_id`, narrowed where more is given. One query."""
    asked = [role, at_branch_id, person_id, branch_id, scope.at]
    rows = _ask(scope, "SELECT * FROM approvals_candidates(%s, %s, %s, %s, %s)", asked)
    return [Candidate(*row) for row in rows]


def onlookers(scope: Scope, branch_id: int) -> list[Candidate]:
    """Who else may look at the reviews of `branch_id`. One query."""
    rows = _ask(scope, "SELECT * FROM approvals_onlookers(%s, %s)", [branch_id, scope.at])
    return [Candidate(*row) for row in rows]


def deputies(scope: Scope, branch_id: int) -> list[Candidate]:
    """Whom the scope's person could make a deputy at `branch_id`: onlookers whose roles do not exclude his.

    One query.
    """
    asked = (
        "SELECT * FROM approvals_onlookers(%s, %s) WHERE NOT approvals_excluded(person_id, app_person(), %s)"
    )
    return [Candidate(*row) for row in _ask(scope, asked, [branch_id, scope.at, scope.at])]


def askable(scope: Scope, revision: Revision, seats: Iterable[Seat]) -> dict[UUID, str]:
    """Who could take one of these seats, without the maker: person -> name."""
    found: dict[UUID, str] = {}
    for seat in seats:
        for one in candidates(scope, revision.branch_id, seat.role, seat.at_branch_id, seat.person_id):
            if not revision.is_by(one.person_id):
                found[one.person_id] = one.person_name
    return found


def asked(scope: Scope, revision_ids: Iterable[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Who is asked now in each of these reviews: review -> person -> name. One query for any number of them.

    Whoever could take a seat of the open step that is still free, without the maker and those who signed.
    """
    found: dict[UUID, dict[UUID, str]] = {}
    for revision_id, person_id, name in _ask(
        scope, _ASKED, [scope.at, list(revision_ids), scope.lo, scope.hi]
    ):
        found.setdefault(revision_id, {})[person_id] = name
    return found


_ASKED = """
SELECT t.revision_id, c.person_id, c.person_name
  FROM approvals_seat t
  JOIN approvals_revision v ON v.id = t.revision_id
  JOIN approvals_step s ON s.id = t.step_id
 CROSS JOIN LATERAL approvals_candidates(t.role, t.at_branch_id, t.person_id, t.branch_id, %s) c
 WHERE t.revision_id = ANY (%s) AND t.branch_pos BETWEEN %s AND %s AND t.is_open AND t.void_at IS NULL
   AND c.person_id <> v.author_id AND c.person_id IS DISTINCT FROM v.keeper_id
   AND NOT EXISTS (SELECT FROM approvals_decision d JOIN approvals_step ds ON ds.id = d.step_id
                    WHERE d.revision_id = t.revision_id AND d.person_id = c.person_id AND d.verdict = 'approve'
                      AND d.round >= ds.since)
   AND NOT (s.how = 'all' AND EXISTS (SELECT FROM approvals_decision d
                                       WHERE d.seat_id = t.id AND d.verdict = 'approve' AND d.round >= s.since))
 ORDER BY c.person_name
"""


def enough(step: Step, seats: Sequence[Seat], by_seat: Sequence[set[UUID]]) -> bool:
    """Whether these people could complete the step: one for each seat, each another person, or the number asked."""
    everybody = set().union(*by_seat) if by_seat else set()
    if step.how != Step.How.ALL:
        return len(everybody) >= (step.count if step.how == Step.How.COUNT else 1)
    return _can_seat(list(by_seat))


def _can_seat(by_seat: list[set[UUID]]) -> bool:
    """Whether every seat finds a person of its own (augmenting paths; seats are few)."""
    sits: dict[UUID, int] = {}

    def seat(at: int, tried: set[UUID]) -> bool:
        for person in by_seat[at] - tried:
            tried.add(person)
            if person not in sits or seat(sits[person], tried):
                sits[person] = at
                return True
        return False

    return all(seat(at, set()) for at in range(len(by_seat)))


def counting(scope: Scope, step: Step) -> list[Decision]:
    """The approvals that count at a step now, oldest first."""
    return list(
        Decision.objects.within(scope)
        .filter(step=step, verdict=Decision.Verdict.APPROVE, round__gte=step.since)
        .order_by("id")
    )


def _ask(scope: Scope, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
