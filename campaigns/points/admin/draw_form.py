"""The form of a draw: its terms, and its prizes as rows whose odds are added up while one types."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns.lib.forms import ServiceForm
from campaigns.points.draw_terms import MOST_PRIZES, DrawTerms, PrizeTerms
from campaigns.points.models import Draw, PrizeKind
from campaigns.rewards.selectors.coupons import batches_within
from campaigns.tenants.scopes import current_scope

FIELDSETS = (
    (None, {"fields": ("title", "text")}),
    (
        _("Prizes"),
        {
            "fields": ("prizes", ("fallback_title", "fallback_points")),
            "description": _(
                "Odds in percent, with up to four decimals; what is left of 100% wins nothing, or the consolation."
                " Empty the name to take a prize out of the draw."
            ),
        },
    ),
    (_("A try"), {"fields": ("price_points", ("times_day", "times_all"))}),
    (_("When and for whom"), {"fields": ("open_from", "open_until", "handed_down")}),
    (_("The points won"), {"fields": (("months", "ends"),)}),
)
_TERMS = ("title", "text", "fallback_title", "fallback_points", "price_points", "times_day", "times_all", "open_from",
          "open_until", "handed_down", "months", "ends")  # fmt: skip
_COLUMNS = ("id", "title", "kind", "odds", "points", "batch", "value")
_BATCHES_OFFERED = 100
_PERCENT = 10_000  # parts of a million in one percent


def _row(prize: PrizeTerms) -> dict[str, str]:
    """A prize as it is typed: percent, yuan."""
    return {
        "id": str(prize.id or ""),
        "title": prize.title,
        "kind": prize.kind,
        "odds": f"{Decimal(prize.parts) / _PERCENT:f}",
        "points": str(prize.points or ""),
        "batch": str(prize.batch_id or ""),
        "value": f"{Decimal(prize.value_fen) / 100:f}" if prize.value_fen else "",
    }


class PrizesWidget(forms.Widget):
    """Rows of a prize; two more than are used, up to as many as there may be."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        return [
            {column: data.get(f"{name}-{nth}-{column}", "") for column in _COLUMNS}
            for nth in range(1, MOST_PRIZES + 1)
            if f"{name}-{nth}-title" in data
        ]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        given = [row for row in value or () if row["title"].strip()]
        empty = dict.fromkeys(_COLUMNS, "")
        rows = [*given, *[empty] * max(0, min(MOST_PRIZES, max(4, len(given) + 2)) - len(given))]
        batches = _batches()
        return format_html(
            '<div class="pt-prizes" id="{}" data-whole="{}" data-over="{}">{}<output class="pt-sum" role="status">'
            "</output></div>",
            (attrs or {}).get("id", ""),
            gettext("wins nothing"),
            gettext("more than 100%: lower the odds"),
            format_html_join(
                "\n", "{}", ((_prize_row(name, row, batches, nth),) for nth, row in enumerate(rows, 1))
            ),
        )


def _prize_row(name: str, row: Mapping[str, str], batches: Sequence[tuple[str, str]], nth: int) -> SafeString:
    kinds = [(str(value), str(label)) for value, label in PrizeKind.choices]
    said = {"name": name, "nth": nth, "prize": gettext("prize")}

    def field(column: str, label: str, kind: str, more: str = "") -> SafeString:
        return format_html(
            '<label class="pt-prize-{column}"><span>{label}</span><input name="{name}-{nth}-{column}"'
            ' type="{kind}" {more} value="{value}" aria-label="{prize} {nth}: {label}"></label>',
            column=column, label=label, kind=kind, more=SafeString(more), value=row[column], **said,
        )  # fmt: skip

    def select(column: str, label: str, options: Sequence[tuple[str, str]]) -> SafeString:
        shown = options
        if row[column] and row[column] not in {value for value, _label in options}:
            shown = [*options, (row[column], row[column])]
        return format_html(
            '<label class="pt-prize-{column}"><span>{label}</span><select name="{name}-{nth}-{column}"'
            ' aria-label="{prize} {nth}: {label}">{options}</select></label>',
            column=column, label=label,
            options=format_html_join(
                "", '<option value="{}"{}>{}</option>',
                ((value, SafeString(" selected") if value == row[column] else "", text) for value, text in shown),
            ),
            **said,
        )  # fmt: skip

    return format_html(
        '<div class="pt-prize"><input type="hidden" name="{}-{}-id" value="{}">{}{}{}{}{}{}</div>',
        name,
        nth,
        row["id"],
        field("title", gettext("prize"), "text", 'maxlength="60"'),
        field("odds", gettext("odds %"), "number", 'min="0" max="100" step="0.0001"'),
        select("kind", gettext("kind"), kinds),
        field("points", gettext("points"), "number", 'min="1" step="1"'),
        select("batch", gettext("coupon batch"), [("", "–"), *batches]),
        field("value", gettext("worth (yuan)"), "number", 'min="0" step="0.01"'),
    )


