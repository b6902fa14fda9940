"""WeCom's own ways to join, for the groups of WeCom behind entry codes; and telling whoever's codes are nearly full."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from campaigns.lib.both import refusal_in_both
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.notices.services import tell
from campaigns.tenants.scopes import Scope, system_scope
from community.groups.entry_models import EntryCode, EntryGroup
from community.groups.models import Group
from community.groups.refusals import WeComAway, WeComNotPermitted, WeComRefused
from community.groups.rules import is_nearly_full
from community.groups.services.syncs import TRIES, Clock
from community.groups.wecom import WeCom
from community.groups.wecom_answers import Later, NotPermitted, Stopped

TASK = "community.make_join_ways"
_LEASE = timedelta(minutes=1)
_WAIT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Wanted:
    line_id: UUID
    attempt: UUID
    chat_id: str
    config_id: str
    tries: int


def make_join_ways(*, wecom: WeCom, clock: Clock) -> int:
    """Have WeCom make a way to join for each line that has none, and keep its picture; how many were made.

    A way whose making was answered by nothing may be made twice in WeCom: the first is nobody's, and harms nobody.
    """
    if not wecom.is_configured:
        return 0
    made = 0
    while (wanted := _next(clock)) is not None:
        config_id, picture = wanted.config_id, b""
        why: Refusal | None = None
        try:
            config_id = config_id or wecom.add_join_way(
                chat_ids=[wanted.chat_id], state=wanted.line_id.hex[:30]
            )
            picture = wecom.picture(str(wecom.join_way(config_id).get("qr_code", "")))
        except Later as later:
            why = WeComAway(why=str(later))
        except NotPermitted as no:
            why = WeComNotPermitted(why=str(no))
        except Stopped as no:
            why = WeComRefused(why=str(no))
        made += _keep(clock, wanted, config_id, picture, why)
    return made


def _next(clock: Clock) -> _Wanted | None:
    with system_scope(at=clock(), cause=TASK) as scope:
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=scope.at)
        rows = EntryGroup.objects.within(scope).filter(
            free,
            group__source=Group.Source.WECOM,
            group__dissolved_at=None,
            ended_at=None,
            qr=None,
            tries__lt=TRIES,
        )
        line = (
            rows.select_related("group")
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .first()
        )
        if line is None:
            return None
        attempt = new_id()
        rows = EntryGroup.objects.within(scope).filter(pk=line.pk)
        rows.update(attempt=attempt, lease_until=scope.at + _LEASE)
        return _Wanted(line.pk, attempt, line.group.chat_id, line.config_id, line.tries)


def _keep(clock: Clock, wanted: _Wanted, config_id: str, picture: bytes, why: Refusal | None) -> int:
    with system_scope(at=clock(), cause=TASK) as scope:
        rows = EntryGroup.objects.within(scope).filter(pk=wanted.line_id, attempt=wanted.attempt)
        if why is None and not picture.startswith(b"\x89PNG") and not picture.startswith(b"\xff\xd8"):
            why = WeComAway(why="no picture")
        if why is None:
            return rows.update(
                config_id=config_id, qr=picture, attempt=None, lease_until=None, tries=0, why={}
            )
        # What is refused for good waits for nobody's trying again; the line says why.
        tries = wanted.tries + 1 if isinstance(why, WeComAway) else TRIES
        rows.update(
            config_id=config_id,
            attempt=None,
            lease_until=scope.at + _WAIT,
            tries=tries,
            why=refusal_in_both(why),
        )
        return 0


def tell_full_codes(*, scope: Scope, limit: int = 500) -> int:
    """Tell the owner of a code's last group that it is nearly full, or that there is none any more; once until there
    is room again. How many codes.
    """
    scope.demand("community.entrycode.tell")
    told = 0
    codes = EntryCode.objects.within(scope).filter(is_open=True, picks=EntryCode.Picks.ORDER)
    # Those with lines, few to a code: one query for all.
    lines = EntryGroup.objects.within(scope).filter(code__in=codes, ended_at=None, group__dissolved_at=None)
    by_code: dict[UUID, list[EntryGroup]] = {}
    for line in lines.select_related("group", "code").order_by("place", "pk"):
        by_code.setdefault(line.code_id, []).append(line)
    for some in by_code.values():
        code = some[0].code
        full = [
            is_nearly_full(in_it=line.group.in_it, limit=min(line.most_members, line.group.capacity))
            for line in some
        ]
        if not all(full):
            if code.full_told_at is not None:
                EntryCode.objects.within(scope).filter(pk=code.pk).update(full_told_at=None)
            continue
        if code.full_told_at is not None or told >= limit:
            continue
        EntryCode.objects.within(scope).filter(pk=code.pk).update(full_told_at=scope.at)
        tell(
            scope=scope,
            people={line.group.owner_id for line in some[-1:]},
            code="community.entry_full",
            key=f"community.entry_full:{code.pk}:{scope.at.isoformat()}",
            subject=ref("community.entrycode", code.pk),
            branch_id=code.branch_id,
            title=code.title,
            group=some[-1].group.name,
        )
        told += 1
    return told
