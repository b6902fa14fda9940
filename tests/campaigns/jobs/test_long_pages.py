"""The pages of long jobs: what is shown to whom, the buttons, the files."""

import csv
from io import StringIO
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.jobs import long_kinds
from campaigns.jobs.long_models import Job
from campaigns.lib.csv_files import csv_bytes
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from tests.campaigns.approvals.test_bulk_pages import browser
from tests.campaigns.jobs.test_long import Acts, act, ask, ask_steps  # noqa: F401 - a fixture
from tests.support.cast import AT, Cast
from tests.support.jobs import now_is, run

LIST = "admin:jobs_job_changelist"


def page(job: Job, part: str = "change") -> str:
    return reverse(f"admin:jobs_job_{part}", args=[job.pk])


def told(client: Client, *jobs: Any) -> list[dict[str, Any]]:
    answer = client.get(reverse("admin:jobs_job_progress"), {"job": [str(getattr(j, "pk", j)) for j in jobs]})
    found: list[dict[str, Any]] = answer.json()["jobs"]
    return found


def test_a_job_is_watched_paused_resumed_and_stopped_on_its_page(committed_cast: Cast, act: Acts) -> None:  # noqa: F811
    cast = committed_cast
    job = ask(cast.north_editor, 4, odd=[2], comment="=请看")
    client = browser(cast.north_editor)
    text = client.get(page(job)).content.decode()
    for words in ("试 4 项", "排队中", "=请看", "暂停（做完当前这一项）", "确定停止", "发起了这项任务"):
        assert words in text
    assert "下载表格" not in text and "继续其余项目" not in text and "发起人" not in text
    [seen] = told(client, job, "x", new_id())
    assert (seen["state_words"], seen["done"], seen["total"], seen["left"], seen["pace"], seen["goes_on"]) == (
        "排队中", 0, 4, 4, "–", True,
    )  # fmt: skip

    text = client.post(page(job, "pause"), follow=True).content.decode()
    assert "已暂停" in text and "继续其余项目" in text and "data-lj-page" not in text
    assert "没有在执行" in client.post(page(job, "pause"), follow=True).content.decode()
    client.post(page(job, "resume"))
    with system_scope(at=AT, cause="test"):
        Job.objects.update(ready_at=AT)
    assert run()
    text = client.get(page(job)).content.decode()
    for words in ("全部完成", "第2项", "第2项是单数", "下载表格", "全部完成：共 4 项，其中 1 项未成功。"):
        assert words in text
    assert "确定停止" not in text
    assert "已经结束或停止" in client.post(page(job, "stop"), follow=True).content.decode()
    assert client.get(page(job, "stop")).status_code == client.post(page(job)).status_code == 405


def test_the_refusals_are_a_table_that_no_spreadsheet_runs(committed_cast: Cast, act: Acts) -> None:  # noqa: F811
    cast = committed_cast
    job = ask(cast.north_editor, 2, odd=[1])
    assert run()
    answer = browser(cast.north_editor).get(page(job, "refusals"))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="refused-')
    assert "no-store" in answer.headers["Cache-Control"] and answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert rows == [
        ["编号", "标题", "对象", "编码", "原因"],
        ["1", "第1项", "test.part:1", "test.odd", "第1项是单数，状态“已暂停”。"],
    ]
    cells = ["=1+1", "+1", "-1", "@a", "\tx", "安全", 7, -7]
    written = csv_bytes(["x"] * 8, [cells]).decode("utf-8-sig").splitlines()[1]
    assert next(csv.reader([written])) == ["'=1+1", "'+1", "'-1", "'@a", "'\tx", "安全", "7", "-7"]


def test_the_file_that_a_job_left_is_for_who_asked(committed_cast: Cast, act: Acts) -> None:  # noqa: F811
    cast = committed_cast
    job = ask_steps(cast.north_editor)
    client = browser(cast.north_editor)
    assert "没有结果文件" in client.get(page(job, "result"), follow=True).content.decode()
    assert run()
    assert page(job, "result") in client.get(page(job)).content.decode()
    answer: Any = client.get(page(job, "result"))
    assert b"".join(answer.streaming_content) == b"a,b"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="out.csv"'
    head_office = browser(cast.ho_administrator)
    text = head_office.get(page(job)).content.decode()
    assert "发起人" in text and page(job, "result") not in text
    for file in ("result", "refusals"):
        assert head_office.get(page(job, file)).status_code == 302


def test_everybody_sees_the_own_jobs_and_head_office_all(cast: Cast, act: Acts) -> None:  # noqa: F811
    job = ask(cast.north_editor, 3)
    mine = browser(cast.north_editor).get(reverse(LIST)).content.decode()
    assert "试 3 项" in mine and f'data-lj="{job.pk}"' in mine and "试" in mine
    assert reverse("admin:jobs_job_start") in mine  # a kind that may be asked for by hand
    other = browser(cast.ho_reviewer)
    text = other.get(reverse(LIST)).content.decode()
    assert "试 3 项" not in text and "还没有长任务" in text and reverse("admin:jobs_job_start") not in text
    assert told(other, job) == []
    for address in (page(job), page(job, "refusals")):
        assert other.get(address).status_code == 302
    assert other.post(page(job, "stop")).status_code == 302 and now_is(job).state == "waiting"
    head_office = browser(cast.ho_administrator)
    assert "north_editor" in head_office.get(reverse(LIST)).content.decode()
    head_office.post(page(job, "stop"))
    assert now_is(job).state == "stopped"
    refused = other.post(reverse("admin:jobs_job_start"), {"kind": "test.steps"}, follow=True)
    assert "不能执行" in refused.content.decode()


def test_a_list_asks_no_more_for_many_jobs_than_for_few(cast: Cast, act: Acts) -> None:  # noqa: F811
    client = browser(cast.north_editor)
    costs = []
    for many in (1, 6):
        for _job in range(many):
            ask(cast.north_editor, 2)
        client.get(reverse(LIST))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_job_of_a_kind_that_is_gone_can_still_be_read(cast: Cast, act: Acts) -> None:  # noqa: F811
    job = ask(cast.north_editor, 1)
    del long_kinds._KINDS["test.many"]
    text = browser(cast.north_editor).get(page(job)).content.decode()
    assert "test.many" in text and "发起了这项任务" in text
