"""Questions about reviews."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from campaigns.approvals.models import (
    Decision,
    Delegation,
    Revision,
    Seat,
    Verification,
)
from campaigns.approvals.people import Chair, chairs_of
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import AnyOf


def _by(person_id: UUID) -> Q:
    """Made by this person, or kept since the maker left; `exclude` must see an empty keeper as nobody."""
    return Q(author_id=person_id) | Q(keeper_id__isnull=False, keeper_id=person_id)


# Counting stops here: a queue is read from its head, and "99+" says all that a longer one has to say.
COUNTED = 100


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The queue in figures: what waits for somebody, what is overdue, since when, what was decided in a day; and
    the review at its head.

    None of them is counted further than COUNTED.
    """

    waiting: int
    overdue: int
    oldest_due: datetime | None
    decided: int
    first: UUID | None = None

    @property
    def waiting_words(self) -> str:
        return _capped(self.waiting)

    @property
    def overdue_words(self) -> str:
        return _capped(self.overdue)


def _capped(number: int) -> str:
    return f"{COUNTED - 1}+" if number >= COUNTED else str(number)


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


def overdue(*, scope: Scope) -> QuerySet[Revision]:
    """What is in review longer than it should be, whoever may decide it? The most overdue first."""
    return in_review(scope=scope).filter(due_at__lt=scope.at)


# Up to so many seats are looked up one by one; for more, the queue is read in its order until a page is full.
FEW = 2_000


def queue(*, scope: Scope, chairs: Sequence[Chair] | None = None) -> QuerySet[Revision]:
    """What waits for the scope's person? Open reviews of others at a step that he may sign, himself or as a deputy
    and has not signed; the one due first at the top. `chairs`: his, where they have been asked for already.

    One query for each chair (and the chairs'): how many seats are his says how to look. The planner cannot tell
    a role that half of the seats ask for from one that ten do, since what it knows of each column by itself is the
    same; wrongly guessed, it walks through 100,000 reviews for these ten.
    """
    if scope.person_id is None:
        return Revision.objects.none()
    chairs = chairs_of(scope) if chairs is None else chairs
    his = [Seat.objects.within(scope).filter(chair.seats(), is_open=True) for chair in chairs]
    near = _few_of(his)
    if near == []:
        return Revision.objects.none()  # most readers' queue on most pages, whose badge asks for it
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
    if near is not None:
        rows = rows.filter(AnyOf(F("pk"), near))
    return rows.filter(mine).exclude(Exists(signed)).exclude(_by(scope.person_id))


def _few_of(his: Sequence[QuerySet[Seat]]) -> list[UUID] | None:
    """The reviews of these seats, or None where they are more than a few."""
    near: list[UUID] = []
    for seats in his:
        near += seats.order_by().values_list("revision_id", flat=True)[: FEW + 1]
        if len(near) > FEW:
            return None
    return near


def queue_figures(*, scope: Scope, rows: QuerySet[Revision] | None = None) -> QueueFigures:
    """How does the queue stand? `decided` counts what left review in the last 24 hours.

    `rows`: the queue, where it has been asked for already. Two queries, and the queue's.
    """
    rows = queue(scope=scope) if rows is None else rows
    head = list(rows.values_list("pk", "due_at")[:COUNTED])
    decided = revisions_within(scope=scope).filter(
        decided_at__gt=scope.at - timedelta(days=1), decided_at__lte=scope.at
    )
    return QueueFigures(
        waiting=len(head),
        overdue=sum(due_at < scope.at for _key, due_at in head),
        oldest_due=head[0][1] if head else None,
        decided=decided.order_by()[:COUNTED].count(),
        first=head[0][0] if head else None,
    )


def queue_count(*, scope: Scope, rows: QuerySet[Revision] | None = None, at_most: int = COUNTED) -> int:
    """How much waits for the scope's person? Counted no further than `at_most`; `rows` as for the figures."""
    rows = queue(scope=scope) if rows is None else rows
    return rows.order_by()[:at_most].count()


def neighbours_in_queue(
    *, scope: Scope, revision: Revision, chairs: Sequence[Chair] | None = None
) -> tuple[UUID | None, UUID | None]:
    """Which reviews come before and after this one in the queue? None at the ends. Two queries, and the chairs'.

    It need not stand there itself: its due time says where it would.
    """
    rows = queue(scope=scope, chairs=chairs)
    same = Q(due_at=revision.due_at)
    # The plain bound beside the exact one is what an index can begin at.
    before = rows.filter(
        Q(due_at__lte=revision.due_at), Q(due_at__lt=revision.due_at) | same & Q(pk__lt=revision.pk)
    )
    after = rows.filter(
        Q(due_at__gte=revision.due_at), Q(due_at__gt=revision.due_at) | same & Q(pk__gt=revision.pk)
    )
    return (
        before.order_by("-due_at", "-id").values_list("pk", flat=True).first(),
        after.values_list("pk", flat=True).first(),
    )


def decided_by(*, scope: Scope) -> QuerySet[Revision]:
    """What did the scope's person decide on, at any step? Newest first."""
    if scope.person_id is None:
        return Revision.objects.none()
    mine = Decision.objects.within(scope).filter(person_id=scope.person_id).values("revision_id")
    return revisions_within(scope=scope).filter(pk__in=mine).order_by("-id")


def decisions_of(*, scope: Scope, subject: str) -> QuerySet[Decision]:
    """Who decided what on any revision of this thing? Oldest first."""
    return (
        Decision.objects.within(scope)
        .filter(revision__subject=subject)
        .select_related("revision")
        .order_by("id")
    )


