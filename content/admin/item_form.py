"""The form of an item: the parts that its kind has, and its blocks."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.tenants.scopes import current_scope
from content.admin.approvable import WindowForm
from content.admin.block_forms import posted_blocks
from content.admin.chooser import AssetWidget
from content.admin.local_forms import initial_of
from content.category_selectors import categories_in_use
from content.item_kinds import RULES
from content.localising import parts_of
from content.models import Asset, Item
from content.selectors import batches_offered

_PLAIN = (
    "title", "summary", "body", "product_class", "product_code", "risk_level", "disclosure", "link", "batch_id",
    "shown_from", "shown_until", "handed_down", "open_parts",
)  # fmt: skip
# part of a kind -> its fields; what is in none of them, every kind has.
_PARTS = {
    "picture": ("asset",),
    "link": ("link",),
    "body": ("body",),
    "class": ("product_class",),
    "product": ("product_code", "risk_level", "disclosure"),
    "coupon": ("batch_id",),
}


class OpenPartsField(forms.MultipleChoiceField):
    """Which parts the branches below may change. A block that was added just now has parts that the page knew nothing
    of when it was opened: the service says which there are.
    """

    widget = forms.CheckboxSelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return [part for part in super().to_python(value) if part]

    def valid_value(self, value: Any) -> bool:
        return True


def panels_of(kind: str) -> list[tuple[str, Any, str, tuple[str, ...]]]:
    """The panels of the editor for a kind, in order: code, name, icon, fields. Blocks stand after the text."""
    rules = RULES[kind]

    def has(part: str) -> tuple[str, ...]:
        return _PARTS[part] if rules.shows(part) else ()

    panels: list[tuple[str, Any, str, tuple[str, ...]]] = [
        (
            "head",
            _("Title and picture"),
            "title",
            ("title", "summary", *has("picture"), *has("link"), "category"),
        ),
    ]
    if rules.shows("product"):
        panels.append(("product", _("Product"), "account_balance", (*has("class"), *has("product"))))
    elif rules.shows("class"):
        panels[0] = (*panels[0][:3], (*panels[0][3], "product_class"))
    if rules.shows("body"):
        panels.append(("body", _("Text"), "notes", has("body")))
    panels.append(("coupon", _("Coupon and campaign"), "confirmation_number", (*has("coupon"), "campaign")))
    panels.append(
        ("when", _("When and where"), "schedule", ("shown_from", "shown_until", "handed_down", "open_parts"))
    )
    return panels


class ItemForm(WindowForm):
    batch_id = forms.TypedChoiceField(
        label=_("coupon batch"),
        required=False,
        # The saved value is a UUID already; what is typed is text.
        coerce=lambda value: UUID(str(value)),
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Customers see the coupon once its batch is live."),
    )

    open_parts = OpenPartsField(
        label=_("open to branches"),
        required=False,
        help_text=_(
            "What the branches below may change in a version of their own; all else is locked for them."
        ),
    )

    class Meta:
        model = Item
        fields = (
            "title", "summary", "body", "product_class", "product_code", "risk_level", "disclosure", "asset", "link",
            "category", "campaign", "batch_id", "shown_from", "shown_until", "handed_down", "open_parts",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current_scope()
        assert scope is not None
        if self.instance.basis_id is not None:
            self.initial.update(initial_of(self.instance))
            if "asset" in self.fields:
                self.fields["asset"].help_text = _("Nothing chosen: the original's picture.")
            if "batch_id" in self.fields:
                self.fields["batch_id"].help_text = _("Nothing chosen: the original's batch.")
        if "open_parts" in self.fields:
            blocks = posted_blocks(self.data) if self.is_bound else None
            self.fields["open_parts"].choices = parts_of(  # type: ignore[attr-defined]
                self.instance.kind, self.instance.blocks if blocks is None else blocks
            )
        if "asset" in self.fields:
            pictures = self.fields["asset"]
            # What was chosen once stays, also when it was removed meanwhile: the service says so.
            kept = Q(pk=self.instance.asset_id) if self.instance.asset_id else Q()
            pictures.queryset = Asset.objects.within(scope).filter(  # type: ignore[attr-defined]
                Q(kind=Asset.Kind.PICTURE, retired_at=None) | kept
            )
            pictures.widget = AssetWidget(scope=scope, kind=Asset.Kind.PICTURE)
        if "category" in self.fields:
            kept_one = self.instance.category
            rows = categories_in_use()
            rows += [kept_one] if kept_one is not None and kept_one not in rows else []
            self.fields["category"].choices = [  # type: ignore[attr-defined]
                ("", "—"),
                *((row.pk, f"　{row}" if row.parent_id else str(row)) for row in rows),
            ]
        if "batch_id" in self.fields:
            batches = [(str(key), title) for key, title in batches_offered(scope=scope)]
            chosen_batch = self.instance.batch_id
            if chosen_batch and str(chosen_batch) not in dict(batches):
                batches.append((str(chosen_batch), str(_("(a batch that is no longer offered)"))))
            self.fields["batch_id"].choices = [("", "—"), *batches]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the services take: what this kind has, and was typed right."""
        cleaned = self.cleaned_data
        found = {name: cleaned[name] for name in _PLAIN if name in cleaned}
        for name in ("asset", "campaign"):
            if name in cleaned:
                found[f"{name}_id"] = cleaned[name].pk if cleaned[name] else None
        if "category" in cleaned:
            found["category_code"] = cleaned["category"].pk if cleaned["category"] else ""
        blocks = posted_blocks(self.data)
        if blocks is not None:
            found["blocks"] = blocks
        return found
