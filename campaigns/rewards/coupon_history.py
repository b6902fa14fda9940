"""What happened to one coupon, as sentences for whoever may look at it.

The coupon's own history says what and when; who and why stand in the audit, as far as that is within the reader's
branches: what was done elsewhere is told without a name.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from campaigns.audit.models import Entry
from campaigns.jobs.long_models import Job
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref, ref
from campaigns.rewards.models import Coupon, Redemption
from campaigns.rewards.models.grants import EventGrant
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

_VERB = "rewards.coupon."


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing, in the reader's language; the reason as it was given, or ""."""

    at: datetime
    words: str
    reason: str = ""


@dataclass(slots=True)
class _Told:
    """What the audit knows, deed by deed in the order in which it was done."""

    entries: dict[str, deque[Entry]]

    def next(self, verb: str) -> Entry | None:
        held = self.entries.get(_VERB + verb)
        return held.popleft() if held else None


def history_of(*, scope: Scope, coupon: Coupon) -> list[Happened]:
    """What happened to the coupon? The oldest first."""
    entries: dict[str, deque[Entry]] = defaultdict(deque)
    for entry in (
        Entry.objects.within(scope).filter(subject=ref("rewards.coupon", coupon.pk)).order_by("at", "id")
    ):
        entries[entry.verb].append(entry)
    told, zone = _Told(entries), zone_of(scope=scope)
    events = Coupon.pgh_event_model.objects.filter(pgh_obj_id=coupon.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    return list(_happened(scope, coupon, list(events), told, zone))


def _happened(
    scope: Scope, coupon: Coupon, events: list[Any], told: _Told, zone: ZoneInfo
) -> Iterator[Happened]:
    redemptions = deque(
        Redemption.objects.within(scope)
        .filter(coupon_id=coupon.pk)
        .select_related("branch", "person", "merchant")
        .order_by("at", "id")
    )
    before: Any = None
    for now in events:
        if before is None:
            yield _came(scope, now, told)
        elif before.status != now.status:
            yield from _moved(now, before, told, redemptions, zone)
        elif before.usable_until != now.usable_until:
            yield _extended(now, told, zone)
        elif now.locked_for and now.locked_until and before.locked_until != now.locked_until:
            entry = told.next("lock")
            words = gettext("%(who)s set it aside for the order %(order)s until %(until)s")
            given = {"who": _who(entry), "order": now.locked_for, "until": _moment(now.locked_until, zone)}
            yield Happened(_at(entry, now), words % given)
        elif before.locked_for and not now.locked_for:
            entry = told.next("unlock")
            yield Happened(_at(entry, now), gettext("%(who)s let go of it again") % {"who": _who(entry)})
        before = now


def _came(scope: Scope, now: Any, told: _Told) -> Happened:
    if now.how == "given":
        entry = told.next("receive")
        return Happened(
            now.claimed_at, gettext("%(who)s was given it by another customer") % {"who": _who(entry)}
        )
    if now.how == "claimed":
        words = gettext("%(who)s claimed it")
        if now.status == "held":
            words = gettext("%(who)s claimed it; it is held for review")
        return Happened(now.claimed_at, words % {"who": _who(told.next("claim"))})
    kind, key = read_ref(now.caused_by) if now.caused_by else ("", "")
    if kind == "jobs.job":
        job = Job.objects.within(scope).filter(pk=key).first()
        given = {
            "who": job.person_name if job else gettext("Staff of another branch"),
            "list": str(job or "–"),
        }
        reason = job.args.get("comment", "") if job else ""
        return Happened(now.claimed_at, gettext("%(who)s granted it by the list %(list)s") % given, reason)
    entry = told.next("grant")
    reason = (entry.detail or {}).get("reason", "") if entry else ""
    if kind == "rewards.eventgrant":
        event = EventGrant.objects.within(scope).filter(pk=key).first()
        given = {"source": event.source if event else "–", "told": event.told if event else "–"}
        return Happened(
            now.claimed_at, gettext("Granted for the event %(told)s of the system %(source)s") % given, reason
        )
    return Happened(now.claimed_at, gettext("%(who)s granted it") % {"who": _who(entry)}, reason)


def _moved(
    now: Any, before: Any, told: _Told, redemptions: deque[Redemption], zone: ZoneInfo
) -> Iterator[Happened]:
    if now.status == "redeemed":
        told.next("redeem")
        done = redemptions.popleft() if redemptions and redemptions[0].at == now.redeemed_at else None
        if done is None:
            place = Branch.objects.filter(pk=now.redeemed_place_id).values_list("name", flat=True).first()
            words = gettext("Redeemed at %(place)s") % {"place": place or gettext("another branch")}
            yield Happened(now.redeemed_at, words)
            return
        given = {
            "who": done.person.name if done.person else gettext("The customer"),
            "place": done.merchant.name if done.merchant else done.branch.name,
            "off": yuan(done.off_fen),
        }
        yield Happened(done.at, gettext("%(who)s redeemed it at %(place)s, %(off)s off") % given)
    elif before.status == "redeemed":
        entry = told.next("reverse")
        yield _plain(now, entry, gettext("%(who)s reversed the redemption"))
    elif before.status == "held":
        yield _reviewed(now, told)
    elif now.status == "void":
        yield _plain(now, told.next("void"), gettext("%(who)s voided it"))
    elif now.status == "given":
        yield _plain(now, told.next("give"), gettext("%(who)s took it as a gift"))
    elif now.status == "expired":
        yield Happened(now.usable_until, gettext("It expired"))
    else:
        yield _extended(now, told, zone)


def _reviewed(now: Any, told: _Told) -> Happened:
    if now.status == "claimed":
        return _plain(now, told.next("release"), gettext("%(who)s released it after review"))
    entry = told.next("refuse")
    if entry is not None and "undecided_until" in entry.detail:
        return _plain(now, entry, gettext("Nobody reviewed it in time: it is void"))
    return _plain(now, entry, gettext("%(who)s refused it after review"))


def _extended(now: Any, told: _Told, zone: ZoneInfo) -> Happened:
    entry = told.next("extend")
    words = gettext("%(who)s extended it until %(until)s")
    given = {"who": _who(entry), "until": _moment(now.usable_until, zone)}
    return Happened(_at(entry, now), words % given, _reason(entry))


def _plain(now: Any, entry: Entry | None, words: str) -> Happened:
    return Happened(_at(entry, now), words % {"who": _who(entry)}, _reason(entry))


def _who(entry: Entry | None) -> str:
    if entry is None:
        return gettext("Somebody elsewhere")
    return entry.actor_name or gettext("The system")


def _reason(entry: Entry | None) -> str:
    return str((entry.detail or {}).get("reason", "")) if entry else ""


def _at(entry: Entry | None, now: Any) -> datetime:
    at: datetime = entry.at if entry else now.pgh_created_at
    return at


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return str(date_format(moment.astimezone(zone), "DATETIME_FORMAT"))