def _batches() -> list[tuple[str, str]]:
    """Batches that can be claimed now or later, newest first."""
    scope = current_scope()
    assert scope is not None
    rows = batches_within(scope=scope).filter(live__claim_until__gt=scope.at)
    return [(str(key), title) for key, title in rows.values_list("pk", "title")[:_BATCHES_OFFERED]]


class PrizesField(forms.Field):
    """Prizes as typed; `PrizeTerms` in `cleaned_data`."""

    widget = PrizesWidget

    def clean(self, value: Any) -> list[PrizeTerms]:
        found = []
        for row in value or ():
            if not row["title"].strip():
                continue
            parts = self._number(row["odds"], 4)
            fen = self._number(row["value"], 2)
            points = self._number(row["points"], 0)
            if row["kind"] not in PrizeKind.values or parts is None:
                raise forms.ValidationError(
                    gettext("Give “%(prize)s” its kind and its odds, such as 0.5.") % {"prize": row["title"]}
                )
            if fen is None or points is None:
                raise forms.ValidationError(
                    gettext("Points of “%(prize)s” are a whole number, its worth is yuan and fen.")
                    % {"prize": row["title"]}
                )
            kind = row["kind"]
            found.append(
                PrizeTerms(
                    id=_uuid(row["id"]),
                    title=row["title"].strip()[:60],
                    kind=kind,
                    parts=parts,
                    # What belongs to another kind is left behind when the kind is changed.
                    points=points if kind == PrizeKind.POINTS else 0,
                    batch_id=_uuid(row["batch"]) if kind == PrizeKind.COUPON else None,
                    value_fen=fen,
                )
            )
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        used = [row for row in data or () if row["title"].strip()]
        return [dict(row) for row in initial or ()] != [dict(row) for row in used]

    @staticmethod
    def _number(text: str, decimals: int) -> int | None:
        """The text's number, in its smallest parts; 0 for nothing, None for what is none."""
        if not text.strip():
            return 0
        try:
            parts = Decimal(text[:20]) * 10**decimals
        except InvalidOperation:
            return None
        whole = parts.is_finite() and parts == int(parts) and 0 <= parts <= 10**15
        return int(parts) if whole else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


class DrawForm(ServiceForm):
    text = forms.CharField(
        label=_("rules of the draw"),
        max_length=2_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("Who may try, when and how prizes are handed over, and whom to ask."),
    )
    prizes = PrizesField(label=_("prizes"), required=False)

    class Meta:
        model = Draw
        fields = _TERMS
        help_texts = {
            "price_points": _("0: free of charge."),
            "fallback_points": _("0: nothing."),
            "times_day": _("For each customer; empty: no limit."),
            "times_all": _("For each customer; empty: no limit."),
            "months": _("From when they are in force. Empty: for good."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draw = self.instance
        if not draw._state.adding:
            self.initial["prizes"] = [
                _row(
                    PrizeTerms(
                        id=each.pk, title=each.title, kind=each.kind, parts=each.parts, points=each.points,
                        batch_id=each.batch_id, value_fen=each.value_fen,
                    )
                )
                for each in draw.prizes.all()
                if each.is_offered
            ]  # fmt: skip
        for name in ("price_points", "fallback_points"):
            if name in self.fields:
                self.fields[name].required = False

    def terms(self) -> DrawTerms:
        """What was typed, for the service."""
        given = {name: self.cleaned_data[name] for name in (*_TERMS, "prizes")}
        given["price_points"] = given["price_points"] or 0
        given["fallback_points"] = given["fallback_points"] or 0
        return DrawTerms(**given)
