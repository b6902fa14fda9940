"""What a review page may be asked to do: one form, one service for each act, and what is said afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from campaigns.approvals.finding_selectors import open_findings_of
from campaigns.approvals.flow import open_step_of
from campaigns.approvals.models import Revision, Step
from campaigns.approvals.rules import NobodyChosen, NoSuchAct
from campaigns.approvals.services.live import cancel_schedule
from campaigns.approvals.services.reviews import (
    approve_revision,
    reject_revision,
    send_back_revision,
    send_back_to_step,
    withdraw_revision,
)
from campaigns.approvals.services.signers import add_signer, hand_on
from campaigns.approvals.services.talk import comment, copy_to, remind
from campaigns.tenants.scopes import Scope


class ActForm(forms.Form):
    """What any act may need; the service says what is missing."""

    def __init__(self, *args: Any, findings: Sequence[UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["acknowledged"].choices = [(str(key), str(key)) for key in findings]  # type: ignore[attr-defined]

    verdict = forms.CharField(max_length=20)
    sha256 = forms.RegexField(r"^[0-9a-f]{64}$", required=False)
    comment = forms.CharField(max_length=2000, required=False, strip=False)
    back_to = forms.UUIDField(required=False)  # a passed step; its maker without
    person = forms.UUIDField(required=False)
    acknowledged = forms.TypedMultipleChoiceField(coerce=UUID, required=False)
    where = forms.ChoiceField(choices=[("before", "before"), ("after", "after")], required=False)


@dataclass(frozen=True)
class Asked:
    """A form that was understood."""

    verdict: str
    sha256: str
    comment: str
    back_to: Any
    acknowledged: Any
    person: Any
    where: Any
    people: tuple[Any, ...]


@dataclass(frozen=True)
class Act:
    """One act. `do` calls its service; `leaves`: whether the next review of the queue opens afterwards."""

    do: Callable[[Scope, Revision, Asked], Any]
    said: str
    leaves: bool = True


def _approve(scope: Scope, revision: Revision, asked: Asked) -> Revision:
    return approve_revision(
        scope=scope,
        revision_id=revision.pk,
        sha256=asked.sha256,
        comment=asked.comment,
        acknowledged=asked.acknowledged,
    )


def _send_back(scope: Scope, revision: Revision, asked: Asked) -> Revision:
    seen: dict[str, Any] = {"revision_id": revision.pk, "sha256": asked.sha256, "comment": asked.comment}
    if asked.back_to:
        return send_back_to_step(scope=scope, step_id=asked.back_to, **seen)
    return send_back_revision(scope=scope, **seen)


def _reject(scope: Scope, revision: Revision, asked: Asked) -> Revision:
    return reject_revision(scope=scope, revision_id=revision.pk, sha256=asked.sha256, comment=asked.comment)


def _hand_on(scope: Scope, revision: Revision, asked: Asked) -> Revision:
    return hand_on(scope=scope, revision_id=revision.pk, person_id=_one(asked), words=asked.comment)


def _add_signer(scope: Scope, revision: Revision, asked: Asked) -> Revision:
    return add_signer(
        scope=scope,
        revision_id=revision.pk,
        person_id=_one(asked),
        where=asked.where or "before",
        words=asked.comment,
    )


def _copy_to(scope: Scope, revision: Revision, asked: Asked) -> Any:
    if not asked.people:
        raise NobodyChosen
    return copy_to(scope=scope, revision_id=revision.pk, people=asked.people, words=asked.comment)


def _one(asked: Asked) -> Any:
    if not asked.person:
        raise NobodyChosen
    return asked.person


ACTS: dict[str, Act] = {
    "approve": Act(_approve, gettext_noop("“%(title)s” is approved and live from its time on.")),
    "send_back": Act(_send_back, gettext_noop("“%(title)s” went back to %(author)s with your words.")),
    "reject": Act(_reject, gettext_noop("“%(title)s” is rejected.")),
    "hand_on": Act(_hand_on, gettext_noop("“%(title)s” is handed on with your words.")),
    "add_signer": Act(_add_signer, gettext_noop("One more person is asked to sign “%(title)s”.")),
    "copy_to": Act(_copy_to, gettext_noop("They now know of “%(title)s”."), leaves=False),
    "comment": Act(
        lambda scope, revision, asked: comment(scope=scope, revision_id=revision.pk, words=asked.comment),
        gettext_noop("Your comment stands below, for everybody in this review."),
        leaves=False,
    ),
    "cancel": Act(
        lambda scope, revision, asked: cancel_schedule(
            scope=scope, revision_id=revision.pk, reason=asked.comment
        ),
        gettext_noop("“%(title)s” will not go live; what is live now serves on."),
        leaves=False,
    ),
    "remind": Act(
        lambda scope, revision, asked: remind(scope=scope, revision_id=revision.pk),
        gettext_noop("Those who are asked have been reminded of “%(title)s”."),
        leaves=False,
    ),
    "withdraw": Act(
        lambda scope, revision, asked: withdraw_revision(scope=scope, revision_id=revision.pk),
        gettext_noop("“%(title)s” is withdrawn; you can go on editing it."),
        leaves=False,
    ),
}


@dataclass(frozen=True)
class Done:
    """What an act did, in words; `leaves`: the reader is through with this review."""

    said: str
    leaves: bool


def act(*, scope: Scope, revision: Revision, posted: Any) -> Done:
    """Do what the form asks, in a savepoint of its own. Raises NoSuchAct, and the refusals of its service."""
    findings = open_findings_of(scope=scope, revision=revision).values_list("pk", flat=True)
    form = ActForm(posted, findings=list(findings))
    if not form.is_valid() or form.cleaned_data["verdict"] not in ACTS:
        raise NoSuchAct
    asked = Asked(**form.cleaned_data, people=_ids(posted.getlist("people")))
    before = open_step_of(scope, revision)
    with transaction.atomic():
        ACTS[asked.verdict].do(scope, revision, asked)
    # A signer who comes after the reader leaves the reader's own seat to him.
    leaves = ACTS[asked.verdict].leaves and (asked.verdict, asked.where) != ("add_signer", "after")
    return Done(_said(scope, revision, asked.verdict, before), leaves)


def _said(scope: Scope, revision: Revision, verdict: str, before: Step | None) -> str:
    """What became of it, and where it stands now if the review goes on."""
    said = gettext(ACTS[verdict].said)
    step = open_step_of(scope, revision) if verdict in ("approve", "send_back") else None
    if step is not None and verdict == "send_back":
        said = gettext("“%(title)s” went back to the step “%(step)s” with your words.")
    elif step is not None and before is not None and step.pk == before.pk:
        said = gettext("You have signed “%(title)s”; others still sign at the step “%(step)s”.")
    elif step is not None:
        said = gettext("You have signed “%(title)s”; the next step is “%(step)s”.")
    return said % {
        "title": revision.title,
        "author": revision.author_name,
        "step": step.name if step else "",
    }


def _ids(posted: list[str]) -> tuple[UUID, ...]:
    """The ids among what was posted; a garbled one is nobody."""
    found = []
    for each in posted[:_MOST_PEOPLE]:
        try:
            found.append(UUID(each))
        except ValueError:
            raise NobodyChosen from None
    return tuple(found)


_MOST_PEOPLE = 50
# Acts that name people have a window of their own on the page.
WITH_PEOPLE = ("hand_on", "add_signer", "copy_to")
