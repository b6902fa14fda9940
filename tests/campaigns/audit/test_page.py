"""The audit's page: found by person, thing and time, and opened to what changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.audit.models import Entry, SecurityRecord
from campaigns.audit.selectors.search import (
    SYSTEM,
    Search,
    entries_found,
    people_matching,
    things_matching,
)
from campaigns.audit.services import record
from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from campaigns.planning.services import add_campaign, change_campaign
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.services.assignments import assign_role, end_assignment
from campaigns.tenants.services.people import add_login, add_person
from tests.support.cast import AT, Cast, Player

PAGE = "/admin/audit/entry/"


def client_of(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def said(page: Any) -> list[str]:
    return [words for _entry, words in page.context["rows"]]


def note(
    scope: Scope, name: str, *, thing: str = "content.item:1", verb: str = "content.item.change"
) -> Entry:
    return record(scope=scope, verb=verb, subject=thing, subject_name=name)


@pytest.fixture
def deeds(cast: Cast) -> Cast:
    """Today: three by North's editor; a week ago one; one by South's; one by the system at North's branch."""
    at = now()
    with cast.north_editor.scope(at=at) as scope:
        note(scope, "春节存款")
        note(scope, "春节红包", thing="content.item:2")
        record(
            scope=scope, verb="approvals.revision.approve", subject="content.item:1", subject_name="春节存款", number=3
        )  # fmt: skip
    with cast.north_editor.scope(at=at - timedelta(days=8)) as scope:
        note(scope, "国庆")
    with cast.south_editor.scope(at=at) as scope:
        note(scope, "春节南方", thing="content.item:9")
    with system_scope(at=at, cause="rewards.expire_due_coupons") as scope:
        branch = cast.branch["NB"]
        record(
            scope=scope, verb="rewards.coupon.expire", subject="rewards.coupon:1", subject_name="满减",
            branch_id=branch.pk, branch_pos=branch.pos,
        )  # fmt: skip
    return cast


def found(cast: Cast, name: str, **search: Any) -> list[str]:
    with cast.play(name).scope(at=now()) as scope:
        page = entries_found(scope=scope, search=Search(**search))
        return [
            each.subject_name
            for each in page.entries
            if each.verb.split(".")[0] not in {"tenants", "customers"}
        ]


def test_deeds_are_found_by_person_thing_name_and_window_and_all_of_them(deeds: Cast) -> None:
    editor = f"tenants.person:{deeds.north_editor.person.pk}"
    week = now() - timedelta(days=7)
    assert found(deeds, "ho_auditor", who=editor) == ["春节存款", "春节红包", "春节存款", "国庆"]
    assert found(deeds, "ho_auditor", thing="content.item:1") == ["春节存款", "春节存款", "国庆"]
    assert found(deeds, "ho_auditor", named="春节") == ["春节南方", "春节存款", "春节红包", "春节存款"]
    assert found(deeds, "ho_auditor", named="春节红") == ["春节红包"]
    assert found(deeds, "ho_auditor", who=SYSTEM, since=week) == ["满减"]
    assert found(deeds, "ho_auditor", who=editor, until=week) == ["国庆"]
    assert (
        found(deeds, "ho_auditor", who=editor, thing="content.item:1", named="春节", since=week)
        == ["春节存款"] * 2
    )
    assert found(deeds, "ho_auditor", who="tenants.person:0") == []


def test_a_branch_finds_what_belongs_to_it_and_nothing_else(deeds: Cast) -> None:
    south = f"tenants.person:{deeds.south_editor.person.pk}"
    assert found(deeds, "nb_manager") == ["满减"]
    assert found(deeds, "nb_manager", who=south) == found(deeds, "nb_manager", named="春节") == []
    assert found(deeds, "sb_manager", thing="content.item:1") == []
    with deeds.nb_manager.scope(at=now()) as scope:
        assert things_matching(scope=scope, words="春") == []
        assert people_matching(scope=scope, words="south_editor") == []


def test_pages_follow_one_another_without_gap_or_repeat_though_many_share_a_moment(cast: Cast) -> None:
    with cast.nb_editor.scope(at=now()) as scope:
        ids = [note(scope, f"第{n}张").pk for n in range(7)]
    with cast.nb_manager.scope(at=now()) as scope:
        search, after, seen = Search(named="第"), None, []
        for _page in range(4):
            page = entries_found(scope=scope, search=search, after=after, limit=3)
            seen += [each.pk for each in page.entries]
            after = page.further
            if after is None:
                break
    assert seen == ids[::-1]


