"""Entry codes: made and kept by people, shown to whoever scans; and where branches stand."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from campaigns.approvals.moves import broken
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.selectors import branch_in_scope
from community.groups.entry_models import BranchPlace, EntryCode, EntryGroup
from community.groups.models import Group, GroupKind
from community.groups.refusals import (
    CodeIsClosed,
    CodeIsFull,
    CodeIsWrong,
    GroupIsDissolved,
    GroupIsInCode,
    NoneNear,
    PlaceIsKnown,
    PlaceIsWrong,
    PositionNeeded,
)
from community.groups.selectors import group_in_scope

_SLUG = re.compile(r"[a-z2-7]{16}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Shown:
    """What who scans sees. `qr` is WeCom's picture, or empty: then the QR is drawn of `link`. `metres` to the branch,
    when it was looked for by position.
    """

    title: str
    says: str
    branch_name: str
    group_name: str
    link: str
    qr: bytes
    metres: int | None
    line_id: UUID


def add_code(
    *,
    scope: Scope,
    title: str,
    says: str = "",
    kind_code: str = "",
    picks: str = EntryCode.Picks.ORDER,
    radius_m: int = 5_000,
    branch_id: int | None = None,
) -> EntryCode:
    """A code of the scope's branch unless another within it is named. Raises NotFound, CodeIsWrong."""
    scope.demand("community.entrycode.add")
    branch = branch_in_scope(scope=scope, branch_id=branch_id or scope.branch_id)
    code = EntryCode(
        branch=branch,
        branch_pos=branch.pos,
        # 80 random bits: a code that hangs in one branch says nothing of those of another.
        slug="".join(secrets.choice(_LETTERS) for _ in range(16)),
        picks=EntryCode.Picks(picks),
    )
    _fill(code, title, says, kind_code, radius_m)
    _save(code, is_new=True)
    _note(scope, code, "community.entrycode.add")
    return code


def change_code(
    *, scope: Scope, code_id: UUID, title: str, says: str, kind_code: str, radius_m: int
) -> EntryCode:
    """How it chooses stays: codes are printed. Raises NotFound, CodeIsClosed, CodeIsWrong."""
    scope.demand("community.entrycode.change")
    code = _open_code(scope, code_id)
    _fill(code, title, says, kind_code, radius_m)
    _save(code, is_new=False)
    _note(scope, code, "community.entrycode.change")
    return code


def close_code(*, scope: Scope, code_id: UUID) -> EntryCode:
    """Nobody is shown anything by it any more. Raises NotFound, CodeIsClosed."""
    scope.demand("community.entrycode.close")
    code = _open_code(scope, code_id)
    EntryCode.objects.within(scope).filter(pk=code.pk).update(is_open=False)
    code.is_open = False
    _note(scope, code, "community.entrycode.close")
    return code


