"""Questions about reviews."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.approvals.models import Decision, Revision, Seat
from campaigns.approvals.people import Chair, chairs_of
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import AnyOf


def _by(person_id: UUID) -> Q:
    """Made by this person, or kept since the maker left; `exclude` must see an empty keeper as nobody."""
    return Q(author_id=person_id) | Q(keeper_id__isnull=False, keeper_id=person_id)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The queue in figures: what waits for somebody, what is overdue, since when, what was decided in a day."""

    waiting: int
    overdue: int
    oldest_due: datetime | None
    decided: int


def revisions_within(*, scope: Scope) -> QuerySet[Revision]:
    """Which revisions belong to the scope's branches? Newest first."""
    return Revision.objects.within(scope)


def revision_in_scope(*, scope: Scope, revision_id: UUID | str) -> Revision:
    """The revision; raises NotFound for a foreign and an absent one alike."""
    revision = revisions_within(scope=scope).filter(pk=revision_id).first()
    if revision is None:
        raise NotFound
    return revision


def in_review(*, scope: Scope) -> QuerySet[Revision]:
    """What is in review, whoever may decide it? The one due first at the top."""
    return revisions_within(scope=scope).filter(state=Revision.State.SUBMITTED).order_by("due_at", "id")


# Counting stops here: a queue is read from its head.
COUNTED = 1000

# Up to so many seats are looked up one by one; for more, the queue is read in its order until a page is full.
FEW = 5_000


def queue(*, scope: Scope, chairs: Sequence[Chair] | None = None) -> QuerySet[Revision]:
    """What waits for the scope's person? Open reviews of others at a step that he may sign, himself or as a deputy
    and has not signed; the one due first at the top. `chairs`: his, where they have been asked for already.

    A query for each chair (and the chairs'): how many seats are his says how to look. The planner cannot tell a role
    that half of the seats ask for from one that ten do, since what it knows of each column by itself is the same;
    wrongly guessed, it walks through 100,000 reviews for these ten.
    """
    if scope.person_id is None:
        return Revision.objects.none()
    chairs = chairs_of(scope) if chairs is None else chairs
    his = [Seat.objects.within(scope).filter(chair.seats(), is_open=True) for chair in chairs]
    near: list[UUID] = []
    for seats in his:
        near += seats.values_list("revision_id", flat=True)[: FEW + 1 - len(near)]
    mine = Q(pk__in=[])
    for chair, seats in zip(chairs, his, strict=True):
        fitting = Exists(seats.filter(revision=OuterRef("pk")))
        mine |= Q(fitting) if chair.is_own else Q(fitting) & ~_by(chair.person_id)
    signed = Decision.objects.filter(
        revision=OuterRef("pk"),
        person_id=scope.person_id,
        verdict=Decision.Verdict.APPROVE,
        round__gte=F("step__since"),
    )
    rows = in_review(scope=scope)
    if len(near) <= FEW:
        rows = rows.filter(AnyOf(F("pk"), near))
    return rows.filter(mine).exclude(Exists(signed)).exclude(_by(scope.person_id))


def queue_figures(*, scope: Scope, chairs: Sequence[Chair] | None = None) -> QueueFigures:
    """How does the queue stand? `decided` counts what left review in the last 24 hours. None is counted further than
    COUNTED.
    """
    due = list(queue(scope=scope, chairs=chairs).values_list("due_at", flat=True)[:COUNTED])
    decided = revisions_within(scope=scope).filter(
        decided_at__gt=scope.at - timedelta(days=1), decided_at__lte=scope.at
    )
    return QueueFigures(
        waiting=len(due),
        overdue=sum(moment < scope.at for moment in due),
        oldest_due=due[0] if due else None,
        decided=decided.order_by()[:COUNTED].count(),
    )


def queue_count(*, scope: Scope, at_most: int = COUNTED) -> int:
    """How much waits for the scope's person? Counted no further than `at_most`."""
    return queue(scope=scope).order_by()[:at_most].count()


def neighbours_in_queue(*, scope: Scope, revision_id: UUID) -> tuple[UUID | None, UUID | None]:
    """Which reviews come before and after this one in the queue? None at the ends. It need not stand there itself:
    its due time says where it would.
    """
    here = revisions_within(scope=scope).filter(pk=revision_id).values_list("due_at", flat=True).first()
    rows = queue(scope=scope)
    if here is None:
        return None, rows.values_list("pk", flat=True).first()
    same = Q(due_at=here)
    before = rows.filter(Q(due_at__lte=here), Q(due_at__lt=here) | same & Q(pk__lt=revision_id))
    after = rows.filter(Q(due_at__gte=here), Q(due_at__gt=here) | same & Q(pk__gt=revision_id))
    return (
        before.order_by("-due_at", "-id").values_list("pk", flat=True).first(),
        after.values_list("pk", flat=True).first(),
    )


def decisions_of(*, scope: Scope, subject: str) -> QuerySet[Decision]:
    """Who decided what on any revision of this thing? Oldest first."""
    return (
        Decision.objects.within(scope)
        .filter(revision__subject=subject)
        .select_related("revision")
        .order_by("id")
    )


def live_revision_of(*, scope: Scope, subject: str) -> Revision | None:
    """The approved revision that customers are served, if any."""
    return revisions_within(scope=scope).filter(subject=subject, state=Revision.State.APPROVED).first()


def open_review_of(*, scope: Scope, subject: str) -> Revision | None:
    """The revision of this thing that is in review, if any."""
    return revisions_within(scope=scope).filter(subject=subject, state=Revision.State.SUBMITTED).first()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thing stands: its last revision with the last words on it, and whether something is live."""

    last: Revision | None
    is_live: bool
    words: str = ""


def standings(*, scope: Scope, subjects: Iterable[str]) -> dict[str, Standing]:
    """How do these things stand? Two queries for any number of them."""
    wanted = list(subjects)
    last: dict[str, Revision] = {}
    live: set[str] = set()
    for revision in (
        revisions_within(scope=scope).filter(subject__in=wanted).defer("payload").order_by("number")
    ):
        last[revision.subject] = revision
        if revision.is_live:
            live.add(revision.subject)
    words = {
        decision.revision_id: decision.comment
        for decision in Decision.objects.within(scope).filter(revision__in=last.values()).order_by("id")
    }
    return {
        subject: Standing(
            last.get(subject), subject in live, words.get(last[subject].pk, "") if subject in last else ""
        )
        for subject in wanted
    }


@dataclass(frozen=True, slots=True)
class SentBack:
    """A revision that came back to its maker, with the reviewer's words."""

    revision: Revision
    words: str
    by: str


def sent_back_to(*, scope: Scope, limit: int = 20) -> list[SentBack]:
    """What came back to the scope's person and was not submitted again since? Newest first."""
    if scope.person_id is None:
        return []
    rows = list(
        revisions_within(scope=scope)
        .filter(_by(scope.person_id), state=Revision.State.SENT_BACK)
        .defer("payload")
        .order_by("-decided_at")[: limit * 2]
    )
    stand = standings(scope=scope, subjects={row.subject for row in rows})
    decisions = {d.revision_id: d for d in Decision.objects.within(scope).filter(revision__in=rows)}
    return [
        SentBack(row, decisions[row.pk].comment, decisions[row.pk].person_name)
        for row in rows
        if stand[row.subject].last == row
    ][:limit]
