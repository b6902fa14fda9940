"""What is served is compared with what was approved, down to the bytes; every tampering is found and named."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from campaigns.approvals.kinds import kinds
from campaigns.approvals.models import Revision, Verification
from campaigns.approvals.selectors import last_verification
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.verification import VERIFY, Run, verify_published
from campaigns.audit.models import Entry
from campaigns.jobs import long_results
from campaigns.jobs.long_selectors import kinds_by_hand
from campaigns.jobs.services.long import ask_job
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotAllowed
from campaigns.notices.selectors import unread
from campaigns.notices.sentences import words_of
from campaigns.rewards.models import Batch
from campaigns.tenants.scopes import system_scope
from content.files import path_of
from content.models import Item, LiveItem, Placement, Rendition
from tests.campaigns.approvals.test_schedule import changed
from tests.support.cast import AT, Cast, hired
from tests.support.content import approve, live_poster
from tests.support.jobs import now_is, run
from tests.support.rewards import live_batch


def verified(lot: int = 200, **more: Any) -> Verification:
    return verify_published(
        kinds=kinds(),
        open_scope=lambda: system_scope(at=AT, cause="test"),
        clock=lambda: AT,
        lot=lot,
        **more,
    )


def tamper(sql: str, *values: object, table: str) -> None:
    """As somebody with the owner's password, with the guards switched off."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        assert cursor.rowcount == 1
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Bank:
    """One live poster with its place, and one live batch."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.batch: Batch = live_batch(cast)
        self.item: Item
        self.placement: Placement
        self.item, self.placement = live_poster(
            cast.north_editor, cast.north_reviewer, batch_id=self.batch.pk
        )
        with cast.north_editor.scope():
            self.poster = Rendition.objects.get(asset_id=self.item.asset_id, name="poster")
            self.revision = Revision.objects.get(kind="content.item")


@pytest.fixture
def bank(committed_cast: Cast) -> Iterator[Bank]:
    yield Bank(committed_cast)
    connections["owner"].close()


def test_an_honest_bank_is_all_as_approved_in_lots_of_any_size(bank: Bank) -> None:
    approve(bank.cast.north_reviewer, changed(bank.cast.north_editor, "等着上线"))
    for lot in (1, 200):
        made = verified(lot)
        assert (made.checked, made.failed, made.wrong, made.is_complete) == (4, 0, [], True)
    with system_scope(at=AT, cause="test") as scope:
        assert last_verification(scope=scope) == made
        assert Entry.objects.filter(verb="approvals.publication.verify").count() == 2


def test_each_tampering_is_found_and_named(bank: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, payload and bytes of each kind, one after another; nothing that is right is named."""
    item, placement = f"content.item:{bank.item.pk}", f"content.placement:{bank.placement.pk}"
    batch = f"rewards.batch:{bank.batch.pk}"
    file = path_of(bank.poster.pk, bank.poster.format)
    expected: dict[str, set[str]] = {}

    def found() -> dict[str, set[str]]:
        return {wrong["subject"]: set(wrong["what"]) for wrong in verified().wrong}

    def expect(subject: str, *what: str) -> None:
        expected.setdefault(subject, set()).update(what)
        assert found() == expected

    tamper(
        "UPDATE content_liveitem SET title = '保本' WHERE item_id = %s",
        bank.item.pk,
        table="content_liveitem",
    )
    expect(item, "title")
    tamper(
        "UPDATE content_liveitem SET shown_until = now() WHERE item_id = %s",
        bank.item.pk,
        table="content_liveitem",
    )
    expect(item, "shown_until")
    file.write_bytes(file.read_bytes() + b"x")
    expect(item, "poster.webp")
    tamper("UPDATE content_rendition SET sha256 = repeat('0', 64) WHERE id = %s", bank.poster.pk,
           table="content_rendition")  # fmt: skip
    expect(item, "poster.webp (row)")
    thumb = next(r for r in bank.revision.payload["picture"]["renditions"] if r["name"] == "thumb")
    path_of(thumb["id"], thumb["format"]).unlink()
    expect(item, f"thumb.{thumb['format']}")
    tamper("UPDATE content_liveplacement SET priority = 9 WHERE placement_id = %s", bank.placement.pk,
           table="content_liveplacement")  # fmt: skip
    expect(placement, "priority")
    tamper(
        "UPDATE rewards_livebatch SET off_fen = 5000 WHERE batch_id = %s",
        bank.batch.pk,
        table="rewards_livebatch",
    )
    expect(batch, "off_fen")
    tamper("UPDATE rewards_livebatch SET campaign_id = %s WHERE batch_id = %s", new_id(), bank.batch.pk,
           table="rewards_livebatch")  # fmt: skip
    expect(batch, "campaign_id")
    forged = "UPDATE approvals_revision SET payload = jsonb_set(payload, '{off_fen}', '5000') WHERE kind = %s"
    tamper(forged, "rewards.batch", table="approvals_revision")
    # The copy and the forged payload agree; the hash does not, nor do the terms, which nobody edited.
    expected[batch] = {"campaign_id", "terms.off_fen"}
    expect(batch, "payload")
    tamper("UPDATE approvals_decision SET sha256 = repeat('0', 64) WHERE revision_id = %s", bank.revision.pk,
           table="approvals_decision")  # fmt: skip
    expect(item, "decisions")
    with pytest.raises(CommandError, match="3 are not as approved"):
        call_command("approvals", "verify")
    said = capsys.readouterr()
    assert f"{item}  《春节存款》 北方省分行" in said.out and "title 与批准的不一致" in said.out
    assert "take it down at once" in said.out and "content.item  1" in said.err
    with pytest.raises(CommandError, match="1 are not as approved"):
        call_command("approvals", "verify", kind="content.placement")
    with system_scope(at=AT, cause="test") as scope:
        last = last_verification(scope=scope)
        assert last is not None and (last.kind, last.failed, last.checked) == ("", 3, 3)


