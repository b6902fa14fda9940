"""Questions about groups."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from campaigns.customers.identity_rules import EXTERNAL_USERID, UNIONID
from campaigns.customers.selectors import customers_within, lookups
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Assignment, Person
from campaigns.tenants.scopes import Scope
from community.groups.entry_models import BranchPlace, EntryCode, EntryGroup, EntryShows
from community.groups.health_models import GroupHealth, GroupSign
from community.groups.models import Group, GroupKind, Member
from community.groups.wecom_answers import ChatMember
from community.groups.wecom_models import Chat, GroupSync, WeComAccount


def groups_within(*, scope: Scope) -> QuerySet[Group]:
    """Groups of the scope's branches, with kind, branch and `owner_name`; None for an owner who works elsewhere: a join
    would leave out the group along with a person whom the scope does not see.
    """
    owner = Person.objects.filter(pk=OuterRef("owner_id")).values("name")[:1]
    return Group.objects.within(scope).select_related("kind", "branch").annotate(owner_name=Subquery(owner))


def group_in_scope(*, scope: Scope, group_id: UUID | str) -> Group:
    """Raises NotFound for a foreign and an absent one alike."""
    group = groups_within(scope=scope).filter(pk=group_id).first()
    if group is None:
        raise NotFound
    return group


def kinds_in_use() -> QuerySet[GroupKind]:
    """Which kinds can a group be of?"""
    return GroupKind.objects.filter(is_active=True)


def members_in(*, scope: Scope, group: Group) -> QuerySet[Member]:
    """Who is in the group now, first come first."""
    return Member.objects.within(scope).filter(group=group, left_at=None)


def groups_of_customer(*, scope: Scope) -> QuerySet[Group]:
    """The groups that the customer who asks is in. Asked as the customer: the policy shows these alone."""
    open_spells = Member.objects.filter(customer_id=_self(scope), left_at=None)
    return Group.objects.filter(pk__in=open_spells.values("group_id"), dissolved_at=None).select_related(
        "kind"
    )


def account_of(*, scope: Scope, userid: str) -> WeComAccount | None:
    """Whose WeCom user id is this, among those of the scope? None for one that has ended, too."""
    rows = WeComAccount.objects.within(scope).filter(userid=userid.lower(), ended_at=None)
    return rows.select_related("person").first()


def accounts_within(*, scope: Scope) -> QuerySet[WeComAccount]:
    """Whose user ids are known, ended ones too?"""
    return WeComAccount.objects.within(scope).select_related("person", "branch")


def userids_of(*, scope: Scope, people: Iterable[UUID]) -> dict[UUID, str]:
    """The user ids in WeCom that these people have now; who has none is left out."""
    rows = WeComAccount.objects.within(scope).filter(person_id__in=set(people), ended_at=None)
    return dict(rows.values_list("person_id", "userid"))


def person_keys(*, userids: Iterable[str], corp: str) -> dict[str, str]:
    """By which key does each external contact stand in the lists of members?"""
    find = lookups()
    return {userid: find(EXTERNAL_USERID, userid, corp).hex() for userid in userids}


def who_they_are(*, scope: Scope, members: Sequence[ChatMember], corp: str) -> dict[str, UUID]:
    """Which of them are customers, in the whole bank? By the user id; the external contact is believed first."""
    find = lookups()
    asked = [(each.userid, EXTERNAL_USERID, find(EXTERNAL_USERID, each.userid, corp)) for each in members]
    asked += [(each.userid, UNIONID, find(UNIONID, each.unionid, "")) for each in members if each.unionid]
    found: dict[str, UUID] = {}
    if not asked:
        return found
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT place, customer_id FROM customers_by_identities(%s::text[], %s::bytea[])",
            [[kind for _who, kind, _key in asked], [key for _who, _kind, key in asked]],
        )
        for place, customer_id in cursor.fetchall():
            found.setdefault(asked[place - 1][0], customer_id)
    return found


def administrators(*, scope: Scope) -> list[UUID]:
    """Who administers head office now?"""
    held = Assignment.objects.within(scope).filter(
        role_id="administrator", branch__parent=None, held_from__lte=scope.at, held_until__gt=scope.at
    )
    return list(held.values_list("person_id", flat=True).distinct())


def customers_named(*, cells: Sequence[str], kinds: Sequence[str]) -> dict[str, UUID]:
    """Whom do these words name, in the whole bank? By the word; what names nobody is left out. For services alone:
    who is not within the scope is answered like who is not there.
    """
    find = lookups()
    asked = [(cell, kind, find(kind, cell, "")) for cell in dict.fromkeys(cells) if cell for kind in kinds]
    found: dict[str, UUID] = {}
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT place, customer_id FROM customers_by_identities(%s::text[], %s::bytea[])",
            [[kind for _cell, kind, _key in asked], [key for _cell, _kind, key in asked]],
        )
        for place, customer_id in cursor.fetchall():
            found.setdefault(asked[place - 1][0], customer_id)
    return found


def joined_at_of(*, scope: Scope) -> dict[UUID, datetime]:
    """Since when is the customer who asks in which group?"""
    spells = Member.objects.filter(customer_id=str(scope.customer_id), left_at=None).order_by("-joined_at")
    return dict(spells.values_list("group_id", "joined_at"))


def codes_of_branch(*, scope: Scope) -> QuerySet[EntryCode]:
    """By which codes may the customer who asks join a group at home? Asked as the customer: by policy."""
    rows = EntryCode.objects.filter(branch_id=scope.branch_id, is_open=True, picks=EntryCode.Picks.ORDER)
    return rows.select_related("kind").order_by("-id")[:50]


def members_shown(*, scope: Scope, group: Group) -> QuerySet[Member]:
    """Who is in the group now, the newest first."""
    rows = members_in(scope=scope, group=group).select_related("customer")
    return rows.order_by("-joined_at", "-id")


def customers_among(*, scope: Scope, members: Sequence[Member]) -> set[UUID]:
    """Which of them are customers of the scope's branches? The group's branch need not be theirs."""
    asked = [each.customer_id for each in members if each.customer_id is not None]
    return set(customers_within(scope=scope).filter(pk__in=asked).values_list("pk", flat=True))


def last_left(*, scope: Scope, group: Group, many: int = 10) -> list[Member]:
    """Who left last."""
    rows = Member.objects.within(scope).filter(group=group, left_at__isnull=False)
    return list(rows.order_by("-left_at")[:many])


def healths_of(*, scope: Scope, group: Group, days: int = 14) -> list[GroupHealth]:
    """How the group did on the last days, the newest first."""
    return list(GroupHealth.objects.within(scope).filter(group=group).order_by("-day")[:days])


def sign_of(*, scope: Scope, group: Group) -> GroupSign | None:
    """What did somebody note last?"""
    return GroupSign.objects.within(scope).filter(group=group).first()


def lines_of_code(*, scope: Scope, code: EntryCode) -> list[EntryGroup]:
    """The groups behind a code in their order, each with `shown` (times in all) and `shown_today`."""
    day = scope.at.astimezone(ZoneInfo(code.branch.zone)).date()
    rows = EntryGroup.objects.within(scope).filter(code=code, ended_at=None).select_related("group")
    return list(
        rows.annotate(
            shown=Coalesce(Sum("shows__many"), 0),
            shown_today=Coalesce(Sum("shows__many", filter=Q(shows__day=day)), 0),
        )
        .defer("qr")
        .annotate(has_qr=Case(When(qr__isnull=False, then=True), default=False))
        .order_by("place", "pk")
    )


def open_line_of(*, code: EntryCode, at: datetime) -> UUID | None:
    """Which line takes members at the moment?"""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT community_open_line(%s, %s)", [code.pk, at])
        found: UUID | None = cursor.fetchone()[0]
    return found


def entry_word(*, slug: str, at: datetime) -> str:
    """How does an entry code stand for who would scan it: "not_found", "full", or open? Not counted as a show."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT word FROM show_entry_code(%s, %s, NULL, NULL, false)", [slug, at])
        return str(cursor.fetchone()[0] or "")


