"""The form of a scheme of tiers: one card for each tier, from the lowest to the highest."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.forms import ServiceForm
from campaigns.points.models import Counts, Period, Tiers
from campaigns.points.tier_sentences import times
from campaigns.points.tier_terms import MOST_TIERS, Perk, Tier, TierTerms, read_terms, tiers_from

FIELDSETS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (None, {"fields": ("title",)}),
    (
        _("The tiers"),
        {
            "fields": ("tiers",),
            "description": _(
                "From the lowest, which everybody has at 0 points, to the highest. A code stays when a name changes:"
                " customers keep their tier by it. Benefits: one a line, its title before a colon."
            ),
        },
    ),
    (_("What counts"), {"fields": (("period", "months"), "counts")}),
    (_("How long"), {"fields": (("keep_months", "keep_ends"), "notice_days")}),
)
_PARTS = ("code", "name", "threshold", "multiplier", "discount", "perks")
# Empty cards beside those that there are.
_SPARE = 1


class TiersWidget(forms.Widget):
    """Cards of one tier each; more empty ones than are used."""

    class Media:
        css = {"all": ("points/tiers.css",)}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        columns = [data.getlist(f"{name}-{part}") for part in _PARTS]
        return [dict(zip(_PARTS, row, strict=True)) for row in zip(*columns, strict=False)]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = [row for row in value or () if any(row.values())]
        least = 3 if not given else len(given) + _SPARE
        rows = [*given, *[dict.fromkeys(_PARTS, "")] * max(0, min(least, MOST_TIERS) - len(given))]
        labels = {
            "code": gettext("code"),
            "name": gettext("name"),
            "threshold": gettext("points it asks for"),
            "multiplier": gettext("multiplier of points"),
            "discount": gettext("percent off in the mall"),
            "perks": gettext("further benefits, one a line"),
        }
        return format_html(
            '<div class="pt-tiers" id="{}">{}</div>',
            (attrs or {}).get("id", ""),
            format_html_join(
                "\n",
                '<div class="pt-tier">{}</div>',
                ((self._card(name, row, labels),) for row in rows),
            ),
        )

    def _card(self, name: str, row: dict[str, str], labels: dict[str, str]) -> SafeString:
        shapes = {
            "code": SafeString('maxlength="20" pattern="[a-z][a-z0-9_]*" placeholder="gold"'),
            "name": SafeString('maxlength="20"'),
            "threshold": SafeString('type="number" min="0" max="2000000000"'),
            "multiplier": SafeString('type="number" min="1" max="10" step="0.1" placeholder="1"'),
            "discount": SafeString('type="number" min="0" max="90" placeholder="0"'),
        }
        inputs = format_html_join(
            "",
            '<label class="pt-{1}"><span>{3}</span><input name="{0}-{1}" value="{2}" {4}></label>',
            ((name, part, row.get(part, ""), labels[part], shape) for part, shape in shapes.items()),
        )
        return inputs + format_html(
            '<label class="pt-perks"><span>{}</span><textarea name="{}-perks" rows="2">{}</textarea></label>',
            labels["perks"],
            name,
            row.get("perks", ""),
        )


class TiersField(forms.Field):
    """Tiers in `cleaned_data`, as the column has them; what a tier may be is the service's to say."""

    widget = TiersWidget

    def prepare_value(self, value: Any) -> Any:
        return [typed(each) if isinstance(each, Tier) else each for each in _tiers(value)]

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows = [row for row in value or () if any(part.strip() for part in row.values())]
        return [asdict(_read(row)) for row in rows]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != [row for row in data if any(row.values())])


def typed(tier: Tier) -> dict[str, str]:
    """A tier as it is typed."""
    return {
        "code": tier.code,
        "name": tier.name,
        "threshold": str(tier.threshold),
        "multiplier": times(tier.multiplier),
        "discount": str(tier.discount),
        "perks": "\n".join(f"{perk.title}：{perk.text}" if perk.text else perk.title for perk in tier.perks),
    }


def _tiers(value: Any) -> Sequence[Any]:
    """Tiers, from as the column has them; or rows as they were typed."""
    rows = list(value or ())
    is_stored = bool(rows) and isinstance(rows[0], dict) and isinstance(rows[0].get("threshold"), int)
    return tiers_from(rows) if is_stored else rows


def _read(row: dict[str, str]) -> Tier:
    name = row["name"].strip() or row["code"].strip()
    return Tier(
        code=row["code"].strip(),
        name=row["name"].strip(),
        threshold=_whole(row["threshold"], name),
        multiplier=_tenths(row["multiplier"], name),
        discount=_whole(row["discount"] or "0", name),
        perks=tuple(_perk(line) for line in row["perks"].splitlines() if line.strip()),
    )


def _whole(text: str, name: str) -> int:
    text = text.strip().replace(",", "")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise forms.ValidationError(
            gettext("Tier “%(name)s”: points and percent are whole numbers.") % {"name": name}
        )
    return int(text)


def _tenths(text: str, name: str) -> int:
    try:
        tenths = Decimal(text.strip() or "1") * 10
    except InvalidOperation:
        tenths = Decimal("0.5")
    if tenths != int(tenths) or not 0 <= tenths <= 1_000:
        raise forms.ValidationError(
            gettext("Tier “%(name)s”: a multiplier has one decimal, such as 1.5.") % {"name": name}
        )
    return int(tenths)


def _perk(line: str) -> Perk:
    title, _colon, text = line.strip().replace("：", ":", 1).partition(":")
    return Perk(title=title.strip(), text=text.strip())


class TiersForm(ServiceForm):
    tiers = TiersField(label=_("tiers"), required=False)
    counts = forms.MultipleChoiceField(
        label=_("points that count"),
        choices=Counts,
        initial=[Counts.RULE, Counts.AWARD],
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "By the day they are posted. What was taken back does not count, and nothing passed on does."
        ),
    )

    class Meta:
        model = Tiers
        fields = ("title", "tiers", "period", "months", "counts", "keep_months", "keep_ends", "notice_days")
        help_texts = {
            "months": _("Of the last months; empty where the calendar year counts."),
            "keep_months": _(
                "From the day it is reached. At the end points are looked at: kept anew, or down."
            ),
            "notice_days": _("Nobody falls without a notice that lies so many days back; at least 7."),
        }

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("period") == Period.YEAR:
            given["months"] = None
        return given

    def terms(self) -> TierTerms:
        """What was typed, for the service."""
        return read_terms({name: self.cleaned_data[name] for name in self.Meta.fields})
