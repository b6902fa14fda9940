"""The forms of blocks: one for each, with the fields that its kind's parts ask for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django_prose_editor.widgets import AdminProseEditorWidget
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from content.admin.chooser import AssetWidget
from content.blocks.asset_parts import OneAsset
from content.blocks.parts import Part, RichText, Words
from content.blocks.registry import BlockKind, block_kind
from content.blocks.timed_parts import Moment

# What the editor offers is what content.rich_text keeps.
EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [2, 3, 4]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Blockquote": True,
    "HardBreak": True,
    "Link": {"enableTarget": False},
    "History": True,
}
ORDER = "blocks_order"


def prose_widget() -> AdminProseEditorWidget:
    return AdminProseEditorWidget(config={"extensions": EXTENSIONS}, preset="configurable")


class BlockForm(forms.Form):
    """One block. What is typed is given on as it is: the service says what is wrong with it, and where."""

    def __init__(self, kind: BlockKind, key: str, scope: Scope, block: Mapping[str, Any]) -> None:
        super().__init__(prefix=f"block-{key}")
        self.kind, self.key = kind, key
        for part in kind.parts:
            self.fields[part.code] = _field(part, scope, block.get(part.code, part.empty))


def _field(part: Part, scope: Scope, value: Any) -> forms.Field:
    said: dict[str, Any] = {"label": part.label, "help_text": part.help, "required": False, "initial": value}
    choices = part.choices(scope)
    if choices is not None:
        known = dict(choices)
        more = [(value, value)] if value and value not in known else []
        return forms.ChoiceField(
            choices=[("", "—"), *choices, *more], widget=UnfoldAdminSelectWidget(), **said
        )
    if isinstance(part, OneAsset):
        return forms.CharField(widget=AssetWidget(scope=scope, kind=part.kind), **said)
    if isinstance(part, RichText):
        return forms.CharField(widget=prose_widget(), **said)
    if isinstance(part, Moment):
        said["initial"] = _local(value, scope)
        return forms.CharField(widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}), **said)
    if isinstance(part, Words):
        attrs = {"maxlength": part.longest}
        widget = UnfoldAdminTextInputWidget if part.lines == 1 else UnfoldAdminTextareaWidget
        return forms.CharField(widget=widget(attrs=attrs), **said)
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), **said)


def _local(value: Any, scope: Scope) -> str:
    """A moment as its field wants it, in the zone of the branch; what is none, as it was typed."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return str(value or "")
    return f"{moment.astimezone(zone_of(scope=scope)):%Y-%m-%dT%H:%M}" if moment.tzinfo else str(value)


def block_forms(scope: Scope, blocks: Sequence[Mapping[str, Any]]) -> list[BlockForm]:
    """The forms of a draft's blocks, in their order; none for a kind that nobody registers any more."""
    return [
        BlockForm(kind, block["id"], scope, block)
        for block in blocks
        if (kind := block_kind(block.get("kind"))) is not None
    ]


def posted_blocks(sent: QueryDict | Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The blocks as a page sent them, as the service reads them; None when it sent none at all."""
    if ORDER not in sent:
        return None
    keys = [key for key in cast(str, sent.get(ORDER, "")).split(",") if key]
    found = []
    for key in keys:
        kind = block_kind(sent.get(f"block-{key}-kind"))
        parts = kind.parts if kind else ()
        found.append(
            {"id": key, "kind": kind.code if kind else ""}
            | {part.code: sent.get(f"block-{key}-{part.code}", "") for part in parts}
        )
    return found
