"""What the services of this room did, told to the room that keeps the audit.

The audit lies above (its rows are tenant rows), so it registers itself here; a system check refuses an installation
in which nobody listens.
"""

from collections.abc import Callable
from typing import Any

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
