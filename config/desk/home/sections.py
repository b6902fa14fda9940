"""The parts of the home page. Each answers with what its template shows, or None where it has nothing to say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import last_verification, queue, queue_figures
from campaigns.approvals.standing import stop_words
from campaigns.approvals.stopped import open_stops
from campaigns.audit.selectors.search import Search, entries_found
from campaigns.audit.words import sentence_of
from campaigns.jobs.watch_selectors import open_alerts
from campaigns.jobs.watch_words import name_of, value_words
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.notices.admin import line_of
from campaigns.notices.selectors import unread
from campaigns.planning.selectors import running_campaigns
from campaigns.rewards.selectors.closes import last_closes
from campaigns.rewards.selectors.coupons import (
    coupon_figures,
    coupons_held,
    zone_of,
)
from campaigns.rewards.selectors.shares import stock_running_low
from campaigns.tenants.scopes import Scope
from community.plans.selectors import not_confirmed, posts_between, tasks_of
from config.desk.home.figures import DAYS, branches_compared, first_moment, six
from config.desk.pages import page_of
from content.addresses import staff_addresses
from content.models import LiveItem
from content.reached_selectors import most_met
from content.selectors import going_live, my_drafts, sent_back

_ROWS = 8
_TOLD = 3


@dataclass(frozen=True)
class Section:
    """One card of the page: admin/desk/<name>.html with `rows` and what else it needs."""

    name: str
    rows: Any
    is_wide: bool = False
    more: Any = None

    @property
    def template(self) -> str:
        return f"admin/desk/{self.name}.html"


@dataclass(frozen=True)
class Linked:
    """A row with the address of its page."""

    row: Any
    link: str
    kind: str = ""
    words: str = ""
    by: str = ""
    is_late: bool = False
    picture: str = ""
    number: int = 0


def link_to(subject: str) -> str:
    """The admin page of the thing that a reference names; "" when it has none."""
    kind, key = read_ref(subject)
    return page_of(kind, key)


def figures(scope: Scope) -> Section:
    return Section("figures", six(scope), is_wide=True)


def stops(scope: Scope) -> Section | None:
    """What is stopped here or from above, before everything else."""
    if not scope.may("approvals.stop.view"):
        return None
    rows = [
        Linked(
            stop,
            page_of("approvals.stop", stop.pk) if scope.lo <= stop.branch_pos <= scope.hi else "",
            words=stop_words(stop),
        )
        for stop in open_stops(scope=scope)
    ]
    return Section("stops", rows[:_ROWS], is_wide=True, more=len(rows)) if rows else None


def verification(scope: Scope) -> Section | None:
    """At head office: whether what is served was what was approved when it was compared last."""
    if scope.ancestors or not scope.may("audit.entry.view"):
        return None
    last = last_verification(scope=scope)
    if last is None:
        return None
    rows = [
        Linked(wrong, link_to(wrong["subject"]), words="、".join(wrong["what"]))
        for wrong in last.wrong[:_ROWS]
    ]
    return Section("verification", rows, is_wide=True, more=last)


def alerts(scope: Scope) -> Section | None:
    """At head office: what of the installation stands above its limit now."""
    if scope.ancestors or not scope.may("jobs.alert.view"):
        return None
    rows = [
        Linked(alert, "", words=name_of(alert.code), by=value_words(alert.code, alert.value))
        for alert in open_alerts()[:_ROWS]
    ]
    return Section("alerts", rows, is_wide=True) if rows else None


def review_queue(scope: Scope) -> Section | None:
    """What waits for this reader, due first."""
    if not scope.may("approvals.revision.decide"):
        return None
    waiting = queue(scope=scope)
    rows = [
        Linked(
            revision,
            page_of("approvals.revision", revision.pk),
            kind=_label(revision),
            is_late=revision.due_at < scope.at,
        )
        for revision in waiting.prefetch_related("branch").defer("payload")[:_ROWS]
    ]
    return Section("review_queue", rows, is_wide=True, more=queue_figures(scope=scope, rows=waiting))


def told(scope: Scope) -> Section | None:
    """The newest of what this reader has not read yet."""
    rows = [line_of(notice) for notice in unread(scope=scope)[:_TOLD]]
    return Section("inbox", rows, is_wide=True) if rows else None


def came_back(scope: Scope) -> Section:
    """What the reviewer sent back, with the reviewer's words."""
    rows = [
        Linked(
            back.revision,
            link_to(back.revision.subject),
            kind=_label(back.revision),
            words=back.words,
            by=back.by,
        )
        for back in sent_back(scope=scope, limit=_ROWS)
    ]
    return Section("came_back", rows)


def drafts(scope: Scope) -> Section:
    rows = [Linked(item, page_of("content.item", item.pk)) for item in my_drafts(scope=scope, limit=_ROWS)]
    return Section("drafts", rows)


def live_today(scope: Scope) -> Section:
    today = scope.at.astimezone(zone_of(scope=scope)).date()
    rows = [
        Linked(row, link_to(f"{row.kind}:{row.subject_id}"))
        for row in going_live(scope=scope, day=today)[:_ROWS]
    ]
    return Section("live_today", rows)


def did_well(scope: Scope) -> Section:
    """Content by what customers tapped this week; pictures as customers see them."""
    met = most_met(scope=scope, since=first_moment(scope, zone_of(scope=scope)), limit=_ROWS)
    rows = [
        Linked(
            each,
            page_of("content.item", each.item_id) if each.is_own else "",
            words=each.percent,
            picture=_picture(each.live, scope) if each.live else "",
        )
        for each in met
    ]
    return Section("did_well", rows)


def compared(scope: Scope) -> Section | None:
    rows = branches_compared(scope)
    return Section("compared", rows[:20], more=len(rows)) if rows else None


