"""The pages of attributes and tags, as people use them."""

from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from campaigns.customers.condition_selectors import Counted, counted_in_words, how_many_meet
from campaigns.customers.conditions import Catalogue, Subject, read_rule
from campaigns.customers.models import Attribute, Customer, ScoringTerms, Tag, TagCategory, Tagging
from campaigns.customers.services.attributes import add_attribute
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.services.tag_runs import recompute, run_tag
from campaigns.jobs.long_models import Job, JobItem
from campaigns.lib.clock import FOREVER
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, PASSWORD, Cast, hired

WRONG = '{"about": "attribute:age", "is": ">=", "value": "x"}'
RULE = {"about": "attribute:age", "is": ">=", "value": 31}


def at_the_desk(username: str) -> Client:
    client = Client(headers={"Accept-Language": "zh-Hans"})
    assert client.login(username=username, password=PASSWORD)
    return client


@pytest.fixture
def tags(cast: Cast) -> dict[str, Tag]:
    with system_scope(at=AT, cause="test") as scope:
        add_attribute(scope=scope, code="age", name="年龄", kind="number")
        add_category(scope=scope, code="value", name="价值", owner_id=cast.branch["HO"].pk)
        made = [
            add_tag(scope=scope, code="vip", category_code="value", name="贵宾"),
            add_tag(
                scope=scope, code="grown", category_code="value", name="成年", kind="computed", rule=RULE
            ),
        ]
    return {tag.code: tag for tag in made}


def test_head_office_defines_an_attribute_and_keeps_its_kind_and_choices(cast: Cast) -> None:
    desk = at_the_desk("ho_administrator")
    page = "/admin/customers/attribute/"
    form: dict[str, Any] = {
        "code": "likes",
        "name": "理财偏好",
        "name_en": "likes",
        "kind": "choice",
        "unit": "",
        "choice_lines": "fixed=固收=fixed\nplus=固收+",
        "place": "9",
        "is_active": "on",
    }
    refused = desk.post(f"{page}add/", form | {"choice_lines": ""})
    assert "选项有误" in refused.content.decode() and not Attribute.objects.exists()
    assert desk.post(f"{page}add/", form).status_code == 302
    likes = Attribute.objects.get()
    assert likes.choices == [
        {"code": "fixed", "name": "固收", "name_en": "fixed"},
        {"code": "plus", "name": "固收+", "name_en": ""},
    ]
    gone = desk.post(f"{page}likes/change/", form | {"choice_lines": "fixed=固收"})
    assert "不能删除" in gone.content.decode()
    changed = form | {"choice_lines": "fixed=固定收益\nplus=固收+\nstock=股票", "kind": "text"}
    assert desk.post(f"{page}likes/change/", changed).status_code == 302
    likes.refresh_from_db()
    assert (likes.kind, [c["name"] for c in likes.choices]) == ("choice", ["固定收益", "固收+", "股票"])
    assert "固定收益、固收+、股票" in desk.get(page).content.decode()
    # Others look it up, and change nothing.
    auditor = at_the_desk("ho_auditor")
    assert auditor.get(f"{page}likes/change/").status_code == 200
    assert auditor.post(f"{page}likes/change/", changed).status_code == 403


def test_a_tag_by_rule_is_made_said_run_and_counted(cast: Cast, tags: dict[str, Tag]) -> None:
    desk = at_the_desk("ho_administrator")
    page = "/admin/customers/tag/"
    form: dict[str, Any] = {"category": "value", "code": "old", "name": "年长", "name_en": "", "kind": "computed",
                            "valid_days": "", "is_active": "on", "rule": WRONG}  # fmt: skip
    wrong = desk.post(f"{page}add/", form).content.decode()
    assert "规则有误（位置：rule）" in wrong and "attribute:age" in wrong
    assert desk.post(f"{page}add/", form | {"rule": orjson.dumps(RULE).decode()}).status_code == 302
    old = Tag.objects.get(code="old")
    assert desk.get(page).status_code == 200
    started = desk.post(f"{page}{old.pk}/run/")
    with system_scope(at=AT, cause="test") as scope:
        assert started["Location"] == f"/admin/jobs/job/{Job.objects.get().pk}/change/"
        run_tag(scope=scope, tag_id=old.pk)
    shown = desk.get(f"{page}{old.pk}/change/").content.decode()
    assert "年龄不少于 31" in shown and "<strong>3</strong>" in shown and "北城中山路支行" in shown
    manager = at_the_desk("nb_manager")
    below = manager.get(f"{page}{old.pk}/change/").content.decode()
    assert "<strong>2</strong>" in below and "南城解放路支行" not in below and "_save" not in below
    assert manager.post(f"{page}{old.pk}/run/").status_code == 403
    assert manager.post(f"{page}add/", form).status_code == 403


