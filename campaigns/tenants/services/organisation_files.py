"""A file of branches taken in, and how it is to be understood. What it does to the tree: organisation_trees.py."""

import hashlib
from collections.abc import Mapping
from pathlib import PurePath
from uuid import UUID

from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.deeds import note
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation.columns import FIELDS, guess, key_of, missing
from campaigns.tenants.organisation.packing import pack
from campaigns.tenants.organisation.reading import read_rows
from campaigns.tenants.organisation.reviews import file_in_scope, grid_of
from campaigns.tenants.scopes import Scope

MAY = "tenants.branch.import"


class NoHeadOffice(Refusal):
    code = "tenants.organisation_file.no_head_office"
    status = 409
    zh = "银行还没有总行。请先运行 setup_bank 建立总行，再导入机构文件。"
    en = "The bank has no head office yet: run setup_bank first, then load the file."


class ColumnsMissing(Refusal):
    code = "tenants.organisation_file.columns_missing"
    status = 422
    zh = "请为机构代码、机构名称、上级机构代码和层级各选一列，且每列只选一次。"
    en = "Choose a column each for code, name, parent and level, and no column twice."


class FileSettled(Refusal):
    """Applied, on its way, or taken back."""

    code = "tenants.organisation_file.settled"
    status = 409
    zh = "这个文件已提交执行，不能再改。如需调整，请重新上传。"
    en = "This file has been applied or is on its way, and cannot be changed: upload it again."


def load_file(*, scope: Scope, name: str, raw: bytes) -> OrganisationFile:
    """Take a file in for the tree at and below the scope's branch; its columns are guessed, or remembered.

    Raises NoHeadOffice, or a refusal of `organisation/refusals.py` for a file that cannot be read.
    """
    scope.demand(MAY)
    rows = read_rows(raw=raw)
    headings, columns = guess(rows=rows)
    key = key_of(headings=rows[headings][1])
    branch = Branch.objects.filter(pk=scope.branch_id).first()
    if branch is None:
        raise NoHeadOffice
    file: OrganisationFile = OrganisationFile.objects.create(
        branch=branch,
        branch_pos=branch.pos,
        name=PurePath(name).name[:200] or "–",
        loaded_at=scope.at,
        loaded_by=scope.facts.actor_name,
        sha256=hashlib.sha256(raw).hexdigest(),
        original=raw,
        grid=pack(rows),
        rows=len(rows) - headings - 1,
        headings=headings,
        headings_key=key,
        columns=_remembered(scope, key) or columns,
    )
    note_file(scope=scope, verb="tenants.organisationfile.upload", file=file, rows=file.rows)
    return file


def _remembered(scope: Scope, key: str) -> dict[str, int]:
    """The columns that were last chosen for a file with the same headings."""
    last = OrganisationFile.objects.within(scope).filter(headings_key=key, are_columns_chosen=True)
    columns: dict[str, int] | None = last.order_by("-id").values_list("columns", flat=True).first()
    return columns or {}


def choose_columns(*, scope: Scope, file_id: UUID | str, columns: Mapping[str, int]) -> OrganisationFile:
    """Say which column (from 0) holds which field. Raises NotFound, FileSettled, ColumnsMissing."""
    scope.demand(MAY)
    file = _draft(scope, file_id)
    chosen = {field: column for field, column in columns.items() if field in FIELDS}
    widest = max(len(cells) for _line, cells in grid_of(file=file))
    is_outside = any(not 0 <= column < widest for column in chosen.values())
    if missing(columns=chosen) or len(set(chosen.values())) < len(chosen) or is_outside:
        raise ColumnsMissing
    file.columns, file.are_columns_chosen = chosen, True
    file.save(update_fields=["columns", "are_columns_chosen"])
    return file


def choose_missing(*, scope: Scope, file_id: UUID | str, close_missing: bool) -> OrganisationFile:
    """Say whether open branches that the file leaves out shall be closed. Raises NotFound, FileSettled."""
    scope.demand(MAY)
    file = _draft(scope, file_id)
    file.close_missing = close_missing
    file.save(update_fields=["close_missing"])
    return file


def _draft(scope: Scope, file_id: UUID | str) -> OrganisationFile:
    file = file_in_scope(scope=scope, file_id=file_id, lock=True)
    if file.state != OrganisationFile.State.DRAFT:
        raise FileSettled
    return file


def note_file(*, scope: Scope, verb: str, file: OrganisationFile, **detail: object) -> None:
    """A deed on a loaded file, in the audit of the branch it was loaded for."""
    note(
        scope=scope,
        verb=verb,
        subject=ref("tenants.organisationfile", file.pk),
        subject_name=file.name,
        branch_id=file.branch_id,
        branch_pos=file.branch_pos,
        **detail,
    )