def running(scope: Scope) -> Section:
    """Campaigns and content that customers of these branches meet now."""
    live = (
        LiveItem.objects.visible(scope)
        .filter(shown_from__lte=scope.at, shown_until__gt=scope.at)
        .select_related("branch")
        .order_by("-shown_from")[:_ROWS]
    )
    rows = [
        Linked(item, page_of("content.item", item.item_id), picture=_picture(item, scope)) for item in live
    ]
    campaigns = [
        Linked(each, page_of("planning.campaign", each.pk))
        for each in running_campaigns(scope=scope).select_related("branch")[:_ROWS]
    ]
    return Section("running", rows, more=campaigns)


def stock_low(scope: Scope) -> Section:
    rows = [
        Linked(low, page_of("rewards.share", low.share_id))
        for low in stock_running_low(scope=scope, limit=_ROWS)
    ]
    return Section("stock_low", rows)


def held(scope: Scope) -> Section | None:
    """Claims beyond a limit, oldest first; nothing to say for who may not decide."""
    if not scope.may("rewards.coupon.release"):
        return None
    waiting = coupons_held(scope=scope)
    rows = [
        Linked(each, page_of("rewards.coupon", each.pk))
        for each in waiting.select_related("customer")[:_ROWS]
    ]
    return Section("held", rows, more=waiting.count())


def last_close(scope: Scope) -> Section | None:
    """How yesterday was closed at the scope's branch and below, what differs first; `more`: how many differ."""
    if not scope.may("rewards.close.view"):
        return None
    yesterday = scope.at.astimezone(zone_of(scope=scope)).date() - timedelta(days=1)
    closes = last_closes(scope=scope).filter(day=yesterday).order_by("is_green", "branch_pos")
    rows = [
        Linked(
            close,
            page_of("rewards.close", close.pk),
            words=gettext("Agrees")
            if close.is_green
            else gettext("%(number)s checks differ") % {"number": len(close.differences)},
            is_late=not close.is_green,
        )
        for close in closes[:_ROWS]
    ]
    return Section("last_close", rows, more=closes.filter(is_green=False).count())


def week_of_coupons(scope: Scope) -> Section:
    """Each day's claims and redemptions, latest first."""
    rows = [
        {"day": d.day, "claimed": d.claimed, "redeemed": d.redeemed, "spent": yuan(d.redeemed_fen)}
        for d in reversed(coupon_figures(scope=scope, days=DAYS))
    ]
    return Section("week_of_coupons", rows)


def last_deeds(scope: Scope) -> Section | None:
    if not scope.may("audit.entry.view"):
        return None
    rows = [
        Linked(
            entry,
            page_of("audit.entry", entry.pk),
            words=sentence_of(entry),
        )
        for entry in entries_found(scope=scope, search=Search(), limit=_ROWS).entries
    ]
    return Section("last_deeds", rows, is_wide=True)


def posts_today(scope: Scope) -> Section | None:
    """Today's posts to groups by the hour, and what nobody has confirmed; at most so many of each."""
    if not scope.may("community.post.view"):
        return None
    zone = zone_of(scope=scope)
    first = scope.at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    due = posts_between(scope=scope, first=first, until=first + timedelta(days=1)).order_by("due_at", "pk")
    rows = [
        Linked(
            post, page_of("community.post", post.pk), words=str(post.get_state_display()), by=post.group.name
        )
        for post in due[:_ROWS]
    ]
    late = [
        Linked(
            post,
            page_of("community.post", post.pk),
            by=post.assignee.name if post.assignee else "",
            is_late=True,
        )
        for post in not_confirmed(scope=scope)[:_ROWS]
    ]
    return Section("posts_today", rows, is_wide=True, more=late)


def posts_to_send(scope: Scope) -> Section | None:
    """What the reader has to send to groups now."""
    if not scope.may("community.post.confirm"):
        return None
    rows = [Linked(post, "", by=post.group.name) for post in tasks_of(scope=scope)[:_ROWS]]
    return Section("posts_to_send", rows) if rows else None


def at_the_counter(scope: Scope) -> Section:
    return Section("at_the_counter", [], is_wide=True)


Part = Callable[[Scope], Section | None]

# What each role comes for, in the order of its day.
PARTS: dict[str, list[Part]] = {
    "editor": [came_back, drafts, live_today, did_well],
    "reviewer": [review_queue, live_today, running],
    "branch_manager": [posts_to_send, figures, review_queue, compared, running, live_today],
    "rewards_operator": [figures, stock_low, held, last_close, week_of_coupons, running],
    "administrator": [figures, compared, running, last_deeds],
    "auditor": [last_deeds, figures, compared],
    "community_operator": [posts_today, live_today, running],
    "analyst": [figures, compared, running],
    "clerk": [at_the_counter, posts_to_send],
    "merchant_clerk": [at_the_counter],
    "relationship_manager": [at_the_counter, posts_to_send, figures],
}


def parts_for(scope: Scope) -> list[Section]:
    """The page of the scope's role; a role that a bank made itself gets what runs now."""
    own = PARTS.get(scope.facts.role, [running])
    found = (part(scope) for part in [stops, alerts, verification, told, *own])
    return [section for section in found if section is not None]


def _item_page(item: LiveItem, scope: Scope) -> str:
    """What is handed down from above is shown here, but worked on there."""
    return page_of("content.item", item.item_id) if scope.lo <= item.branch_pos <= scope.hi else ""


def _label(revision: Revision) -> str:
    try:
        return str(kind_of(revision.kind).label)
    except NotFound:
        return str(revision.kind)


def _picture(item: LiveItem, scope: Scope) -> str:
    if item.picture is None:
        return ""
    return staff_addresses(scope=scope, picture=item.picture, item_id=item.item_id).get("thumb", "")
