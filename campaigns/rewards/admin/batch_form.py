"""The form of a batch: what its kind has alone, in yuan, degrees, and codes of branches."""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from campaigns.customers.models import Profile
from campaigns.customers.tag_selectors import tags_usable
from campaigns.lib.forms import ServiceForm, YuanField
from campaigns.lib.geo import MICRO
from campaigns.rewards.lines import off_label, weekday_name
from campaigns.rewards.models import Batch, Cashier, Kind
from campaigns.rewards.rules import AMOUNTS, OWN_AMOUNTS
from campaigns.rewards.selectors.merchants import merchants_visible
from campaigns.rewards.services.batches import BatchTerms
from campaigns.tenants.choosing import ChosenField, branches_field
from campaigns.tenants.scopes import current_scope

# What need not be typed, and what it is then.
_OPTIONAL = {
    "usable_after_days": 0,
    "head_office_percent": 0,
    "branch_percent": 0,
    "merchant_percent": 0,
    "low_percent": 10,
}
_EMPTY: dict[str, Any] = {
    "threshold_fen": 0,
    "percent": None,
    "thing": "",
    "face_value": None,
    "face_unit": "",
}

FIELDSETS = (
    (None, {"fields": ("title", "campaign")}),
    (
        _("What it gives"),
        {"fields": ("kind", ("thing", "percent"), ("face_value", "face_unit"), ("threshold_fen", "off_fen"))},
    ),
    (
        _("Claiming"),
        {
            "fields": (
                "claim_from",
                "claim_until",
                ("quota", "per_customer_limit"),
                "per_day_limit",
                "per_week_limit",
                "per_month_limit",
                ("cap_per_day", "cap_per_week"),
                "low_percent",
                "by_release",
                "claims_by",
                ("draws_codes", "may_be_given"),
            )
        },
    ),
    (
        _("Against robots"),
        {
            "fields": (
                "needs_ticket",
                ("per_device_limit", "per_address_limit"),
                "holds_excess",
                "staff_may_claim",
            ),
            "description": _("For what everybody wants at once. Empty: no limit."),
        },
    ),
    (
        _("Using"),
        {
            "fields": (("usable_days", "usable_after_days"), "usable_from", "usable_until"),
            "description": _("Either days after the claim, or a fixed window."),
        },
    ),
    (
        _("When and where to use"),
        {
            "fields": (
                ("hours_from", "hours_until"),
                "weekdays",
                "day_rule",
                "redeem_branches",
                "redeem_merchants",
                "circles",
            )
        },
    ),
    (
        _("For whom, by whom"),
        {
            "fields": (
                ("handed_down", "payer"),
                ("head_office_percent", "branch_percent", "merchant_percent"),
                "claim_branches",
                ("tags_any", "tags_none"),
                "stages",
                "new_within_days",
            )
        },
    ),
)


