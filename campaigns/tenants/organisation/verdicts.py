"""What the file would do to the tree: a verdict for each row, and the tree that follows from them. Pure.

A row is refused for its own shape, or because the tree that would follow breaks a rule of the tree. A refused row
leaves its branch as it is, so others may lose their ground and be refused in turn: it is asked again until nothing
more falls. What remains is a tree that the database accepts.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from campaigns.tenants.organisation.rows import Listed, Reason
from campaigns.tenants.rules import is_above


class Kind(StrEnum):
    """What happens to a branch; one that is moved or closed may be changed besides."""

    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    CLOSED = "closed"
    SAME = "same"
    REFUSED = "refused"


class Stand(NamedTuple):
    """A branch of today's tree, or of the tree that follows. `zone` "" of a new one: its parent's."""

    code: str
    name: str
    level: str
    parent: str
    zone: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """What a file is judged against: `known` are the branches at and below `root`, by code.

    `above` is the code and level of root's parent ("" for head office); `elsewhere`: codes that belong to branches
    outside; `in_use`: what still hangs on a branch, by code, for those that the file may close.
    """

    known: Mapping[str, Stand]
    root: str
    above: tuple[str, str] = ("", "")
    elsewhere: Collection[str] = frozenset()
    in_use: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`line` 0: the file leaves this branch out. `changes`: field -> (old, new), the parent's codes among them."""

    line: int
    code: str
    name: str
    parent: str
    level: str
    kind: Kind
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    reason: Reason | None = None


def to_be_closed(*, rows: Sequence[Listed], ground: Ground, close_missing: bool) -> list[str]:
    """Codes of open branches that the file would close, whether or not it may."""
    said = {row.code: row for row in rows}
    return [
        code
        for code, stand in ground.known.items()
        if stand.is_open
        and (said[code].is_open is False if code in said else close_missing and code != ground.root)
    ]


