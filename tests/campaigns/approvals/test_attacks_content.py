"""What is approved is not what was submitted, or is in review no more."""

import pytest

from campaigns.approvals import rules
from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.lib.refusals import NotAllowed, Refusal
from campaigns.tenants.scopes import Scope
from content.models import Item, LiveItem
from content.services.items import change_item
from tests.support.attacks import (
    Attacks,
    Attempt,
    approving,
    assert_refused,
    signing,
    signs,
)
from tests.support.cast import AT, Cast
from tests.support.content import approve
from tests.support.reviews import (
    also,
    submitted,
)

attack = Attacks()


@attack
def approving_what_one_did_not_see(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.north_reviewer,
        approving(revision, "0" * 64),
        rules.RevisionHasChanged,
        signing(revision, sha256="0" * 64),
        "seen the submitted hash",
        revision,
    )


@attack
def approving_with_the_hash_of_another_thing(cast: Cast) -> Attempt:
    revision, other = submitted(cast.north_editor), submitted(cast.north_editor, title="别的")
    return Attempt(
        cast.north_reviewer,
        approving(revision, other.sha256),
        rules.RevisionHasChanged,
        signing(revision, sha256=other.sha256),
        "seen the submitted hash",
        revision,
    )


def over(cast: Cast, revision: Revision, refused: type[Refusal] = rules.ReviewIsClosed) -> Attempt:
    """A review that is over, approved all the same."""
    return signs(cast.ho_reviewer, revision, refused, "on an open review")


@attack
def approving_what_was_withdrawn(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_editor.scope() as scope:
        reviews.withdraw_revision(scope=scope, revision_id=revision.pk)
    return over(cast, revision)


@attack
def approving_what_was_rejected(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        reviews.reject_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="不合规"
        )
    return over(cast, revision)


@attack
def approving_what_was_sent_back(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_reviewer.scope() as scope:
        reviews.send_back_revision(
            scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="改改"
        )
    return over(cast, revision)


@attack
def approving_a_draft_that_was_edited_meanwhile(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    with cast.north_editor.scope() as scope:
        item = Item.objects.get()
        change_item(
            scope=scope, item_id=item.pk, title="保本", summary="", body="", asset_id=item.asset_id,
            campaign_id=None, batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until,
            handed_down=False,
        )  # fmt: skip
    return over(cast, revision)


@attack
def approving_once_more_after_a_take_down(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        live.take_down(scope=scope, subject=revision.subject, reason="利率已变")
    return over(cast, revision)


@attack
def one_person_brings_back_what_was_taken_down(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    with cast.ho_reviewer.scope() as scope:
        live.take_down(scope=scope, subject=revision.subject, reason="利率已变")
    return Attempt(
        cast.ho_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        (rules.NotThrough, rules.ReviewIsClosed),
        lambda scope: Revision.objects.filter(pk=revision.pk).update(state="approved", decided_at=AT),
        "moves along its table",
        revision,
    )


@attack
def replaying_an_approval(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    approve(cast.north_reviewer, revision)
    attempt = signs(cast.north_reviewer, revision, rules.ReviewIsClosed, "on an open review")
    attempt.is_live = True
    return attempt


@attack
def rewriting_the_frozen_text(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.north_reviewer,
        approving(revision, rules.hash_of(subject=revision.subject, title="假", payload=revision.payload)),
        rules.RevisionHasChanged,
        lambda scope: Revision.objects.filter(pk=revision.pk).update(payload={"title": "假"}),
        "is frozen",
        revision,
    )


@attack
def rewriting_who_made_it(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        also(cast, cast.north_editor, "reviewer", "N"),
        approving(revision),
        rules.MakerIsChecker,
        lambda scope: Revision.objects.filter(pk=revision.pk).update(author_id=cast.ho_editor.person.pk),
        "is frozen",
        revision,
    )


@attack
def submitting_in_anothers_name(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)

    def forged(scope: Scope) -> None:
        copy = Revision.objects.get(pk=revision.pk)
        copy.pk = copy.id = scope.request_id
        copy.number, copy.author_id, copy.subject = 2, cast.ho_editor.person.pk, revision.subject + "x"
        copy.save(force_insert=True)

    return Attempt(
        cast.north_reviewer,
        lambda scope: reviews.submit_revision(scope=scope, subject=revision.subject),
        NotAllowed,
        forged,
        "author is who acts",
        revision,
    )


@attack
def publishing_without_an_approval(cast: Cast) -> Attempt:
    revision = submitted(cast.north_editor)
    return Attempt(
        cast.north_reviewer,
        lambda scope: live.go_live(scope=scope, revision=Revision.objects.get(pk=revision.pk)),
        rules.NotThrough,
        lambda scope: LiveItem.objects.create(
            branch_id=revision.branch_id,
            branch_pos=revision.branch_pos,
            item_id=revision.subject.partition(":")[2],
            kind="poster",
            title="偷上线",
            picture={},
            revision_id=revision.pk,
            sha256=revision.sha256,
            shown_from=AT,
        ),
        "was approved",
        revision,
    )


@attack
def publishing_under_anothers_approval(cast: Cast) -> Attempt:
    revision, other = submitted(cast.north_editor), submitted(cast.north_editor, title="别的")
    approve(cast.north_reviewer, other)

    def swapped(scope: Scope) -> None:
        copy = LiveItem.objects.get()
        copy.pk = copy.id = scope.request_id
        copy.item_id = revision.subject.partition(":")[2]
        copy.save(force_insert=True)

    return Attempt(
        cast.north_reviewer,
        approving(revision, other.sha256),
        rules.RevisionHasChanged,
        swapped,
        "of the approved thing",
        revision,
    )


@pytest.mark.parametrize("name", attack)
def test_an_attack_on_the_content_is_refused_by_service_and_database(cast: Cast, name: str) -> None:
    assert_refused(cast, attack[name])