def test_people_are_found_by_name_number_and_pinyin_and_those_from_elsewhere_by_their_deeds(
    cast: Cast,
) -> None:
    with system_scope(at=AT, cause="test") as scope:
        add_person(scope=scope, branch_id=cast.branch["NB"].pk, name="王敏", staff_number="100777")
    with cast.ho_editor.scope(at=now()) as scope:
        branch = cast.branch["NB"]
        record(
            scope=scope, verb="content.item.change", subject="content.item:1",
            branch_id=branch.pk, branch_pos=branch.pos,
        )  # fmt: skip
    with cast.nb_manager.scope(at=now()) as scope:
        for words in ("王", "敏", "100777", "wangmin", "wm"):
            assert [each.name for each in people_matching(scope=scope, words=words)] == ["王敏"], words
        [elsewhere] = people_matching(scope=scope, words="ho_editor")
        assert elsewhere.ref == f"tenants.person:{cast.ho_editor.person.pk}"


def test_the_page_reads_as_sentences_and_knows_its_windows(deeds: Cast) -> None:
    client = client_of(deeds.north_reviewer)
    assert client.get(PAGE).status_code == 403
    client = client_of(deeds.ho_auditor)
    page = client.get(PAGE, {"named": "春节"})
    assert "north_editor 批准了 content.item《春节存款》 第3版" in [
        each.replace("内容", "content.item") for each in said(page)
    ]
    assert page.context["asked"].window == "all"
    assert client.get(PAGE).context["asked"].window == "30"
    assert len(said(client.get(PAGE, {"named": "国庆", "when": "7"}))) == 0
    assert len(said(client.get(PAGE, {"named": "国庆", "when": "30"}))) == 1
    day = (now() - timedelta(days=8)).astimezone().date()
    days = {"named": "国庆", "from": day - timedelta(days=1), "until": day + timedelta(days=1)}
    assert len(said(client.get(PAGE, days))) == 1
    assert "没有符合条件的操作" in client.get(PAGE, {"named": "没有"}).content.decode()
    for words in ("\x00", "\ud7ff", "\U0010ffff", "%", "'"):
        assert client.get(PAGE, {"named": words, "who_words": words}).status_code == 200
        assert client.get("/admin/audit/securityrecord/", {"q": words}).status_code == 200
    for nonsense in (
        {"from": "2026-99-99"},
        {"after": "x"},
        {"who": "y" * 500},
        {"when": "never", "until": "x"},
        {"from": "0001-01-01", "until": "9999-12-31"},
        {"after": f"0001-01-01T00:00:00+00:00,{new_id()}"},
        {"after": f"2026-01-01T00:00:00,{new_id()}"},
    ):
        assert client.get(PAGE, nonsense).status_code == 200


def test_typing_a_name_without_choosing_finds_the_one_or_offers_the_several(deeds: Cast) -> None:
    client = client_of(deeds.ho_auditor)
    page = client.get(PAGE, {"who_words": "north_editor"})
    assert {each.split(" ")[0] for each in said(page)} == {"north_editor"}
    page = client.get(PAGE, {"who_words": "north"})
    assert [each.name for each, _link in page.context["people"]] == [
        "north_editor",
        "north_reviewer",
        "north_rewards",
    ]
    assert "没有叫“无名”的人员" in client.get(PAGE, {"who_words": "无名"}).content.decode()
    assert len(said(client.get(PAGE, {"who_words": "系统", "named": "满"}))) == 1
    items = client.get(PAGE + "proposals/", {"of": "things", "q": "春节"}).json()["items"]
    assert {each["name"] for each in items} == {"春节存款", "春节红包", "春节南方"}
    items = client.get(PAGE + "proposals/", {"of": "people", "q": "系统"}).json()["items"]
    assert [each["ref"] for each in items] == [SYSTEM]


def opened(cast: Cast, verb: str, name: str = "ho_administrator") -> Any:
    with cast.play(name).scope(at=now()):
        entry = Entry.objects.filter(verb=verb).order_by("-id")[0]
    page = client_of(cast.play(name)).get(f"{PAGE}{entry.pk}/change/")
    assert page.status_code == 200
    return page