def of_age(*typed: str, how: str = ">=") -> dict[str, Any]:
    return {"about": "attribute:age", "is": how, "typed": list(typed)}


def all_of(*parts: dict[str, Any]) -> str:
    return orjson.dumps({"box": "all", "parts": parts}).decode()


def test_a_rule_is_built_of_rows_judged_tried_and_saved(cast: Cast, tags: dict[str, Tag]) -> None:
    desk, page = at_the_desk("ho_administrator"), "/admin/customers/tag/"
    given = {"about": "tags", "is": "none", "typed": ["vip"]}
    asked = desk.post(f"{page}rule/", {"rows": all_of(of_age("31"), of_age("老"), of_age(""), given)}).json()
    assert asked["sentence"] == "年龄不少于 31，且没有标签“贵宾”"
    assert [(f["number"], f["why"], f["blank"]) for f in asked["findings"]] == [
        ("2", "这里应填数字", False),
        ("3", "还没有填完", True),
    ]
    assert asked["unfinished"] == "还有 1 处没有填完"
    # Text becomes rows, and what is no JSON is said to be none.
    back = desk.post(f"{page}rule/", {"text": orjson.dumps(RULE).decode()}).json()
    assert back["rows"] == {"box": "all", "bare": True, "parts": [of_age("31")]}
    assert desk.post(f"{page}rule/", {"text": "{"}).json() == {"wrong": "这不是有效的 JSON 文本。"}
    assert desk.post(f"{page}rule/", {"rows": "[]"}).status_code == 400

    tried = desk.post(f"{page}rule/try/", {"rows": all_of(of_age("31"), given)})
    assert tried.json() == {"said": "现在有 3 位客户符合", "is_counted": True}
    assert desk.post(f"{page}rule/try/", {"rows": all_of(of_age(""))}).json()["is_counted"] is False

    form: dict[str, Any] = {"category": "value", "code": "old", "name": "年长", "name_en": "", "kind": "computed",
                            "valid_days": "", "is_active": "on"}  # fmt: skip
    wrong = desk.post(f"{page}add/", form | {"rule_rows": all_of(of_age("31"), of_age("老"))})
    assert wrong.context["adminform"].form.errors == {"rule": ["第 2 条：这里应填数字"]}
    assert '"typed": ["\\u8001"]' in wrong.content.decode() and not Tag.objects.filter(code="old").exists()
    assert desk.post(f"{page}add/", form | {"rule_rows": all_of(of_age("31"))}).status_code == 302
    old = Tag.objects.get(code="old")
    assert old.rule == {"all": [RULE]}
    # Opened and saved as it is, the rule is the same, and the text beside the rows does not count.
    shown = desk.get(f"{page}{old.pk}/change/").content.decode()
    told = orjson.loads(shown.partition('<script type="application/json">')[2].partition("</script>")[0])
    rows = told["rows"]
    assert rows == {"box": "all", "parts": [of_age("31")]}
    changed = {
        "name": "年长者",
        "name_en": "",
        "is_active": "on",
        "rule_rows": orjson.dumps(rows).decode(),
        "rule": "{",
    }
    assert desk.post(f"{page}{old.pk}/change/", changed).status_code == 302
    old.refresh_from_db()
    assert (old.name, old.rule) == ("年长者", {"all": [RULE]})
    # What was hidden beside another kind was not said, and a code follows from the name.
    by_hand = form | {"code": "", "name": "2026 北方+", "kind": "manual", "rule_rows": all_of(of_age("老"))}
    assert desk.post(f"{page}add/", by_hand).status_code == 302
    assert Tag.objects.get(code="tag_2026beifang").rule is None