def judge(*, rows: Sequence[Listed], ground: Ground, close_missing: bool = False) -> list[Verdict]:
    """The verdict of each row, in the file's order, and behind them those of the branches it leaves out."""
    by_code: dict[str, list[Listed]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    refused: dict[int, Reason] = {}
    for index, row in enumerate(rows):
        if reason := row.reason or _twice(row, by_code) or _out_of_place(row, ground):
            refused[index] = reason
    accepted = {row.code: (i, _wanted(row, ground)) for i, row in enumerate(rows) if i not in refused}
    left_out = [code for code in to_be_closed(rows=rows, ground=ground, close_missing=close_missing)
                if code not in by_code]  # fmt: skip
    for number, code in enumerate(left_out, start=len(rows)):
        accepted[code] = (number, ground.known[code]._replace(is_open=False))
    trial = _Trial(ground, {code: stand for code, (_i, stand) in accepted.items()}, by_code)
    fallen = trial.run()
    refused |= {accepted[code][0]: reason for code, reason in fallen.items()}

    verdicts = [_verdict(row, ground, refused.get(index)) for index, row in enumerate(rows)]
    for number, code in enumerate(left_out, start=len(rows)):
        stand = ground.known[code]
        closed = Listed(0, code, stand.name, stand.parent, stand.level, is_open=False)
        verdicts.append(_verdict(closed, ground, refused.get(number)))
    return verdicts


def tree_after(*, verdicts: Sequence[Verdict], ground: Ground) -> dict[str, Stand]:
    """The tree that follows; refused rows change nothing."""
    after = dict(ground.known)
    for verdict in verdicts:
        if verdict.kind is Kind.REFUSED or verdict.kind is Kind.SAME:
            continue
        new = {name: new for name, (_old, new) in verdict.changes.items()}
        base = after.get(verdict.code) or Stand(
            verdict.code, verdict.name, verdict.level, verdict.parent, "", True
        )
        after[verdict.code] = base._replace(
            name=new.get("name", base.name),
            level=new.get("level", base.level),
            parent=new.get("parent", base.parent),
            zone=new.get("zone", base.zone),
            is_open=new["state"] == "open" if "state" in new else base.is_open,
        )
    return after


def _twice(row: Listed, by_code: Mapping[str, list[Listed]]) -> Reason | None:
    same = by_code[row.code]
    if len(same) < 2:
        return None
    return Reason("duplicate", {"lines": "、".join(str(other.line) for other in same[:5])})


def _out_of_place(row: Listed, ground: Ground) -> Reason | None:
    """What can be said of a row before the others are asked."""
    if row.code in ground.elsewhere or (ground.above[0] and row.code == ground.above[0]):
        return Reason("elsewhere")
    if row.code == ground.root:
        if row.parent and row.parent != ground.above[0]:
            return Reason("own_branch_moves")
        if row.is_open is False:
            return Reason("own_branch_closes")
        level = ground.known[row.code].level
        if row.level != level and "head_office" in {row.level, level}:
            return Reason("own_branch_level")
        return None
    if _rests(row, ground):
        return None
    if row.level == "head_office":
        return Reason("second_head_office", {"root": ground.root})
    if not row.parent:
        return Reason("empty_parent")
    if row.parent in ground.elsewhere or row.parent == ground.above[0]:
        return Reason("parent_elsewhere", {"parent": row.parent})
    return None


def _wanted(row: Listed, ground: Ground) -> Stand:
    known = ground.known.get(row.code)
    if known is None:
        return Stand(row.code, row.name, row.level, row.parent, row.zone, row.is_open is not False)
    if _rests(row, ground):
        return known._replace(name=row.name, zone=row.zone or known.zone)
    return Stand(
        row.code,
        row.name,
        row.level,
        known.parent if row.code == ground.root else row.parent,
        row.zone or known.zone,
        known.is_open if row.is_open is None else row.is_open,
    )


def _rests(row: Listed, ground: Ground) -> bool:
    """Closed before and after: it lies below the one that took it over, wherever the file remembers it."""
    known = ground.known.get(row.code)
    return known is not None and not known.is_open and row.is_open is not True


def _verdict(row: Listed, ground: Ground, reason: Reason | None) -> Verdict:
    def told(kind: Kind, changes: Mapping[str, tuple[str, str]] | None = None) -> Verdict:
        return Verdict(row.line, row.code, row.name, row.parent, row.level, kind, changes or {}, reason)

    if reason:
        return told(Kind.REFUSED)
    known, wanted = ground.known.get(row.code), _wanted(row, ground)
    if known is None:
        facts = {"zone": ("", wanted.zone)} if wanted.zone else {}
        return told(Kind.NEW, facts | ({} if wanted.is_open else {"state": ("", "closed")}))
    changes = {name: (old, new) for name, old, new in zip(Stand._fields[1:5], known[1:5], wanted[1:5], strict=True)
               if old != new}  # fmt: skip
    if known.is_open != wanted.is_open:
        changes["state"] = ("open", "closed") if known.is_open else ("closed", "open")
    if not changes:
        return told(Kind.SAME)
    if changes.get("state") == ("open", "closed"):
        return told(Kind.CLOSED, changes)
    return told(Kind.MOVED if "parent" in changes else Kind.CHANGED, changes)


class _Trial:
    """The tree that would follow, and what falls out of it."""

    def __init__(
        self, ground: Ground, wanted: dict[str, Stand], by_code: Mapping[str, Sequence[Listed]]
    ) -> None:
        self.ground, self.wanted, self.by_code = ground, wanted, by_code
        self.fallen: dict[str, Reason] = {}

    def run(self) -> dict[str, Reason]:
        """Ask again and again until nothing more falls; code -> reason."""
        while True:
            final = {**self.ground.known, **self.wanted}
            more = dict(self._circles(final))
            for code in self.wanted:
                if code not in more and (reason := self._of_branch(final, code)):
                    more[code] = reason
            for code, reason in self._of_parents(final, more):
                more.setdefault(code, reason)
            if not more:
                return self.fallen
            self.fallen |= more
            for code in more:
                del self.wanted[code]

    def _is_fresh(self, code: str) -> bool:
        """Whether the file puts this branch somewhere or opens it: then it answers for the place."""
        known, wanted = self.ground.known.get(code), self.wanted.get(code)
        if wanted is None:
            return False
        return known is None or (wanted.parent, wanted.level) != (known.parent, known.level) or (
            wanted.is_open and not known.is_open
        )  # fmt: skip

    def _of_branch(self, final: Mapping[str, Stand], code: str) -> Reason | None:
        stand = final[code]
        if code == self.ground.root:
            level = self.ground.above[1]
            return (
                None
                if not level or is_above(level, stand.level)
                else Reason("level_order", {"parent": self.ground.above[0]})
            )
        above = final.get(stand.parent)
        if above is None:
            if stand.parent in self.by_code:
                return self._because(stand.parent)
            return Reason("unknown_parent", {"parent": stand.parent})
        if self._is_fresh(code):
            if not is_above(above.level, stand.level):
                return self._ground_lost(above.code) or Reason("level_order", {"parent": above.name})
            if stand.is_open and not above.is_open:
                return self._ground_lost(above.code) or Reason("parent_closed", {"parent": above.name})
        known = self.ground.known.get(code)
        if known and known.is_open and not stand.is_open and (left := self.ground.in_use.get(code)):
            return Reason("in_use", {"what": left})
        return None

    def _of_parents(
        self, final: Mapping[str, Stand], fallen: Collection[str]
    ) -> Iterator[tuple[str, Reason]]:
        """A change of a parent that a child, which stays as it is, does not allow."""
        for code, stand in final.items():
            parent = stand.parent
            if parent not in self.wanted or not stand.is_open or code in fallen:
                continue
            above, known = final[parent], self.ground.known.get(parent)
            if known is None or self._is_fresh(code):
                continue
            if known.is_open and not above.is_open:
                yield parent, Reason("children_open", {"child": stand.name, "code": code})
            elif above.level != known.level and not is_above(above.level, stand.level):
                yield parent, Reason("child_level", {"child": stand.name, "code": code})

    def _circles(self, final: Mapping[str, Stand]) -> Iterator[tuple[str, Reason]]:
        """Every fresh branch of every circle."""
        done: set[str] = set()
        for start in self.wanted:
            line: list[str] = []
            seen: set[str] = set()
            at: str | None = start
            while at is not None and at not in done and at not in seen:
                line.append(at)
                seen.add(at)
                at = final[at].parent if at in final and at != self.ground.root else None
            if at is not None and at in seen:
                circle = line[line.index(at) :]
                round_trip = " → ".join([*circle[:5], *(["…"] if len(circle) > 5 else []), circle[0]])
                for code in circle:
                    if self._is_fresh(code):
                        yield code, Reason("circle", {"line": round_trip})
            done |= seen

    def _ground_lost(self, parent: str) -> Reason | None:
        return self._because(parent) if parent in self.fallen or self._is_refused(parent) else None

    def _is_refused(self, code: str) -> bool:
        return code in self.by_code and code not in self.wanted

    def _because(self, parent: str) -> Reason:
        return Reason("refused_parent", {"parent": parent, "line": str(self.by_code[parent][0].line)})
