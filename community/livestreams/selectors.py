"""Questions about livestreams: what staff plan and run, and what customers see."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.models import Draw
from campaigns.rewards.models import Release
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import people_at_home
from community.livestreams.models import (
    Booking,
    Broadcast,
    Channel,
    LiveSeries,
    Livestream,
    QuizAnswer,
    Showing,
)
from community.livestreams.rules import State
from content.models import Asset, LiveItem
from content.selectors import standing

# A list to choose from is no catalogue.
_OFFERED = 200


def livestreams_within(*, scope: Scope) -> QuerySet[Livestream]:
    """Drafts of the scope's branches, latest first."""
    return Livestream.objects.within(scope).select_related("branch", "channel", "series", "showing")


def livestream_in_scope(*, scope: Scope, livestream_id: UUID) -> Livestream:
    """Raises NotFound for a foreign and an absent one alike."""
    found = livestreams_within(scope=scope).select_related("asset", "draw").filter(pk=livestream_id).first()
    if found is None:
        raise NotFound
    return found


def channel_in_scope(*, scope: Scope, channel_id: UUID) -> Channel:
    """Raises NotFound."""
    found = Channel.objects.within(scope).filter(pk=channel_id).first()
    if found is None:
        raise NotFound
    return found


def series_in_scope(*, scope: Scope, series_id: UUID) -> LiveSeries:
    """Raises NotFound."""
    found = LiveSeries.objects.within(scope).filter(pk=series_id).first()
    if found is None:
        raise NotFound
    return found


def showing_of(*, scope: Scope, livestream_id: UUID) -> Showing | None:
    """How far it is, of the scope's branches; None for one that was never approved."""
    return Showing.objects.within(scope).filter(livestream_id=livestream_id).first()


def broadcast_of(*, scope: Scope, livestream_id: UUID) -> Broadcast | None:
    """The published copy that staff of the scope may see: their branches', or handed down to them."""
    return Broadcast.objects.visible(scope).filter(livestream_id=livestream_id).first()


def rebroadcasts(*, scope: Scope) -> QuerySet[Broadcast]:
    """Livestreams of branches above that customers of the scope's branches see, latest first."""
    return (
        Broadcast.objects.filter(handed_down=True, branch_id__in=scope.ancestors)
        .select_related("branch")
        .order_by("-planned_from")
    )


def channels_offered(*, scope: Scope) -> QuerySet[Channel]:
    """Which channels may a livestream of the scope's branches run on?"""
    return Channel.objects.within(scope).filter(is_open=True)


def series_offered(*, scope: Scope) -> QuerySet[LiveSeries]:
    """Which series may a livestream belong to?"""
    return LiveSeries.objects.within(scope).filter(is_open=True)


def hosts_offered(*, scope: Scope) -> Sequence[Person]:
    """Who of the scope's people may be a host? By name, at most two hundred."""
    return list(people_at_home(scope=scope).order_by("name")[:_OFFERED])


def covers_offered(*, scope: Scope) -> QuerySet[Asset]:
    """Pictures of the library, newest first."""
    return Asset.objects.within(scope).filter(kind="picture", retired_at=None).order_by("-pk")


def draws_offered(*, scope: Scope) -> QuerySet[Draw]:
    """Draws of the scope's branches that are tried now, or later."""
    return Draw.objects.within(scope).filter(open_until__gt=scope.at)


def products_offered(*, scope: Scope) -> list[tuple[UUID, str]]:
    """Product cards that customers can see: of the scope's branches, or handed down to them."""
    rows = LiveItem.objects.visible(scope).filter(kind="product", shown_until__gt=scope.at)
    return list(rows.order_by("-pk").values_list("item_id", "title")[:_OFFERED])


def materials_offered(*, scope: Scope) -> list[tuple[UUID, str]]:
    """Articles, posters and pages that customers can see."""
    rows = LiveItem.objects.visible(scope).filter(
        kind__in=("article", "poster", "page", "notice"), shown_until__gt=scope.at
    )
    return list(rows.order_by("-pk").values_list("item_id", "title")[:_OFFERED])


