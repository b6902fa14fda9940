"""How revisions stand, in a few words that every page shares."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from campaigns.approvals.models import Revision, Stop
from campaigns.approvals.selectors import Standing
from campaigns.approvals.stopped import kinds_offered


def waits_words(revision: Revision) -> str:
    """When an approved revision goes live that waits for its time."""
    assert revision.shown_from is not None
    when = date_format(localtime(revision.shown_from), "SHORT_DATETIME_FORMAT")
    return gettext("approved, goes live %(when)s") % {"when": when}


def standing_words(*, last: Revision, is_live: bool, scheduled: Revision | None) -> str:
    """ "live · approved, goes live 30 Nov 09:00 · sent back": each part that holds."""
    parts = [gettext("live")] if is_live else []
    if scheduled is not None:
        parts.append(waits_words(scheduled))
    if not last.is_live and not last.is_scheduled:
        parts.append(str(last.get_state_display()))
    return " · ".join(parts)


def draft_words(standing: Standing, *, live: str) -> str:
    """ "published · in review": `live` is the word for what holds, and a thing nobody submitted yet is a draft."""
    holds = [live] if standing.is_live else []
    if standing.last is None:
        return gettext("draft")
    return " · ".join(holds if standing.last.is_live else [*holds, str(standing.last.get_state_display())])


def offer_words(standing: Standing) -> str:
    """As `standing_words`, for what is offered to customers; a thing nobody submitted yet is a draft."""
    if standing.last is None:
        return gettext("draft")
    if standing.last.is_open and not standing.is_live and standing.scheduled is None:
        return gettext("in review")
    return standing_words(last=standing.last, is_live=standing.is_live, scheduled=standing.scheduled)


def stop_words(stop: Stop) -> str:
    """What a stop covers: "coupon batches · 开门红", "everything"."""
    kinds = {kind.code: str(kind.label) for kind in kinds_offered()}
    what = kinds.get(stop.kind, stop.kind) if stop.kind else gettext("everything")
    return f"{what} · {stop.campaign_name}" if stop.campaign_id else what
