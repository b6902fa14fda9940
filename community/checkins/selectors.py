"""Questions about check-in programmes and check-ins."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope
from community.checkins.models import (
    CheckIn,
    CheckInPicture,
    GroupGoal,
    LiveProgramme,
    Programme,
    ProgrammeBudget,
)
from community.groups.models import Group, Member

# Who has not checked in for so many counting days is asked after.
QUIET_DAYS = 3
_COUNTED = Q(state=CheckIn.State.COUNTED)


def programmes_within(*, scope: Scope) -> QuerySet[Programme]:
    """Programmes of the scope's branches, newest first."""
    return Programme.objects.within(scope).select_related("branch")


def programme_in_scope(*, scope: Scope, programme_id: UUID | str) -> Programme:
    """Raises NotFound for a foreign and an absent one alike."""
    programme = programmes_within(scope=scope).filter(pk=programme_id).first()
    if programme is None:
        raise NotFound
    return programme


def check_ins_within(*, scope: Scope) -> QuerySet[CheckIn]:
    """Check-ins of groups of the scope's branches, newest first."""
    return CheckIn.objects.within(scope).select_related("programme", "group", "customer")


def check_in_in_scope(*, scope: Scope, check_in_id: UUID) -> CheckIn:
    """Raises NotFound for a foreign and an absent one alike."""
    found = check_ins_within(scope=scope).filter(pk=check_in_id).first()
    if found is None:
        raise NotFound
    return found


def own_check_in(*, scope: Scope, check_in_id: UUID) -> CheckIn:
    """A check-in of the scope's customer. Raises NotFound."""
    assert scope.customer_id is not None
    found = CheckIn.objects.filter(pk=check_in_id, customer_id=scope.customer_id).first()
    if found is None:
        raise NotFound
    return found


def picture_in_scope(*, scope: Scope, check_in_id: UUID) -> bytes:
    """The JPEG that came with a check-in. Raises NotFound, also when it has been let go of."""
    found = CheckInPicture.objects.within(scope).filter(pk=check_in_id).first()
    if found is None:
        raise NotFound
    return bytes(found.jpeg)


def to_look_at(*, scope: Scope, programme_id: UUID | None = None) -> QuerySet[CheckIn]:
    """Words and pictures that nobody has looked at: held ones first, then the oldest."""
    rows = check_ins_within(scope=scope).filter(looked_at=None).exclude(state=CheckIn.State.REFUSED)
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    return rows.order_by("-state", "at", "id")


def groups_for(*, scope: Scope, programme: Programme | LiveProgramme) -> QuerySet[Group]:
    """Groups of the scope's branches that a programme is for; dissolved ones left out."""
    rows = Group.objects.within(scope).filter(dissolved_at=None)
    if programme.handed_down:
        rows = rows.filter(branch_pos__range=(programme.branch.pos, programme.branch.pos_end))
    else:
        rows = rows.filter(branch_id=programme.branch_id)
    if programme.group_ids:
        rows = rows.filter(pk__in=programme.group_ids)
    if programme.kinds:
        rows = rows.filter(kind_id__in=programme.kinds)
    return rows.order_by("branch_pos", "name", "id")


def spoken_code(*, programme_id: UUID, group_id: UUID) -> str:
    """The code to be spoken in the group today; empty where none is asked for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT spoken_code(%s, %s)", [programme_id, group_id])
        return cursor.fetchone()[0] or ""


def board_of(*, scope: Scope, group_id: UUID, month: date | None = None) -> dict[str, Any]:
    """What the scope's customer sees of the group's programmes (`sql/board.py`). Raises NotFound for who is not in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT check_in_board(%s, %s)::text", [group_id, month])
        found = cursor.fetchone()[0]
    if found is None:
        raise NotFound
    shown: dict[str, Any] = orjson.loads(found)
    return shown


