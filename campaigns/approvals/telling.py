"""What reviews put into inboxes: the sentences, and who is told."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.approvals.models import Revision
from campaigns.jobs.long_models import Job
from campaigns.lib.refs import ref
from campaigns.notices.sentences import register_notice
from campaigns.notices.services import settle, tell
from campaigns.tenants.scopes import Scope

# code -> words, icon, is it urgent. `title` and `kind` are the thing's, `who` acts; the rest is said at `tell_about`.
_SENTENCES: dict[str, tuple[Any, str, bool]] = {
    "waiting": (_("%(kind)s “%(title)s” waits for your decision, due %(due_at)s."), "fact_check", False),
    "overdue": (_("%(kind)s “%(title)s” was due %(due_at)s and still waits for you."), "schedule", True),
    "reminded": (_("%(who)s asks you to decide on %(kind)s “%(title)s”."), "alarm", True),
    "handed_on": (_("%(who)s handed the review of %(kind)s “%(title)s” on to you."), "forward", False),
    "delegated": (_("%(who)s lets you decide in the own place until %(until_at)s."), "group_add", False),
    "signer_added": (_("%(who)s added you to the review of %(kind)s “%(title)s”."), "person_add", False),
    "copied": (
        _("%(who)s sends you %(kind)s “%(title)s” for your knowledge: %(comment)s"),
        "forward_to_inbox",
        False,
    ),
    "commented": (_("%(who)s on %(kind)s “%(title)s”: %(comment)s"), "chat", False),
    "approved": (_("%(who)s approved %(kind)s “%(title)s”."), "check_circle", False),
    "sent_back": (_("%(who)s sent %(kind)s “%(title)s” back: %(comment)s"), "undo", True),
    "not_live": (_("%(kind)s “%(title)s” did not go live at its time: %(comment)s"), "error", True),
    "rejected": (_("%(who)s rejected %(kind)s “%(title)s”: %(comment)s"), "cancel", True),
    "taken_down": (_("%(who)s took %(kind)s “%(title)s” down: %(comment)s"), "visibility_off", True),
    "bulk_done": (
        _("Bulk approval is through: %(approved)s approved, %(refused)s not approved."),
        "done_all",
        False,
    ),
    "bulk_halted": (
        _("Bulk approval does not go on: %(done)s of %(total)s done. Open it to see why."),
        "front_hand",
        True,
    ),
    "verify_done": (
        _("All that is served was compared: %(done)s things, %(refused)s not as approved."),
        "verified",
        False,
    ),
    "verify_halted": (
        _("Comparing what is served does not go on at %(done)s. Open it to see why."),
        "front_hand",
        True,
    ),
}


def register_sentences() -> None:
    """Called once, when the applications are ready."""
    for code, (words, icon, is_urgent) in _SENTENCES.items():
        register_notice(f"approvals.{code}", words, icon=icon, is_urgent=is_urgent)


def key_of(revision: Revision, code: str, part: str = "") -> str:
    """The key under which people are told once: of the revision, and of one `part` of its run (a step, a remark)."""
    return f"approvals.{code}:{revision.pk}:{part}"


def tell_about(
    *, scope: Scope, revision: Revision, people: Iterable[UUID], code: str, part: str = "", **args: Any
) -> None:
    """Tell people of a review; the line opens it. `code` as above, without the room.

    "waiting" and "overdue" take no more than that, "copied" and "commented" a `comment`, "delegated" an ISO
    `until_at`. The same part is told once.
    """
    tell(
        scope=scope,
        people=people,
        code=f"approvals.{code}",
        key=key_of(revision, code, part),
        subject=revision.subject,
        opens=ref("approvals.revision", revision.pk),
        branch_id=revision.branch_id,
        title=revision.title,
        who=scope.facts.actor_name,
        due_at=revision.due_at.isoformat(),
        **args,
    )


def tell_makers(*, scope: Scope, revision: Revision, code: str, comment: str = "") -> None:
    """Tell who made a revision, or keeps it, what became of it."""
    makers = [person for person in (revision.author_id, revision.keeper_id) if person is not None]
    tell_about(scope=scope, revision=revision, people=makers, code=code, comment=comment)


def settle_waiting(*, scope: Scope, revision: Revision, part: str = "") -> None:
    """Somebody has decided: the others need not be told any more that it waits for them."""
    settle(scope=scope, keys=[key_of(revision, code, part) for code in ("waiting", "overdue")])


def tell_asker(*, scope: Scope, job: Job, code: str) -> None:
    """Tell who asked for a long job how it ended; `code` as above, "bulk_…" or "verify_…"."""
    if job.person_id is None:
        return
    tell(
        scope=scope,
        people=[job.person_id],
        code=f"approvals.{code}",
        key=f"approvals.{code}:{job.pk}:{job.done}:{scope.at.isoformat()}",
        subject=ref("jobs.job", job.pk),
        branch_id=job.branch_id,
        total=job.total,
        done=job.done,
        approved=job.went_through,
        refused=job.refused,
    )
