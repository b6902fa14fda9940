"""The form of a plan: its terms, and its cards on a board of days; the chosen card beside it, as WeCom will show it."""

import json
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.forms import ServiceForm
from campaigns.lib.refusals import Refusal
from campaigns.rewards.models import LiveBatch
from campaigns.tenants.scopes import Scope, current_scope
from community.plans.cards import BRANCH_NAME, GROUP_NAME, MOST_BYTES, PARTS, Card, PlanTerms, card_of
from community.plans.models import Plan
from community.plans.words import HOLIDAYS, PART_WORDS, WEEKDAYS
from content.addresses import staff_addresses
from content.asset_selectors import library
from content.models import LiveItem

FIELDSETS = (
    (None, {"fields": (("title", "kind"), "note")}),
    (_("Cards"), {"fields": ("board",)}),
    (_("How long and for whom"), {"fields": (("days", "ends_on", "end_members"), "handed_down")}),
)
_TERMS = ("title", "note", "days", "ends_on", "end_members", "handed_down")
# As many of each are offered, the newest first.
_OFFERED = 100


class CardsWidget(forms.Textarea):
    """The board; what is sent is one field of JSON, so that a page without its script loses nothing."""

    own: Plan | None = None

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        scope = current_scope()
        assert scope is not None
        return SafeString(
            render_to_string(
                "community/plan_board.html",
                {
                    "name": name,
                    "id": (attrs or {}).get("id", ""),
                    "value": value if isinstance(value, str) else json.dumps(value or []),
                    "offered": _offered(scope),
                    "words": _words(),
                    "is_local": bool(self.own and self.own.original_id),
                    "weekdays": WEEKDAYS,
                    "holidays": [(str(code), label) for code, label in HOLIDAYS.items()],
                    "parts": [(part, PART_WORDS[part]) for part in PARTS],
                    "most_bytes": MOST_BYTES,
                    "blanks": (GROUP_NAME, BRANCH_NAME),
                },
            )
        )


class CardsField(forms.Field):
    """Cards as JSON; `Card` in `cleaned_data`."""

    widget = CardsWidget

    def clean(self, value: Any) -> list[Card]:
        try:
            rows = json.loads(value or "[]")
            if not isinstance(rows, list):
                raise TypeError
            return [card_of(row) for row in rows]
        except (ValueError, TypeError) as error:
            raise forms.ValidationError(gettext("The cards cannot be read: reload the page.")) from error
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class PlanForm(ServiceForm):
    # Not the column's name: what is typed is cards, what is kept is JSON, and the service makes the one of the other.
    board = CardsField(label=_("cards"), required=False)

    class Meta:
        model = Plan
        fields = (*_TERMS, "kind")
        help_texts = {"kind": _("Empty: groups of any kind.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["board"] = json.dumps(self.instance.cards)
            if "board" in self.fields:
                self.fields["board"].widget.own = self.instance

    def terms(self) -> PlanTerms:
        """What was typed, for the service."""
        kind = self.cleaned_data["kind"]
        given = {name: self.cleaned_data[name] for name in _TERMS}
        return PlanTerms(**given, kind=kind.pk if kind else "", cards=self.cleaned_data["board"])


def _offered(scope: Scope) -> dict[str, list[dict[str, str]]]:
    """What a card may carry: content and coupon batches that are live here, and the library's newest files."""
    live = LiveItem.objects.visible(scope).filter(shown_until__gt=scope.at).order_by("-shown_from")
    items = [
        {
            "id": str(row.item_id),
            "title": row.title,
            "picture": staff_addresses(scope=scope, picture=row.picture, item_id=row.item_id).get("thumb", "")
            if row.picture
            else "",
        }
        for row in live.only("item_id", "title", "picture", "branch_id", "branch_pos")[:_OFFERED]
    ]
    assets = [
        {"id": str(key), "title": name, "picture": ""}
        for key, name in library(scope=scope).order_by("-pk").values_list("pk", "name")[:_OFFERED]
    ]
    batches = LiveBatch.objects.visible(scope).filter(claim_until__gt=scope.at).order_by("-claim_until")
    return {
        "items": items,
        "assets": assets,
        "batches": [
            {"id": str(key), "title": title, "picture": ""}
            for key, title in batches.values_list("batch_id", "title")[:_OFFERED]
        ],
    }


def _words() -> dict[str, str]:
    """What the board says by itself, in the reader's language."""
    return {
        "founded": gettext("Days of the group"),
        "joined": gettext("Days of a member since joining"),
        "again": gettext("What comes again, and dates"),
        "new": gettext("New card"),
        "add": gettext("Add a card on %(day)s"),
        "bytes": gettext("%(many)s of 4,000 bytes"),
        "none": gettext("No card is chosen. Choose one, or add one on a day."),
        "group": gettext("Group"),
        "branch": gettext("Branch"),
        "each": gettext("each %(days)s"),
        "workdays": gettext("each working day"),
        "every": gettext("every %(n)s days"),
        "moved": gettext("“%(card)s” is on %(day)s now. Save to keep it."),
        "gone": gettext("“%(card)s” is out of the plan. Save to keep it so."),
        "locked": gettext("laid down from above"),
        "checkin": gettext("Check in"),
        "coupon": gettext("Coupon"),
    }
