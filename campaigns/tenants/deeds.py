"""What the services of this room did, told to the room that keeps the audit.

The audit lies above (its rows are tenant rows), so it registers itself here; a system check refuses an installation
in which nobody listens.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from campaigns.lib.refs import ref
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope

# Called with the keywords of `note`, in the transaction of the deed.
Recorder = Callable[..., object]

_recorders: list[Recorder] = []
# A recorder's way of taking many deeds at once, called with `scope` and `deeds`.
_at_once: dict[Recorder, Recorder] = {}


class Deed(NamedTuple):
    """One of many deeds; the fields are the keywords of `note`."""

    verb: str
    subject: str
    subject_name: str
    branch_id: int
    branch_pos: int
    detail: dict[str, Any]


def register_recorder(recorder: Recorder, *, many: Recorder | None = None) -> None:
    """Let `recorder` be told of every deed; called once, in apps.py of the room that keeps the audit.

    `many` takes a sequence of `Deed` in few statements.
    """
    if recorder not in _recorders:
        _recorders.append(recorder)
    if many is not None:
        _at_once[recorder] = many


def recorders() -> tuple[Recorder, ...]:
    """Who listens."""
    return tuple(_recorders)


def note(
    *,
    scope: Scope,
    verb: str,
    subject: str,
    subject_name: str = "",
    branch_id: int | None = None,
    branch_pos: int | None = None,
    **detail: Any,
) -> None:
    """One deed of the scope's actor on `subject` (a reference); the row belongs to `branch_id`, or the scope's own."""
    for recorder in _recorders:
        recorder(
            scope=scope,
            verb=verb,
            subject=subject,
            subject_name=subject_name,
            branch_id=branch_id,
            branch_pos=branch_pos,
            **detail,
        )


def note_many(*, scope: Scope, deeds: Sequence[Deed]) -> None:
    """Many deeds of the scope's actor at once: ten thousand branches of one file are not ten thousand inserts."""
    for recorder in _recorders:
        if recorder in _at_once:
            _at_once[recorder](scope=scope, deeds=deeds)
            continue
        for deed in deeds:
            named = {name: value for name, value in deed._asdict().items() if name != "detail"}
            recorder(scope=scope, **named, **deed.detail)


def note_branch(*, scope: Scope, verb: str, branch: Branch, **detail: Any) -> None:
    """A deed on a branch, in that branch's own audit."""
    note(
        scope=scope,
        verb=verb,
        subject=ref("tenants.branch", branch.pk),
        subject_name=branch.name,
        branch_id=branch.pk,
        branch_pos=branch.pos,
        **detail,
    )


def note_person(*, scope: Scope, verb: str, person: Person, **detail: Any) -> None:
    """A deed on a person, in the audit of the branch where that person works."""
    note(
        scope=scope,
        verb=verb,
        subject=ref("tenants.person", person.pk),
        subject_name=person.name,
        branch_id=person.branch_id,
        branch_pos=person.branch_pos,
        **detail,
    )
