"""Which column of a file says what: guessed from its headings, chosen by a person, remembered per source. Pure.

A column's target is "" (left out), an identity ("phone", "openid:wx1234"), "branch", "manager" (a staff number), "tags"
(codes separated by ";"), "tag:CODE" (whoever has a yes there) or "attribute:CODE".
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, NamedTuple

from campaigns.customers import bank_marketing
from campaigns.customers.care_rules import Carer
from campaigns.customers.identity_rules import folded
from campaigns.customers.imports.values import IDENTITIES, identity_of
from campaigns.customers.rules import tail_of

_HEADINGS: dict[str, tuple[str, ...]] = {
    "customer_number": (
        "客户号", "客户编号", "客户代码", "核心客户号", "客户id", "customernumber", "customerno", "customerid", "cif",
        "cifno", "cifnumber", "custno", "custid",
    ),
    "phone": (
        "手机号", "手机号码", "手机", "移动电话", "联系电话", "电话", "phone", "mobile", "mobileno", "phonenumber",
        "mobilephone", "cellphone",
    ),
    "unionid": ("unionid", "微信unionid"),
    "openid": ("openid", "微信openid"),
    "external_userid": ("externaluserid", "外部联系人", "外部联系人id", "企业微信外部联系人id"),
    "branch": (
        "机构号", "机构代码", "网点号", "网点代码", "归属机构", "归属网点", "开户机构", "开户网点", "归属机构号",
        "机构", "branch", "branchcode", "homebranch", "branchid", "branchno",
    ),
    # Only what says that it is a number: "客户经理" is as often headed over names.
    "manager": (
        "客户经理工号", "经理工号", "管户经理工号", "管户人工号", "客户经理编号",
        "relationshipmanagerno", "rmno", "rmid", "managerno",
    ),
    "tags": ("标签", "客户标签", "标签代码", "tags", "tag"),
}  # fmt: skip
_TARGET_OF = {heading: target for target, headings in _HEADINGS.items() for heading in headings}
_NOISE = re.compile(r"[\s_\-:*.·/()\[\]【】（）]+")
_YES = frozenset({"1", "y", "yes", "true", "t", "是", "有", "√", "x"})
_NO = frozenset({"", "0", "n", "no", "false", "f", "否", "无"})
_BREAKS = re.compile(r"[;；,，、|\s]+")

MANAGER = "manager"
_made = tuple.__new__  # as in text_tables
_REMEMBERED = 4096  # different cells of one column

SPREAD = "*"  # as `home`: new customers are spread over the scope's branches, by hash of the row


def plain(text: str) -> str:
    """A heading without what people write around it."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())


def key_of(headings: Sequence[str]) -> str:
    """The same for two files with the same headings: what was chosen is remembered by it."""
    return hashlib.sha256("\x1f".join(plain(heading) for heading in headings).encode()).hexdigest()


