"""The form with which local versions are made for many branches: texts for all, and a table for what differs."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from campaigns.tenants.choosing import branches_field
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branches_within
from content.models import Original
from content.services.localising_many import CODE, NAME, filled_in, text_parts


class ManyForm(forms.Form):
    """`rows()` what each branch would get; `asked()` what the service takes."""

    levels = forms.MultipleChoiceField(
        label=_("branches of these levels"),
        choices=[each for each in Branch.Level.choices if each[0] != Branch.Level.HEAD_OFFICE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    branches = branches_field(label=_("and below these alone"), help_text=_("Empty: everywhere below."))
    table = forms.CharField(
        label=_("what differs, branch by branch"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_(
            "Paste it from a spreadsheet: the first row names the columns, the first column is the branch's code."
        ),
    )
    submits = forms.BooleanField(label=_("put each in review at once"), required=False, initial=True)

    def __init__(self, *args: Any, scope: Scope, original: Original, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope, self.original = scope, original
        self.parts = text_parts(original=original)
        for part, name in self.parts:
            widget = UnfoldAdminTextInputWidget if part in ("title", "link") else UnfoldAdminTextareaWidget
            attrs = {} if part in ("title", "link") else {"rows": 2}
            self.fields[f"text-{part}"] = forms.CharField(
                label=name,
                required=False,
                max_length=5_000,
                widget=widget(attrs=attrs),
                help_text=_("Empty: as in the original."),
            )

    @property
    def texts(self) -> list[forms.BoundField]:
        """The fields of the texts."""
        return [self[f"text-{part}"] for part, _name in self.parts]

    def clean_table(self) -> dict[str, dict[str, str]]:
        """By the branch's code, part -> text."""
        lines = [line.split("\t") for line in self.cleaned_data["table"].splitlines() if line.strip()]
        if not lines:
            return {}
        by_name = {name: part for part, name in self.parts}
        head = [column.strip() for column in lines[0]]
        unknown = [column for column in head[1:] if column and column not in by_name]
        if unknown or len(head) < 2:
            raise forms.ValidationError(
                gettext("There is no column “%(column)s”. These can be filled in: %(columns)s.")
                % {"column": "、".join(unknown) or "…", "columns": "、".join(by_name)}
            )
        found: dict[str, dict[str, str]] = {}
        for cells in lines[1:]:
            values = zip(head[1:], cells[1:], strict=False)
            found[cells[0].strip()] = {
                by_name[name]: text.strip() for name, text in values if name and text.strip()
            }
        known = set(self._below().filter(code__in=found).values_list("code", flat=True))
        if missing := [code for code in found if code not in known]:
            raise forms.ValidationError(
                gettext("No branch below has the code “%(codes)s”.") % {"codes": "、".join(missing[:5])}
            )
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("levels") and not cleaned.get("table"):
            raise forms.ValidationError(gettext("Say for which branches: choose levels, or paste a table."))
        return cleaned

    def _below(self) -> Any:
        return branches_within(scope=self.scope).filter(
            is_open=True, pos__gt=self.original.branch.pos, pos__lte=self.original.branch.pos_end
        )

    def _chosen(self) -> list[Branch]:
        cleaned = self.cleaned_data
        rows = self._below()
        if not cleaned["levels"]:
            return list(rows.filter(code__in=cleaned["table"]).order_by("pos"))
        rows = rows.filter(level__in=cleaned["levels"]).order_by("pos")
        if not cleaned["branches"]:
            return list(rows)
        above = list(self._below().filter(pk__in=cleaned["branches"]).values_list("pos", "pos_end"))
        return [row for row in rows if any(first <= row.pos <= last for first, last in above)]

    def asked(self) -> dict[str, Any]:
        texts = {part: self.cleaned_data[f"text-{part}"] for part, _name in self.parts}
        return {
            "branches": self._chosen(),
            "texts": {part: text for part, text in texts.items() if text},
            "own_texts": self.cleaned_data["table"],
            "submits": self.cleaned_data["submits"],
        }

    def rows(self) -> list[dict[str, Any]]:
        """Branch, and the texts it would get with their names."""
        asked = self.asked()
        return [
            {
                "branch": branch,
                "texts": [
                    (name, texts[part])
                    for texts in [
                        {
                            **filled_in(branch=branch, texts=asked["texts"]),
                            **asked["own_texts"].get(branch.code, {}),
                        }
                    ]
                    for part, name in self.parts
                    if part in texts
                ],
            }
            for branch in asked["branches"]
        ]

    @property
    def marks(self) -> tuple[str, str]:
        """What may stand in a text for what differs."""
        return NAME, CODE
