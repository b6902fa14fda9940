"""Questions about reviews."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from campaigns.approvals.models import Decision, Revision, Seat
from campaigns.approvals.people import chairs_of
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


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


def queue(*, scope: Scope) -> QuerySet[Revision]:
    """What waits for the scope's person? Open reviews of others at a step that he may sign, himself or as a deputy
    and has not signed; the one due first at the top.
    """
    if scope.person_id is None:
        return Revision.objects.none()
    mine = Q(pk__in=[])
    for chair in chairs_of(scope):
        seats = Seat.objects.filter(chair.seats(), revision=OuterRef("pk"), is_open=True)
        mine |= Q(Exists(seats)) & ~_by(chair.person_id)
    signed = Decision.objects.filter(
        revision=OuterRef("pk"),
        person_id=scope.person_id,
        verdict=Decision.Verdict.APPROVE,
        round__gte=F("step__since"),
    )
    return in_review(scope=scope).filter(mine).exclude(Exists(signed)).exclude(_by(scope.person_id))


def queue_figures(*, scope: Scope) -> QueueFigures:
    """How does the queue stand? `decided` counts what left review in the last 24 hours."""
    figures = queue(scope=scope).aggregate(
        waiting=Count("id"),
        overdue=Count("id", filter=Q(due_at__lt=scope.at)),
        oldest_due=Min("due_at"),
    )
    decided = (
        revisions_within(scope=scope)
        .filter(decided_at__gt=scope.at - timedelta(days=1), decided_at__lte=scope.at)
        .count()
    )
    return QueueFigures(**figures, decided=decided)


def queue_count(*, scope: Scope, at_most: int = 1000) -> int:
    """How much waits for the scope's person? Counted no further than `at_most`."""
    return queue(scope=scope).order_by()[:at_most].count()


def neighbours_in_queue(*, scope: Scope, revision_id: UUID) -> tuple[UUID | None, UUID | None]:
    """Which reviews come before and after this one in the queue? None at the ends."""
    ids: list[UUID] = list(queue(scope=scope).values_list("pk", flat=True)[:1000])
    if revision_id not in ids:
        return None, ids[0] if ids else None
    at = ids.index(revision_id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


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