def add_line(
    *,
    scope: Scope,
    code_id: UUID,
    group_id: UUID,
    most_members: int = 190,
    most_shows: int | None = None,
    from_time: time | None = None,
    until_time: time | None = None,
    link: str = "",
) -> EntryGroup:
    """One more group behind the code, after the others. A group of WeCom gets a way to join within a minute, one kept
    by hand needs the link (https) that its QR leads to.

    Raises NotFound, CodeIsClosed, CodeIsWrong, GroupIsDissolved, GroupIsInCode.
    """
    scope.demand("community.entrycode.change")
    code = _open_code(scope, code_id)
    group = group_in_scope(scope=scope, group_id=group_id)
    if group.dissolved_at is not None:
        raise GroupIsDissolved
    if code.picks == EntryCode.Picks.NEAREST:
        raise CodeIsWrong(
            why_zh="“最近网点”活码使用各网点自己的活码，不需要添加社群。",
            why_en="a code for the nearest branch uses the branches' own codes.",
        )
    if group.source == Group.Source.HAND and not _is_address(link):
        raise CodeIsWrong(
            why_zh="请填写入群链接（https:// 开头）。", why_en="give the link to join (https://)."
        )
    last = EntryGroup.objects.within(scope).filter(code=code, ended_at=None).aggregate(last=Max("place"))
    line = EntryGroup(
        branch_id=code.branch_id,
        branch_pos=code.branch_pos,
        code=code,
        group=group,
        place=(last["last"] or 0) + 1,
        most_members=most_members,
        most_shows=most_shows or None,
        from_time=from_time,
        until_time=until_time,
        link=link.strip() if group.source == Group.Source.HAND else "",
    )
    try:
        with transaction.atomic():
            line.save(force_insert=True)
    except IntegrityError as error:
        match broken(error):
            case "community_entrygroup_stands_once_in_a_code":
                raise GroupIsInCode from error
            case "community_entrygroup_limit_is_1_to_500":
                raise CodeIsWrong(
                    why_zh="人数上限为 1 至 500。", why_en="the limit is 1 to 500 members."
                ) from error
            case "community_entrygroup_hours_are_forward":
                raise CodeIsWrong(
                    why_zh="时段须同时填写起止，且结束晚于开始。",
                    why_en="hours need a beginning and a later end.",
                ) from error
        raise
    _freed(scope, code)
    _note(scope, code, "community.entrycode.change", group=str(group.pk), place=line.place)
    return line


def end_line(*, scope: Scope, code_id: UUID, line_id: UUID) -> None:
    """The group is not shown by the code any more. Raises NotFound, CodeIsClosed."""
    scope.demand("community.entrycode.change")
    rows = EntryGroup.objects.within(scope).filter(pk=line_id, code_id=code_id, ended_at=None)
    line = rows.select_related("code").first()
    if line is None:
        raise NotFound
    _open_code(scope, line.code_id)
    if not EntryGroup.objects.within(scope).filter(pk=line_id, ended_at=None).update(ended_at=scope.at):
        raise NotFound
    _note(scope, line.code, "community.entrycode.change", ended=str(line.group_id))


def put_first(*, scope: Scope, code_id: UUID, line_id: UUID) -> None:
    """The group comes before the others. Raises NotFound, CodeIsClosed."""
    scope.demand("community.entrycode.change")
    line = EntryGroup.objects.within(scope).filter(pk=line_id, code_id=code_id, ended_at=None).first()
    if line is None:
        raise NotFound
    code = _open_code(scope, line.code_id)
    rest = EntryGroup.objects.within(scope).filter(code=code, ended_at=None).exclude(pk=line.pk)
    EntryGroup.objects.within(scope).filter(pk=line.pk).update(place=1)
    for place, other in enumerate(rest.order_by("place", "pk"), start=2):
        EntryGroup.objects.within(scope).filter(pk=other.pk).update(place=place)
    _note(scope, code, "community.entrycode.change", first=str(line.group_id))


