"""Which kinds of events there are. A room registers its own in apps.py:

    register_event("content.viewed", label=..., properties={"seconds": whole(0, 86_400)}, keeps=13, told_by={"phone"})

What is not registered is refused by name. No property takes free text: nothing that a customer or a clerk typed, and
so nothing that names a person, gets into the events.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.scopes import Scope

Door = Literal["phone", "hook", "file"]
# Names of the things that subjects refer to, for sentences: (scope, references) -> {reference: name}.
Names = Callable[[Scope, Collection[str]], Mapping[str, str]]

_KIND = re.compile(r"[a-z]+(\.[a-z_]+){1,2}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,59}")
# As long as the shortest number that names somebody: a phone's, a card's, an identity card's.
_NUMBER_OF_A_PERSON = re.compile(r"[0-9]{7}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Property:
    """What one property may be; `read` makes it from the text of a file's cell (None: not such a text). `says` is
    lazy. `form` is the name of the function that made it, `choices` those that there are.
    """

    fits: Callable[[Any], bool]
    read: Callable[[str], Any]
    says: Any
    is_required: bool = False
    form: Literal["whole", "money", "flag", "choice", "word", "key"] = "word"
    choices: tuple[str, ...] = ()


def _read_whole(text: str) -> Any:
    return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text, re.ASCII) else None


def whole(low: int, high: int, *, is_required: bool = False) -> Property:
    """A whole number within bounds, both included."""
    return Property(
        lambda value: type(value) is int and low <= value <= high,
        _read_whole,
        format_lazy(_("whole number, {low} to {high}"), low=low, high=high),
        is_required,
        "whole",
    )


def money(*, is_required: bool = False) -> Property:
    """Fen; negative for what went back."""
    bounded = whole(-(10**13), 10**13, is_required=is_required)
    return replace(bounded, says=_("fen, as a whole number"), form="money")


def flag(*, is_required: bool = False) -> Property:
    return Property(
        lambda value: type(value) is bool,
        {"true": True, "1": True, "false": False, "0": False}.get,
        _("true or false"),
        is_required,
        "flag",
    )


def choice(*choices: str, is_required: bool = False) -> Property:
    known = frozenset(choices)
    return Property(
        lambda value: type(value) is str and value in known,
        str,
        " | ".join(choices),
        is_required,
        "choice",
        choices,
    )


def word(*, is_required: bool = False) -> Property:
    """A code of some system: no spaces, and no run of digits that might be somebody's number."""
    return Property(
        lambda value: (
            type(value) is str
            and _WORD.fullmatch(value) is not None
            and _NUMBER_OF_A_PERSON.search(value) is None
        ),
        str,
        _("code of 1 to 60 characters (A-Z a-z 0-9 _ . : / -)"),
        is_required,
    )


def key(*, is_required: bool = False) -> Property:
    """The id of a thing of ours."""
    return Property(
        lambda value: type(value) is str and _UUID.fullmatch(value) is not None,
        str,
        _("id of a thing here (UUID)"),
        is_required,
        "key",
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. `keeps`: months after the event's own; `told_by`: doors it may come in by (none: only we
    write it). `subjects`: kinds of things it may be about; none means that it names no thing.
    """

    code: str
    label: Any
    properties: Mapping[str, Property]
    keeps: int
    told_by: frozenset[Door]
    subjects: frozenset[str]
    moment: str
    names: Names | None
    required: tuple[str, ...] = field(default=())


_KINDS: dict[str, Kind] = {}


def register_event(
    code: str,
    *,
    label: Any,
    properties: Mapping[str, Property] | None = None,
    keeps: int = 25,
    told_by: Iterable[Door] = (),
    subjects: Collection[str] = (),
    moment: str = "done",
    names: Names | None = None,
) -> None:
    """Add a kind. `label` is lazy, and says what the customer did; `moment` is a kind of campaigns/customers/panels.

    Without `told_by` nobody outside may tell of it: only a verb of ours writes it.

    Raises ValueError for a code that is malformed or taken.
    """
    if not _KIND.fullmatch(code) or not 1 <= keeps <= 120:
        raise ValueError(f"not a kind of event: {code!r}")
    properties = dict(properties or {})
    required = tuple(name for name, each in properties.items() if each.is_required)
    kind = Kind(
        code, label, properties, keeps, frozenset(told_by), frozenset(subjects), moment, names, required
    )
    if code in _KINDS and set(_KINDS[code].properties) != set(properties):
        raise ValueError(f"a kind {code!r} exists already")
    _KINDS[code] = kind


def kinds() -> Mapping[str, Kind]:
    """All kinds that there are, by their codes."""
    return _KINDS


def longest_kept() -> int:
    """Months after which nothing is kept."""
    return max((kind.keeps for kind in _KINDS.values()), default=25)


def months_before(moment: datetime, months: int) -> datetime:
    """The first moment of the UTC month that lies `months` before the one of `moment`."""
    counted = moment.year * 12 + moment.month - 1 - months
    return moment.replace(
        year=counted // 12, month=counted % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )


def is_uuid(text: str) -> bool:
    """Does it look like a UUID in its canonical form?"""
    return _UUID.fullmatch(text) is not None


def subject_id(reference: str) -> UUID | None:
    """The UUID in a reference; None when its key is another one."""
    key_text = reference.partition(":")[2]
    return UUID(key_text) if is_uuid(key_text) else None