@dataclass(frozen=True, slots=True)
class GroupCame:
    """A group of a programme: members known to the bank, how many checked in today and ever, towards the goal; the
    code of today where one is spoken.
    """

    group: Group
    members: int
    today: int
    people: int
    counted: int
    reached: GroupGoal | None
    code: str


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a programme so far. `days`: (day, check-ins, does it count); `streaks`: (least days, people)."""

    counted: int
    people: int
    members: int
    points: int
    makeups: int
    held: int
    unseen: int
    quiet: int
    days: list[tuple[date, int, bool]]
    groups: list[GroupCame]
    streaks: list[tuple[int, int]]
    budget: tuple[int, int] | None


def came_of(*, scope: Scope, programme: Programme, groups_at_most: int = 30, days_at_most: int = 30) -> Came:
    """Figures of a programme within the scope's branches."""
    today = scope.at.astimezone(ZoneInfo(branch_in_scope(scope=scope, branch_id=scope.branch_id).zone)).date()
    last = min(today, programme.last_day)
    rows = CheckIn.objects.within(scope).filter(programme=programme)
    sums = rows.aggregate(
        counted=Count("pk", filter=_COUNTED),
        people=Count("customer_id", filter=_COUNTED, distinct=True),
        points=Coalesce(Sum("points", filter=_COUNTED), 0),
        makeups=Count("pk", filter=_COUNTED & Q(is_makeup=True)),
        held=Count("pk", filter=Q(state=CheckIn.State.HELD)),
        unseen=Count("pk", filter=_COUNTED & Q(looked_at=None)),
    )
    first = max(programme.first_day, last - timedelta(days=days_at_most - 1))
    by_day = dict(rows.filter(_COUNTED, day__gte=first).values_list("day").annotate(Count("pk")).order_by())
    days = [first + timedelta(days=n) for n in range(max((last - first).days + 1, 0))]
    groups = groups_for(scope=scope, programme=programme)
    members = Member.objects.within(scope).filter(group__in=groups, left_at=None, customer_id__isnull=False)
    budget = (
        ProgrammeBudget.objects.within(scope)
        .filter(programme=programme)
        .aggregate(given=Sum("given"), allotted=Sum("allotted"))
    )
    return Came(
        **sums,
        members=members.values("customer_id").distinct().count(),
        quiet=_quiet(scope, programme, list(groups.values_list("pk", flat=True)), today),
        days=[(day, by_day.get(day, 0), day.isoweekday() in programme.weekdays) for day in days],
        groups=_by_group(scope, programme, today, list(groups[:groups_at_most])),
        streaks=_streaks(scope, programme),
        budget=(budget["given"], budget["allotted"]) if budget["allotted"] is not None else None,
    )


def _by_group(scope: Scope, programme: Programme, today: date, groups: list[Group]) -> list[GroupCame]:
    rows = CheckIn.objects.within(scope).filter(_COUNTED, programme=programme, group__in=groups)
    came = {
        each["group_id"]: each
        for each in rows.values("group_id")
        .annotate(
            counted=Count("pk"),
            people=Count("customer_id", distinct=True),
            today=Count("pk", filter=Q(day=today)),
        )
        .order_by()
    }
    members = dict(
        Member.objects.within(scope)
        .filter(group__in=groups, left_at=None, customer_id__isnull=False)
        .values_list("group_id")
        .annotate(Count("pk"))
        .order_by()
    )
    goals = {
        each.group_id: each
        for each in GroupGoal.objects.within(scope).filter(programme=programme, paid_at__isnull=False)
    }
    empty = {"counted": 0, "people": 0, "today": 0}
    return [
        GroupCame(
            group=group,
            members=members.get(group.pk, 0),
            today=came.get(group.pk, empty)["today"],
            people=came.get(group.pk, empty)["people"],
            counted=came.get(group.pk, empty)["counted"],
            reached=goals.get(group.pk),
            code=spoken_code(programme_id=programme.pk, group_id=group.pk)
            if programme.proof == "code"
            else "",
        )
        for group in groups
    ]


# The longest streak of each customer, by how long it is.
STREAK_BARS = (1, 3, 7, 14, 30)
_LONGEST = """
SELECT longest, count(*) FROM (
    SELECT customer_id, max(many) AS longest FROM (
        SELECT customer_id, count(*) AS many FROM (
            SELECT k.customer_id, k.nth - row_number() OVER (PARTITION BY k.customer_id ORDER BY k.nth) AS island
              FROM community_checkin k
             WHERE k.programme_id = %s AND k.state = 'counted' AND k.branch_pos BETWEEN %s AND %s) i
         GROUP BY customer_id, island) r
     GROUP BY customer_id) l
 GROUP BY longest
"""


def _streaks(scope: Scope, programme: Programme) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_LONGEST, [programme.pk, scope.lo, scope.hi])
        found = cursor.fetchall()
    ends = (*STREAK_BARS[1:], 10_000)
    return [
        (least, sum(many for longest, many in found if least <= longest < end))
        for least, end in zip(STREAK_BARS, ends, strict=True)
    ]


_QUIET = """
SELECT count(*) FROM (
    SELECT DISTINCT m.customer_id FROM community_member m
     WHERE m.group_id = ANY (%s) AND m.left_at IS NULL AND m.customer_id IS NOT NULL
       AND m.branch_pos BETWEEN %s AND %s AND m.joined_at < %s
       AND NOT EXISTS (SELECT FROM community_checkin k WHERE k.programme_id = %s AND k.customer_id = m.customer_id
                          AND k.day >= %s AND k.state <> 'refused')) q
"""


def quiet_since(*, programme: Programme, today: date) -> date | None:
    """The first of the last counting days that are over; None while there are too few of them."""
    over = [
        day
        for back in range(1, 4 * 7)
        if (day := today - timedelta(days=back)) >= programme.first_day
        and day.isoweekday() in programme.weekdays
    ]
    return over[QUIET_DAYS - 1] if len(over) >= QUIET_DAYS and today <= programme.last_day else None


def _quiet(scope: Scope, programme: Programme, groups: list[UUID], today: date) -> int:
    """Members from before those days who have not checked in on any of them, nor today."""
    since = quiet_since(programme=programme, today=today)
    if since is None:
        return 0
    began = datetime.combine(since, time(), tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(_QUIET, [groups, scope.lo, scope.hi, began, programme.pk, since])
        return int(cursor.fetchone()[0])
