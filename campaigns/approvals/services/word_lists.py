"""Writing word lists: the draft, its submission, and the copy in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.finding_selectors import word_list_in_scope
from campaigns.approvals.lists import LONGEST, document_of
from campaigns.approvals.models import LiveWordList, Revision, WordList
from campaigns.approvals.rules import ListEditedMeanwhile, ListHasNoTitle, ListTooLong
from campaigns.approvals.services.reviews import submit_revision, void_review
from campaigns.audit.services import record
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope

NOUN = "approvals.wordlist"


def add_word_list(*, scope: Scope, title: str, text: str) -> WordList:
    """A new draft of the branch the scope stands at. Raises ListHasNoTitle, ListTooLong."""
    scope.demand(f"{NOUN}.add")
    draft = WordList(branch_id=scope.branch_id, branch_pos=scope.branch_pos)
    _fill(scope, draft, title, text)
    draft.save(force_insert=True)
    _note(scope, draft, "add")
    return draft


def change_word_list(
    *, scope: Scope, word_list_id: UUID, title: str, text: str, seen_at: datetime | None = None
) -> WordList:
    """Change a draft; an open review of it is void then, and what is in force stays in force.

    With `seen_at` (the draft's `changed_at` when it was opened) raises ListEditedMeanwhile when somebody else saved
    since; otherwise NotFound, ListHasNoTitle, ListTooLong.
    """
    scope.demand(f"{NOUN}.change")
    draft = word_list_in_scope(scope=scope, word_list_id=word_list_id)
    void_review(scope=scope, subject=ref(NOUN, draft.pk))
    draft = WordList.objects.within(scope).select_for_update(no_key=True).get(pk=draft.pk)
    if seen_at is not None and draft.changed_at != seen_at:
        raise ListEditedMeanwhile(who=draft.author_name)
    _fill(scope, draft, title, text)
    draft.save(force_update=True)
    _note(scope, draft, "change")
    return draft


def submit_word_list(*, scope: Scope, word_list_id: UUID) -> Revision:
    """Put the draft in review. Raises as `submit_revision`."""
    return submit_revision(scope=scope, subject=ref(NOUN, word_list_id))


def restore_word_list(*, scope: Scope, word_list_id: UUID, payload: Mapping[str, Any]) -> None:
    """Write an older version back into the draft. Raises as `change_word_list`."""
    change_word_list(scope=scope, word_list_id=word_list_id, title=payload["title"], text=payload["text"])


def publish_word_list(*, scope: Scope, revision: Revision) -> None:
    """Put an approved version in force. Called by an approval alone; the database refuses anybody else."""
    word_list_id = UUID(read_ref(revision.subject).id)
    columns = {
        "title": revision.payload["title"],
        "number": revision.number,
        "document": document_of(revision.payload),
        "revision_id": revision.pk,
        "sha256": revision.sha256,
    }
    # The subject's lock is held, so nobody inserts between the two statements.
    if not LiveWordList.objects.within(scope).filter(word_list_id=word_list_id).update(**columns):
        LiveWordList.objects.create(
            branch_id=revision.branch_id,
            branch_pos=revision.branch_pos,
            word_list_id=word_list_id,
            **columns,
        )


def withdraw_word_list(*, scope: Scope, word_list_id: UUID) -> None:
    """Take the copy in force away. Called by a take-down alone, for which no preset role has the right."""
    LiveWordList.objects.within(scope).filter(word_list_id=word_list_id).delete()


def _fill(scope: Scope, draft: WordList, title: str, text: str) -> None:
    title, text = title.strip(), text.replace("\r\n", "\n").strip("\n")
    if not title:
        raise ListHasNoTitle
    if len(text) > LONGEST:
        raise ListTooLong(limit=LONGEST)
    draft.title, draft.text = title, text
    draft.author_id, draft.author_name, draft.changed_at = scope.person_id, scope.facts.actor_name, scope.at


def _note(scope: Scope, draft: WordList, verb: str) -> None:
    record(
        scope=scope,
        verb=f"{NOUN}.{verb}",
        subject=ref(NOUN, draft.pk),
        subject_name=draft.title,
        branch_id=draft.branch_id,
        branch_pos=draft.branch_pos,
    )