def test_a_forged_copy_and_a_vanished_one_are_found(bank: Bank) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE content_liveitem DISABLE TRIGGER USER")
        cursor.execute("UPDATE content_liveitem SET revision_id = %s", [new_id()])
        cursor.execute("DELETE FROM content_liveplacement")
        cursor.execute("ALTER TABLE content_liveitem ENABLE TRIGGER USER")
    wrong = {(w["subject"].partition(":")[0], *w["what"]) for w in verified().wrong}
    assert wrong == {
        ("content.item", "revision_id"), ("content.item", "approval"), ("content.placement", "copy"),
    }  # fmt: skip


def test_a_copy_that_survived_its_taking_down_is_found(bank: Bank) -> None:
    with bank.cast.north_reviewer.scope() as scope:
        kept = LiveItem.objects.get()
        take_down(scope=scope, subject=bank.revision.subject, reason="停")
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE content_liveitem DISABLE TRIGGER USER")
    LiveItem.objects.using("owner").bulk_create([kept])
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE content_liveitem ENABLE TRIGGER USER")
    [wrong] = verified().wrong
    assert (wrong["subject"], wrong["what"]) == (bank.revision.subject, ["approval"])


def test_a_run_that_is_stopped_notes_how_far_it_came(bank: Bank) -> None:
    def interrupt(_kind: object, run: Run, _wrong: object) -> None:
        if run.checked:
            raise KeyboardInterrupt

    made = verified(after_lot=interrupt)
    assert (made.is_complete, made.checked) == (False, 1)
    with system_scope(at=AT, cause="test") as scope:
        assert last_verification(scope=scope) is None


def test_the_nightly_task_counts_what_is_wrong(bank: Bank) -> None:
    from campaigns.approvals.tasks import keep_times, verify

    tamper("UPDATE content_liveitem SET body = '' WHERE item_id = %s", bank.item.pk, table="content_liveitem")
    assert verify.apply(throw=True).get() == 1
    assert keep_times.apply(throw=True).get() == 0


def test_head_office_compares_by_hand_as_a_long_job_that_says_how_it_went(bank: Bank) -> None:
    """The same lots as the timetable's, one a transaction; a worker that is lost between two costs nothing."""
    head = bank.cast.ho_administrator
    for other in (bank.cast.ho_reviewer, hired(bank.cast, "administrator", "N")):
        with other.scope() as scope, pytest.raises(NotAllowed):
            ask_job(scope=scope, kind=VERIFY)
    item = f"content.item:{bank.item.pk}"
    tamper(
        "UPDATE content_liveitem SET title = '保本' WHERE item_id = %s",
        bank.item.pk,
        table="content_liveitem",
    )
    with head.scope() as scope:
        assert [kind.code for kind in kinds_by_hand(scope=scope)] == [
            VERIFY, "customers.recompute", "points.rate_tiers",
        ]  # fmt: skip
        job = ask_job(scope=scope, kind=VERIFY)
    while now_is(job).state != "done":
        assert run(at_most=timedelta(0))
    done = now_is(job)
    assert (done.done, done.total, done.refused) == (3, 3, 1)
    with head.scope() as scope:
        made = last_verification(scope=scope)
        assert made is not None and (made.checked, made.failed, made.wrong[0]["subject"]) == (3, 1, item)
        told = unread(scope=scope).get(code="approvals.verify_done")
        assert (
            words_of(code=told.code, args=told.args, subject=told.subject)
            == "线上内容已全部核对：3 项，其中 1 项与批准不一致。"
        )
    sheet = long_results.path_of(job.pk).read_text(encoding="utf-8-sig")
    assert item in sheet and "title 与批准的不一致 · title is not as approved" in sheet
