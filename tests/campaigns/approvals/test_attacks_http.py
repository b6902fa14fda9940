"""Ways round maker-checker through the pages: forms sent once more, put together by hand, or sent from elsewhere.

Each attack answers who sends it, which form to which address, and the status of the answer. Nothing may have changed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.approvals.admin.bulk import _signed_row
from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.services.reviews import send_back_revision, withdraw_revision
from campaigns.jobs.long_models import JobItem
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from content.models import Item, LiveItem
from content.services.items import change_item, submit_item
from tests.campaigns.approvals.test_bulk_pages import browser, bulks, hidden
from tests.support.attacks import standing
from tests.support.calls import staff_token
from tests.support.cast import Cast, Player
from tests.support.content import approve, submitted_item
from tests.support.jobs import run
from tests.support.reviews import also

QUEUE = "admin:approvals_revision_changelist"


def page_of(revision: Revision, part: str = "change") -> str:
    return reverse(f"admin:approvals_revision_{part}", args=[revision.pk])


def form(revision: Revision, verdict: str = "approve", **more: Any) -> dict[str, Any]:
    return {"verdict": verdict, "sha256": revision.sha256, "comment": "看过了", **more}


def in_review(maker: Player, title: str = "春节存款") -> Revision:
    return submitted_item(maker, title=title, at=now())


def rewritten(cast: Cast, title: str = "没人看过") -> None:
    """The maker writes on, which ends the review."""
    with cast.north_editor.scope(at=now()) as scope:
        item = Item.objects.get()
        change_item(
            scope=scope, item_id=item.pk, title=title, summary="", body="", asset_id=item.asset_id,
            campaign_id=None, batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until,
            handed_down=False,
        )  # fmt: skip


def again(cast: Cast) -> Revision:
    with cast.north_editor.scope(at=now()) as scope:
        return submit_item(scope=scope, item_id=Item.objects.get().pk)


@dataclass
class Request:
    """Who sends what, and the status that answers it."""

    client: Client
    address: str
    posted: dict[str, Any]
    status: int
    headers: dict[str, str] = field(default_factory=dict)


ATTACKS: dict[str, Callable[[Cast], Request]] = {}


def attack(make: Callable[[Cast], Request]) -> Callable[[Cast], Request]:
    ATTACKS[make.__name__] = make
    return make


def by_reviewer(cast: Cast, revision: Revision, status: int = 409, **posted: Any) -> Request:
    """North's reviewer sends a form to the revision's page; what approves it unless told otherwise."""
    return Request(browser(cast.north_reviewer), page_of(revision), form(revision) | posted, status)


# The same form once more ----------------------------------------------------------------------------------------


@attack
def the_form_of_an_approval_is_sent_again(cast: Cast) -> Request:
    request = by_reviewer(cast, in_review(cast.north_editor))
    assert request.client.post(request.address, request.posted).status_code == 302
    return request


@attack
def it_is_sent_again_by_a_second_reviewer(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    request = by_reviewer(cast, revision)
    request.client.post(request.address, request.posted)
    return Request(browser(cast.ho_reviewer), request.address, request.posted, 409)


@attack
def the_form_is_sent_after_a_withdrawal(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    with cast.north_editor.scope(at=now()) as scope:
        withdraw_revision(scope=scope, revision_id=revision.pk)
    return by_reviewer(cast, revision)


@attack
def the_form_is_sent_after_an_edit(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    rewritten(cast)
    return by_reviewer(cast, revision)


@attack
def the_form_of_a_review_that_was_sent_back_is_sent_after_the_next_submission(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    with cast.ho_reviewer.scope(at=now()) as scope:
        send_back_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, comment="改")
    again(cast)  # the very same content, and the very same hash
    return by_reviewer(cast, revision)


@attack
def the_form_that_took_down_a_waiting_one_is_sent_to_the_live_one(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    approve(cast.north_reviewer, revision, at=now())
    return by_reviewer(cast, revision, verdict="cancel")


# Another form -----------------------------------------------------------------------------------------------------


@attack
def a_form_carries_the_hash_of_another_thing(cast: Cast) -> Request:
    other = in_review(cast.north_editor, "别的")
    return by_reviewer(cast, in_review(cast.north_editor), sha256=other.sha256)


@attack
def a_form_carries_the_hash_of_the_revision_before(cast: Cast) -> Request:
    seen = in_review(cast.north_editor)
    rewritten(cast)
    return by_reviewer(cast, again(cast), sha256=seen.sha256)


@attack
def a_form_carries_no_hash(cast: Cast) -> Request:
    return by_reviewer(cast, in_review(cast.north_editor), sha256="")


@attack
def a_form_carries_two_hashes(cast: Cast) -> Request:
    """Of a field that is there twice the last one counts, for the check and for the decision alike."""
    revision = in_review(cast.north_editor)
    return by_reviewer(cast, revision, sha256=[revision.sha256, "0" * 64])


@attack
def a_maker_names_another_author_in_the_form(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    person = str(cast.ho_reviewer.person.pk)
    both = also(cast, cast.north_editor, "reviewer", "N")
    forged = {"author": person, "author_id": person, "keeper_id": "", "person": person, "person_id": person}
    return Request(browser(both), page_of(revision), form(revision) | forged, 403)


@attack
def a_form_names_the_state_it_would_like(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    wishes = {"state": "approved", "decided_at": "2026-11-22", "round": "2", "_save": "1", "_saveasnew": "1"}
    return by_reviewer(cast, revision, 422, verdict="", **wishes)


@attack
def a_form_brings_rows_of_decisions_and_steps(cast: Cast) -> Request:
    """As a nested form of the admin would post them."""
    revision = in_review(cast.north_editor)
    rows: dict[str, Any] = {}
    for nested in ("decision_set", "decisions", "step_set", "steps", "form"):
        rows |= {
            f"{nested}-TOTAL_FORMS": "1",
            f"{nested}-INITIAL_FORMS": "0",
            f"{nested}-0-verdict": "approve",
        }
        rows |= {f"{nested}-0-person_id": str(cast.ho_reviewer.person.pk), f"{nested}-0-state": "passed"}
    return by_reviewer(cast, revision, 422, verdict="save", **rows)


@attack
def a_deputy_without_a_delegation_names_whom_he_signs_for(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    of = {"for_person": str(cast.ho_reviewer.person.pk), "for_person_id": str(cast.ho_reviewer.person.pk)}
    return Request(browser(cast.ho_editor), page_of(revision), form(revision) | of, 403)


@attack
def a_step_of_another_review_is_named_to_go_back_to(cast: Cast) -> Request:
    revision, other = in_review(cast.north_editor), in_review(cast.north_editor, "别的")
    with cast.north_reviewer.scope():
        step = other.steps.get()
    return by_reviewer(cast, revision, 422, verdict="send_back", back_to=str(step.pk))


@attack
def a_form_is_sent_to_a_foreign_branchs_review(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    return Request(browser(cast.south_reviewer), page_of(revision), form(revision), 302)


# Another way in -----------------------------------------------------------------------------------------------------


@attack
def the_form_comes_in_the_address(cast: Cast) -> Request:
    request = by_reviewer(cast, in_review(cast.north_editor), 422)
    address = f"{request.address}?verdict=approve&sha256={request.posted['sha256']}"
    assert request.client.get(address).status_code == 200
    return Request(request.client, address, {}, 422)


@attack
def the_form_comes_from_another_site(cast: Cast) -> Request:
    """With the session's cookie, and without the form's own mark."""
    request = by_reviewer(cast, in_review(cast.north_editor), 403)
    request.client.handler.enforce_csrf_checks = True
    return request


@attack
def the_form_comes_with_a_token_of_the_api(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    token = {"Authorization": f"Bearer {staff_token(cast.north_reviewer)}"}
    return Request(Client(), page_of(revision), form(revision), 302, token)


@attack
def the_admins_own_form_of_adding_a_revision(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    posted = {"subject": revision.subject, "state": "approved", "sha256": revision.sha256, "_save": "1"}
    return Request(browser(cast.north_reviewer), reverse("admin:approvals_revision_add"), posted, 403)


@attack
def the_admins_own_form_of_deleting_a_revision(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    return Request(browser(cast.ho_reviewer), page_of(revision, "delete"), {"post": "yes"}, 403)


@attack
def the_admins_own_action_of_deleting_revisions(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    posted = {"action": "delete_selected", "_selected_action": [str(revision.pk)], "post": "yes"}
    return Request(browser(cast.ho_reviewer), reverse(QUEUE), posted, 302)


# Many at once -------------------------------------------------------------------------------------------------------


def ticked(cast: Cast, revision: Revision, *seen: str, status: int) -> Request:
    posted = {"action": "approve_many", "_selected_action": [str(revision.pk)], "seen": list(seen)}
    return Request(browser(cast.north_reviewer), reverse(QUEUE), posted, status)


@attack
def a_row_of_the_queue_is_signed_by_nobody(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    return ticked(cast, revision, f"{revision.pk}.{revision.sha256}:{'A' * 43}", status=302)


@attack
def a_signed_row_gets_another_hash(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    return ticked(cast, revision, _signed_row(revision).replace(revision.sha256, "0" * 64), status=302)


@attack
def a_signed_row_of_another_thing_goes_with_the_tick(cast: Cast) -> Request:
    revision, other = in_review(cast.north_editor), in_review(cast.north_editor, "别的")
    return ticked(cast, revision, _signed_row(other), status=302)


@attack
def a_signed_row_is_sent_where_a_signed_list_is_asked_for(cast: Cast) -> Request:
    revision = in_review(cast.north_editor)
    posted = {"chosen": _signed_row(revision)}
    return Request(browser(cast.north_reviewer), reverse("admin:approvals_revision_bulk_ask"), posted, 302)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_request_is_refused_and_changes_nothing(cast: Cast, name: str) -> None:
    request = ATTACKS[name](cast)
    before = standing(cast)
    answer = request.client.post(request.address, request.posted, headers=request.headers)
    assert answer.status_code == request.status
    assert standing(cast) == before and not bulks()


def test_a_true_form_with_fields_of_others_is_its_senders_decision_alone(cast: Cast) -> None:
    """What an act does not ask for is not read, so the decision is by who is logged in, on what the page showed."""
    revision = in_review(cast.north_editor)
    other = str(cast.ho_reviewer.person.pk)
    forged = {"person": other, "person_id": other, "for_person_id": other, "author_id": other, "state": "rejected",
              "people": [other], "where": "after", "step": other, "round": "9", "kind": "rewards.batch"}  # fmt: skip
    request = by_reviewer(cast, revision, **forged)
    assert request.client.post(request.address, request.posted).status_code == 302
    with cast.ho_reviewer.scope():
        [decision] = Decision.objects.all()
        assert (decision.person_id, decision.for_person_id) == (cast.north_reviewer.person.pk, None)
        assert (decision.verdict, decision.round, decision.sha256) == ("approve", 1, revision.sha256)
        assert LiveItem.objects.get().revision_id == revision.pk
        assert Revision.objects.get().author_id == cast.north_editor.person.pk


def test_a_confirmed_list_that_is_sent_again_or_too_late_approves_nothing_more(cast: Cast) -> None:
    """Its rows are honest, so it is accepted; each is refused at its turn."""
    first, second = in_review(cast.north_editor), in_review(cast.north_editor, "别的")
    client = browser(cast.north_reviewer)
    asked = {"action": "approve_many", "_selected_action": [str(first.pk), str(second.pk)]}
    page = client.post(reverse(QUEUE), asked | {"seen": [_signed_row(first), _signed_row(second)]})
    [chosen] = hidden(page.content.decode(), "chosen")
    with cast.north_editor.scope(at=now()) as scope:
        withdraw_revision(scope=scope, revision_id=second.pk)
    for _turn in range(2):
        client.post(reverse("admin:approvals_revision_bulk_ask"), {"chosen": chosen})
        assert run(at=now()) is True
    with system_scope(at=now(), cause="test"):
        outcomes = JobItem.objects.order_by("job_id", "number").values_list("outcome", "code")
        closed = ("refused", "approvals.revision.review_is_closed")
        assert list(outcomes) == [("done", ""), closed, closed, closed]
    with cast.ho_reviewer.scope():
        assert Decision.objects.count() == 1
        assert [live.revision_id for live in LiveItem.objects.all()] == [first.pk]
