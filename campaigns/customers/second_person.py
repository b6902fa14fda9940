"""Large files of customers wait for a second person: who is told so, and what the first one hears.

Told once for each time it was asked. Once somebody has decided, the others need not look any more.
"""

from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import CustomerExport, CustomerFile
from campaigns.lib.refs import ref
from campaigns.notices.sentences import register_notice
from campaigns.notices.services import settle, tell
from campaigns.tenants.scopes import Scope

# What was asked for: a file that was taken in, or is to be given out.
Asked = CustomerFile | CustomerExport

_SENTENCES: dict[str, tuple[Any, str, bool]] = {
    "waiting": (
        _("%(kind)s “%(title)s” (%(rows)s) waits for a second person; %(who)s asks."),
        "group",
        False,
    ),
    "confirmed": (_("%(who)s confirmed %(kind)s “%(title)s”: it is under way."), "check_circle", False),
    "declined": (_("%(who)s declined %(kind)s “%(title)s”."), "undo", True),
}


def register_sentences() -> None:
    """Called once, when the room is ready."""
    for code, (words, icon, is_urgent) in _SENTENCES.items():
        register_notice(f"customers.{code}", words, icon=icon, is_urgent=is_urgent)


def tell_seconds(*, scope: Scope, asked: Asked, verbs: list[str]) -> None:
    """Tell everybody else who may decide, holding all of `verbs` at the file's branch or above: it waits."""
    others = seconds_of(scope=scope, verbs=verbs, branch_id=asked.branch_id)
    _tell(scope, asked, [each for each in others if each != asked.asked_by_id], "waiting", who=asked.asked_by)


def tell_asker(*, scope: Scope, asked: Asked, code: str) -> None:
    """Tell who asked that it was "confirmed" or "declined"; before the asker's name is taken from it."""
    settle(scope=scope, keys=[_key(asked, "waiting")])
    _tell(scope, asked, [asked.asked_by_id] if asked.asked_by_id else [], code, who=scope.facts.actor_name)


def seconds_of(*, scope: Scope, verbs: list[str], branch_id: int) -> list[UUID]:
    """Who else may do all of this at a branch of the scope?"""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT customers_seconds(%s::text[], %s)", [verbs, branch_id])
        return [person_id for (person_id,) in cursor.fetchall()]


def _tell(scope: Scope, asked: Asked, people: list[UUID], code: str, *, who: str) -> None:
    tell(
        scope=scope,
        people=people,
        code=f"customers.{code}",
        key=_key(asked, code),
        subject=ref(asked._meta.label_lower, asked.pk),
        branch_id=asked.branch_id,
        title=str(asked),
        who=who,
        rows=f"{asked.rows:,}",
    )


def _key(asked: Asked, code: str) -> str:
    """Of this time that it was asked: a file that was sent back may be asked for again."""
    return f"customers.{code}:{asked.pk}:{asked.asked_at:%Y%m%dT%H%M%S.%f}"
