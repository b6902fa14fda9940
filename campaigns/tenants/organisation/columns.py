"""Which column of a file says what: guessed from its headings, in whatever order they stand. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from campaigns.tenants.organisation.reading import Row

FIELDS = ("code", "name", "parent", "level", "zone", "state")
NEEDED = ("code", "name", "parent", "level")

_HEADINGS: dict[str, tuple[str, ...]] = {
    "code": (
        "机构代码", "机构号", "机构编号", "机构编码", "网点代码", "网点编号", "网点号", "行号", "代码", "编号", "编码",
        "code", "branchcode", "branchid", "branchno", "branchnumber", "orgcode", "institutioncode",
    ),
    "name": (
        "机构名称", "机构全称", "机构名", "网点名称", "分行名称", "支行名称", "行名", "名称", "全称",
        "name", "branchname", "orgname", "institutionname",
    ),
    "parent": (
        "上级机构代码", "上级机构号", "上级机构编号", "上级机构编码", "上级机构", "上级代码", "上级编号", "上级行号",
        "上级", "父机构代码", "父机构", "主管机构代码", "管辖机构代码", "管辖行", "管辖行号", "隶属机构代码",
        "parent", "parentcode", "parentbranch", "parentbranchcode", "superior", "superiorcode", "reportsto",
    ),
    "level": (
        "层级", "机构层级", "级别", "机构级别", "机构类型", "机构类别", "类型", "行级",
        "level", "branchlevel", "type", "branchtype", "tier",
    ),
    "zone": ("时区", "timezone", "zone", "tz"),
    "state": (
        "状态", "机构状态", "营业状态", "经营状态", "是否营业", "state", "status", "branchstatus",
    ),
}  # fmt: skip
_FIELD_OF = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_NOISE = re.compile(r"[\s_\-:*.·/()\[\]【】（）]+")
_LOOK_AT = 10  # rows in which the headings may stand; above them is a title


def plain(text: str) -> str:
    """A heading or a word without what people write around it."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())


def guess(*, rows: Sequence[Row]) -> tuple[int, dict[str, int]]:
    """The index of the row of headings, and field -> column of those that are understood."""
    best: tuple[int, dict[str, int]] = (0, {})
    for index, (_line, cells) in enumerate(rows[:_LOOK_AT]):
        found: dict[str, int] = {}
        for column, cell in enumerate(cells):
            field = _FIELD_OF.get(plain(cell))
            if field:
                found.setdefault(field, column)
        if len(found) > len(best[1]):
            best = index, found
    return best if len(best[1]) > 1 else (0, best[1] if best[0] == 0 else {})


def key_of(*, headings: Sequence[str]) -> str:
    """The same for two files with the same headings: columns once chosen are remembered by it."""
    return hashlib.sha256("\x1f".join(plain(heading) for heading in headings).encode()).hexdigest()


def missing(*, columns: Mapping[str, int]) -> list[str]:
    """Needed fields that no column was chosen for."""
    return [field for field in NEEDED if field not in columns]