def shows_by_day(*, scope: Scope, code: EntryCode, days: int = 14) -> list[tuple[date, int]]:
    """How often the code was shown on each of the last days, the newest first."""
    rows = EntryShows.objects.within(scope).filter(line__code=code).values("day")
    return list(rows.annotate(sum=Sum("many")).order_by("-day").values_list("day", "sum")[:days])


def chats_within(*, scope: Scope) -> QuerySet[Chat]:
    """Group chats of WeCom: head office's."""
    return Chat.objects.within(scope)


def syncs_within(*, scope: Scope) -> QuerySet[GroupSync]:
    """Which runs of the synchronisation were there? Head office's."""
    return GroupSync.objects.within(scope)


def group_of_chat(*, scope: Scope, chat_id: str) -> Group | None:
    """Which group of the scope is that chat?"""
    return Group.objects.within(scope).filter(chat_id=chat_id).first()


def places_within(*, scope: Scope) -> QuerySet[BranchPlace]:
    """Which branches' positions are known?"""
    return BranchPlace.objects.within(scope).select_related("branch")


def codes_within(*, scope: Scope) -> QuerySet[EntryCode]:
    """Which entry codes are of the scope's branches?"""
    return EntryCode.objects.within(scope).select_related("branch", "kind")


def _self(scope: Scope) -> UUID:
    if scope.customer_id is None:
        raise ValueError("asked as a customer alone")
    return scope.customer_id
