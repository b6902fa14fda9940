"""Approving many from the queue: ticking, confirming, watching, and what a page does not let through."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.approvals.services.reviews import withdraw_revision
from campaigns.jobs.long_models import Job, JobItem
from campaigns.tenants.doors import ASSIGNMENT_KEY
from campaigns.tenants.scopes import system_scope
from content.models import LiveItem
from tests.campaigns.approvals.test_bulk import ask, posters
from tests.support.cast import AT, Cast, Player
from tests.support.content import submitted_item
from tests.support.jobs import run

QUEUE = "admin:approvals_revision_changelist"


def browser(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    session = client.session
    session[ASSIGNMENT_KEY] = str(player.assignment.pk)
    session.save()
    return client


def hidden(text: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', text)


def tick(client: Client, revisions: list[Revision], **more: Any) -> Any:
    seen = hidden(client.get(reverse(QUEUE)).content.decode(), "seen")
    asked = {"action": "approve_many", "_selected_action": [r.pk for r in revisions], "seen": seen}
    return client.post(reverse(QUEUE), asked | more)


def test_from_ticks_in_the_queue_to_a_list_of_what_was_not_approved(committed_cast: Cast) -> None:
    cast = committed_cast
    revisions = posters(cast.north_editor, 3)
    client = browser(cast.north_reviewer)
    page = tick(client, revisions).content.decode()
    assert "一次批量通过 3 项审核？" in page and "系统会逐项签署" in page
    assert not bulks()
    started = client.post(
        reverse("admin:approvals_revision_bulk_ask"),
        {"chosen": hidden(page, "chosen")[0], "comment": "逐项看过"},
        follow=True,
    )
    [bulk] = bulks()
    assert (bulk.total, bulk.args["comment"], bulk.person_id) == (
        3,
        "逐项看过",
        cast.north_reviewer.person.pk,
    )
    address = reverse("admin:jobs_job_change", args=[bulk.pk])
    assert started.redirect_chain[-1][0] == address and "排队中" in started.content.decode()
    with cast.north_editor.scope() as scope:
        withdraw_revision(scope=scope, revision_id=revisions[1].pk)
    assert run(bulk.at) is True
    text = client.get(address).content.decode()
    assert "通过 3 项审核" in text and "逐项看过" in text and "第2张" in text and "审核已经结束" in text
    assert reverse("admin:approvals_revision_change", args=[revisions[1].pk]) in text
    # Addresses of before that somebody kept.
    for old, new in (
        (reverse("admin:approvals_revision_bulk", args=[bulk.pk]), address),
        (reverse("admin:approvals_revision_bulks"), reverse("admin:jobs_job_changelist")),
    ):
        assert client.get(old).headers["Location"] == new


def bulks() -> list[Job]:
    with system_scope(at=AT, cause="test"):
        return list(Job.objects.all())


def test_all_that_waits_is_chosen_with_one_click_and_nothing_else(cast: Cast) -> None:
    revisions = [*posters(cast.north_editor, 2), submitted_item(cast.nb_editor, "支行的")]
    submitted_item(cast.south_editor, "南方的")
    client = browser(cast.north_reviewer)
    address = reverse("admin:approvals_revision_bulk_all")
    assert address in client.get(reverse(QUEUE)).content.decode()
    for page in (client.get(address), tick(client, revisions[:1], select_across="1")):
        [chosen] = hidden(page.content.decode(), "chosen")
        client.post(reverse("admin:approvals_revision_bulk_ask"), {"chosen": chosen})
    assert [bulk.total for bulk in bulks()] == [3, 3]
    with system_scope(at=AT, cause="test"):
        items = JobItem.objects.values_list("subject", "args__sha256")
        assert set(items) == {(f"approvals.revision:{r.pk}", r.sha256) for r in revisions}


def test_what_a_page_did_not_show_is_not_asked_for(cast: Cast) -> None:
    revisions = posters(cast.north_editor, 2)
    client = browser(cast.north_reviewer)
    page = tick(client, revisions)
    [chosen] = hidden(page.content.decode(), "chosen")
    ask_at = reverse("admin:approvals_revision_bulk_ask")
    for forged in ("", "x", chosen[:-2], "AAAA" + chosen, chosen.replace(":", ".", 1)):
        assert "没有找到" in client.post(ask_at, {"chosen": forged}, follow=True).content.decode()
    # Another reviewer's page.
    assert (
        "没有找到" in browser(cast.ho_reviewer).post(ask_at, {"chosen": chosen}, follow=True).content.decode()
    )
    # A tick without what was seen of it.
    assert (
        "都不在等您处理"
        in tick(client, revisions, seen=[]).wsgi_request._messages._queued_messages[0].message
    )
    assert not bulks()
    assert client.get(ask_at).status_code == 405


def test_who_cannot_sign_is_offered_nothing_and_let_in_nowhere(cast: Cast) -> None:
    revisions = posters(cast.north_editor, 1)
    ask(cast.north_reviewer, revisions)
    for player in (cast.north_editor, cast.ho_auditor):
        client = browser(player)
        text = client.get(reverse(QUEUE)).content.decode()
        assert "批量通过" not in text
        assert client.get(reverse("admin:approvals_revision_bulk_all")).status_code == 403
    with system_scope(at=AT, cause="test"):
        assert not LiveItem.objects.exists()
