"""Each night how every group is doing; and signs of life that people note."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from campaigns.tenants.scopes import Scope, system_scope
from community.groups.health_models import GroupHealth, GroupSign, OwnerFigures
from community.groups.models import Group, Member
from community.groups.refusals import GroupIsDissolved
from community.groups.rules import Flow, days_between, health_of
from community.groups.selectors import accounts_within, group_in_scope
from community.groups.services.groups import note_group
from community.groups.services.syncs import Clock
from community.groups.signs import last_signs
from community.groups.wecom import WeCom
from community.groups.wecom_answers import Later, NotPermitted, Stopped

LOT = 500
TASK = "community.judge_groups"
KEPT = timedelta(days=400)


def note_sign(*, scope: Scope, group_id: UUID, note: str = "", at: datetime | None = None) -> GroupSign:
    """Somebody saw that the group is alive, now or at a moment before. Raises NotFound, GroupIsDissolved."""
    scope.demand("community.group.sign")
    group = group_in_scope(scope=scope, group_id=group_id)
    if group.dissolved_at is not None:
        raise GroupIsDissolved
    sign, _made = GroupSign.objects.within(scope).update_or_create(
        group=group,
        defaults={
            "at": min(at or scope.at, scope.at),
            "note": note.strip()[:120],
            "branch_id": group.branch_id,
            "branch_pos": group.branch_pos,
        },
    )
    found: GroupSign = sign
    note_group(scope=scope, group=group, verb="community.group.sign", note=found.note)
    return found


def judge_groups(*, scope: Scope, after: UUID | None = None) -> UUID | None:
    """Write how the next lot of groups is doing, a row for each and its day; the last one's id, None at the end.

    Any number of times a day: the later look replaces the earlier.
    """
    scope.demand("community.group.judge")
    rows = Group.objects.within(scope).filter(dissolved_at=None).select_related("branch").order_by("pk")
    groups = list((rows.filter(pk__gt=after) if after else rows)[:LOT])
    if not groups:
        return None
    flows, lives = _flows(scope, groups), _last_lives(scope, groups)
    replies = _replies(scope, groups)
    written, words = [], {}
    for group in groups:
        flow = flows[group.pk]
        silent = days_between(lives[group.pk], scope.at)
        words[group.pk] = health_of(flow=flow, silent_days=silent)
        written.append(
            GroupHealth(
                branch_id=group.branch_id,
                branch_pos=group.branch_pos,
                group=group,
                day=scope.at.astimezone(ZoneInfo(group.branch.zone)).date(),
                members=flow.members,
                joined_7=flow.joined_7,
                left_7=flow.left_7,
                joined_30=flow.joined_30,
                left_30=flow.left_30,
                silent_days=silent,
                reply_minutes=replies.get(group.owner_id),
                word=words[group.pk],
            )
        )
    GroupHealth.objects.bulk_create(
        written,
        update_conflicts=True,
        unique_fields=["group", "day"],
        update_fields=[
            "members", "joined_7", "left_7", "joined_30", "left_30", "silent_days", "reply_minutes", "word",
        ],
    )  # fmt: skip
    for word in set(words.values()):
        ids = [pk for pk, said in words.items() if said == word]
        Group.objects.within(scope).filter(pk__in=ids).exclude(health=word).update(health=word)
    return groups[-1].pk


def forget_healths(*, scope: Scope) -> int:
    """Delete what was said of days long ago; how many rows."""
    scope.demand("community.group.judge")
    before = (scope.at - KEPT).date()
    many = GroupHealth.objects.within(scope).filter(day__lt=before).delete()[0]
    return int(many + OwnerFigures.objects.within(scope).filter(day__lt=before).delete()[0])


def fetch_figures(*, wecom: WeCom, clock: Clock) -> int:
    """What WeCom counted of each owner yesterday; of how many. An owner of whom WeCom tells nothing is left out."""
    if not wecom.is_configured:
        return 0
    with system_scope(at=clock(), cause=TASK) as scope:
        owning = Group.objects.within(scope).filter(source=Group.Source.WECOM, dissolved_at=None)
        rows = accounts_within(scope=scope).filter(ended_at=None, person__in=owning.values("owner_id"))
        owners = list(rows.order_by("pk"))
    many = 0
    for account in owners:
        day = (clock().astimezone(ZoneInfo(account.branch.zone)) - timedelta(days=1)).date()
        begins = datetime.combine(day, datetime.min.time(), ZoneInfo(account.branch.zone)).astimezone(UTC)
        try:
            told = wecom.owner_figures(owner=account.userid, day=begins)
            minutes = wecom.reply_minutes(userid=account.userid, day=begins)
        except NotPermitted:
            break
        except (Later, Stopped):
            continue
        with system_scope(at=clock(), cause=TASK):
            _keep_figures(account.pk, account.branch_id, account.branch_pos, day, told, minutes)
        many += 1
    return many


def _keep_figures(
    account_id: UUID, branch_id: int, branch_pos: int, day: date, told: object, minutes: int | None
) -> None:
    def count(name: str) -> int:
        value = told.get(name, 0) if isinstance(told, dict) else 0
        return value if isinstance(value, int) and 0 <= value < 2**31 else 0

    OwnerFigures.objects.bulk_create(
        [
            OwnerFigures(
                branch_id=branch_id,
                branch_pos=branch_pos,
                account_id=account_id,
                day=day,
                groups=count("chat_total"),
                groups_spoken=count("chat_has_msg"),
                messages=count("msg_total"),
                reply_minutes=minutes,
            )
        ],
        update_conflicts=True,
        unique_fields=["account", "day"],
        update_fields=["groups", "groups_spoken", "messages", "reply_minutes"],
    )


def _flows(scope: Scope, groups: Sequence[Group]) -> dict[UUID, Flow]:
    week, month = scope.at - timedelta(days=7), scope.at - timedelta(days=30)
    counts = (
        Member.objects.within(scope)
        .filter(group__in=groups)
        .values("group_id")
        .annotate(
            joined_7=Count("pk", filter=Q(joined_at__gt=week)),
            left_7=Count("pk", filter=Q(left_at__gt=week)),
            joined_30=Count("pk", filter=Q(joined_at__gt=month)),
            left_30=Count("pk", filter=Q(left_at__gt=month)),
        )
        .order_by()
    )
    names = ("joined_7", "left_7", "joined_30", "left_30")
    found = {group_id: many for group_id, *many in counts.values_list("group_id", *names)}
    return {group.pk: Flow(group.member_count, *found.get(group.pk, [0, 0, 0, 0])) for group in groups}


def _last_lives(scope: Scope, groups: Sequence[Group]) -> dict[UUID, datetime]:
    """The last sign of life: founding, the last joining, what somebody noted, what rooms above know."""
    ids = [group.pk for group in groups]
    lives = {group.pk: group.founded_at for group in groups}
    joined = Member.objects.within(scope).filter(group__in=ids).order_by("group_id", "-joined_at")
    signs: list[tuple[UUID, datetime]] = list(
        joined.distinct("group_id").values_list("group_id", "joined_at")
    )
    signs += GroupSign.objects.within(scope).filter(group__in=ids).values_list("group_id", "at")
    signs += last_signs(scope=scope, group_ids=ids).items()
    for group_id, at in signs:
        lives[group_id] = max(lives[group_id], at)
    return lives


def _replies(scope: Scope, groups: Sequence[Group]) -> dict[UUID, int]:
    """By owner the minutes of the newest day of the last week."""
    since = (scope.at - timedelta(days=7)).date()
    rows = OwnerFigures.objects.within(scope).filter(
        day__gte=since, reply_minutes__isnull=False, account__person__in={group.owner_id for group in groups}
    )
    newest = rows.order_by("account_id", "-day").distinct("account_id")
    told = newest.values_list("account__person_id", "reply_minutes")
    return {person: minutes for person, minutes in told if minutes is not None}
