"""What head office sees of events: kinds, files with what was refused, sources without secrets, months."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.audit.models import SecurityRecord
from campaigns.events.models import Drop, Heard
from campaigns.events.registry import kinds
from campaigns.events.services import drops
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system
from tests.campaigns.customers.test_admin import at_the_desk
from tests.support.cast import Cast
from tests.support.events import SOURCES, bought, call_hook, days_ago

FILES = "/admin/events/drop/"


@pytest.fixture(autouse=True)
def places(settings: Any, tmp_path: Path) -> Path:
    settings.EVENT_SOURCES, settings.EVENT_DROPS = SOURCES, tmp_path / "drops"
    (tmp_path / "drops" / "failed").mkdir(parents=True)
    return tmp_path


def test_the_kinds_that_the_registry_knows_stand_on_a_page_in_words(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    client = at_the_desk("ho_administrator")
    client.get(f"{FILES}kinds/")  # what is asked once a session
    # The log-in with its scope and settings, the shell's inbox and queue; and one for the page: what was deleted.
    with django_assert_max_num_queries(15):
        text = client.get(f"{FILES}kinds/").content.decode()
    assert all(f">{code}<" in text for code in kinds())
    assert "整数，0 至 86400" in text and "金额，单位分，整数" in text and "必填" in text
    assert "手机" in text and "由本系统记录" in text


def test_a_file_says_how_far_it_is_and_what_to_do_about_refused_rows(cast: Cast, places: Path) -> None:
    client = at_the_desk("ho_auditor")
    assert "还没有收到文件" in client.get(FILES).content.decode()
    number = cast.customers["nb"].number
    rows = [bought(number, f"t-{n}", days_ago(1)) for n in range(3)]
    rows += [bought("N-nobody", "t-8", days_ago(1)), bought(number, "t-9", days_ago(1), kind="core.stolen")]
    path = places / "core-1.ndjson"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    done = drops.take_drop(scope=system(at=now(), cause="test"), path=path, source="core", clock=now)
    assert Drop.objects.get().reasons == {"events.customer.unknown": 1, "events.kind.unknown": 1}
    (places / "drops" / "core-2.ndjson").write_text("")
    (places / "drops" / "failed" / "core-0.csv").write_text("")
    listed = client.get(FILES).content.decode()
    page = f"{FILES}{bytes(done.pk).hex()}/change/"
    assert "core-1.ndjson" in listed and "部分行被拒收" in listed and page in listed
    assert "1 个文件等待收取" in listed and "core-0.csv" in listed
    shown = client.get(page).content.decode()
    assert "客户不存在或已停用" in shown and "请先导入客户" in shown and "事件种类未登记" in shown
    assert client.get(f"{FILES}zz/change/").status_code == 302
    assert client.get(FILES, {"state": "done"}).context["cl"].result_count == 0
    assert client.get(FILES, {"state": "refused"}).context["cl"].result_count == 1


def test_a_source_is_shown_with_when_it_was_heard_and_without_its_secret(cast: Cast) -> None:
    client = at_the_desk("ho_administrator")
    before = client.get(f"{FILES}sources/").content.decode()
    assert "从未" in before
    assert call_hook({"events": [bought(cast.customers["nb"].number)]}).status_code == 200
    first = Heard.objects.get()
    assert call_hook({"events": [bought(cast.customers["nb"].number, "t-2")]}).status_code == 200
    assert Heard.objects.get().at == first.at  # to the minute: the second call writes nothing
    # Refused calls are noted on a connection of their own, which a page of this transaction does not see.
    SecurityRecord.objects.create(kind="hook.refused", at=now(), who="core")
    text = client.get(f"{FILES}sources/").content.decode()
    assert "从未" not in text or len(SOURCES) > 1
    assert re.search(r"[0-9]+ · 最近", text)
    assert not any(str(source["secret"]) in text for source in SOURCES.values())
    assert now().strftime("%Y-%m") in text and "已预建" in text


@pytest.mark.parametrize("address", [FILES, f"{FILES}kinds/", f"{FILES}sources/"])
@pytest.mark.parametrize("username", ["nb_manager", "ho_reviewer"])
def test_others_and_branches_have_no_such_page(cast: Cast, username: str, address: str) -> None:
    assert at_the_desk(username).get(address).status_code == 403


def test_a_list_of_many_files_asks_no_more_than_one_of_few(cast: Cast) -> None:
    client, counts = at_the_desk("ho_administrator"), []
    for many in (1, 9):
        Drop.objects.bulk_create(
            [
                Drop(
                    fingerprint=bytes([many, n]),
                    name=f"core-{n}.csv",
                    source="core",
                    size=1,
                    started_at=now(),
                )
                for n in range(many)
            ]
        )
        client.get(FILES)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(FILES).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
