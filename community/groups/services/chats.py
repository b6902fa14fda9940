"""Group chats of WeCom written into groups: what one answer of WeCom says becomes the group, whole or not at all.

Nothing here speaks to WeCom. A worker holds a chat for a while (`claim_chats`), asks WeCom outside any transaction, and
writes what it heard only if it still holds it: an answer that comes late changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from campaigns.audit.services import record
from campaigns.lib.both import refusal_in_both
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from community.groups.models import Group, Member
from community.groups.refusals import OwnerIsUnknown
from community.groups.selectors import account_of, person_keys, who_they_are
from community.groups.wecom_answers import ChatDetail, ChatMember
from community.groups.wecom_models import Chat, GroupSync, WeComAccount

LEASE = timedelta(minutes=2)
# A group of WeCom without a name is shown by its members there.
UNNAMED = "未命名社群"
MOST = 500  # members that WeCom lets into one group

_NOTE = """
INSERT INTO community_chat AS c (id, branch_id, branch_pos, chat_id, name, owner_userid, due_at, tries, is_stuck, why,
                                 listed_at)
SELECT uuidv7(), %s, %s, chat_id, '', '', %s, 0, false, '{}', CASE WHEN %s THEN %s::timestamptz END
  FROM unnest(%s::text[]) AS t (chat_id) ORDER BY chat_id
ON CONFLICT (chat_id) DO UPDATE
   SET due_at = least(c.due_at, EXCLUDED.due_at), tries = 0, is_stuck = false,
       listed_at = coalesce(EXCLUDED.listed_at, c.listed_at)
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A chat in the hands of one worker."""

    id: UUID
    chat_id: str
    attempt: UUID
    tries: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What one answer changed. `is_ours`: False when the worker did not hold the chat any more, and nothing was
    written.
    """

    is_ours: bool = True
    founded: int = 0
    joined: int = 0
    left: int = 0
    dissolved: int = 0


def note_chats(*, scope: Scope, chat_ids: Iterable[str], is_listed: bool = False) -> int:
    """Have these fetched, each once however often it is noted; how many. One that is being fetched at this moment is
    fetched once more, as what is heard of it may be older than the note.
    """
    named = sorted({each for each in chat_ids if each and len(each) <= 64})
    root = _root()
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_NOTE, [root.pk, root.pos, scope.at, is_listed, scope.at, named])
        return int(cursor.rowcount)


def note_again(*, scope: Scope, rows: QuerySet[Chat]) -> int:
    """Have chats of the scope fetched that are known, also those that stand still; how many."""
    return rows.within(scope).update(due_at=scope.at, tries=0, is_stuck=False)  # type: ignore[attr-defined, no-any-return]


def claim_chats(*, scope: Scope, many: int) -> list[Held]:
    """Chats that are to be fetched now, held for `LEASE`; those whose worker died are among them."""
    due = Q(due_at__lte=scope.at, attempt__isnull=True) | Q(lease_until__lte=scope.at)
    rows = Chat.objects.within(scope).filter(due, is_stuck=False).order_by("due_at", "pk")
    taken = []
    for chat in rows.select_for_update(skip_locked=True, no_key=True, of=("self",))[:many]:
        held = Held(chat.pk, chat.chat_id, new_id(), chat.tries)
        # What is noted from now on makes it due again.
        _change(scope, chat.pk, attempt=held.attempt, lease_until=scope.at + LEASE, due_at=None)
        taken.append(held)
    return taken


def apply_chat(*, scope: Scope, held: Held, detail: ChatDetail, corp: str) -> Applied:
    """The group is as WeCom says: its name, owner, notice, and who is in it, with the moments of their joining.

    A chat whose owner the bank does not know is kept without a group, with the words why.
    """
    chat = _ours(scope, held)
    if chat is None:
        return Applied(is_ours=False)
    owner = detail.owner.lower()
    group = _group_of(scope, detail.chat_id)
    account = account_of(scope=scope, userid=owner)
    free: dict[str, Any] = {
        "attempt": None,
        "lease_until": None,
        "tries": 0,
        "why": {},
        "name": detail.name[:60],
        "owner_userid": owner[:64],
        "fetched_at": scope.at,
        "gone_at": None,
    }
    if group is None and account is None:
        _change(scope, chat.pk, **free | {"why": refusal_in_both(OwnerIsUnknown(userid=owner))})
        return Applied()
    founded = group is None
    if group is None:
        assert account is not None
        group = _found(scope, detail, account)
    elif group.dissolved_at is None:
        _follow(scope, group, detail, account)
    joined = left = 0
    if group.dissolved_at is None:
        joined, left = _meet(scope, group, detail.members, corp)
    _change(scope, chat.pk, **free)
    return Applied(founded=int(founded), joined=joined, left=left)


def apply_gone(*, scope: Scope, held: Held) -> Applied:
    """WeCom has dissolved it: so is the group, and who was in it has left."""
    chat = _ours(scope, held)
    if chat is None:
        return Applied(is_ours=False)
    group = _group_of(scope, held.chat_id)
    left = 0
    if group is not None and group.dissolved_at is None:
        left = _end(scope, Member.objects.within(scope).filter(group=group, left_at=None))
        Group.objects.within(scope).filter(pk=group.pk).update(dissolved_at=scope.at, staff_count=0)
        _note(scope, group, "community.group.dissolve")
    is_new = chat.gone_at is None
    gone = scope.at if is_new else chat.gone_at
    _change(scope, chat.pk, attempt=None, lease_until=None, tries=0, why={}, gone_at=gone)
    return Applied(left=left, dissolved=int(is_new and group is not None))


