"""Texts of consents: head office's, approved by somebody else; one agrees to the version that was shown."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.approvals.rules import WordsAreMissing
from campaigns.audit.models import Entry
from campaigns.customers.consent_models import Consent, ConsentText
from campaigns.customers.consent_refusals import (
    AnotherMustApprove,
    HeadOfficeOnly,
    TextChanged,
    TextMissing,
    TextTooEarly,
)
from campaigns.customers.consent_rules import (
    BITS,
    SERVICE_MASK,
)
from campaigns.customers.consent_selectors import (
    texts_now,
)
from campaigns.customers.services.consent_texts import add_draft, submit_draft, withdraw
from campaigns.customers.services.consents import (
    Wish,
    set_own_consents,
)
from campaigns.jobs.services.due import run_due
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.models import Role
from campaigns.tenants.scopes import system, system_scope
from tests.support.cast import AT, Cast
from tests.support.consents import mask_of, publish, publish_all, say
from tests.support.content import approve

HOUR = timedelta(hours=1)


def test_texts_are_head_offices_and_a_new_version_changes_no_old_one(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        first = publish(scope, "marketing", valid_from=AT)
        second = publish(scope, "marketing", valid_from=AT + HOUR)
        assert (first.version, second.version) == (1, 2) and first.sha256 != second.sha256
        with pytest.raises(TextTooEarly):
            publish(scope, "marketing", valid_from=AT)
        assert Entry.objects.filter(verb="customers.consenttext.publish").count() == 2
    for player in (cast.ho_administrator, cast.ho_editor, cast.nb_manager):
        with player.scope() as scope, pytest.raises(NotAllowed):
            publish(scope, "marketing", valid_from=AT)
    with cast.ho_administrator.scope(stand_at=cast.branch["N"].pk) as scope, pytest.raises(HeadOfficeOnly):
        add_draft(scope=scope, valid_from=AT, **WORDS)


WORDS = {
    "purpose": "marketing", "title": "营销授权", "title_en": "Marketing", "text": "我同意", "text_en": "I agree",
    "asks_again": False,
}  # fmt: skip


def test_a_text_that_nobody_else_approved_is_nobodys_to_publish(cast: Cast) -> None:
    """Whoever writes it: the service, the bare table, with the revision of another text."""
    # A bank of an older release has the verb still.
    Role.objects.filter(code="administrator").update(verbs=["customers.*", "approvals.*"])
    with cast.ho_administrator.scope() as scope:
        with pytest.raises(AnotherMustApprove):
            publish(scope, "marketing", valid_from=AT)
        draft = add_draft(scope=scope, valid_from=AT, **WORDS)
        revision = submit_draft(scope=scope, draft_id=draft.pk)
        bare = {"version": 9, "sha256": "0" * 64, "valid_from": AT, "published_at": AT}
        for given, wrong in (
            ({}, "was_approved"),
            ({"revision_id": revision.pk}, "was_approved"),
        ):
            with pytest.raises(IntegrityError, match=wrong.replace("_", " ")), transaction.atomic():
                ConsentText.objects.create(**WORDS, **bare, **given)
    approve(cast.ho_reviewer, revision)
    with cast.ho_administrator.scope():
        with pytest.raises(IntegrityError, match="says what was approved"), transaction.atomic():
            other = WORDS | {"text": "别的"}
            ConsentText.objects.create(**other, **bare, revision_id=revision.pk)
        assert ConsentText.objects.get().revision_id == revision.pk


def test_a_withdrawn_text_can_be_agreed_to_no_more_and_whoever_did_has_agreed(cast: Cast) -> None:
    texts, nb = publish_all(), cast.customers["nb"]
    say(nb, "marketing", "sms", True)
    with cast.ho_administrator.scope(at=AT + HOUR) as scope:
        draft = add_draft(scope=scope, valid_from=AT, **WORDS)
        with pytest.raises(WordsAreMissing):
            withdraw(scope=scope, draft_id=draft.pk, reason=" ")
        withdraw(scope=scope, draft_id=draft.pk, reason="文字有误")
        assert set(texts_now(scope=scope)) == set(texts) - {"marketing"}
        assert Entry.objects.filter(verb="customers.consentdraft.take_down").exists()
    assert mask_of(nb) & BITS["marketing", "sms"]
    with nb.scope(at=AT + HOUR) as scope, pytest.raises(TextMissing):
        set_own_consents(scope=scope, wishes=[Wish("marketing", "wecom", True, texts["marketing"].sha256)])
    # What follows is approved like any other, and counts from then on.
    with cast.ho_administrator.scope(at=AT + HOUR) as scope:
        revision = submit_draft(scope=scope, draft_id=draft.pk)
    approve(cast.ho_reviewer, revision, at=AT + 2 * HOUR)
    with cast.ho_administrator.scope(at=AT + 3 * HOUR) as scope:
        now_valid = texts_now(scope=scope)["marketing"]
        assert (now_valid.version, now_valid.valid_from) == (2, AT + 2 * HOUR)


def test_after_a_text_that_asks_again_earlier_consents_count_no_more(cast: Cast) -> None:
    publish_all()
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    for player in (nb, sb):
        say(player, "marketing", "sms", True)
        say(player, "profiling", "", True)
    with system_scope(at=AT, cause="test") as scope:
        publish(scope, "marketing", valid_from=AT + HOUR)
    both = SERVICE_MASK | BITS["marketing", "sms"] | BITS["profiling", ""]
    assert mask_of(nb) == both, "a mere new wording leaves them as they are"
    with system_scope(at=AT, cause="test") as scope:
        publish(scope, "marketing", valid_from=AT + 2 * HOUR, asks_again=True)
    assert mask_of(nb) == both, "not before its day"
    run_due(scope=system(at=AT, cause="jobs.run_due"), clock=lambda: AT + 2 * HOUR)
    assert mask_of(nb) == mask_of(sb) == SERVICE_MASK | BITS["profiling", ""]
    say(nb, "marketing", "sms", True, AT + 3 * HOUR)
    assert (mask_of(nb), mask_of(sb)) == (both, SERVICE_MASK | BITS["profiling", ""])


def test_agreeing_to_a_text_that_was_not_the_one_shown_is_refused(cast: Cast) -> None:
    nb = cast.customers["nb"]
    with nb.scope() as scope, pytest.raises(TextMissing):
        set_own_consents(scope=scope, wishes=[Wish("marketing", "sms", True, "0" * 64)])
    texts = publish_all()
    with nb.scope() as scope, pytest.raises(TextChanged):
        wishes = [
            Wish("profiling", "", True, texts["profiling"].sha256),
            Wish("marketing", "sms", True, "0" * 64),
        ]
        set_own_consents(scope=scope, wishes=wishes)
    with system_scope(at=AT, cause="test"):
        assert not Consent.objects.exists()