def fields(page: Any, nth: int = 0) -> dict[str, tuple[str, str]]:
    return {name: (before, after) for name, before, after in page.context["changes"][nth]["fields"]}


def test_an_entry_opens_to_old_and_new_values_as_people_read_them(cast: Cast) -> None:
    with cast.north_rewards.scope(at=now()) as scope:
        campaign = add_campaign(
            scope=scope, title="春节活动", starts_at=AT, ends_at=AT + timedelta(days=9), goal="新客", note=""
        )
    with cast.north_rewards.scope(at=now()) as scope:
        change_campaign(
            scope=scope, campaign_id=campaign.pk, title="春节大活动", starts_at=AT, ends_at=AT + timedelta(days=10),
            goal="新客", note="x", budget_fen=123450,
        )  # fmt: skip
    page = opened(cast, "planning.campaign.change")
    assert page.context["changes"][0]["thing"] == "活动《春节大活动》"
    changed = fields(page)
    assert ("春节活动", "春节大活动") in changed.values()
    assert ("2026年12月1日 10:00", "2026年12月2日 10:00") in changed.values()
    assert ("–", "x") in changed.values()
    assert ("¥0.00", "¥1,234.50") in changed.values()
    assert len(changed) == 4  # what stayed the same is not shown
    made = opened(cast, "planning.campaign.add")
    assert {before for before, _after in fields(made).values()} == {"–"}
    assert "北方省分行" in [after for _before, after in fields(made).values()]
    part = client_of(cast.ho_administrator).get(f"{PAGE}{made.context['entry'].pk}/change/?part=1")
    assert "<html" not in part.content.decode()
    assert "北方省分行" in part.content.decode()


def test_what_was_done_in_one_request_is_shown_together_and_secrets_never(cast: Cast) -> None:
    with cast.ho_administrator.scope(at=now()) as scope:
        person = add_person(scope=scope, branch_id=cast.branch["NB"].pk, name="王敏", staff_number="100777")
        add_login(scope=scope, person=person, username="wangmin", password="long enough 42")
        held = assign_role(
            scope=scope, person=person, role="clerk", branch_id=cast.branch["NB"].pk, held_from=AT
        )
    page = opened(cast, "tenants.assignment.assign")
    assert [words for _entry, words in page.context["along"]] == [
        "ho_administrator 新增了 员工《王敏》", "ho_administrator 开通登录名，属于 员工《王敏》",
    ]  # fmt: skip
    changed = fields(page)
    assert changed["角色"] == ("–", "柜员")
    assert ("–", "王敏") in changed.values()
    assert "不限" in page.content.decode()
    assert "pbkdf2" not in page.content.decode()
    assert "long enough" not in page.content.decode()
    with cast.ho_administrator.scope(at=now()) as scope:
        end_assignment(scope=scope, assignment=held)
    ended = fields(opened(cast, "tenants.assignment.end"))
    assert list(ended) == ["至"]


def test_a_page_of_fifty_takes_as_many_queries_as_a_page_of_one(cast: Cast) -> None:
    with cast.nb_editor.scope(at=now()) as scope:
        note(scope, "独此一张")
        for n in range(50):
            note(scope, f"第{n}张")
    client = client_of(cast.nb_manager)
    client.get(PAGE)
    counts = []
    for named in ("独", "第"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE, {"named": named}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not any("COUNT(" in each["sql"].upper() and "audit_entry" in each["sql"] for each in queries)


def test_security_records_are_found_by_an_index_and_not_counted_to_the_end(cast: Cast) -> None:
    for n in range(3):
        SecurityRecord.objects.create(at=now(), kind="login.failed", who=f"north_{n}", address="10.9.8.7")
    SecurityRecord.objects.create(at=now(), kind="login.succeeded", who="south", address="10.9.8.6")
    client = client_of(cast.ho_administrator)
    url = "/admin/audit/securityrecord/"

    def shown(**query: str) -> int:
        return len(client.get(url, query).context["cl"].result_list)

    assert shown(q="north") == 3
    assert shown(q="10.9.8.7") == 3
    assert shown(q="10.9.8.") == 0
    assert shown(kind="login.succeeded") == 1
    assert shown(q="orth") == 0
