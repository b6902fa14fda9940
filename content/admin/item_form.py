"""The form of an item: the parts that its kind has, and its blocks."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.tenants.scopes import current_scope
from content.admin.approvable import WindowForm
from content.admin.block_forms import PICTURES_OFFERED, posted_blocks, thumb_of
from content.admin.local_forms import initial_of
from content.category_selectors import categories_in_use
from content.item_kinds import RULES
from content.localising import parts_of
from content.models import Item
from content.selectors import assets_within, batches_offered

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


class PicturePicker(forms.RadioSelect):
    """Pictures to choose among, the newest first."""

    template_name = "content/picker.html"
    option_template_name = "content/picker_option.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        scope = current_scope()
        asset = getattr(value, "instance", None)
        option["thumb"] = thumb_of(asset, scope) if asset is not None and scope is not None else ""
        return option


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
            chosen = self.instance.asset_id
            ids = list(assets_within(scope=scope).values_list("pk", flat=True)[:PICTURES_OFFERED])
            offered = assets_within(scope=scope).filter(pk__in=[*ids, chosen] if chosen else ids)
            pictures.queryset = offered.prefetch_related("renditions")  # type: ignore[attr-defined]
            pictures.widget = PicturePicker()
            pictures.widget.choices = pictures.choices  # type: ignore[attr-defined]
        if "category" in self.fields:
            kept = self.instance.category
            rows = categories_in_use()
            rows += [kept] if kept is not None and kept not in rows else []
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