def items_shown(*, scope: Scope, item_ids: Sequence[UUID]) -> dict[UUID, LiveItem]:
    """The published copies of these items that the scope may see."""
    rows = LiveItem.objects.visible(scope).filter(item_id__in=list(item_ids), shown_until__gt=scope.at)
    return {each.item_id: each for each in rows}


def bookings_of(*, scope: Scope, livestream_id: UUID) -> QuerySet[Booking]:
    """What a livestream takes, and when."""
    return Booking.objects.within(scope).filter(livestream_id=livestream_id)


# --- what customers see --------------------------------------------------------------------------------------


def shown_to_customer(*, scope: Scope) -> QuerySet[Broadcast]:
    """What the customer's branch shows now, with how far each is: its own, and what those above hand down."""
    return Broadcast.objects.filter(
        Q(handed_down=True) | Q(branch_id=scope.branch_id),
        branch_id__in=scope.line,
        shown_from__lte=scope.at,
        shown_until__gt=scope.at,
    )


def showings_of(*, scope: Scope, livestream_ids: Sequence[UUID]) -> dict[UUID, Showing]:
    """How far these are, in the customer's scope."""
    return {
        each.livestream_id: each for each in Showing.objects.filter(livestream_id__in=list(livestream_ids))
    }


def one_shown(*, scope: Scope, livestream_id: UUID) -> tuple[Broadcast, Showing]:
    """What the customer sees of one. Raises NotFound, also for what is cancelled or was taken down."""
    live = shown_to_customer(scope=scope).filter(livestream_id=livestream_id).first()
    showing = Showing.objects.filter(livestream_id=livestream_id).first() if live else None
    if live is None or showing is None:
        raise NotFound
    return live, showing


# Live ones first, then what comes, the nearest first, then what can be watched again, the newest first.
_RANKS = {State.LIVE: 0, State.ANNOUNCED: 1, State.PLANNED: 1, State.REPLAY: 2}
_LISTED = 100


def livestreams_for_customer(*, scope: Scope) -> list[tuple[Broadcast, Showing]]:
    """What the customer can watch, or look forward to. Two queries; no more than a hundred."""
    rows = {each.livestream_id: each for each in shown_to_customer(scope=scope)[: _LISTED * 3]}
    showings = showings_of(scope=scope, livestream_ids=list(rows))
    found = [(rows[key], showing) for key, showing in showings.items() if showing.state in _RANKS]

    def turn(pair: tuple[Broadcast, Showing]) -> tuple[int, float]:
        rank, moment = _RANKS[State(pair[1].state)], pair[1].planned_from.timestamp()
        return rank, -moment if rank == 2 else moment

    return sorted(found, key=turn)[:_LISTED]


def releases_shown(*, livestream_id: UUID) -> dict[UUID, Release]:
    """Of its drops, those that are laid: drop -> when it is open. The policy shows those of the customer's line."""
    rows = Release.objects.filter(cause=ref("community.livestream", livestream_id))
    return {each.slot: each for each in rows}


def answered_by(*, scope: Scope, livestream_id: UUID) -> dict[UUID, QuizAnswer]:
    """What the customer has answered: question -> answer."""
    assert scope.customer_id is not None
    rows = QuizAnswer.objects.filter(livestream_id=livestream_id, customer_id=scope.customer_id)
    return {each.question: each for each in rows}


def cards_shown(*, scope: Scope, live: Broadcast) -> set[str]:
    """Which of its products and materials does the customer's branch still show? What was recalled or taken down is
    gone from the livestream at once, whatever was approved with it.
    """
    keys = [UUID(card["id"]) for card in (*live.products, *live.materials)]
    if not keys:
        return set()
    rows = standing(scope=scope).filter(Q(item_id__in=keys) | Q(original_id__in=keys))
    return {str(each) for pair in rows.values_list("item_id", "original_id") for each in pair if each}