def revisions_of(*, scope: Scope, subject: str) -> QuerySet[Revision]:
    """Which revisions of this thing were ever submitted? Newest first, without their payloads."""
    return revisions_within(scope=scope).filter(subject=subject).defer("payload").order_by("-number")


def live_revision_of(*, scope: Scope, subject: str) -> Revision | None:
    """The approved revision that customers are served, if any."""
    return revisions_within(scope=scope).filter(subject=subject, state=Revision.State.APPROVED).first()


def hash_in_view(*, scope: Scope, subject: str) -> str:
    """Which content of a thing would somebody who looks at it now decide on? The hash of its open review, of what
    waits for its time, or of what is live; empty when it was never submitted.
    """
    for find in (open_review_of, scheduled_revision_of, live_revision_of):
        if shown := find(scope=scope, subject=subject):
            return shown.sha256
    return ""


def scheduled_revision_of(*, scope: Scope, subject: str) -> Revision | None:
    """The approved revision that waits for its time to take the place of the live one, if any."""
    return revisions_within(scope=scope).filter(subject=subject, state=Revision.State.SCHEDULED).first()


def live_and_scheduled(*, scope: Scope, subject: str) -> tuple[Revision | None, Revision | None]:
    """What is served of this thing, and what waits for its time? One query for both."""
    found = {
        revision.state: revision
        for revision in revisions_within(scope=scope).filter(
            subject=subject, state__in=[Revision.State.APPROVED, Revision.State.SCHEDULED]
        )
    }
    return found.get(Revision.State.APPROVED), found.get(Revision.State.SCHEDULED)


def open_review_of(*, scope: Scope, subject: str) -> Revision | None:
    """The revision of this thing that is in review, if any."""
    return revisions_within(scope=scope).filter(subject=subject, state=Revision.State.SUBMITTED).first()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thing stands: its last revision with the last words on it, whether something is live, and the approved
    revision that waits for its time.
    """

    last: Revision | None
    is_live: bool
    words: str = ""
    scheduled: Revision | None = None

    @property
    def is_in_review(self) -> bool:
        return self.last is not None and self.last.is_open


def standings(*, scope: Scope, subjects: Iterable[str]) -> dict[str, Standing]:
    """How do these things stand? Two queries for any number of them."""
    wanted = list(subjects)
    last: dict[str, Revision] = {}
    live: set[str] = set()
    scheduled: dict[str, Revision] = {}
    for revision in (
        revisions_within(scope=scope).filter(subject__in=wanted).defer("payload").order_by("number")
    ):
        last[revision.subject] = revision
        if revision.is_live:
            live.add(revision.subject)
        elif revision.is_scheduled:
            scheduled[revision.subject] = revision
    words = {
        decision.revision_id: decision.comment
        for decision in Decision.objects.within(scope).filter(revision__in=last.values()).order_by("id")
    }
    return {
        subject: Standing(
            last.get(subject),
            subject in live,
            words.get(last[subject].pk, "") if subject in last else "",
            scheduled.get(subject),
        )
        for subject in wanted
    }


def standing_of(*, scope: Scope, subject: str) -> Standing:
    """How does this one stand?"""
    return standings(scope=scope, subjects=[subject])[subject]


@dataclass(frozen=True, slots=True)
class SentBack:
    """A revision that came back to its maker, with the reviewer's words."""

    revision: Revision
    words: str
    by: str


def waiting_for_maker(*, scope: Scope) -> QuerySet[Revision]:
    """What came back to the scope's person and was not submitted again since? Newest first."""
    if scope.person_id is None:
        return Revision.objects.none()
    newer = Revision.objects.filter(subject=OuterRef("subject"), number__gt=OuterRef("number"))
    return (
        revisions_within(scope=scope)
        .filter(_by(scope.person_id), ~Exists(newer), state=Revision.State.SENT_BACK)
        .order_by("-decided_at", "-id")
    )


def sent_back_to(*, scope: Scope, limit: int = 20) -> list[SentBack]:
    """What came back to the scope's person, and with which words? Newest first; two queries."""
    rows = list(waiting_for_maker(scope=scope).defer("payload")[:limit])
    last = {d.revision_id: d for d in Decision.objects.within(scope).filter(revision__in=rows).order_by("id")}
    return [SentBack(row, last[row.pk].comment, last[row.pk].person_name) for row in rows]


def submitted_by(*, scope: Scope) -> QuerySet[Revision]:
    """What of the scope's person is in review? The one due first at the top."""
    if scope.person_id is None:
        return Revision.objects.none()
    return in_review(scope=scope).filter(_by(scope.person_id))


def ended_for(*, scope: Scope, since: datetime) -> QuerySet[Revision]:
    """Which reviews of the scope's person ended after `since`, sent back ones aside? Newest first."""
    if scope.person_id is None:
        return Revision.objects.none()
    still = [Revision.State.SUBMITTED, Revision.State.SENT_BACK]
    return (
        revisions_within(scope=scope)
        .filter(_by(scope.person_id), decided_at__gt=since)
        .exclude(state__in=still)
        .order_by("-decided_at", "-id")
    )


def delegations_of(*, scope: Scope, since: datetime) -> QuerySet[Delegation]:
    """For whom does the scope's person decide, and who for him? Those that run, come, or ended after `since`."""
    mine = Q(person_id=scope.person_id) | Q(deputy_id=scope.person_id)
    return (
        Delegation.objects.within(scope)
        .filter(mine, held_until__gt=since)
        .select_related("branch")
        .order_by("held_from", "id")
    )


def last_verification(*, scope: Scope) -> Verification | None:
    """How did the last whole run over everything served go? Kept at head office; None below it."""
    runs = Verification.objects.within(scope).filter(branch_id=scope.branch_id, kind="", is_complete=True)
    return runs.order_by("-id").first()
