"""What a batch says, fact by fact, for whoever reviews it: a key, a label and words for each that it has."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from campaigns.customers.models import Profile, Tag
from campaigns.lib.geo import MICRO
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref
from campaigns.rewards import models
from campaigns.rewards.models.codes import ClaimsBy
from campaigns.rewards.rules import OWN_AMOUNTS, PAYERS, Terms
from campaigns.rewards.selectors.coupons import names_of
from campaigns.rewards.services.batches import BatchTerms

Fact = tuple[str, str, str]


def label_of(name: str) -> str:
    """What the page calls the column."""
    return str(models.Batch._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def off_label(kind: str) -> str:
    """What the amount in fen is to each kind."""
    return {
        models.Kind.CASH_OFF: gettext("money off"),
        models.Kind.PERCENT_OFF: gettext("at most"),
        models.Kind.RED_PACKET: gettext("amount"),
    }.get(models.Kind(kind), gettext("worth"))


def headline(*, terms: Terms) -> str:
    """The few characters that stand large on a coupon."""
    if terms.kind == models.Kind.PERCENT_OFF:
        return f"-{terms.percent}%"
    if terms.kind == models.Kind.TOP_UP and terms.face_unit != models.FaceUnit.YUAN:
        return f"{terms.face_value}{terms.face_unit.upper()}"
    return yuan((terms.face_value or 0) * 100) if terms.kind == models.Kind.TOP_UP else yuan(terms.off_fen)


def amount_lines(terms: BatchTerms) -> Iterator[Fact]:
    """What its kind gives."""
    own = OWN_AMOUNTS[terms.kind]
    if "threshold_fen" in own:
        yield "threshold", gettext("order from"), yuan(terms.threshold_fen)
    if "percent" in own:
        yield "percent", label_of("percent"), f"{terms.percent}%"
    if "thing" in own:
        yield "thing", label_of("thing"), terms.thing
    if "face_value" in own:
        unit = models.FaceUnit(terms.face_unit).label
        yield "face", label_of("face_value"), f"{terms.face_value} {unit}"
    yield "off", off_label(terms.kind), yuan(terms.off_fen)


def use_lines(terms: BatchTerms, payload: Mapping[str, Any], zone: ZoneInfo) -> Iterator[Fact]:
    """When and where."""
    yield "usable", gettext("usable window"), _usable(terms, zone)
    if terms.hours_from and terms.hours_until:
        yield "hours", gettext("hours"), f"{terms.hours_from:%H:%M} – {terms.hours_until:%H:%M}"
    if terms.weekdays:
        yield "weekdays", label_of("weekdays"), _listed(weekday_name(day) for day in terms.weekdays)
    if terms.day_rule:
        days = payload.get("open_days", ())
        ends = f"{days[0]} – {days[-1]}, {len(days)}" if days else "0"
        yield "days", label_of("day_rule"), f"{models.DayRule(terms.day_rule).label} ({ends})"
    if terms.redeem_branches:
        yield "places", label_of("redeem_branches"), _listed(payload.get("redeem_names", ()))
    if terms.redeem_merchants:
        yield "merchants", label_of("redeem_merchants"), _listed(payload.get("merchant_names", ()))
    if terms.circles:
        around = (
            f"{lat / MICRO:.6f}, {lon / MICRO:.6f} ± {metres:,} m" for lat, lon, metres in terms.circles
        )
        yield "circles", label_of("circles"), "; ".join(around)


def claim_lines(terms: BatchTerms) -> Iterator[Fact]:
    """How many each, and who."""
    yield "limit", gettext("limit per customer"), str(terms.per_customer_limit)
    for name in (
        "per_day_limit",
        "per_week_limit",
        "per_month_limit",
        "new_within_days",
        "per_device_limit",
        "per_address_limit",
        "cap_per_day",
        "cap_per_week",
    ):
        if (number := getattr(terms, name)) is not None:
            yield name, label_of(name), str(number)
    if terms.claims_by:
        yield "claims_by", label_of("claims_by"), str(ClaimsBy(terms.claims_by).label)
    for name in (
        "by_release",
        "needs_ticket",
        "holds_excess",
        "staff_may_claim",
        "draws_codes",
        "may_be_given",
    ):
        if getattr(terms, name):
            yield name, label_of(name), gettext("yes")
    if terms.claim_branches:
        yield "claim_branches", label_of("claim_branches"), _listed(names_of(branch_ids=terms.claim_branches))
    for name in ("tags_any", "tags_none"):
        if chosen := getattr(terms, name):
            yield name, label_of(name), _listed(map(str, Tag.objects.filter(pk__in=chosen)))
    if terms.stages:
        yield "stages", label_of("stages"), _listed(str(Profile.Stage(each).label) for each in terms.stages)


def payer_lines(terms: BatchTerms, payload: Mapping[str, Any]) -> Iterator[Fact]:
    """Whose money, in which parts, and out of which budgets as far as the reader sees those."""
    words = str(models.Payer(terms.payer).label)
    if any(terms.percents):
        parts = zip(PAYERS, terms.percents, strict=True)
        words = _listed(f"{models.Payer(payer).label} {percent}%" for payer, percent in parts if percent)
    yield "payer", gettext("paid by"), words
    named = {payer: read_ref(budget).id for payer, budget in payload.get("budgets", {}).items()}
    if named:
        names = dict(models.Budget.objects.filter(pk__in=named.values()).values_list("pk", "name"))
        yield (
            "budgets",
            gettext("out of the budgets"),
            _listed(
                f"{models.Payer(payer).label}: {names.get(UUID(key), '…')}"
                for payer, key in sorted(named.items())
            ),
        )


def weekday_name(day: int) -> str:
    """Monday is 1."""
    # 1 January 2024 was a Monday.
    return str(date_format(datetime(2024, 1, day), "l"))  # noqa: DTZ001 - a day of the week has no zone


def window_words(start: datetime | None, end: datetime | None, zone: ZoneInfo) -> str:
    """From when until when, in the branch's time."""
    assert start is not None and end is not None
    first, last = (date_format(moment.astimezone(zone), "DATETIME_FORMAT") for moment in (start, end))
    return f"{first} – {last}"


def _usable(terms: BatchTerms, zone: ZoneInfo) -> str:
    if not terms.usable_days:
        return window_words(terms.usable_from, terms.usable_until, zone)
    if terms.usable_after_days:
        words = gettext("%(days)s days from day %(after)s after the claim")
        return words % {"days": terms.usable_days, "after": terms.usable_after_days}
    return gettext("%(days)s days after the claim") % {"days": terms.usable_days}


def _listed(words: Any) -> str:
    return gettext(", ").join(words)
