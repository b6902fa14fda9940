"""Parts of a form that read as sentences, with what is to be filled in at its place."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_SLOT = re.compile(r"%\((\w+)\)s")


class SentenceWidget(forms.Widget):
    """`words` (lazy) has a %(name)s for each of `slots`; the value is a mapping by these names."""

    def __init__(self, words: Any, slots: Mapping[str, forms.Field]) -> None:
        super().__init__()
        self.words, self.slots = words, slots

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, Any]:
        return {
            slot: field.widget.value_from_datadict(data, files, f"{name}_{slot}")
            for slot, field in self.slots.items()
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(f"{name}_{slot}" in data for slot in self.slots)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_{next(iter(self.slots))}" if id_ else ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        value = value if isinstance(value, Mapping) else {}
        base = (attrs or {}).get("id", f"id_{name}")
        said, after = [], 0
        words = str(self.words)
        for match in _SLOT.finditer(words):
            slot = match[1]
            field = self.slots[slot]
            drawn = field.widget.render(
                f"{name}_{slot}",
                field.prepare_value(value.get(slot)),
                {"id": f"{base}_{slot}", "aria-label": str(field.label), "class": "ck-slot"},
                renderer,
            )
            said += [format_html("<span>{}</span>", words[after : match.start()]), drawn]
            after = match.end()
        said.append(format_html("<span>{}</span>", words[after:]))
        return format_html('<div class="ck-sentence">{}</div>', mark_safe("".join(said)))  # noqa: S308 - each escaped


class SentenceField(forms.Field):
    """A mapping of what its parts are cleaned to; a part's mistake is said with its name."""

    def __init__(self, words: Any, parts: Mapping[str, forms.Field], **kwargs: Any) -> None:
        self.parts = parts
        super().__init__(required=False, widget=SentenceWidget(words, parts), **kwargs)

    def clean(self, value: Any) -> dict[str, Any]:
        cleaned, wrong = {}, []
        for name, part in self.parts.items():
            try:
                cleaned[name] = part.clean((value or {}).get(name))
            except forms.ValidationError as error:
                wrong += [f"{part.label}：{said}" for said in error.messages]
        if wrong:
            raise forms.ValidationError(wrong)
        return cleaned

    def has_changed(self, initial: Any, data: Any) -> bool:
        initial, data = initial or {}, data or {}
        return any(part.has_changed(initial.get(name), data.get(name)) for name, part in self.parts.items())


def whole(label: Any, *, most: int, least: int = 0, required: bool = True) -> forms.IntegerField:
    """A whole number in a sentence, as wide as it can become."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=required,
        widget=forms.NumberInput(attrs={"style": f"width:{max(len(str(most)), 3) + 3}ch"}),
    )


def day(label: Any) -> forms.DateField:
    """A day in a sentence, chosen by the browser's own calendar."""
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