def test_a_branch_runs_the_tags_of_its_own_categories(cast: Cast, tags: dict[str, Tag]) -> None:
    north = hired(cast, "administrator", "N", "north_administrator")
    with system_scope(at=AT, cause="test") as scope:
        add_category(scope=scope, code="north", name="北方", owner_id=cast.branch["N"].pk)
    rule = {"about": "attribute:age", "is": ">", "value": 0}
    with north.scope() as scope:
        own = add_tag(
            scope=scope, code="n", category_code="north", name="北方客户", kind="computed", rule=rule
        )
    desk, page = at_the_desk("north_administrator"), "/admin/customers/tag/"
    button = '/run/"'
    assert button in desk.get(f"{page}{own.pk}/change/").content.decode()
    assert button not in desk.get(f"{page}{tags['grown'].pk}/change/").content.decode()
    started = desk.post(f"{page}{own.pk}/run/")
    with north.scope() as scope:
        job = Job.objects.get()
        assert started["Location"] == f"/admin/jobs/job/{job.pk}/change/"
        assert recompute(scope=scope, job=job).is_over
    with system_scope(at=AT, cause="test"):
        held = Tagging.objects.filter(tag=own).values_list("customer", flat=True)
        assert set(held) == {cast.customers[name].customer.pk for name in ("nb", "nb2")}


def test_a_neighbours_tag_is_as_unknown_as_one_that_nobody_has(cast: Cast, tags: dict[str, Tag]) -> None:
    """Its code may be guessed; neither the page nor the service tells its name, or takes it into a rule."""
    hired(cast, "administrator", "N", "north_administrator")
    north, ho = at_the_desk("north_administrator"), at_the_desk("ho_administrator")
    with system_scope(at=AT, cause="test") as scope:
        for branch, name in (("N", "北方"), ("S", "南方")):
            add_category(scope=scope, code=branch.lower(), name=name, owner_id=cast.branch[branch].pk)
        add_tag(scope=scope, code="s_rich", category_code="s", name="南方富裕客户")

    def answer(desk: Client, code: str) -> str:
        rule = orjson.dumps({"about": "tags", "is": "all", "value": [code]}).decode()
        return (
            desk.post("/admin/customers/tag/rule/", {"text": rule}).content.decode().replace(code, "«code»")
        )

    assert "南方富裕客户" in orjson.loads(answer(ho, "s_rich"))["sentence"]
    assert answer(north, "s_rich") == answer(north, "nobodys")
    form = {"category": "n", "code": "x", "name": "x", "name_en": "", "kind": "computed", "is_active": "on"}
    rows = all_of({"about": "tags", "is": "all", "typed": ["s_rich"]})
    refused = north.post("/admin/customers/tag/add/", form | {"rule_rows": rows})
    assert refused.status_code == 200 and "南方富裕客户" not in refused.content.decode()
    text = '{"about": "tags", "is": "all", "value": ["s_rich"]}'
    assert north.post("/admin/customers/tag/add/", form | {"rule": text}).status_code == 200
    assert not Tag.objects.filter(code="x").exists()


def test_a_trial_counts_within_the_scope_and_below_the_owner(cast: Cast, tags: dict[str, Tag]) -> None:
    with system_scope(at=AT, cause="test") as scope:
        add_category(scope=scope, code="south", name="南方", owner_id=cast.branch["S"].pk)
    desk, rows = at_the_desk("ho_administrator"), all_of(of_age("0"))
    url = "/admin/customers/tag/rule/try/"

    def tried(**more: str) -> str:
        return str(desk.post(url, {"rows": rows, **more}).json()["said"])

    with system_scope(at=AT, cause="test"):
        here = Customer.objects.filter(attributes__has_key="age").count()
    assert tried() == f"现在有 {here} 位客户符合"
    assert tried(category="south") == "现在有 1 位客户符合"
    assert desk.post(f"{url}?drawer=south", {"rows": rows}).json()["said"] == "现在有 1 位客户符合"
    for outsider in ("nb_manager", "ho_auditor"):
        assert at_the_desk(outsider).post(url, {"rows": rows}).status_code == 403
        assert at_the_desk(outsider).post("/admin/customers/tag/rule/", {"rows": rows}).status_code == 403


def test_a_trial_that_takes_too_long_says_what_it_has_found(cast: Cast, tags: dict[str, Tag]) -> None:
    """The first lot is found at once; the second waits for somebody who is looked at for very long."""
    ages = Subject(
        "slow", "number", "慢", "(SELECT 1 FROM pg_sleep(CASE WHEN c.id = %s::uuid THEN 20 ELSE 0 END))",
        (str(cast.customers["sb"].customer.pk),),
    )  # fmt: skip
    condition = read_rule({"about": "slow", "is": "=", "value": 1}, Catalogue({"slow": ages}, {}))
    with system_scope(at=AT, cause="test") as scope:
        cut = how_many_meet(scope=scope, condition=condition, seconds=0.3)
        assert not cut.is_whole and cut.many == 0
        # The transaction goes on, without the limit.
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
        whole = how_many_meet(scope=scope, condition=condition, below=cast.branch["N"], seconds=20)
        assert whole == Counted(2, is_whole=True)
    with override("zh-hans"):
        assert (
            counted_in_words(Counted(20_500, is_whole=False)) == "超过 20,500 位客户：3 秒内没有数完，已停止"
        )
        assert counted_in_words(cut) == "3 秒内没有找到符合的客户，但还没有看完全部客户"


