"""The form of a review policy: conditions and a list of steps, each with its seats.

Steps and seats are named by keys that the page makes up, in the order in which they stand: `step` lists the keys of
the steps, `step-KEY-seat` those of a step's seats. So a card that moves takes its fields along, and nothing is
numbered anew.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from campaigns.approvals.models import Policy
from campaigns.approvals.policy_kind import names_of
from campaigns.approvals.policy_rules import blank_document, clean_document
from campaigns.approvals.policy_selectors import people_who_may_decide
from campaigns.approvals.policy_words import (
    HOW_NAMES,
    IF_EMPTY_NAMES,
    LEVEL_NAMES,
    PRODUCT_CLASSES,
    SEVERITY_NAMES,
    Names,
)
from campaigns.lib.forms import ServiceForm
from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope, current_scope

_LISTS = ("kinds", "product_classes", "branch_levels")
# field -> how many of the document's units make one of the field's
_BOUNDS = {"reward_from_fen": 100, "reward_below_fen": 100, "audience_from": 1, "audience_below": 1}
_BY_NAMES = {
    "role": _("somebody of a role"),
    "line": _("the branches above, one after the other"),
    "person": _("somebody by name"),
}


class PolicyForm(ServiceForm):
    """`cleaned_data["document"]` is what the services take; title and rank are fields of their own."""

    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Policy
        fields = ("title", "rank")
        widgets = {"title": UnfoldAdminTextInputWidget, "rank": UnfoldAdminIntegerFieldWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.changed_at:
            self.initial["seen_at"] = self.instance.changed_at.isoformat()

    def clean_seen_at(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return None

    def clean(self) -> Any:
        cleaned = super().clean() or {}
        scope = current_scope()
        assert scope is not None and isinstance(self.data, QueryDict)
        document, wrong = read_document(self.data, scope)
        try:
            cleaned["document"] = clean_document(document) if not wrong else {}
        except Refusal as refusal:
            wrong.append(str(refusal))
        for words in wrong:
            self.add_error(None, words)
        return cleaned


def document_of(typed: QueryDict, scope: Scope) -> dict[str, Any]:
    """The document as the page's fields say it. Raises ValidationError and PolicyIsMalformed."""
    document, wrong = read_document(typed, scope)
    if wrong:
        raise forms.ValidationError(wrong)
    return clean_document(document)


def read_document(typed: QueryDict, scope: Scope) -> tuple[dict[str, Any], list[str]]:
    """What was typed, as near to a document as it comes, and what is wrong with it in words."""
    wrong: list[str] = []
    document = {
        **{name: typed.getlist(name) for name in _LISTS},
        **{name: _number(typed, name, wrong, unit) for name, unit in _BOUNDS.items()},
        "findings": {
            name.removeprefix("finding-"): typed[name]
            for name in typed
            if name.startswith("finding-") and typed[name]
        },
        "off": "off" in typed,
        "steps": [_step(typed, key, scope, wrong) for key in typed.getlist("step")],
    }
    return document, wrong


def _step(typed: QueryDict, key: str, scope: Scope, wrong: list[str]) -> dict[str, Any]:
    own = f"step-{key}-"
    seats = (_seat(typed, f"seat-{found}-", scope, wrong) for found in typed.getlist(own + "seat"))
    return {
        "title": typed.get(own + "title", ""),
        "seats": [seat for seat in seats if seat],
        "how": typed.get(own + "how", "any"),
        "count": _number(typed, own + "count", wrong) or 1,
        "if_empty": typed.get(own + "if_empty", "up"),
        "due_hours": _number(typed, own + "due_hours", wrong) or 24,
        "escalate_hours": _number(typed, own + "escalate_hours", wrong),
    }


def _seat(typed: QueryDict, own: str, scope: Scope, wrong: list[str]) -> dict[str, Any] | None:
    by = typed.get(own + "by", "role")
    if by == "person":
        return _person(typed.get(own + "person", "").strip(), scope, wrong)
    return {
        "by": by,
        "role": typed.get(own + "role", ""),
        "level": typed.get(own + "level", ""),
        "levels": _number(typed, own + "levels", wrong) or 1,
    }


def person_words(person: Person) -> str:
    """How a person is offered and typed: name, staff number and branch tell namesakes apart."""
    return f"{person.name} · {person.staff_number} · {person.branch.name}"


