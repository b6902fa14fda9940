"""Drafts of livestreams, and the published copies that approvals write."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections, transaction
from psycopg.types.range import TimestamptzRange

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.jobs.services.due import lay
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.rewards.services.releases import close_releases
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import people_at_home
from community.livestreams.models import Booking, Broadcast, Channel, LiveSeries, Livestream, Showing
from community.livestreams.notes import CODE, note
from community.livestreams.refusals import HasBegun, LivestreamIsWrong, NotChoosable, TimeIsTaken
from community.livestreams.rules import COMING, ENDS_AFTER, STARTS_AFTER, State
from community.livestreams.selectors import (
    channels_offered,
    covers_offered,
    draws_offered,
    items_shown,
    livestream_in_scope,
    series_offered,
    showing_of,
)
from community.livestreams.services.reminders import cancel_reminders, move_reminders
from community.livestreams.terms import LivestreamTerms, thawed
from content.selectors import batches_offered

ANNOUNCE, START, END = f"{CODE}.announce", f"{CODE}.start", f"{CODE}.end"


@transaction.atomic
def add_livestream(*, scope: Scope, terms: LivestreamTerms) -> Livestream:
    """A new draft of the branch the scope stands at. Raises LivestreamIsWrong, NotChoosable."""
    scope.demand("community.livestream.add")
    terms.check()
    _check_chosen(scope, terms, None)
    made: Livestream = Livestream.objects.create(
        branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns()
    )
    note(scope, made, "add")
    return livestream_in_scope(scope=scope, livestream_id=made.pk)


@transaction.atomic
def change_livestream(*, scope: Scope, livestream_id: UUID, terms: LivestreamTerms) -> Livestream:
    """Change the draft; what was approved serves on until the change is approved. Voids a review under way.

    Raises NotFound, HasBegun, LivestreamIsWrong, NotChoosable.
    """
    scope.demand("community.livestream.change")
    terms.check()
    draft = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    _demand_not_begun(scope, livestream_id)
    _check_chosen(scope, terms, draft)
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref(CODE, livestream_id))
    Livestream.objects.within(scope).filter(pk=livestream_id).update(**terms.columns())
    note(scope, draft, "change")
    return livestream_in_scope(scope=scope, livestream_id=livestream_id)


def submit_livestream(*, scope: Scope, livestream_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, HasBegun, and what `submit_revision` refuses."""
    scope.demand("community.livestream.submit")
    livestream_in_scope(scope=scope, livestream_id=livestream_id)
    _demand_not_begun(scope, livestream_id)
    return reviews.submit_revision(scope=scope, subject=ref(CODE, livestream_id))


def take_down_livestream(*, scope: Scope, livestream_id: UUID, reason: str) -> None:
    """Show it to nobody any more, at once; one that runs is over. Raises NotFound, and as `live.take_down`."""
    scope.demand("community.livestream.take_down")
    livestream_in_scope(scope=scope, livestream_id=livestream_id)
    live.take_down(scope=scope, subject=ref(CODE, livestream_id), reason=reason)