def test_categories_and_thresholds_are_head_offices(cast: Cast, tags: dict[str, Tag]) -> None:
    desk = at_the_desk("ho_administrator")
    form = {"code": "north", "name": "北方", "name_en": "", "owner": cast.branch["N"].pk, "place": "5"}
    assert desk.post("/admin/customers/tagcategory/add/", form).status_code == 302
    assert TagCategory.objects.get(code="north").owner_id == cast.branch["N"].pk
    assert desk.get("/admin/customers/tagcategory/").status_code == 200
    terms = {"window_days": 365, "new_days": 30, "asleep_days": 400, "lost_days": 365, "won_back_days": 60,
             "loyal_deeds": 6}  # fmt: skip
    page = "/admin/customers/scoringterms/1/change/"
    refused = desk.post(page, terms)
    assert "天数必须依次变大" in str(refused.context["adminform"].form.errors)
    assert desk.post(page, terms | {"asleep_days": 100}).status_code == 302
    assert ScoringTerms.objects.get().asleep_days == 100


def test_a_manager_gives_and_takes_tags_of_one_customer(cast: Cast, tags: dict[str, Tag]) -> None:
    desk, nb = at_the_desk("nb_manager"), cast.customers["nb"].customer.pk
    page = f"/admin/customers/tag/of/{nb}/"
    empty = desk.get(page).content.decode()
    assert "还没有标签" in empty and "贵宾" in empty and "成年" not in empty
    assert desk.post(page, {"tag": tags["vip"].pk, "do": "give"}).status_code == 302
    has = desk.get(page).content.decode()
    assert "nb_manager" in has and "移除" in has
    assert desk.post(page, {"tag": tags["vip"].pk, "do": "take"}).status_code == 302
    with system_scope(at=AT, cause="test"):
        assert not Tagging.objects.filter(until=FOREVER).exists()
    assert desk.post(page, {"tag": tags["grown"].pk, "do": "give"}).status_code == 200
    assert desk.get(f"/admin/customers/tag/of/{cast.customers['sb'].customer.pk}/").status_code == 404
    assert at_the_desk("ho_auditor").get(page).status_code == 403


def test_many_customers_of_the_list_get_a_tag_by_a_long_job(cast: Cast, tags: dict[str, Tag]) -> None:
    desk = at_the_desk("nb_manager")
    page = "/admin/customers/customer/"
    chosen = {
        "action": "give_tag",
        "_selected_action": [str(cast.customers[n].customer.pk) for n in ("nb", "nb2")],
    }
    asked = desk.post(page, chosen).content.decode()
    assert "共 2 位客户" in asked
    started = desk.post(page, chosen | {"tag": str(tags["vip"].pk)})
    with system_scope(at=AT, cause="test"):
        job = Job.objects.get()
        assert started["Location"] == f"/admin/jobs/job/{job.pk}/change/"
        assert (job.kind, job.total, job.args) == ("customers.tag.give", 2, {"tag": tags["vip"].pk})
        assert JobItem.objects.count() == 2


def test_the_list_of_customers_asks_for_definitions_once(cast: Cast, tags: dict[str, Tag]) -> None:
    desk = at_the_desk("ho_administrator")
    with CaptureQueriesContext(connection) as page:
        text = desk.get("/admin/customers/customer/").content.decode()
    assert "33 · teacher" in text and "31 · teacher" in text
    assert len([query for query in page.captured_queries if "customers_attribute" in query["sql"]]) == 1


def test_whoever_may_add_is_led_there_by_the_list(cast: Cast, tags: dict[str, Tag]) -> None:
    page = "/admin/customers/tag/"
    assert f'href="{page}add/"' in at_the_desk("ho_administrator").get(page).content.decode()
    assert f'href="{page}add/"' not in at_the_desk("nb_manager").get(page).content.decode()
