"""The bank's consent texts: a draft for each purpose, its review by somebody else, and the version that follows."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections, transaction
from django.db.models import Max
from django.utils.dateparse import parse_datetime

from campaigns.approvals.models import Revision
from campaigns.approvals.rules import NothingIsLive
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.reviews import submit_revision, void_review
from campaigns.audit.services import record
from campaigns.customers.consent_models import ConsentDraft, ConsentText, Purpose
from campaigns.customers.consent_refusals import AnotherMustApprove, DraftExists, HeadOfficeOnly, TextTooEarly
from campaigns.customers.consent_selectors import draft_in_scope
from campaigns.customers.services.consents import RENEW
from campaigns.jobs.services.due import lay
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

NOUN = "customers.consentdraft"
WORDS = ("purpose", "title", "title_en", "text", "text_en", "asks_again")
_ONE_OF_A_PURPOSE = "customers_consentdraft_is_the_only_one_of_its_purpose"


def add_draft(*, scope: Scope, valid_from: datetime, **words: Any) -> ConsentDraft:
    """The draft of a purpose; `words` are those of WORDS. Raises HeadOfficeOnly, DraftExists."""
    scope.demand(f"{NOUN}.add")
    _demand_head_office(scope)
    draft = ConsentDraft(branch_id=scope.branch_id, branch_pos=scope.branch_pos)
    _fill(scope, draft, valid_from, words)
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as error:
        if violated(error) != _ONE_OF_A_PURPOSE:
            raise
        raise DraftExists(purpose=Purpose(draft.purpose).label) from error
    _note(scope, draft, "add")
    return draft


def change_draft(*, scope: Scope, draft_id: UUID, valid_from: datetime, **words: Any) -> ConsentDraft:
    """Change what is to come; an open review of it is void then, and what is valid stays so. The purpose stays.

    Raises HeadOfficeOnly, NotFound.
    """
    scope.demand(f"{NOUN}.change")
    _demand_head_office(scope)
    draft = draft_in_scope(scope=scope, draft_id=draft_id)
    void_review(scope=scope, subject=ref(NOUN, draft.pk))
    draft = ConsentDraft.objects.within(scope).select_for_update(no_key=True).get(pk=draft.pk)
    _fill(scope, draft, valid_from, {**words, "purpose": draft.purpose})
    draft.save(force_update=True)
    _note(scope, draft, "change")
    return draft


def submit_draft(*, scope: Scope, draft_id: UUID) -> Revision:
    """Put the draft in review. Raises as `submit_revision`."""
    return submit_revision(scope=scope, subject=ref(NOUN, draft_id))


def publish_draft(*, scope: Scope, revision: Revision) -> ConsentText:
    """The next version, as it was approved. Called by an approval alone; the database refuses anybody else.

    Valid from when the draft says, but not before the approval, nor before the version in front of it.
    """
    words = {name: revision.payload[name] for name in WORDS}
    wanted = parse_datetime(revision.payload["valid_from"])
    assert wanted is not None
    return _publish(scope, max(wanted, scope.at), words, revision, is_pushed=True)


def withdraw_text(*, scope: Scope, draft_id: UUID) -> int:
    """Nobody can agree to any version of this draft's purpose, until another is approved; how many versions it was.

    Called by a take-down alone.
    """
    draft = draft_in_scope(scope=scope, draft_id=draft_id)
    rows = ConsentText.objects.filter(purpose=draft.purpose, withdrawn_at__isnull=True)
    return rows.update(withdrawn_at=scope.at)


def withdraw(*, scope: Scope, draft_id: UUID, reason: str) -> None:
    """Withdraw what is valid of this draft's purpose, at once and by one person: what customers agreed to stays, and
    nobody agrees to it any more. What never had a review is withdrawn likewise.

    Raises NotFound, NothingIsLive, WordsAreMissing without a reason.
    """
    scope.demand(f"{NOUN}.take_down")
    _demand_head_office(scope)
    draft = draft_in_scope(scope=scope, draft_id=draft_id)
    try:
        take_down(scope=scope, subject=ref(NOUN, draft.pk), reason=reason)
    except NothingIsLive:
        if not withdraw_text(scope=scope, draft_id=draft.pk):
            raise
        _note(scope, draft, "take_down", reason=reason.strip()[:500])


def publish_text(*, scope: Scope, valid_from: datetime, **words: Any) -> ConsentText:
    """What an installation begins with; people go through a draft and its review.

    Earlier versions stay as they are, and so do consents to them, unless the text `asks_again`. Raises HeadOfficeOnly,
    AnotherMustApprove, TextTooEarly.
    """
    scope.demand("customers.consenttext.add")
    _demand_head_office(scope)
    if scope.person_id is not None:
        raise AnotherMustApprove
    return _publish(scope, valid_from, {"asks_again": False, **words}, None)


def _publish(
    scope: Scope,
    valid_from: datetime,
    words: Mapping[str, Any],
    revision: Revision | None,
    *,
    is_pushed: bool = False,
) -> ConsentText:
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('customers.consenttext', 0))")
    purpose = words["purpose"]
    earlier = ConsentText.objects.filter(purpose=purpose).aggregate(Max("version"), Max("valid_from"))
    before = earlier["valid_from__max"]
    if is_pushed and before is not None:
        valid_from = max(valid_from, before)
    if valid_from < scope.at or (before and valid_from < before):
        raise TextTooEarly
    version = (earlier["version__max"] or 0) + 1
    said = [words[name] for name in ("title", "title_en", "text", "text_en")]
    made = ConsentText.objects.create(
        **words,
        version=version,
        sha256=hashlib.sha256("\x00".join([purpose, str(version), *said]).encode()).hexdigest(),
        valid_from=valid_from,
        published_at=scope.at,
        published_by=revision.author_id if revision else scope.person_id,
        revision_id=revision.pk if revision else None,
    )
    if made.asks_again and version > 1:
        lay(scope=scope, kind=RENEW, subject=ref("customers.consenttext", made.pk), at=valid_from)
    record(
        scope=scope,
        verb="customers.consenttext.publish",
        subject=ref("customers.consenttext", made.pk),
        subject_name=str(made),
        sha256=made.sha256,
        number=version,
    )
    return made


def _demand_head_office(scope: Scope) -> None:
    if scope.ancestors:
        raise HeadOfficeOnly


def _fill(scope: Scope, draft: ConsentDraft, valid_from: datetime, words: Mapping[str, Any]) -> None:
    for name in WORDS:
        setattr(draft, name, words[name])
    draft.valid_from = valid_from
    draft.author_id, draft.author_name, draft.changed_at = scope.person_id, scope.facts.actor_name, scope.at


def _note(scope: Scope, draft: ConsentDraft, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"{NOUN}.{verb}",
        subject=ref(NOUN, draft.pk),
        subject_name=str(draft),
        branch_id=draft.branch_id,
        branch_pos=draft.branch_pos,
        **detail,
    )
