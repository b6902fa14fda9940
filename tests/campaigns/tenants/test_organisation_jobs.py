"""A large organisation file in the hands of a worker: seen while it runs, harmless when it dies."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.urls import reverse

from campaigns.lib.ids import new_id
from campaigns.tenants.doors import ASSIGNMENT_KEY
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation.reviews import review_of
from campaigns.tenants.scopes import Scope, staff, system_scope
from campaigns.tenants.services import organisation_jobs
from campaigns.tenants.services.branches import rename_branch
from campaigns.tenants.services.organisation_files import FileSettled, load_file
from campaigns.tenants.services.organisation_jobs import LEASE, run_waiting, start_apply, start_undo
from campaigns.tenants.services.organisation_trees import apply_file
from tests.support.cast import AT, Cast
from tests.support.organisation import csv_of

LATER = AT + timedelta(hours=1)
MANY = [(f"NX{n:04d}", f"北城{n}号支行", "NC", "支行") for n in range(20)]


@pytest.fixture
def worker(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Twenty branches are many here."""
    monkeypatch.setattr(organisation_jobs, "AT_ONCE", 20)
    return committed_cast


def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
    assert kind == "staff"
    return staff(
        login_id=carry["login"], assignment_id=carry["assignment"], stand_at=carry["stand_at"], at=at
    )


def run(at: datetime = AT) -> bool:
    with system_scope(at=at, cause="test") as scope:
        return run_waiting(scope=scope, reopen=reopen, clock=lambda: at)


def started(cast: Cast) -> OrganisationFile:
    with cast.ho_administrator.scope() as scope:
        file = load_file(scope=scope, name="大.csv", raw=csv_of(MANY))
        seen = review_of(scope=scope, file=file).fingerprint
        return start_apply(scope=scope, file_id=file.pk, fingerprint=seen)


def file_now(file: OrganisationFile) -> OrganisationFile:
    with system_scope(at=AT, cause="test"):
        found: OrganisationFile = OrganisationFile.objects.get(pk=file.pk)
        return found


def test_a_large_file_waits_runs_with_progress_that_others_see_and_is_taken_back(worker: Cast) -> None:
    cast = worker
    file = started(cast)
    assert (file.state, file.total) == ("waiting", len(MANY))
    seen: list[tuple[str, str, int]] = []
    told = organisation_jobs._Teller.__call__

    def watched(teller: Any, step: str, done: int, total: int) -> None:
        told(teller, step, done, total)
        with connections["owner"].cursor() as cursor:  # as anybody else would see it
            cursor.execute("SELECT state, step, done FROM tenants_organisationfile")
            seen.append(cursor.fetchone())
            cursor.execute("SELECT count(*) FROM tenants_branch")
            assert cursor.fetchone()[0] == 7

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(organisation_jobs._Teller, "__call__", watched)
        assert run() is True
    assert {state for state, *_rest in seen} == {"running"}
    assert seen[0][1] == "judging" and "noting" in {step for _s, step, _d in seen}
    done = file_now(file)
    assert (done.state, done.counts, done.attempt, done.lease_until) == (
        "applied",
        {"new": len(MANY)},
        None,
        None,
    )
    assert run() is False
    with cast.ho_administrator.scope(at=LATER) as scope:
        assert Branch.objects.count() == 7 + len(MANY)
        assert start_undo(scope=scope, file_id=file.pk).state == "waiting"
    assert run(LATER) is True
    assert file_now(file).state == "undone"
    with system_scope(at=AT, cause="test"):
        assert Branch.objects.count() == 7
    connections["owner"].close()


def test_what_the_worker_is_refused_is_said_and_the_file_can_be_started_again(worker: Cast) -> None:
    cast = worker
    file = started(cast)
    with cast.ho_administrator.scope() as scope:
        rename_branch(scope=scope, branch_id=cast.branch["S"].pk, name="南方分行")
    assert run() is True
    refused = file_now(file)
    assert refused.state == "draft" and refused.why_not["zh"].startswith("预览之后机构树")
    with cast.ho_administrator.scope() as scope:
        assert Branch.objects.count() == 7
        seen = review_of(scope=scope, file=refused).fingerprint
        start_apply(scope=scope, file_id=file.pk, fingerprint=seen)
    assert run() is True
    assert file_now(file).state == "applied"