class LinesField(forms.CharField):
    """A list as lines that people type."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else "\n".join(self.lines_of(value))

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in re.split(r"[\n;；]", super().clean(value)) if line.strip()]
        return self.read(lines)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial) or "", data)

    def lines_of(self, value: Any) -> Sequence[str]:
        raise NotImplementedError

    def read(self, lines: Sequence[str]) -> Any:
        raise NotImplementedError


class CirclesField(LinesField):
    """Points with metres around them, `30.274085, 120.155070, 500` a line; millionths of a degree in `cleaned_data`."""

    def lines_of(self, value: Any) -> Sequence[str]:
        return [f"{lat / MICRO:.6f}, {lon / MICRO:.6f}, {metres}" for lat, lon, metres in value]

    def read(self, lines: Sequence[str]) -> list[list[int]]:
        circles = []
        for line in lines:
            try:
                lat, lon, metres = (Decimal(part.strip()) for part in re.split(r"[,，]", line))
                circles.append([round(lat * MICRO), round(lon * MICRO), int(metres)])
            except (ValueError, InvalidOperation, OverflowError):
                raise forms.ValidationError(
                    gettext("Write latitude, longitude and metres, such as 30.274085, 120.155070, 500.")
                ) from None
        return circles


def _choices(label: Any, choices: Callable[[], Any], read: Callable[[str], Any], **kwargs: Any) -> Any:
    return forms.TypedMultipleChoiceField(
        label=label, choices=choices, coerce=read, empty_value=[], required=False, **kwargs
    )


def _tags() -> list[tuple[int, str]]:
    scope = current_scope()
    assert scope is not None
    return [(tag.pk, str(tag)) for tag in tags_usable(scope=scope).order_by("category__place", "name")]


_TERMS = tuple(
    name
    for _title, part in FIELDSETS
    for row in part["fields"]  # type: ignore[attr-defined]
    for name in ((row,) if isinstance(row, str) else row)
)


class BatchForm(ServiceForm):
    threshold_fen = YuanField(
        label=_("order from (yuan)"), initial=0, required=False, help_text=_("0: any order")
    )
    off_fen = YuanField(label=_("money off (yuan)"))
    weekdays = _choices(
        _("weekdays"),
        lambda: [(day, weekday_name(day)) for day in range(1, 8)],
        int,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None chosen: every day."),
    )
    stages = _choices(
        _("in the stages of life"),
        lambda: Profile.Stage.choices,
        str,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None chosen: whoever it is for."),
    )
    tags_any = _choices(
        _("with any of the tags"), _tags, int, widget=UnfoldAdminSelectMultipleWidget(attrs={"size": 4})
    )
    tags_none = _choices(
        _("with none of the tags"), _tags, int, widget=UnfoldAdminSelectMultipleWidget(attrs={"size": 4})
    )
    claim_branches = branches_field(
        label=_("customers of the branches"),
        help_text=_("Type a code or a name; each stands for all below it. Empty: all it is for."),
    )
    redeem_branches = branches_field(
        label=_("may be redeemed at"),
        help_text=_("Type a code or a name; each stands for all below it. Empty: anywhere."),
    )
    redeem_merchants = ChosenField(
        lambda scope: merchants_visible(scope=scope),
        Cashier._meta.get_field("merchant"),
        label=_("redeemed at merchants"),
        help_text=_(
            "Type a code or a name. Chosen: at their tills alone. Where merchants pay a part, choose them here."
        ),
    )
    circles = CirclesField(
        label=_("redeemed near"),
        help_text=_("Latitude, longitude, metres (GCJ-02), one a line: 30.274085, 120.155070, 500."),
    )

    class Meta:
        model = Batch
        fields = _TERMS
        help_texts = {
            "percent": _("How much is taken off: 15 is 15% off (8.5折)."),
            "usable_after_days": _("0: at once; 1: from the day after the claim."),
            "hours_from": _("Local time where it is redeemed; may run past midnight."),
            "cap_per_day": _("At each branch, by its local day. Empty: no cap."),
            "cap_per_week": _("At each branch, from Monday. Empty: no cap."),
            "low_percent": _("Of what a branch keeps: who may allot there is told when so little is left."),
            "head_office_percent": _("Leave all three at 0 when one payer pays everything."),
            "per_day_limit": _("Empty: no limit. Void and expired coupons count."),
            "new_within_days": _("New customers alone; empty: all."),
            "by_release": _("Claims wait for a coupon drop of a livestream, within the window above."),
            "needs_ticket": _("A claim must come from a page of the batch opened within ten minutes."),
            "per_address_limit": _(
                "Coupons in all for one range of network addresses (/24, IPv6 /48). Many customers of a mobile"
                " network share one: choose it large."
            ),
            "staff_may_claim": _("Else staff claim nothing of a branch at which they hold an assignment."),
            "claims_by": _("Make the codes on the batch's page of codes, after saving."),
            "draws_codes": _(
                "Bring the codes in on the batch's page of codes; without any left it is sold out."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            # What the page shows of each kind (static/rewards/batch.js).
            unit = pgettext_lazy("after an amount", " (yuan)")
            self.fields["kind"].widget.attrs |= {
                "data-rw-own": json.dumps({kind: sorted(own) for kind, own in OWN_AMOUNTS.items()}),
                "data-rw-off": json.dumps({kind: f"{off_label(kind)}{unit}" for kind in Kind.values}),
                "data-rw-ask": reverse("admin:rewards_batch_said"),
                "data-rw-label": gettext("what the customer reads"),
                "data-rw-later": gettext("Fill in the form, and the sentence stands here."),
            }
        for name in _OPTIONAL:
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        own = OWN_AMOUNTS.get(given.get("kind", ""), frozenset(AMOUNTS))
        for name in AMOUNTS:
            # What was hidden beside another kind was not said.
            if name not in own or given.get(name) is None:
                given[name] = _EMPTY[name]
                self.errors.pop(name, None)
        for name, otherwise in _OPTIONAL.items():
            if given.get(name) is None:
                given[name] = otherwise
        return given

    def terms(self) -> BatchTerms:
        """What was typed, for the service."""
        values = {name: self.cleaned_data[name] for name in _TERMS if name != "campaign"}
        campaign = self.cleaned_data["campaign"]
        return BatchTerms(**values, campaign_id=campaign.pk if campaign else None)