def publish_livestream(
    *, scope: Scope, livestream_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> Broadcast:
    """Write the published copy, book hosts and channel, and lay what happens at its times.

    Called by approvals at go-live alone. Raises NotFound, HasBegun, TimeIsTaken, LivestreamIsWrong when its time is
    over by now.
    """
    draft = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    columns = promised(payload=payload)
    if columns["planned_until"] <= scope.at:
        raise LivestreamIsWrong(
            why_zh="计划时间已过，请改期后重新提交。", why_en="its time is over: plan another one."
        )
    _demand_not_begun(scope, livestream_id, lock=True)
    _book(scope, draft, payload)
    columns |= {
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": columns["announce_from"] or scope.at,
    }
    stands = {"branch_id": draft.branch_id, "branch_pos": draft.branch_pos}
    if not Broadcast.objects.within(scope).filter(livestream_id=livestream_id).update(**columns):
        Broadcast.objects.create(livestream_id=livestream_id, **stands, **columns)
    _plan(scope, livestream_id, stands, columns)
    for kind, at in (
        (ANNOUNCE, columns["shown_from"]),
        (START, columns["planned_from"] + STARTS_AFTER),
        (END, columns["planned_until"] + ENDS_AFTER),
    ):
        lay(
            scope=scope, kind=kind, subject=ref(CODE, livestream_id), version=str(revision_id), at=at,
            branch_id=draft.branch_id, branch_pos=draft.branch_pos,
        )  # fmt: skip
    move_reminders(
        scope=scope,
        livestream_id=livestream_id,
        begins=columns["planned_from"],
        ends=columns["planned_until"],
    )
    return Broadcast.objects.within(scope).get(livestream_id=livestream_id)


def withdraw_livestream(*, scope: Scope, livestream_id: UUID) -> None:
    """Delete the published copy; what has not begun is cancelled, what runs is over. Called by a take-down alone."""
    Broadcast.objects.within(scope).filter(livestream_id=livestream_id).delete()
    rows = Showing.objects.within(scope).filter(livestream_id=livestream_id)
    rows.filter(state__in=COMING).update(state=State.CANCELLED)
    rows.filter(state=State.LIVE).update(state=State.ENDED, ended_at=scope.at)
    Booking.objects.within(scope).filter(livestream_id=livestream_id).delete()
    close_releases(scope=scope, cause=ref(CODE, livestream_id))
    cancel_reminders(scope=scope, livestream_id=livestream_id)


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    terms = thawed(payload)
    kept = ("title", "theme", "planned_from", "planned_until", "announce_from", "replay_days", "handed_down",
            "hosts", "run_sheet", "drops", "quiz")  # fmt: skip
    columns = {name: value for name, value in terms.columns().items() if name in kept}
    return columns | {
        "series_title": payload["series_title"],
        "channel_id": terms.channel_id,
        "channel_name": payload["channel"]["name"],
        "play": payload["channel"]["play"],
        "cover": payload["cover"],
        "products": payload["product_cards"],
        "materials": payload["material_cards"],
        "draw_id": terms.draw_id,
        "shown_until": terms.planned_until + ENDS_AFTER + timedelta(days=max(terms.replay_days, 1)),
    }


def hand_over_livestreams(*, scope: Scope, closed: Any, successor: Any) -> int:
    """Livestreams, channels and series of a branch that closes are the successor's; what is planned goes on."""
    moved = {"branch": successor, "branch_pos": successor.pos}
    for owned in (Channel, LiveSeries, Broadcast, Showing, Booking):
        owned.objects.within(scope).filter(branch=closed).update(**moved)
    return Livestream.objects.within(scope).filter(branch=closed).update(**moved)


def taken_by(*, payload: Mapping[str, Any]) -> dict[UUID, tuple[str, str]]:
    """What a livestream takes for its time: id -> (kind, name)."""
    taken = {UUID(host["person"]): ("host", str(host["name"])) for host in payload["hosts"] if host["person"]}
    if payload["channel"]:
        taken[UUID(payload["channel"]["id"])] = ("channel", str(payload["channel"]["name"]))
    return taken


def clashes(
    *, scope: Scope, livestream_id: UUID, taken: Sequence[UUID], since: datetime, until: datetime
) -> list[tuple[UUID, str]]:
    """Which of these another livestream has at that time, and its title; "" when the scope may not see it."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT taken, title FROM livestream_clash(%s, %s, %s, %s)",
            [livestream_id, list(taken), since, until],
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def time_is_taken(*, name: str, title: str) -> TimeIsTaken:
    """Why it cannot be at that time, in words."""
    return TimeIsTaken(
        who_zh=f"“{name}”",
        who_en=f"“{name}”",
        other_zh=f"直播“{title}”" if title else "其他直播",
        other_en=f"the livestream “{title}”" if title else "another livestream",
    )


def _book(scope: Scope, draft: Livestream, payload: Mapping[str, Any]) -> None:
    since, until = (datetime.fromisoformat(payload[name]) for name in ("planned_from", "planned_until"))
    taken = taken_by(payload=payload)
    try:
        with transaction.atomic():
            Booking.objects.within(scope).filter(livestream_id=draft.pk).delete()
            Booking.objects.bulk_create(
                Booking(
                    branch_id=draft.branch_id,
                    branch_pos=draft.branch_pos,
                    livestream_id=draft.pk,
                    kind=kind,
                    taken=key,
                    span=TimestamptzRange(since, until, "[)"),
                )
                for key, (kind, _name) in sorted(taken.items())
            )
    except IntegrityError as error:
        if violated(error) != "community_booking_is_of_one_livestream_at_once":
            raise
        found = clashes(scope=scope, livestream_id=draft.pk, taken=list(taken), since=since, until=until)
        key, title = found[0] if found else (next(iter(taken)), "")
        raise time_is_taken(name=taken[key][1], title=title) from error


def _plan(scope: Scope, livestream_id: UUID, stands: Mapping[str, int], columns: Mapping[str, Any]) -> None:
    """The showing of what was approved: planned, or announced where its time for that has come."""
    is_out = columns["shown_from"] <= scope.at
    planned = {name: columns[name] for name in ("planned_from", "planned_until", "handed_down")}
    rows = Showing.objects.within(scope).filter(livestream_id=livestream_id)
    if not rows.exists():
        Showing.objects.create(livestream_id=livestream_id, **stands, **planned)
    rows.update(**planned)
    rows.filter(state=State.CANCELLED).update(state=State.PLANNED, why="")
    if is_out:
        rows.filter(state=State.PLANNED).update(state=State.ANNOUNCED, announced_at=scope.at)
    else:
        rows.filter(state=State.ANNOUNCED).update(state=State.PLANNED, announced_at=None)


def _demand_not_begun(scope: Scope, livestream_id: UUID, *, lock: bool = False) -> None:
    if lock:
        Showing.objects.within(scope).select_for_update(no_key=True).filter(
            livestream_id=livestream_id
        ).first()
    showing = showing_of(scope=scope, livestream_id=livestream_id)
    if showing is not None and showing.started_at is not None:
        raise HasBegun


def _check_chosen(scope: Scope, terms: LivestreamTerms, draft: Livestream | None) -> None:
    """What is newly chosen is on offer; what was chosen before may stay."""

    def chosen(name: str, offered: Any, zh: str, en: str) -> None:
        key = getattr(terms, name)
        if key is None or (draft is not None and getattr(draft, name) == key):
            return
        if not offered(scope=scope).filter(pk=key).exists():
            raise NotChoosable(what_zh=zh, what_en=en)

    chosen("channel_id", channels_offered, "渠道", "live channel")
    chosen("series_id", series_offered, "系列", "series")
    chosen("asset_id", covers_offered, "封面", "cover")
    chosen("draw_id", draws_offered, "抽奖", "prize draw")
    people = {host.person for host in terms.hosts if host.person} - _before(draft, "hosts", "person")
    if people and people_at_home(scope=scope).filter(pk__in=people).count() < len(people):
        raise NotChoosable(what_zh="主播", what_en="host")
    batches = {drop.batch for drop in terms.drops} - _before(draft, "drops", "batch")
    if batches - {key for key, _title in batches_offered(scope=scope)}:
        raise NotChoosable(what_zh="券批次", what_en="coupon batch")
    for name, zh, en in (("products", "产品", "product"), ("materials", "素材", "material")):
        fresh = {*getattr(terms, name)} - {*(getattr(draft, name) if draft is not None else ())}
        if fresh - items_shown(scope=scope, item_ids=list(fresh)).keys():
            raise NotChoosable(what_zh=zh, what_en=en)


def _before(draft: Livestream | None, rows: str, key: str) -> set[UUID]:
    return {UUID(row[key]) for row in getattr(draft, rows, ()) if row[key]} if draft is not None else set()