def put_off(*, scope: Scope, held: Held, until: datetime, why: dict[str, str], is_try: bool = True) -> bool:
    """It could not be fetched, and is tried again at `until`; False when it was in other hands by then."""
    chat = _ours(scope, held)
    if chat is None:
        return False
    due = until if chat.due_at is None else chat.due_at
    _change(
        scope, chat.pk, attempt=None, lease_until=None, due_at=due, tries=chat.tries + int(is_try), why=why
    )
    return True


def stop_chat(*, scope: Scope, held: Held, why: dict[str, str]) -> bool:
    """It cannot be fetched, and is asked for no more until somebody says so."""
    chat = _ours(scope, held)
    if chat is None:
        return False
    _change(scope, chat.pk, attempt=None, lease_until=None, is_stuck=True, why=why)
    return True


def count_applied(*, scope: Scope, sync_id: UUID, applied: Applied) -> None:
    """What the run did so far."""
    GroupSync.objects.within(scope).filter(pk=sync_id).update(
        fetched=F("fetched") + 1,
        founded=F("founded") + applied.founded,
        joined=F("joined") + applied.joined,
        left=F("left") + applied.left,
        dissolved=F("dissolved") + applied.dissolved,
    )


def _root() -> Branch:
    return Branch.objects.get(parent__isnull=True)


def _ours(scope: Scope, held: Held) -> Chat | None:
    """The chat, locked; None when somebody else has taken it since."""
    rows = Chat.objects.within(scope).filter(pk=held.id, attempt=held.attempt)
    chat: Chat | None = rows.select_for_update(no_key=True, of=("self",)).first()
    return chat


def _change(scope: Scope, chat_id: UUID, **to: Any) -> None:
    Chat.objects.within(scope).filter(pk=chat_id).update(**to)


def _group_of(scope: Scope, chat_id: str) -> Group | None:
    rows = Group.objects.within(scope).filter(chat_id=chat_id)
    group: Group | None = rows.select_for_update(no_key=True, of=("self",)).first()
    return group


def _found(scope: Scope, detail: ChatDetail, account: WeComAccount) -> Group:
    founded = min(detail.founded_at or scope.at, scope.at)
    group: Group = Group.objects.create(
        branch_id=account.branch_id,
        branch_pos=account.branch_pos,
        name=detail.name[:60] or UNNAMED,
        owner_id=account.person_id,
        source=Group.Source.WECOM,
        chat_id=detail.chat_id,
        notice=detail.notice[:600],
        capacity=200 if len(detail.members) <= 200 else MOST,
        founded_at=founded,
    )
    _note(scope, group, "community.group.add", source="wecom")
    return group


def _follow(scope: Scope, group: Group, detail: ChatDetail, account: WeComAccount | None) -> None:
    """What WeCom is the master of. The group stays with its branch, whoever owns it: plans and figures stand there."""
    wanted: dict[str, Any] = {"name": detail.name[:60] or UNNAMED, "notice": detail.notice[:600]}
    if account is not None:
        wanted["owner_id"] = account.person_id
    if len(detail.members) > group.capacity:
        wanted["capacity"] = MOST
    changed = {name: value for name, value in wanted.items() if getattr(group, name) != value}
    if not changed:
        return
    Group.objects.within(scope).filter(pk=group.pk).update(**changed)
    for name, value in changed.items():
        setattr(group, name, value)
    _note(scope, group, "community.group.change", source="wecom", changed=sorted(changed))


def _meet(scope: Scope, group: Group, members: Sequence[ChatMember], corp: str) -> tuple[int, int]:
    """Spells begin and end as WeCom says; how many of each. Whom the bank comes to know is linked."""
    outside = {each.userid: each for each in members if not each.is_colleague}
    keys = person_keys(userids=outside, corp=corp)
    known = who_they_are(scope=scope, members=list(outside.values()), corp=corp)
    wanted = {keys[userid]: each for userid, each in outside.items()}
    spells = {m.person_key: m for m in Member.objects.within(scope).filter(group=group, left_at=None)}
    again = {
        key: wanted[key].joined_at
        for key, spell in spells.items()
        if key in wanted and _is_later(wanted[key].joined_at, spell.joined_at)
    }
    over = [spell.pk for key, spell in spells.items() if key not in wanted]
    left = _end(scope, Member.objects.within(scope).filter(pk__in=over))
    for key, moment in again.items():
        # Out and in again between two looks: nobody knows when out, but no later than in.
        Member.objects.within(scope).filter(pk=spells[key].pk).update(left_at=moment)
    fresh = [key for key in wanted if key not in spells or key in again]
    Member.objects.bulk_create(
        Member(
            branch_id=group.branch_id,
            branch_pos=group.branch_pos,
            group=group,
            customer_id=known.get(wanted[key].userid),
            person_key=key,
            joined_at=min(wanted[key].joined_at or scope.at, scope.at),
        )
        for key in fresh
    )
    for key, spell in spells.items():
        who = known.get(wanted[key].userid) if key in wanted else None
        if who is not None and spell.customer_id is None and key not in again:
            Member.objects.within(scope).filter(pk=spell.pk, customer=None).update(customer_id=who)
    colleagues = len(members) - len(outside)
    if colleagues != group.staff_count:
        Group.objects.within(scope).filter(pk=group.pk).update(staff_count=colleagues)
    return len(fresh), left + len(again)


def _is_later(said: datetime | None, since: datetime) -> bool:
    return said is not None and said > since + timedelta(seconds=1)


def _end(scope: Scope, spells: Any) -> int:
    return int(spells.update(left_at=Greatest(F("joined_at"), scope.at)))


def _note(scope: Scope, group: Group, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("community.group", group.pk),
        subject_name=group.name,
        branch_id=group.branch_id,
        branch_pos=group.branch_pos,
        **detail,
    )
