"""The form of a livestream: what it is, who speaks, minute by minute, what is shown, dropped and asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.lib.forms import ServiceForm
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import Scope, current_scope
from community.livestreams.admin.rows import Column, RowsField
from community.livestreams.models import Livestream
from community.livestreams.rules import (
    MOST_DROPS,
    MOST_HOSTS,
    MOST_LINES,
    MOST_PRODUCTS,
    MOST_QUESTIONS,
)
from community.livestreams.selectors import hosts_offered, materials_offered, products_offered
from community.livestreams.terms import Drop, Host, LivestreamTerms, Question, SheetLine
from content.selectors import batches_offered

FIELDSETS = (
    (None, {"fields": ("title", "theme", ("series", "channel"), "asset")}),
    (
        _("When and for whom"),
        {"fields": ("planned_from", "planned_until", "announce_from", "replay_days", "handed_down")},
    ),
    (_("Hosts and guests"), {"fields": ("hosts",)}),
    (
        _("Run-sheet"),
        {
            "fields": ("run_sheet",),
            "description": _(
                "Minutes count from the real beginning. What is said word for word is reviewed word for word."
            ),
        },
    ),
    (_("Products and materials"), {"fields": ("products", "materials")}),
    (
        _("Coupon drops"),
        {
            "fields": ("drops",),
            "description": _(
                "A drop opens its batch at its minute, to the second. Leave the minute empty to open it by hand."
            ),
        },
    ),
    (_("Quiz and prize draw"), {"fields": ("quiz", "draw")}),
)
_COLUMNS = ("title", "theme", "planned_from", "planned_until", "announce_from", "replay_days", "handed_down")
_CHOSEN = ("series", "channel", "asset", "draw")
_ROWS = ("hosts", "run_sheet", "products", "materials", "drops", "quiz")


def _scope() -> Scope:
    scope = current_scope()
    assert scope is not None
    return scope


def _number(text: str, label: Any) -> int:
    try:
        return int(text)
    except ValueError:
        raise forms.ValidationError(gettext("%(what)s is a whole number.") % {"what": label}) from None


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return new_id()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _people() -> list[tuple[str, str]]:
    return [(str(each.pk), each.name) for each in hosts_offered(scope=_scope())]


def _batches() -> list[tuple[str, str]]:
    return [(str(key), title) for key, title in batches_offered(scope=_scope())]


def _products() -> list[tuple[str, str]]:
    return [(str(key), title) for key, title in products_offered(scope=_scope())]


def _materials() -> list[tuple[str, str]]:
    return [(str(key), title) for key, title in materials_offered(scope=_scope())]


def _roles() -> list[tuple[str, str]]:
    return [("guest", gettext("guest"))]


def _host(row: Mapping[str, str]) -> Host | None:
    person = _uuid(row["person"])
    name = row["name"] or (dict(_people()).get(str(person), "") if person else "")
    if not name and not person:
        return None
    return Host(
        id=_key(row["id"]),
        person=person,
        name=name[:40],
        title=row["title"][:40],
        is_guest=row["role"] == "guest",
    )


def _line(row: Mapping[str, str]) -> SheetLine | None:
    if not row["heading"] and not row["script"]:
        return None
    return SheetLine(
        id=_key(row["id"]),
        minute=_number(row["minute"] or "0", gettext("minute")),
        minutes=_number(row["minutes"] or "1", gettext("length")),
        heading=row["heading"][:60],
        script=row["script"][:4_000],
    )


def _drop(row: Mapping[str, str]) -> Drop | None:
    batch = _uuid(row["batch"])
    if batch is None:
        return None
    return Drop(
        id=_key(row["id"]),
        batch=batch,
        minute=_number(row["minute"], gettext("minute")) if row["minute"] else None,
        minutes=_number(row["minutes"] or "10", gettext("open for minutes")),
        words=row["words"][:60],
    )


def _question(row: Mapping[str, str]) -> Question | None:
    options = [line.strip()[:60] for line in row["options"].splitlines() if line.strip()]
    if not row["question"]:
        return None
    return Question(
        id=_key(row["id"]),
        question=row["question"][:120],
        options=options,
        right=_number(row["right"] or "1", gettext("right option")) - 1,
    )


def _chosen(row: Mapping[str, str]) -> UUID | None:
    return _uuid(row["item"])


class LivestreamForm(ServiceForm):
    hosts = RowsField(
        label=_("hosts and guests"),
        columns=(
            Column("person", _("one of the bank's people"), "select", _people),
            Column("name", _("or a name"), more='maxlength="40"'),
            Column("title", _("title of a person"), more='maxlength="40"'),
            Column("role", pgettext_lazy("livestream", "as"), "select", _roles, empty=_("host")),
        ),
        most=MOST_HOSTS, read=_host, css="ls-hosts",
    )  # fmt: skip
    run_sheet = RowsField(
        label=_("run-sheet"),
        columns=(
            Column("minute", _("minute"), "number", more='min="0" max="719"'),
            Column("minutes", _("length"), "number", more='min="1" max="720"'),
            Column("heading", _("heading"), more='maxlength="60"'),
            Column("script", _("script, word for word"), "area"),
        ),
        most=MOST_LINES, read=_line, css="ls-sheet",
    )  # fmt: skip
    products = RowsField(
        label=_("products"), columns=(Column("item", _("product card"), "select", _products),),
        most=MOST_PRODUCTS, read=_chosen, css="ls-items",
        help_text=_("Product cards that are live; their risk disclosure is shown with them."),
    )  # fmt: skip
    materials = RowsField(
        label=_("materials"), columns=(Column("item", _("material"), "select", _materials),),
        most=MOST_PRODUCTS, read=_chosen, css="ls-items",
    )  # fmt: skip
    drops = RowsField(
        label=_("coupon drops"),
        columns=(
            Column("batch", _("coupon batch"), "select", _batches),
            Column("minute", _("minute"), "number", more='min="0" max="719"'),
            Column("minutes", _("open for minutes"), "number", more='min="1" max="720"'),
            Column("words", _("words that slide in"), more='maxlength="60"'),
        ),
        most=MOST_DROPS, read=_drop, css="ls-drops",
    )  # fmt: skip
    quiz = RowsField(
        label=_("quiz"),
        columns=(
            Column("question", _("question"), more='maxlength="120"'),
            Column("options", _("options, one a line"), "area"),
            Column("right", _("which is right"), "number", more='min="1" max="6"'),
        ),
        most=MOST_QUESTIONS, read=_question, css="ls-quiz",
    )  # fmt: skip

    class Meta:
        model = Livestream
        fields = (*_COLUMNS, *_CHOSEN)
        help_texts = {
            "theme": _("A few words that customers read under the title."),
            "announce_from": _("When customers see it. Empty: as soon as it is approved."),
            "replay_days": _("0: no replay."),
            "handed_down": _("Customers of the branches below see it too; each branch reads its own share."),
            "asset": _("A picture of the library, wide."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = self.instance
        if not draft._state.adding:
            for name in _ROWS:
                self.initial[name] = [_TYPED[name](row) for row in getattr(draft, name)]

    def _get_validation_exclusions(self) -> set[str]:
        # Rows are read into terms, and checked by the service: the columns keep JSON.
        return {*super()._get_validation_exclusions(), *_ROWS}

    def terms(self) -> LivestreamTerms:
        """What was typed, for the service."""
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in (*_COLUMNS, *_ROWS)}
        chosen: dict[str, Any] = {
            f"{name}_id": each.pk if (each := self.cleaned_data[name]) else None for name in _CHOSEN
        }
        return LivestreamTerms(**given, **chosen)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


_TYPED: Mapping[str, Any] = {
    "hosts": lambda row: {
        "id": row["id"], "person": _text(row["person"]), "name": row["name"], "title": row["title"],
        "role": "guest" if row["is_guest"] else "",
    },
    "run_sheet": lambda row: {
        "id": row["id"], "minute": _text(row["minute"]), "minutes": _text(row["minutes"]),
        "heading": row["heading"], "script": row["script"],
    },
    "products": lambda key: {"id": "", "item": str(key)},
    "materials": lambda key: {"id": "", "item": str(key)},
    "drops": lambda row: {
        "id": row["id"], "batch": row["batch"], "minute": _text(row["minute"]), "minutes": _text(row["minutes"]),
        "words": row["words"],
    },
    "quiz": lambda row: {
        "id": row["id"], "question": row["question"], "options": "\n".join(row["options"]),
        "right": str(row["right"] + 1),
    },
}  # fmt: skip