class ValueRefused(ValueError):
    """A value that cannot be; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the bank calls things. `attributes`: code -> what reads a cell (raises ValueError with a `code`);
    `names`: what a column may be headed, plain -> target; `tags`: code -> id; `branches`: code -> (id, position) of
    those a customer may belong to, `elsewhere` the codes of the other ones; `carers`: staff number -> who has it, asked
    for only where a column says it.
    """

    attributes: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    branches: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    carers: Mapping[str, Sequence[Carer]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of one file say. `home` is the code of new customers' home where no column says it, or SPREAD;
    with `by_row` a customer is known by the source's name and the row's place in the file, for files without any key;
    `is_strict`: empty cells are values, and refused where they cannot be.
    """

    columns: tuple[str, ...]
    home: str = ""
    by_row: bool = False
    is_strict: bool = False
    preset: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": list(self.columns),
            "home": self.home,
            "by_row": self.by_row,
            "is_strict": self.is_strict,
            "preset": self.preset,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Columns":
        return cls(
            columns=tuple(kept.get("columns", ())),
            home=kept.get("home", ""),
            by_row=bool(kept.get("by_row")),
            is_strict=bool(kept.get("is_strict")),
            preset=kept.get("preset", ""),
        )


BANK_MARKETING = Columns(
    columns=tuple(f"attribute:{name}" for name in bank_marketing.COLUMNS),
    home=SPREAD,
    by_row=True,
    is_strict=True,
    preset="bank_marketing",
)


def guess(*, head: Sequence[tuple[int, Sequence[str]]], vocabulary: Vocabulary) -> tuple[int, Columns]:
    """The index of the row of headings, and what its columns seem to say."""
    best, most = (0, Columns(())), 0
    for index, (_line, cells) in enumerate(head):
        if list(cells) == list(bank_marketing.COLUMNS):
            return index, BANK_MARKETING
        found: list[str] = []
        for cell in cells:
            heading = plain(cell)
            target = _TARGET_OF.get(heading) or vocabulary.names.get(heading, "")
            found.append(target if target not in found else "")
        known = sum(map(bool, found))
        if known > most:
            best, most = (index, Columns(tuple(found))), known
    if not most and head:
        return 0, Columns(("",) * len(head[0][1]))
    return best


def said_twice(targets: Sequence[str]) -> tuple[int, int] | None:
    """The first two columns that say the same, from 0."""
    seen: dict[str, int] = {}
    for number, target in enumerate(targets):
        if target and seen.setdefault(target, number) != number:
            return seen[target], number
    return None


def is_whole(mapping: Columns, *, vocabulary: Vocabulary, width: int) -> bool:
    """Whether somebody can be known by it, nothing stands twice, and every target exists."""
    chosen = [target for target in mapping.columns if target]
    if len(mapping.columns) > width or len(set(chosen)) < len(chosen):
        return False
    if any(not _exists(target, mapping, vocabulary) for target in chosen):
        return False
    if mapping.home not in {"", SPREAD} and mapping.home not in vocabulary.branches:
        return False
    if "branch" not in chosen and not mapping.home:
        return False
    return mapping.by_row or any(target.partition(":")[0] in IDENTITIES for target in chosen)


def _exists(target: str, mapping: Columns, vocabulary: Vocabulary) -> bool:
    kind, _mark, code = target.partition(":")
    if kind == "attribute":
        return code in vocabulary.attributes or (bool(mapping.preset) and code in bank_marketing.COLUMNS)
    if kind == "tag":
        return code in vocabulary.tags
    return target in {"branch", MANAGER, "tags"} or (kind in IDENTITIES and (not code or kind == "openid"))


class Known(NamedTuple):
    """One thing a person is known by."""

    kind: str
    app: str
    value: str


class Read(NamedTuple):
    """What one row says. `branch` None: nothing of a home; `cared_by`: the column that names a relationship manager,
    and who it may be.
    """

    row: int
    line: int
    known_by: tuple[Known, ...]
    branch: tuple[int, int] | None
    attributes: dict[str, Any]
    tags: tuple[int, ...]
    cared_by: "CaredBy | None" = None

    @property
    def tail(self) -> str:
        """What screens may show of the customer number."""
        return next((tail_of(known.value) for known in self.known_by if known.kind == "customer_number"), "")


class CaredBy(NamedTuple):
    """Who has the staff number that a row names: more than one where branches number their people alike."""

    column: int
    carers: Sequence[Carer]

    def for_home(self, pos: int) -> Carer | None:
        """Who of them may look after a customer at home there; None for nobody, and where it is not clear who."""
        fitting = [carer for carer in self.carers if carer.may_have(pos)]
        return fitting[0] if len(fitting) == 1 else None


class Bad(NamedTuple):
    """A row that cannot be taken: why, and the column (from 0) where that is known."""

    row: int
    line: int
    code: str
    column: int | None = None


class Reader:
    """Reads rows as a mapping tells. `headings`: the line of the headings; rows are counted from the next one.

    Cells repeat: what a cell of an attribute or of tags means is worked out once.
    """

    def __init__(
        self, mapping: Columns, *, vocabulary: Vocabulary, source: str, headings: int, width: int
    ) -> None:
        self.mapping, self.vocabulary = mapping, vocabulary
        self.source, self.headings, self.width = source, headings, width
        self._homes = sorted(vocabulary.branches.values())
        self._names: list[tuple[int, str, str]] = []
        self._attributes: list[tuple[int, str, Callable[[str], Any]]] = []
        self._tags: list[tuple[int, Callable[[str], tuple[int, ...]]]] = []
        self._branch: int | None = None
        self._manager = mapping.columns.index(MANAGER) if MANAGER in mapping.columns else None
        for column, target in enumerate(mapping.columns):
            kind, _mark, code = target.partition(":")
            if kind in IDENTITIES:
                self._names.append((column, kind, code))
            elif kind == "attribute":
                self._attributes.append((column, code, lru_cache(_REMEMBERED)(self._reader_of(code))))
            elif kind == "branch":
                self._branch = column
            elif kind == "tags":
                self._tags.append((column, lru_cache(_REMEMBERED)(self._tags_of)))
            elif kind == "tag":
                self._tags.append((column, partial(_flag, vocabulary.tags[code])))

    @property
    def names_managers(self) -> bool:
        """Whether a column says who looks after the customer."""
        return self._manager is not None

    def read(self, line: int, cells: list[str] | None) -> Read | Bad:
        """One record's meaning."""
        row = line - self.headings
        if cells is None:
            return Bad(row, line, "quotes")
        if len(cells) != self.width:
            if self.mapping.is_strict or any(cell.strip() for cell in cells[self.width :]):
                return Bad(row, line, "columns")
            cells = cells[: self.width] + [""] * (self.width - len(cells))
        known_by: list[Known] = []
        branch: tuple[int, int] | None = None
        attributes: dict[str, Any] = {}
        tags: tuple[int, ...] = ()
        is_strict, column = self.mapping.is_strict, 0
        try:
            for column, kind, app in self._names:
                if cell := cells[column].strip():
                    known_by.append(_made(Known, (kind, app, identity_of(kind, cell))))
            if self._branch is not None:
                column = self._branch
                if cell := cells[column].strip():
                    branch = self.vocabulary.branches.get(cell)
                    if branch is None:
                        return Bad(row, line, "branch", column)
            for column, code, read in self._attributes:
                cell = cells[column].strip()
                if cell or is_strict:
                    attributes[code] = read(cell)
            for column, tagged in self._tags:
                if cell := cells[column].strip():
                    tags += tagged(cell)
        except ValueError as error:
            return Bad(row, line, getattr(error, "code", "value"), column)
        if self.mapping.by_row:
            known_by += self._by_row(row)
        if not known_by:
            return Bad(row, line, "nobody")
        if len(tags) > 1:
            tags = tuple(dict.fromkeys(tags))
        home = branch or self._home(row)
        read_row = _made(Read, (row, line, tuple(known_by), home, attributes, tags, None))
        return read_row if self._manager is None else self._cared(read_row, cells[self._manager].strip())

    def _cared(self, read: Read, number: str) -> Read | Bad:
        """The row with its relationship manager; an empty cell says nothing of any."""
        if not number or self._manager is None:
            return read
        carers = self.vocabulary.carers.get(number)
        if carers is None:
            return Bad(read.row, read.line, "manager", self._manager)
        return read._replace(cared_by=CaredBy(self._manager, carers))

    def _by_row(self, row: int) -> list[Known]:
        number = bank_marketing.number_of(source=self.source, row=row)
        unionid = bank_marketing.unionid_of(source=self.source, row=row)
        return [
            Known("customer_number", "", number),
            Known("unionid", "", folded(kind="unionid", value=unionid)),
        ]

    def _home(self, row: int) -> tuple[int, int] | None:
        home = self.mapping.home
        if home == SPREAD:
            return bank_marketing.branch_of(source=self.source, row=row, branches=self._homes)
        return self.vocabulary.branches.get(home) if home else None

    def _reader_of(self, code: str) -> Callable[[str], Any]:
        own = bank_marketing.COLUMNS.get(code) if self.mapping.preset else None
        return bank_marketing.reader_of(own) if own else self.vocabulary.attributes[code]

    def _tags_of(self, cell: str) -> tuple[int, ...]:
        found = []
        for code in _BREAKS.split(cell):
            if code:
                tag = self.vocabulary.tags.get(code)
                if tag is None:
                    raise ValueRefused("tag")
                found.append(tag)
        return tuple(found)


def _flag(tag: int, cell: str) -> tuple[int, ...]:
    word = cell.casefold()
    if word in _YES:
        return (tag,)
    if word not in _NO:
        raise ValueRefused("flag")
    return ()
