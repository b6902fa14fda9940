"""The page of due tasks: what was given up first, why in words, and two buttons."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.jobs.admin.due import span_words
from campaigns.jobs.due_rules import GiveUp
from campaigns.jobs.services.due import lay
from campaigns.lib.clock import now
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.content import submitted_item
from tests.support.due import KIND, Bell, bell, due_rows, run_at

LIST = "admin:jobs_due_changelist"


class NotNow(Refusal):
    code, zh, en = "test.not_now", "额度不足，无法执行。", "Not enough of it."


@pytest.fixture(name="bell")
def _bell() -> Iterator[Bell]:
    with bell() as made:
        yield made


def comes_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.play(name).login)
    return client


def test_what_was_given_up_is_read_run_again_and_called_off(cast: Cast, bell: Bell) -> None:
    admin = comes_in(cast, "ho_administrator")
    assert "没有已放弃的任务" in admin.get(reverse(LIST)).content.decode()
    revision = submitted_item(cast.north_editor, title="春节存款")
    with system_scope(at=AT, cause="test") as scope:
        north = {"branch_id": cast.branch["N"].pk, "branch_pos": cast.branch["N"].pos}
        for n in range(3):
            subject = revision.subject if n == 0 else ref("test.thing", n)
            lay(scope=scope, kind=KIND, subject=subject, at=AT, **north)
        lay(
            scope=scope,
            kind=KIND,
            subject=revision.subject,
            version="2",
            at=now() + timedelta(days=9),
            **north,
        )
    bell.answer = lambda due: GiveUp(NotNow())
    assert run_at(AT).dead == 3
    page = admin.get(reverse(LIST)).content.decode()
    assert "有 3 项任务已放弃" in page and page.count("额度不足，无法执行。") == 3
    assert "春节存款" in page and "北方省分行" in page and "铃" in page
    waiting = admin.get(reverse(LIST), {"state": "waiting"}).content.decode()
    assert waiting.count("春节存款") == 1

    [first, second, _third] = due_rows(state="dead")
    one = admin.get(reverse("admin:jobs_due_change", args=[first.pk])).content.decode()
    assert "再次执行" in one and "取消执行" in one and "额度不足" in one and "2026" in one
    again, cancel = (
        reverse(f"admin:jobs_due_{act}", args=[due.pk]) for act, due in (("again", first), ("cancel", second))
    )
    assert admin.get(again).status_code == 405
    assert "一两秒内将再次执行" in admin.post(again, follow=True).content.decode()
    assert "只有已放弃的任务可以再次执行" in admin.post(again, follow=True).content.decode()
    assert "已取消，不会再执行。" in admin.post(cancel, follow=True).content.decode()
    assert [due.state for due in due_rows(pk__in=[first.pk, second.pk])] in (
        ["waiting", "cancelled"],
        ["cancelled", "waiting"],
    )


def test_only_administrators_see_it_and_nobody_types_into_it(cast: Cast) -> None:
    for name in ("ho_editor", "ho_reviewer", "nb_manager", "ho_auditor"):
        client = comes_in(cast, name)
        assert client.get(reverse(LIST)).status_code == 403
        assert reverse(LIST) not in client.get(reverse("admin:index")).content.decode()
    admin = comes_in(cast, "ho_administrator")
    assert reverse(LIST) in admin.get(reverse("admin:index")).content.decode()
    assert admin.get(reverse("admin:jobs_due_add")).status_code == 403


def test_spans_are_said_in_their_two_largest_units() -> None:
    spans = {30: "准时", 60: "1 分钟", 3_661: "1 小时 1 分钟", 90_000: "1 天 1 小时"}
    assert {seconds: span_words(timedelta(seconds=seconds)) for seconds in spans} == spans
