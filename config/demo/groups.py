"""Groups of the demo bank: those of WeCom as the stand-in tells them, two kept by hand, and entry codes in front."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from campaigns.tenants.models import Assignment
from campaigns.tenants.scopes import Scope, system_scope
from community.groups.entry_models import EntryCode
from community.groups.models import Group
from community.groups.services.accounts import bind_account
from community.groups.services.chats import apply_chat, claim_chats, note_chats
from community.groups.services.entries import add_code, add_line, set_place
from community.groups.services.groups import add_group, add_member
from community.groups.services.healths import judge_groups, note_sign
from community.groups.services.kinds import add_kind
from community.groups.wecom_answers import chat_of
from config.standins.wecom import Contacts
from config.standins.wecom_demo import CORP, OWNERS, fill

if TYPE_CHECKING:
    from config.demo.story import DemoBank

KINDS = (
    ("baoma", "宝妈理财群", "Parents"),
    ("newcomer", "职场新人攒钱群", "First job"),
    ("senior", "银发康养群", "Seniors"),
)
# Where the branches of the story stand (GCJ-02), millionths of a degree.
PLACES = {
    "ZJ0101": (30_259_200, 120_130_500),
    "ZJ0102": (30_208_300, 120_211_600),
    "GD0101": (23_124_900, 113_361_400),
}


def keep_groups(demo: DemoBank) -> None:
    """Kinds at head office, four groups of WeCom, two by hand, codes at two branches and one for all."""
    with demo.act("admin", days_ago=20) as scope:
        for code, name, name_en in KINDS:
            add_kind(scope=scope, code=code, name=name, name_en=name_en)
        for login, userid in OWNERS.items():
            branch = demo.branches["BJ0101"].pk if login == "community" else None
            bind_account(scope=scope, person_id=_person(demo, login), userid=userid, branch_id=branch)
    with system_scope(at=demo.days_ago(1), cause="load_demo") as scope:
        _hear(scope)
        of_kind = Group.objects.within(scope)
        of_kind.filter(name__startswith="西湖宝妈").update(kind_id="baoma")
        of_kind.filter(name__startswith="天河职场").update(kind_id="newcomer")
    by_hand = _by_hand(demo)
    with demo.act("community", days_ago=5) as scope:
        for code, (lat, lon) in PLACES.items():
            set_place(scope=scope, branch_id=demo.branches[code].pk, lat_micro=lat, lon_micro=lon)
        add_code(
            scope=scope,
            title="找到离您最近的社群",
            says="打开定位，为您推荐最近网点正在收人的社群",
            picks=EntryCode.Picks.NEAREST,
            radius_m=30_000,
        )
    with demo.act("xihu.manager", days_ago=4) as scope:
        entry = add_code(
            scope=scope, title="西湖宝妈理财群", says="每晚八点理财小课，一起攒教育金", kind_code="baoma"
        )
        wecom = Group.objects.within(scope).filter(source=Group.Source.WECOM).order_by("founded_at")
        for group in wecom:
            add_line(scope=scope, code_id=entry.pk, group_id=group.pk, most_members=190)
        add_line(scope=scope, code_id=entry.pk, group_id=by_hand[0].pk, link="https://work.example/join/xihu")
    with system_scope(at=demo.at, cause="load_demo") as scope:
        judge_groups(scope=scope)


def _hear(scope: Scope) -> None:
    """As a run of the synchronisation would, without a server: the same answers, by the same service."""
    told = Contacts()
    fill(told)
    note_chats(scope=scope, chat_ids=told.chats, is_listed=True)
    for held in claim_chats(scope=scope, many=50):
        apply_chat(scope=scope, held=held, detail=chat_of(told.chats[held.chat_id], held.chat_id), corp=CORP)


def _by_hand(demo: DemoBank) -> list[Group]:
    made = []
    for login, branch, name, kind in (
        ("xihu.manager", "ZJ0101", "西湖银发康养群", "senior"),
        ("tianhe.manager", "GD0101", "天河亲子读书群", ""),
    ):
        with demo.act(login, days_ago=18) as scope:
            group = add_group(
                scope=scope,
                name=name,
                owner_id=_person(demo, login),
                kind_code=kind,
                capacity=100,
                notice="客户经理手工维护的社群",
            )
            for customer_id in demo.customers[branch][:5]:
                add_member(scope=scope, group_id=group.pk, customer_id=customer_id)
            made.append(group)
    with demo.act("xihu.manager", days_ago=0.5) as scope:
        note_sign(scope=scope, group_id=made[0].pk, note="线下体验课报名踊跃")
    return made


def _person(demo: DemoBank, login: str) -> UUID:
    _login, assignment_id = demo.logins[login]
    found: UUID = Assignment.objects.get(pk=assignment_id).person_id
    return found
