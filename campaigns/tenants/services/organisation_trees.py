"""A file applied to the tree, and taken back: each one transaction, in a few statements however many the branches."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Max

from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import Deed, note_many
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation.packing import pack
from campaigns.tenants.organisation.progress import Progress, quiet
from campaigns.tenants.organisation.reviews import Review, file_in_scope, review_of
from campaigns.tenants.organisation.verdicts import Kind, Verdict
from campaigns.tenants.rules import LEVELS, Settled, pinyin_of, settle
from campaigns.tenants.scopes import Scope
from campaigns.tenants.services.organisation_files import MAY, FileSettled, note_file
from campaigns.tenants.services.places import lock_tree, place_branches, settle_now, tree_within

UNDO_FOR = timedelta(days=1)
_CHUNK = 1000


class TreeChanged(Refusal):
    code = "tenants.organisation_file.tree_changed"
    status = 409
    zh = "预览之后机构树或文件设置有变化，本次未作任何改动。请重新查看下面的结论再执行。"
    en = "The tree has changed since you looked: nothing was done. Look at the verdicts again, then apply."


class NothingToDo(Refusal):
    code = "tenants.organisation_file.nothing_to_do"
    status = 409
    zh = "文件与现有机构一致，没有可执行的改动。"
    en = "The file says what the tree is already: there is nothing to apply."


class Facts(NamedTuple):
    """What a file may change of a branch that exists, and what an undo gives back."""

    id: int
    name: str
    pinyin: str
    level: str
    zone: str
    is_open: bool
    closed_at: Any
    successor_id: int | None


_FACTS = """
UPDATE tenants_branch b
   SET name = v.name, pinyin = v.pinyin, level = v.level, zone = v.zone, is_open = v.is_open,
       closed_at = v.closed_at, successor_id = v.successor_id
  FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::timestamptz[], %s::int[])
       AS v (id, name, pinyin, level, zone, is_open, closed_at, successor_id)
 WHERE b.id = v.id
"""


def apply_file(
    *,
    scope: Scope,
    file_id: UUID | str,
    fingerprint: str,
    attempt: UUID | None = None,
    progress: Progress = quiet,
) -> OrganisationFile:
    """Do what the file's verdicts say, all of it or nothing; refused rows are kept with their reasons.

    `fingerprint` is that of the review which was seen. `attempt`: the running job's, None for a draft.
    Raises NotFound, FileSettled, TreeChanged, NothingToDo, TreeBusy, NoRoomInTree.
    """
    scope.demand(MAY)
    file = demand_state(scope=scope, file_id=file_id, state=OrganisationFile.State.DRAFT, attempt=attempt)
    lock_tree()
    progress("judging", 0, file.rows)
    review = review_of(scope=scope, file=file)
    if review.fingerprint != fingerprint:
        raise TreeChanged
    if not review.changes:
        raise NothingToDo
    plan = _Plan(scope, file, review, progress)
    before = plan.run()
    finish(
        file=file,
        attempt=attempt,
        state=OrganisationFile.State.APPLIED,
        applied_at=scope.at,
        counts=dict(review.counts),
        refused=[
            [v.line, v.code, v.name, v.reason.code, v.reason.values] for v in review.verdicts if v.reason
        ],
        before=pack(before),
        last_event=last_event(),
        why_not={},
    )
    note_file(scope=scope, verb="tenants.organisationfile.import", file=file, **review.counts)
    return file


def demand_state(*, scope: Scope, file_id: UUID | str, state: str, attempt: UUID | None) -> OrganisationFile:
    """The file in `state`, or in the run `attempt`, locked in the first case. Raises NotFound, FileSettled.

    A running file is not locked: its progress is written on another connection.
    """
    file = file_in_scope(scope=scope, file_id=file_id, lock=attempt is None)
    if attempt is None and file.state != state:
        raise FileSettled
    if attempt is not None and (file.state, file.attempt) != (OrganisationFile.State.RUNNING, attempt):
        raise FileSettled
    return file


def finish(*, file: OrganisationFile, attempt: UUID | None, **values: Any) -> None:
    """Write the outcome, unless another run has taken the file over meanwhile."""
    mine = OrganisationFile.objects.filter(pk=file.pk, state=file.state, attempt=attempt)
    values |= {"attempt": None, "lease_until": None, "job": ""}
    if mine.update(**values) != 1:
        raise FileSettled
    for name, value in values.items():
        setattr(file, name, value)


def last_event() -> int:
    """The newest history row of any branch in the scope."""
    return Branch.pgh_event_model.objects.aggregate(n=Max("pgh_id"))["n"] or 0  # type: ignore[attr-defined]


def write_facts(*, rows: Sequence[Facts]) -> None:
    """One statement for all."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [list(column) for column in zip(*rows, strict=True)])
        if cursor.rowcount != len(rows):
            raise TreeChanged


def facts_of(*, keys: Iterable[int]) -> dict[int, tuple[Facts, int | None]]:
    """What stands now of these branches, and their parents."""
    rows = Branch.objects.filter(pk__in=list(keys)).values_list(*Facts._fields, "parent_id")
    return {row[0]: (Facts(*row[:-1]), row[-1]) for row in rows}


def deed_of(*, branch: Any, verb: str, **detail: Any) -> Deed:
    """A deed in the branch's own audit."""
    return Deed(verb, ref("tenants.branch", branch.pk), branch.name, branch.pk, branch.pos, detail)


