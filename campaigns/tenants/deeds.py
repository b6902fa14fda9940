"""What the services of this room did, told to the room that keeps the audit.

The audit lies above (its rows are tenant rows), so it registers itself here; a system check refuses an installation
in which nobody listens.
"""

from collections.abc import Callable
from typing import Any

from campaigns.lib.refs import ref
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope

# Called with the keywords of `note`, in the transaction of the deed.
Recorder = Callable[..., object]

_recorders: list[Recorder] = []


def register_recorder(recorder: Recorder) -> None:
    """Let `recorder` be told of every deed; called once, in apps.py of the room that keeps the audit."""
    if recorder not in _recorders:
        _recorders.append(recorder)


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