def test_a_worker_that_dies_leaves_nothing_half_done_and_its_file_is_started_again(worker: Cast) -> None:
    """Its lease runs out; were it only slow, it finds at the end that the file is no longer its own."""
    cast = worker
    file = started(cast)
    slow = organisation_jobs._take(AT)
    assert slow is not None and slow.file_id == file.pk
    with cast.ho_administrator.scope() as scope:
        seen = review_of(scope=scope, file=file).fingerprint
        with pytest.raises(FileSettled):
            start_apply(scope=scope, file_id=file.pk, fingerprint=seen)
    with cast.ho_administrator.scope(at=AT + LEASE) as scope:
        assert start_apply(scope=scope, file_id=file.pk, fingerprint=seen).state == "waiting"
    with cast.ho_administrator.scope(at=AT + LEASE) as scope, pytest.raises(FileSettled):
        apply_file(scope=scope, file_id=file.pk, fingerprint=seen, attempt=slow.attempt)
    assert run(AT + LEASE) is True
    with cast.ho_administrator.scope(at=AT + LEASE) as scope, pytest.raises(FileSettled):
        apply_file(scope=scope, file_id=file.pk, fingerprint=seen, attempt=new_id())
    with system_scope(at=AT, cause="test"):
        assert Branch.objects.count() == 7 + len(MANY)


def test_a_mistake_of_ours_gives_the_file_back_and_is_raised(worker: Cast) -> None:
    cast = worker
    file = started(cast)

    def broken(**_given: Any) -> None:
        raise RuntimeError("disk")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("campaigns.tenants.services.organisation_trees.note_many", broken)
        with pytest.raises(RuntimeError):
            run()
    given_back = file_now(file)
    assert (given_back.state, given_back.attempt) == ("draft", None) and "出错" in given_back.why_not["zh"]
    with system_scope(at=AT, cause="test"):
        assert Branch.objects.count() == 7


def test_the_pages_lead_through_the_four_steps(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ho_administrator.login)
    session = client.session
    session[ASSIGNMENT_KEY] = str(cast.ho_administrator.assignment.pk)
    session.save()
    rows = [
        ("NC", "北城市分行", "N", "市分行"),
        ("NX1", "北城一号支行", "NC", "支行"),
        ("NX2", "", "NC", "支行"),
    ]
    add = reverse("admin:tenants_organisationfile_add")
    assert "请选择文件" in client.post(add).content.decode()
    page = client.post(add, {"file": SimpleUploadedFile("机构.csv", csv_of(rows))}, follow=True)
    assert "请确认每一列的含义" in page.content.decode()
    [(columns, _status)] = page.redirect_chain
    page = client.post(columns, {"column_code": 0, "column_name": 1, "column_parent": 2}, follow=True)
    assert "请为机构代码" in page.content.decode()
    page = client.post(
        columns, {"column_code": 0, "column_name": 1, "column_parent": 2, "column_level": 3}, follow=True
    )
    text = page.content.decode()
    assert "缺少机构名称" in text and "执行，改动 2 个机构" in text
    [(verdicts, _status)] = page.redirect_chain
    assert "没有这类行" in client.get(verdicts + "?verdict=moved").content.decode()
    stale = client.post(verdicts.replace("/change/", "/apply/"), {"fingerprint": "x"}, follow=True)
    assert "预览之后机构树" in stale.content.decode()
    seen = page.context["review"].fingerprint
    page = client.post(verdicts.replace("/change/", "/apply/"), {"fingerprint": seen}, follow=True)
    assert "整体撤回" in page.content.decode() and "缺少机构名称" in page.content.decode()
    page = client.post(verdicts.replace("/change/", "/undo/"), follow=True)
    assert "1 个机构已恢复原状，1 个新增机构已移除" in page.content.decode()
    with system_scope(at=AT, cause="test"):
        assert not Branch.objects.filter(code__startswith="NX").exists()
