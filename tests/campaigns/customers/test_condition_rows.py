"""Rules as rows that people fill in: opening and saving changes nothing, and each wrong row is named."""

from typing import Any

import orjson
import pytest
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.customers.condition_rows import RowsWrong, new_rows, rows_in, rows_of, rule_of
from campaigns.customers.condition_sql import ATTRIBUTE_SQL
from campaigns.customers.conditions import Catalogue, RuleWrong, Subject, TagName, read_rule
from tests.campaigns.customers.test_conditions import CHOICES, RULES, STAGES, TAGS

_KINDS = {
    "monthly": "money",
    "rate": "number",
    "born": "date",
    "likes": "choice",
    "city": "text",
    "app": "flag",
}
_SUBJECTS = [
    *(
        Subject(f"attribute:{code}", kind, code, ATTRIBUTE_SQL["string"], (code, code), dict.fromkeys(CHOICES, "名"))
        for code, kind in _KINDS.items()
    ),
    Subject("stage", "choice", "阶段", "p.stage", (), dict.fromkeys(STAGES, "名")),
    *(Subject(code, "number", code, f"p.{code}") for code in ("recency", "frequency", "monetary")),
    Subject("joined", "moment", "开户时间", "c.joined_at"),
]  # fmt: skip
KNOWN = Catalogue({s.about: s for s in _SUBJECTS}, {code: TagName(n, code) for n, code in enumerate(TAGS)})

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e300, 1e300) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["all", "any", "not", "about", "is", "value", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


def sent(rows: Any) -> Any:
    """As a page gets them and sends them back."""
    return orjson.loads(orjson.dumps(rows))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(rule=RULES)
def test_a_rule_that_is_opened_and_saved_is_the_same_rule(rule: Any) -> None:
    rows = sent(rows_of(rule, KNOWN))
    assert [row for row in rows_in(rows) if "as_is" in row] == []  # all of it can be edited
    filled = rule_of(rows, KNOWN)
    assert filled.rule == rule
    try:
        assert filled.condition == read_rule(rule, KNOWN)
        assert filled.findings == ()
    except RuleWrong:  # such as too many boxes in one another
        assert filled.findings != ()


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(rule=ANYTHING | st.builds(lambda a, b: {"all": [a, {"not": b}]}, RULES, ANYTHING))
@example({"not": {"any": []}})
@example({"not": {"any": [{"about": "tags", "is": "any", "value": ["a"]}]}})
@example({"about": "attribute:monthly", "is": ">", "value": True})
@example({"about": "attribute:rate", "is": ">", "value": 1e-300})
@example({"about": "attribute:city", "is": "in", "value": [" 杭州", "西\n湖"]})
@example({"about": "attribute:gone", "is": "=", "value": 1})
@example({"all": [{"about": "stage", "is": "filled"}] * 300})
def test_what_no_row_can_show_is_kept_as_it_stands(rule: Any) -> None:
    filled = rule_of(sent(rows_of(rule, KNOWN)), KNOWN)
    assert filled.rule == rule
    try:
        read_rule(rule, KNOWN)
    except RuleWrong:
        assert filled.findings != ()
    else:
        assert filled.findings == ()


def row(about: str, how: str, *typed: str) -> dict[str, Any]:
    return {"about": about, "is": how, "typed": list(typed)}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (row("attribute:monthly", ">", "5万"), 5_000_000),
        (row("attribute:monthly", ">", " ¥1,234.5 "), 123_450),
        (row("attribute:monthly", "between", "0.01", "２亿元"), [1, 20_000_000_000]),
        (row("attribute:rate", "<", "-0.25"), -0.25),
        (row("attribute:born", "on", "2026年1月2日"), "2026-01-02"),
        (row("joined", "last_days", "90"), 90),
        (row("attribute:city", "in", "杭州", "", "湖州 "), ["杭州", "湖州"]),
        (row("attribute:app", "=", "no"), False),
    ],
)
def test_values_are_read_as_people_write_them(typed: dict[str, Any], value: Any) -> None:
    filled = rule_of({"box": "all", "parts": [typed]}, KNOWN)
    assert filled.findings == ()
    assert filled.rule == {"all": [{"about": typed["about"], "is": typed["is"], "value": value}]}


def test_every_wrong_row_is_named_and_the_rest_is_said() -> None:
    rows = {
        "box": "all",
        "parts": [
            row("attribute:monthly", ">", "5万"),
            row("attribute:monthly", ">", "很多"),
            {
                "box": "none",
                "parts": [
                    row("attribute:born", "last_days", "1.5"),
                    row("tags", "any", "gone"),
                    row("", ""),
                    row("attribute:likes", "in"),
                    row("attribute:rate", "between", "3", "1"),
                    row("attribute:rate", "=", "9" * 16),
                    row("stage", "in", "new"),
                ],
            },
            {"box": "any", "parts": []},
            {"as_is": {"about": "attribute:gone", "is": "filled"}},
        ],
    }
    filled = rule_of(rows, KNOWN)
    with override("zh-hans"):
        said = {finding.number: (str(finding.why), finding.is_blank) for finding in filled.findings}
    assert said == {
        "2": ("这里应填金额（元），例如 50000 或 5万", False),
        "3.1": ("这里应填天数", False),
        "3.2": ("没有这个标签：gone", False),
        "3.3": ("还没有填完", True),
        "3.4": ("还没有填完", True),
        "3.5": ("第一个值更大", False),
        "3.6": ("数值太大", False),
        "4": ("这一组还没有条件", True),
        "5": ("没有名为 attribute:gone 的内容", False),
    }
    good = {"all": [{"about": "attribute:monthly", "is": ">", "value": 5_000_000},
                    {"not": {"about": "stage", "is": "in", "value": ["new"]}}]}  # fmt: skip
    assert filled.condition == read_rule(good, KNOWN)


def test_what_is_wrong_with_the_whole_is_said_where_it_is() -> None:
    inner: dict[str, Any] = {"box": "none", "parts": [row("stage", "filled"), row("stage", "empty")]}
    for _more in range(3):
        inner = {"box": "any", "parts": [inner]}
    (deep,) = rule_of({"box": "all", "parts": [row("stage", "filled"), inner]}, KNOWN).findings
    assert deep.number == "2.1.1.1.1"
    many = {"box": "all", "parts": [row("stage", "filled")] * 61}
    (more,) = rule_of(many, KNOWN).findings
    assert more.number == "61"
    (blank,) = rule_of(new_rows(), KNOWN).findings
    assert (blank.number, blank.is_blank) == ("1", True)


@pytest.mark.parametrize(
    "rows",
    [
        None, [], "x", {"about": "stage", "is": "filled", "typed": []}, {"box": "some", "parts": []},
        {"box": "all"}, {"box": "all", "parts": [3]}, {"box": "all", "parts": [{"about": "stage", "is": "filled"}]},
        {"box": "all", "parts": [row("stage", "filled")] * 1000},
        {"box": "all", "parts": [{"about": "stage", "is": "in", "typed": [3]}]},
        orjson.loads('{"box":"all","parts":[' * 40 + "]}" * 40),
    ],
)  # fmt: skip
def test_what_no_page_sent_is_refused(rows: Any) -> None:
    with pytest.raises(RowsWrong):
        rule_of(rows, KNOWN)
