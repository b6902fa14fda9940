"""What is looked for in everything submitted. Rooms register checks in `apps.py`; this room asks them.

register_check(Check(code="content.rights", label=_("Rights"), look=look, say=say, kinds=("content.item",)))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from campaigns.approvals.kinds import Facts, Frozen, Line
from campaigns.approvals.links import Link
from campaigns.approvals.lists import Standing
from campaigns.approvals.words import strictest
from campaigns.tenants.scopes import Scope

# Characters of the text before and behind, kept with a finding so that it reads by itself.
AROUND = 14


@dataclass(frozen=True, slots=True)
class Sight:
    """What a check looks at: the frozen thing, what policies ask of it, what customers would read of it line by line,
    its links, and the word lists that hold where it lives (its own branch's and those above).
    """

    kind: str
    frozen: Frozen
    facts: Facts
    lines: Sequence[Line]
    links: Sequence[Link]
    lists: Sequence[Standing]

    def text_of(self, key: str) -> str:
        return next((line.value for line in self.lines if line.key == key), "")


@dataclass(frozen=True, slots=True)
class Found:
    """One finding. `line` is the key of the line, empty for the whole thing; `start` and `end` (exclusive) count
    characters of the line's text, 0 and 0 for all of it; `excerpt` is what stands there; `args` is what the check says
    of it, JSON values. `severity` may be stricter than the check's own; `list_version` names the word list.
    """

    line: str = ""
    start: int = 0
    end: int = 0
    excerpt: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    severity: str = ""
    list_version: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """`look(scope, sight)` finds; `say(args)` tells the reader, in the language of the moment, what is wrong and what
    to do. `kinds` are codes; none means every kind that customers meet. `severity` is that of a finding without one.
    """

    code: str
    label: Any
    look: Callable[[Scope, Sight], list[Found]]
    say: Callable[[Mapping[str, Any]], str]
    kinds: tuple[str, ...] = ()
    severity: str = "warn"

    def is_for(self, kind: str) -> bool:
        # The rules of the house themselves are not advertising: a list of forbidden words is full of them.
        return kind in self.kinds if self.kinds else not kind.startswith("approvals.")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, with its severity decided."""

    check: Check
    found: Found
    severity: str

    @property
    def says(self) -> str:
        return self.check.say(self.found.args)


_CHECKS: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Let `check` look at what is submitted. Called once per check from the `ready()` of its room."""
    if check.code in _CHECKS and _CHECKS[check.code] is not check:
        raise ValueError(f"{check.code} is registered already")
    _CHECKS[check.code] = check


def checks() -> list[Check]:
    """All of them, by code."""
    return [_CHECKS[code] for code in sorted(_CHECKS)]


def check_of(code: str) -> Check | None:
    """The check of this code; None for one that a former version had."""
    return _CHECKS.get(code)


def look(*, scope: Scope, sight: Sight, severities: Mapping[str, str]) -> list[Finding]:
    """What every check for this kind finds, in the order of the text.

    `severities` is what the policies in force say of checks, code -> severity. The strictest of all holds: a policy
    makes a check stricter and never looser.
    """
    found = []
    for check in checks():
        if not check.is_for(sight.kind):
            continue
        floor = strictest([check.severity, severities.get(check.code, check.severity)])
        for one in check.look(scope, sight):
            severity = strictest([floor, one.severity or floor])
            found.append(Finding(check, _with_surroundings(one, sight), severity))
    order = {line.key: number for number, line in enumerate(sight.lines)}
    return sorted(found, key=lambda f: (order.get(f.found.line, -1), f.found.start, f.check.code))


def _with_surroundings(found: Found, sight: Sight) -> Found:
    text = sight.text_of(found.line)
    if found.end <= found.start or not text:
        return found
    return replace(
        found,
        excerpt=found.excerpt or text[found.start : found.end],
        args={
            **found.args,
            "before": text[max(0, found.start - AROUND) : found.start],
            "after": text[found.end : found.end + AROUND],
        },
    )