def _person(words: str, scope: Scope, wrong: list[str]) -> dict[str, Any] | None:
    """Who is meant by a name, a staff number, or what the page proposed; nobody while nothing is typed."""
    if not words:
        return None
    parts = words.split(" · ")
    names = names_of(scope=scope)
    found = [
        person
        for person in people_who_may_decide(scope=scope, roles=set(names.deciding), words=parts[0], limit=200)
        if words in (person_words(person), person.name, person.staff_number)
        or parts[:2] == [person.name, person.staff_number]
    ]
    if len(found) == 1:
        return {"by": "person", "person_id": str(found[0].pk), "name": found[0].name}
    wrong.append(
        gettext("“%(words)s”: nobody who may decide reviews, or several: choose one that is proposed.")
        % {"words": words}
    )
    return {"by": "person", "person_id": "", "name": words}


def _number(typed: QueryDict, name: str, wrong: list[str], unit: int = 1) -> int | None:
    """A whole number of the document's units; None while the field is empty, or is no number."""
    words = typed.get(name, "").strip().replace(",", "")
    if not words:
        return None
    try:
        number = Decimal(words) * unit
        if not number.is_finite() or number != number.to_integral_value():
            raise InvalidOperation
        return int(number)
    except InvalidOperation:
        wrong.append(gettext("“%(words)s” is no number.") % {"words": words})
        return None


# --- what the page shows ---------------------------------------------------------------------------------------


def fields_of(*, document: dict[str, Any] | None, names: Names, scope: Scope) -> dict[str, Any]:
    """What the editor's template is given; a new policy begins with one step."""
    document = document or blank_document()
    named = {
        UUID(seat["person_id"])
        for step in document["steps"]
        for seat in step["seats"]
        if seat["by"] == "person" and seat["person_id"]
    }
    people = people_who_may_decide(scope=scope, roles=set(names.deciding), ids=named) if named else []
    words = {str(person.pk): person_words(person) for person in people}
    return {
        "kinds": _choices(names.kinds, document["kinds"]),
        "product_classes": _choices(PRODUCT_CLASSES, document["product_classes"]),
        "branch_levels": _choices(LEVEL_NAMES, document["branch_levels"]),
        "bounds": {name: _shown(document[name], unit) for name, unit in _BOUNDS.items()},
        "checks": [
            (code, label, _choices(SEVERITY_NAMES, [document["findings"].get(code, "")]))
            for code, label in names.checks.items()
        ],
        "off": document["off"],
        "steps": [
            _step_fields(f"s{number}", step, names, words) for number, step in enumerate(document["steps"])
        ],
        "blank_step": _step_fields("STEP", blank_document()["steps"][0], names, words),
        "blank_seat": _seat_fields("SEAT", {"by": "role", "role": "", "level": ""}, names, words),
    }


def _step_fields(key: str, step: dict[str, Any], names: Names, words: dict[str, str]) -> dict[str, Any]:
    return {
        **step,
        "key": key,
        "hows": _choices(HOW_NAMES, [step["how"]]),
        "if_emptys": _choices(IF_EMPTY_NAMES, [step["if_empty"]]),
        "escalate_hours": step["escalate_hours"] or "",
        "seats": [
            _seat_fields(f"{key}x{number}", seat, names, words) for number, seat in enumerate(step["seats"])
        ],
    }


def _seat_fields(key: str, seat: dict[str, Any], names: Names, words: dict[str, str]) -> dict[str, Any]:
    offered = {code: name for code, name in names.roles.items() if code in names.deciding}
    if seat.get("role") and seat["role"] not in offered:
        offered[seat["role"]] = names.roles.get(seat["role"], seat["role"])
    return {
        "key": key,
        "by": seat["by"],
        "bys": _choices(_BY_NAMES, [seat["by"]]),
        "roles": _choices(offered, [seat.get("role", "")]),
        "levels_up": seat.get("levels", 1),
        "levels": _choices(LEVEL_NAMES, [seat.get("level", "")]),
        "person": words.get(seat.get("person_id", ""), seat.get("name", "")),
    }


def _choices(offered: Any, chosen: list[str]) -> list[tuple[str, str, bool]]:
    return list(_choice(offered, chosen))


def _choice(offered: Any, chosen: list[str]) -> Iterator[tuple[str, str, bool]]:
    for code, name in offered.items():
        yield code, str(name), code in chosen


def _shown(value: int | None, unit: int) -> str:
    return "" if value is None else f"{Decimal(value) / unit:f}"