class _Plan:
    """One file's changes, written in the order: new branches, places, names and states, then a look at the whole."""

    def __init__(self, scope: Scope, file: OrganisationFile, review: Review, progress: Progress) -> None:
        self.scope, self.file, self.review, self.progress = scope, file, review, progress
        told = [v for v in review.verdicts if v.kind not in {Kind.SAME, Kind.REFUSED}]
        # Parents first: a new branch is always of a lower level than its parent.
        self.new = sorted((v for v in told if v.kind is Kind.NEW), key=lambda v: LEVELS.index(v.level))
        self.changed = [v for v in told if v.kind is not Kind.NEW]
        self.ids = dict(review.ids)

    def run(self) -> dict[str, Any]:
        """Write everything; returns what an undo needs."""
        scope = self.scope
        before = facts_of(keys=[self.ids[v.code] for v in self.changed])
        tree = tree_within(scope=scope)
        # Until they have ids, new branches stand under negative ones.
        self.ids |= {v.code: -n for n, v in enumerate(self.new, start=1)}
        parents = {key: node.parent for key, node in tree.items()}
        for verdict in self.changed:
            if "parent" in verdict.changes:
                parents[self.ids[verdict.code]] = self.ids[verdict.changes["parent"][1]]
        parents |= {self.ids[v.code]: self.ids[v.parent] for v in self.new}
        settled = settle(tree=tree, parents=parents)
        real = self._add(parents, settled)
        place_branches(
            scope=scope,
            tree=tree,
            parents={real.get(key, key): real.get(up, up) if up else up for key, up in parents.items()},
            settled=Settled({real.get(k, k): p for k, p in settled.places.items()}, settled.dealt_again),
        )
        self._change(before)
        self.progress("checking", 0, len(settled.places))
        settle_now()
        self._note()
        return {
            "made": sorted(real.values()),
            "rows": [[*facts, parent] for facts, parent in before.values()],
        }

    def _add(self, parents: Mapping[int, int | None], settled: Settled) -> dict[int, int]:
        """Insert new branches, level by level; returns negative key -> id."""
        filled = {-n: settled.places[-n][0] for n in range(1, len(self.new) + 1)}
        for key, up in parents.items():
            if up is not None and up < 0:
                filled[up] = max(filled[up], settled.places[key][1])
        zones = {code: stand.zone for code, stand in self.review.ground.known.items()}
        real: dict[int, int] = {}
        for level in LEVELS:
            some = [v for v in self.new if v.level == level]
            for start in range(0, len(some), _CHUNK):
                self.progress("adding", len(real), len(self.new))
                made = Branch.objects.bulk_create(
                    [self._new(v, settled, filled, zones) for v in some[start : start + _CHUNK]]
                )
                for branch in made:
                    real[self.ids[branch.code]] = branch.pk
                    self.ids[branch.code] = branch.pk
        self.progress("adding", len(real), len(self.new))
        return real

    def _new(
        self, verdict: Verdict, settled: Settled, filled: Mapping[int, int], zones: dict[str, str]
    ) -> Branch:
        key = self.ids[verdict.code]
        zone = zones[verdict.code] = verdict.changes.get("zone", ("", ""))[1] or zones[verdict.parent]
        is_open = "state" not in verdict.changes
        return Branch(
            code=verdict.code,
            name=verdict.name,
            pinyin=pinyin_of(verdict.name),
            level=verdict.level,
            parent_id=self.ids[verdict.parent],
            pos=settled.places[key][0],
            pos_end=settled.places[key][1],
            filled_until=filled[key],
            zone=zone,
            is_open=is_open,
            closed_at=None if is_open else self.scope.at,
        )

    def _change(self, before: Mapping[int, tuple[Facts, int | None]]) -> None:
        rows = []
        for verdict in self.changed:
            facts, _parent = before[self.ids[verdict.code]]
            new = {name: new for name, (_old, new) in verdict.changes.items()}
            facts = facts._replace(level=new.get("level", facts.level), zone=new.get("zone", facts.zone))
            if "name" in new:
                facts = facts._replace(name=new["name"], pinyin=pinyin_of(new["name"]))
            if "state" in verdict.changes:
                is_open = verdict.changes["state"][1] == "open"
                facts = facts._replace(
                    is_open=is_open, closed_at=None if is_open else self.scope.at, successor_id=None
                )
            if facts != before[facts.id][0]:
                rows.append(facts)
        self.progress("changing", 0, len(rows))
        write_facts(rows=rows)

    def _note(self) -> None:
        """Each changed branch in its own audit; a new one in that of the file's branch, or it could not be undone."""
        stand = Branch.objects.in_bulk([self.ids[v.code] for v in self.changed])
        detail = {"file": str(self.file.pk)}
        here = (self.file.branch_id, self.file.branch_pos)
        deeds = [
            Deed(
                "tenants.branch.add",
                ref("tenants.branch", self.ids[v.code]),
                v.name,
                *here,
                {**detail, "under": v.parent},
            )
            for v in self.new
        ]
        verbs = {Kind.MOVED: "move", Kind.CLOSED: "close", Kind.CHANGED: "change"}
        deeds += [
            deed_of(
                branch=stand[self.ids[v.code]],
                verb=f"tenants.branch.{verbs[v.kind]}",
                changes=dict(v.changes),
                **detail,
            )
            for v in self.changed
        ]
        self.progress("noting", 0, len(deeds))
        note_many(scope=self.scope, deeds=deeds)
