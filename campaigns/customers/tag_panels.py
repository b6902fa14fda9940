"""The boxes of tags and scores on a customer's page, and their moments on the time line."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.customers.models import Profile, StageChange
from campaigns.customers.panels import Line, Moment
from campaigns.customers.tag_selectors import SCORES, Spell, tags_of, tags_to_give
from campaigns.tenants.scopes import Scope

# Where a spell came from, and what ended it.
ORIGINS = {
    "manual": gettext_lazy("by hand"),
    "rule": gettext_lazy("by its rule"),
    "merge": gettext_lazy("by a merge"),
    "time": gettext_lazy("its days were over"),
}


def tag_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """The tags of now: since when, from whom, until when; last, where to give and take."""
    lines = [
        Line(str(spell.tag), _since(spell), origin_of(spell.source, spell.by))
        for spell in tags_of(scope=scope, customer_id=customer_id)
    ]
    if scope.may("customers.tag.give") and tags_to_give(scope=scope).exists():
        address = reverse("admin:customers_tag_of_customer", args=[customer_id])
        lines.append(Line("", _("Give or take a tag"), "", address))
    return lines


def score_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """Stage of life, and the three scores."""
    profile = Profile.objects.within(scope).filter(customer_id=customer_id).first()
    if profile is None or not profile.stage:
        return []
    since = _("since %(day)s") % {"day": _day(profile.stage_since)} if profile.stage_since else ""
    stage = Line(_("stage of life"), str(profile.get_stage_display()), since)
    return [stage, *(Line(str(name), f"{getattr(profile, code)} / 5") for code, name in SCORES.items())]


def tag_moments(scope: Scope, customer_id: UUID, before: datetime, many: int) -> Sequence[Moment]:
    """Tags that came and went, stages that changed."""
    moments = []
    for spell in tags_of(scope=scope, customer_id=customer_id, with_history=True):
        tag = {"tag": str(spell.tag)}
        came = Moment(
            spell.since, "changed", _("got the tag “%(tag)s”") % tag, origin_of(spell.source, spell.by)
        )
        moments.append(came)
        if spell.until is not None:
            why = origin_of(spell.ended_by, "")
            moments.append(Moment(spell.until, "changed", _("no longer has the tag “%(tag)s”") % tag, why))
    changes = StageChange.objects.within(scope).filter(customer_id=customer_id, at__lt=before)
    for change in changes.order_by("-at")[:many]:
        became = {"stage": str(change.get_became_display())}
        moments.append(Moment(change.at, "changed", _("passed into the stage “%(stage)s”") % became))
    earlier = [moment for moment in moments if moment.at < before]
    return sorted(earlier, key=lambda moment: moment.at, reverse=True)[:many]


def origin_of(source: str, by: str) -> str:
    """Where it came from, in words: a person's name, a rule, or the source that was imported."""
    return by or str(ORIGINS.get(source, source))


def _since(spell: Spell) -> str:
    said = _("since %(day)s") % {"day": _day(spell.since)}
    if spell.expires_at is not None:
        said += _(", until %(day)s") % {"day": _day(spell.expires_at)}
    return said


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "DATE_FORMAT")
