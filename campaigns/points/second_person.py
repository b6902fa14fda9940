"""What waits for a second person: who may decide is told, and who asked hears what became of it.

A line says how many points and who asks, never of which customer: a reader sees it without the customer in scope.
"""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.customers.second_person import seconds_of
from campaigns.lib.refs import ref
from campaigns.notices.sentences import register_notice
from campaigns.notices.services import settle, tell
from campaigns.points.models import Adjustment, Award, Extension
from campaigns.tenants.scopes import Scope

_SENTENCES: dict[str, tuple[Any, str, bool]] = {
    "waiting": (_("%(kind)s “%(title)s” waits for a second person; %(who)s asks."), "group", False),
    "agreed": (_("%(who)s agreed to %(kind)s “%(title)s”: it is posted."), "check_circle", False),
    "refused": (_("%(who)s refused %(kind)s “%(title)s”."), "undo", True),
}


# What one person asked for and another decides on.
Asked = Adjustment | Award | Extension


def register_sentences() -> None:
    """Called once, when the room is ready."""
    for code, (words, icon, is_urgent) in _SENTENCES.items():
        register_notice(f"points.{code}", words, icon=icon, is_urgent=is_urgent)


def tell_seconds(*, scope: Scope, asked: Asked, verb: str) -> None:
    """Tell everybody else who may decide, holding `verb` at its branch or above, that it waits."""
    people = seconds_of(scope=scope, verbs=[verb], branch_id=asked.branch_id)
    _tell(scope, asked, [each for each in people if each != asked.asked_by_id], "waiting")


def tell_asker(*, scope: Scope, asked: Asked, is_agreed: bool) -> None:
    """Tell who asked what became of it; the others need not look any more."""
    settle(scope=scope, keys=[_key(asked, "waiting")])
    people = [asked.asked_by_id] if asked.asked_by_id else []
    _tell(scope, asked, people, "agreed" if is_agreed else "refused")


def _tell(scope: Scope, asked: Asked, people: list[UUID], code: str) -> None:
    tell(
        scope=scope,
        people=people,
        code=f"points.{code}",
        key=_key(asked, code),
        subject=ref(asked._meta.label_lower, asked.pk),
        branch_id=asked.branch_id,
        title=str(asked),
        who=scope.facts.actor_name,
    )


def _key(asked: Asked, code: str) -> str:
    return f"points.{code}:{asked.pk}"
