"""What one row of the file says, by itself: its shape. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import available_timezones

from campaigns.tenants.organisation.columns import plain
from campaigns.tenants.organisation.reading import Row
from campaigns.tenants.rules import LEVELS

MAX_CODE, MAX_NAME = 32, 120

_LEVEL_WORDS = {
    "head_office": ("总行", "总部", "总公司", "headoffice", "headquarters", "ho"),
    "province": (
        "省分行",
        "一级分行",
        "省级分行",
        "直属分行",
        "省行",
        "province",
        "provincial",
        "provincialbranch",
    ),
    "city": ("市分行", "二级分行", "地市分行", "市级分行", "地市行", "市行", "city", "citybranch"),
    "branch": ("支行", "一级支行", "县支行", "区支行", "branch", "subbranch"),
    "outlet": ("网点", "营业网点", "二级支行", "营业所", "分理处", "储蓄所", "营业部", "outlet", "counter"),
}
_STATE_WORDS = {
    True: ("营业", "营业中", "正常", "在营", "在业", "开业", "启用", "是", "open", "active", "yes", "true", "1"),
    False: ("撤销", "已撤销", "撤并", "关闭", "停业", "终止营业", "注销", "停用", "否",
            "closed", "inactive", "no", "false", "0"),
}  # fmt: skip
_LEVEL_OF = {plain(word): level for level, words in _LEVEL_WORDS.items() for word in (level, *words)}
_STATE_OF = {plain(word): state for state, words in _STATE_WORDS.items() for word in words}
# A spreadsheet has turned the code into a rounded number.
_ROUNDED = re.compile(r"\d+([.,]\d+)?E\+\d+", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@")


class Reason(NamedTuple):
    """Why a row is refused: a code (`words.py` has the sentences) and the values in its sentence."""

    code: str
    values: dict[str, str] = {}


class Listed(NamedTuple):
    """One branch as the file wants it. `zone` "" and `is_open` None: the file does not say."""

    line: int
    code: str
    name: str
    parent: str
    level: str
    zone: str = ""
    is_open: bool | None = None
    reason: Reason | None = None


def listed(*, rows: Sequence[Row], columns: Mapping[str, int]) -> list[Listed]:
    """Each row below the headings as the columns tell; what cannot be read carries its reason."""
    zones = available_timezones()
    return [_listed(line, {f: _cell(cells, c) for f, c in columns.items()}, zones) for line, cells in rows]


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if 0 <= column < len(cells) else ""


def _listed(line: int, said: dict[str, str], zones: set[str]) -> Listed:
    code, name, parent = said.get("code", ""), said.get("name", ""), said.get("parent", "")
    level, state = said.get("level", ""), said.get("state", "")
    found = Listed(
        line,
        code,
        name,
        parent,
        _LEVEL_OF.get(plain(level), ""),
        said.get("zone", ""),
        _STATE_OF.get(plain(state)) if state else None,
    )
    return found._replace(reason=_reason(found, level=level, state=state, zones=zones))


def _reason(row: Listed, *, level: str, state: str, zones: set[str]) -> Reason | None:
    if not row.code:
        return Reason("empty_code")
    if _ROUNDED.fullmatch(row.code) or _ROUNDED.fullmatch(row.parent):
        return Reason("rounded_code")
    if _is_dirty(row.code + row.name + row.parent):
        return Reason("control")
    if len(row.code) > MAX_CODE or any(c.isspace() for c in row.code) or row.code.startswith(_FORMULA):
        return Reason("bad_code")
    if not row.name:
        return Reason("empty_name")
    if len(row.name) > MAX_NAME:
        return Reason("long_name", {"most": str(MAX_NAME)})
    if row.name.startswith(_FORMULA):
        return Reason("formula")
    if not row.level:
        return Reason("unknown_level", {"level": level[:20]}) if level else Reason("empty_level")
    if state and row.is_open is None:
        return Reason("unknown_state", {"state": state[:20]})
    if row.zone and row.zone not in zones:
        return Reason("unknown_zone", {"zone": row.zone[:40]})
    return None


def _is_dirty(text: str) -> bool:
    """Control characters, and those that turn or hide what is read."""
    return any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in text)


assert set(_LEVEL_OF.values()) == set(LEVELS)
