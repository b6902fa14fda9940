"""What would a loaded file do today? Read anew each time: the tree may have changed since it was loaded."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.db import connection

from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation.packing import unpack
from campaigns.tenants.organisation.reading import Row
from campaigns.tenants.organisation.rows import Listed, listed
from campaigns.tenants.organisation.verdicts import Ground, Kind, Stand, Verdict, judge, to_be_closed
from campaigns.tenants.remainders import remainders_of
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Review:
    """The verdicts on a file; `fingerprint` stands for the file, the tree and the verdicts together."""

    verdicts: Sequence[Verdict]
    counts: Mapping[str, int]
    ground: Ground
    ids: Mapping[str, int]
    fingerprint: str

    @property
    def changes(self) -> int:
        """How many branches it would touch."""
        return sum(n for kind, n in self.counts.items() if kind not in {Kind.SAME, Kind.REFUSED})


def file_in_scope(*, scope: Scope, file_id: UUID | str, lock: bool = False) -> OrganisationFile:
    """The loaded file, if its branch lies in the scope; raises NotFound for a foreign and an absent one alike."""
    files = OrganisationFile.objects.within(scope).filter(pk=file_id).select_related("branch")
    file = (files.select_for_update(of=("self",)) if lock else files).first()
    if file is None:
        raise NotFound
    found: OrganisationFile = file
    return found


def grid_of(*, file: OrganisationFile) -> list[Row]:
    """The file's rows, title and headings included."""
    return [(line, cells) for line, cells in unpack(file.grid)]


def review_of(*, scope: Scope, file: OrganisationFile) -> Review:
    """The verdict of each row, against the tree at and below the file's branch.

    Queries: the branches, those above (unless it is head office), codes elsewhere, and one for each room that is
    asked what remains on branches about to close.
    """
    rows = listed(rows=grid_of(file=file)[file.headings + 1 :], columns=file.columns)
    root = file.branch
    tree = list(
        Branch.objects.filter(pos__range=(root.pos, root.pos_end))
        .order_by("pos")
        .values_list("id", "code", "name", "level", "parent_id", "zone", "is_open")
    )
    ids = {code: key for key, code, *_rest in tree}
    codes = {key: code for code, key in ids.items()}
    above = _above(root)
    known = {
        code: Stand(code, name, level, codes.get(parent, above[0]), zone, is_open)
        for _key, code, name, level, parent, zone, is_open in tree
    }
    ground = Ground(known, root.code, above, _elsewhere(rows, root))
    closing = to_be_closed(rows=rows, ground=ground, close_missing=file.close_missing)
    left = remainders_of(scope=scope, branch_ids=[ids[code] for code in closing])
    ground = Ground(
        known, root.code, above, ground.elsewhere, {codes[key]: what for key, what in left.items()}
    )
    verdicts = judge(rows=rows, ground=ground, close_missing=file.close_missing)
    return Review(
        verdicts,
        Counter(str(verdict.kind) for verdict in verdicts),
        ground,
        ids,
        _fingerprint(file, tree, verdicts),
    )


def _above(root: Branch) -> tuple[str, str]:
    """Code and level of the parent of the file's branch; it may be seen, as an ancestor of the reader's."""
    if root.parent_id is None:
        return "", ""
    parent = Branch.objects.filter(pk=root.parent_id).values_list("code", "level").first()
    assert parent is not None, "a branch sees its ancestors"
    return parent


def _elsewhere(rows: Sequence[Listed], root: Branch) -> frozenset[str]:
    """Codes of the file that belong to branches outside."""
    if root.parent_id is None:
        return frozenset()
    codes = sorted({code for row in rows for code in (row.code, row.parent) if code})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tenants_codes_elsewhere(%s, %s, %s)", [codes, root.pos, root.pos_end])
        return frozenset(code for (code,) in cursor.fetchall())


def _fingerprint(
    file: OrganisationFile, tree: Sequence[tuple[object, ...]], verdicts: Sequence[Verdict]
) -> str:
    told = [(v.line, v.code, v.kind, v.changes, v.reason and [*v.reason]) for v in verdicts]
    whole = [file.sha256, file.columns, file.close_missing, sorted(tree), told]
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()