def show_code(
    *, slug: str, at: datetime, position: tuple[int, int] | None = None, is_counted: bool = True
) -> Shown:
    """The QR that who scans sees just now; counted unless told otherwise. Asked without a scope.

    `position`: latitude and longitude in whole millionths of a degree, GCJ-02; compared, and kept nowhere. Raises
    NotFound, CodeIsFull, PositionNeeded, NoneNear.
    """
    if not _SLUG.fullmatch(slug):
        raise NotFound
    lat, lon = position if position is not None else (None, None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM show_entry_code(%s, %s, %s, %s, %s)", [slug, at, lat, lon, is_counted])
        word, title, says, branch, line, group, link, qr, metres = cursor.fetchone()
    match word:
        case "not_found":
            raise NotFound
        case "full":
            raise CodeIsFull
        case "position_needed":
            raise PositionNeeded
        case "none_near":
            raise NoneNear
    return Shown(title, says, branch, group, link, bytes(qr or b""), metres, line)


def picture_of_line(*, slug: str, line_id: UUID, at: datetime) -> tuple[bytes, str]:
    """WeCom's picture of a line and the link of one that has none. `slug`: of the code that was scanned, which may be
    another than the line's. Raises NotFound.
    """
    with system_scope(at=at, cause="community.entry_picture") as scope:
        is_open = (
            _SLUG.fullmatch(slug) and EntryCode.objects.within(scope).filter(slug=slug, is_open=True).exists()
        )
        line = EntryGroup.objects.within(scope).filter(pk=line_id, ended_at=None, code__is_open=True).first()
        if not is_open or line is None or not (line.link or line.qr):
            raise NotFound
        return bytes(line.qr or b""), line.link


def set_place(*, scope: Scope, branch_id: int, lat_micro: int, lon_micro: int) -> BranchPlace:
    """Where a branch stands, for the first time. Raises NotFound, PlaceIsWrong, PlaceIsKnown."""
    scope.demand("community.branchplace.add")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    place = BranchPlace(branch=branch, branch_pos=branch.pos, lat_micro=lat_micro, lon_micro=lon_micro)
    _save_place(place, is_new=True)
    _note_place(scope, place, "community.branchplace.add")
    return place


def move_place(*, scope: Scope, place_id: UUID, lat_micro: int, lon_micro: int) -> BranchPlace:
    """Raises NotFound, PlaceIsWrong."""
    scope.demand("community.branchplace.change")
    place: BranchPlace | None = BranchPlace.objects.within(scope).filter(pk=place_id).first()
    if place is None:
        raise NotFound
    place.lat_micro, place.lon_micro = lat_micro, lon_micro
    _save_place(place, is_new=False)
    _note_place(scope, place, "community.branchplace.change")
    return place


def _save_place(place: BranchPlace, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            place.save(
                **({"force_insert": True} if is_new else {"update_fields": ["lat_micro", "lon_micro"]})
            )
    except IntegrityError as error:
        match broken(error):
            case "community_branchplace_is_on_earth":
                raise PlaceIsWrong from error
            case "community_branchplace_is_one_a_branch":
                raise PlaceIsKnown from error
        raise


def _open_code(scope: Scope, code_id: UUID) -> EntryCode:
    """Locked. Raises NotFound, CodeIsClosed."""
    rows = EntryCode.objects.within(scope).filter(pk=code_id)
    code: EntryCode | None = rows.select_for_update(no_key=True, of=("self",)).first()
    if code is None:
        raise NotFound
    if not code.is_open:
        raise CodeIsClosed
    return code


def _fill(code: EntryCode, title: str, says: str, kind_code: str, radius_m: int) -> None:
    if not title.strip():
        raise CodeIsWrong(why_zh="请填写标题。", why_en="give it a title.")
    kind = GroupKind.objects.filter(pk=kind_code).first() if kind_code else None
    if kind_code and kind is None:
        raise NotFound
    code.title, code.says, code.kind, code.radius_m = title.strip(), says.strip(), kind, radius_m


def _save(code: EntryCode, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            if is_new:
                code.save(force_insert=True)
            else:
                code.save(update_fields=["title", "says", "kind", "radius_m"])
    except IntegrityError as error:
        if broken(error) != "community_entrycode_radius_is_100_m_to_100_km":
            raise
        raise CodeIsWrong(
            why_zh="范围为 100 米至 100 公里。", why_en="the radius is 100 m to 100 km."
        ) from error


def _freed(scope: Scope, code: EntryCode) -> None:
    """With one more group it is not full any more: when it is again, people are told again."""
    EntryCode.objects.within(scope).filter(pk=code.pk).update(full_told_at=None)


def _is_address(link: str) -> bool:
    parts = urlsplit(link.strip())
    return parts.scheme == "https" and bool(parts.netloc)


def _note(scope: Scope, code: EntryCode, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("community.entrycode", code.pk),
        subject_name=code.title,
        branch_id=code.branch_id,
        branch_pos=code.branch_pos,
        **detail,
    )


def _note_place(scope: Scope, place: BranchPlace, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("community.branchplace", place.pk),
        subject_name=place.branch.name,
        branch_id=place.branch_id,
        branch_pos=place.branch_pos,
    )
