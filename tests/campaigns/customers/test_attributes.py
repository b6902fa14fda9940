"""What a text says of an attribute: read from forms and files alike."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.customers.attribute_rules import WHY, ValueNotUnderstood, is_value, read_value
from campaigns.customers.models import Attribute

CHOICES = [
    {"code": "plus", "name": "固收+", "name_en": "fixed income plus"},
    {"code": "admin.", "name": "文员"},
]


def of(kind: str) -> Attribute:
    return Attribute(code="x", name="某", kind=kind, choices=CHOICES if kind == "choice" else [])


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", " 1,234.5 ", 1234.5), ("number", "３０", 30), ("number", "-0", 0), ("number", "5万", 50_000),
        ("number", "12abc", "number"), ("number", "1,23", "number"), ("number", "1e400", "number"),
        ("number", "9" * 30, "too_large"), ("number", "nan", "number"), ("number", "", "empty"),
        ("money", "¥1,234.50", 123_450), ("money", "5万元", 5_000_000), ("money", "0.5亿", 5_000_000_000),
        ("money", "1.005", "money"), ("money", "100块", "money"), ("money", "９９.9", 9_990),
        ("date", "2026-11-22", "2026-11-22"), ("date", "2026/1/2", "2026-01-02"), ("date", "20261122", "2026-11-22"),
        ("date", "2026年1月2日", "2026-01-02"), ("date", "2026-11-22 08:00:00", "2026-11-22"),
        ("date", "2026-02-30", "date"), ("date", "明天", "date"),
        ("choice", "固收＋", "plus"), ("choice", "Fixed Income Plus", "plus"), ("choice", "ADMIN.", "admin."),
        ("choice", "股票", "choice"),
        ("flag", "是", True), ("flag", "N", False), ("flag", "也许", "flag"),
        ("text", " 杭州 ", "杭州"), ("text", "a\x07", "text"), ("text", "x" * 201, "too_long"), ("text", "  ", "empty"),
    ],
)  # fmt: skip
def test_a_text_is_read_or_says_why_not(kind: str, text: str, value: Any) -> None:
    if value in WHY:
        with pytest.raises(ValueNotUnderstood) as refused:
            read_value(of(kind), text)
        assert refused.value.code == value
    else:
        found = read_value(of(kind), text)
        assert (found, type(found)) == (value, type(value))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(Attribute.Kind.values), st.text(max_size=60) | st.from_regex(r"[¥\d,.万亿/年月日-]{1,14}")
)
def test_whatever_is_typed_is_a_value_of_its_kind_or_refused(kind: str, text: str) -> None:
    attribute = of(kind)
    with suppress(ValueNotUnderstood):
        assert is_value(attribute, read_value(attribute, text))
