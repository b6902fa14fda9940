"""Livestreams, made through the services: a channel of the north, a host, a cover, a product, and drops of a batch."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.models import Revision
from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from community.livestreams.models import Channel, Livestream
from community.livestreams.services.channels import add_channel
from community.livestreams.services.livestreams import add_livestream, submit_livestream
from community.livestreams.terms import Drop, Host, LivestreamTerms, Question, SheetLine
from content.services.items import submit_item
from tests.support.cast import AT, Cast, Player, hired
from tests.support.content import make_asset, make_item

QUESTION = Question(question="存款保险最高偿付多少？", options=["50 万元", "100 万元"], right=0)
SHEET = [
    SheetLine(minute=0, minutes=10, heading="开场", script="各位客户大家好，欢迎来到行长直播间。"),
    SheetLine(minute=10, minutes=40, heading="养老金怎么领", script="投资有风险，选择须谨慎。"),
]


def operator(cast: Cast, code: str = "N") -> Player:
    """The community operator of a branch, hired the first time."""
    return _hired(cast, "community_operator", code)


def _hired(cast: Cast, role: str, code: str) -> Player:
    name = f"{role}_{code}"
    if name not in cast.players:
        cast.players[name] = hired(cast, role, code, name)
    return cast.players[name]


def channel_of(player: Player, name: str = "北方直播间") -> Channel:
    with player.scope() as scope:
        found = Channel.objects.within(scope).filter(branch_id=scope.branch_id, name=name).first()
        return found or add_channel(
            scope=scope, name=name, platform="hls", url="https://live.bank.com.cn/north/index.m3u8"
        )


def product_card(cast: Cast, maker: Player, checker: Player, at: datetime = AT, **more: Any) -> UUID:
    """A live product card with its disclosure."""
    values = {
        "kind": "product", "title": "稳盈一年", "product_class": "wealth", "product_code": "WY001", "risk_level": "R2",
        "disclosure": "本产品风险等级 R2。理财非存款、产品有风险、投资须谨慎。", "shown_until": FOREVER,
        "handed_down": True,
    }  # fmt: skip
    with maker.scope(at=at) as scope:
        item = make_item(scope, **(values | more))
        revision = submit_item(scope=scope, item_id=item.pk)
    approved(checker, revision, at=at)
    return item.pk


def terms_of_one(cast: Cast, player: Player, *, begins: datetime, **more: Any) -> LivestreamTerms:
    """An hour with a host who is the player, and a run-sheet."""
    channel = channel_of(player)
    # Pictures come into the library by editors.
    code = player.assignment.branch.code
    maker = player if player.assignment.role_id == "everything" else _hired(cast, "editor", code)
    with maker.scope() as scope:
        cover = make_asset(scope)
    terms = LivestreamTerms(
        title="行长直播间：养老金怎么领",
        theme="个人养老金、年底领取",
        planned_from=begins,
        planned_until=begins + timedelta(hours=1),
        channel_id=channel.pk,
        asset_id=cover.pk,
        hosts=[Host(name=player.person.name, title="支行行长", person=player.person.pk)],
        run_sheet=SHEET,
        handed_down=True,
    )
    return replace(terms, **more)


def draft_livestream(
    cast: Cast, player: Player, *, begins: datetime = AT + timedelta(hours=2), at: datetime = AT, **more: Any
) -> Livestream:
    terms = terms_of_one(cast, player, begins=begins, **more)
    with player.scope(at=at) as scope:
        return add_livestream(scope=scope, terms=terms)


def approved(checker: Player, revision: Revision, at: datetime = AT) -> None:
    """Approved by another person, who has seen every finding."""
    with checker.scope(at=at) as scope:
        seen = [each.finding.pk for each in findings_of(scope=scope, revision=revision)]
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=seen)


def live_livestream(
    cast: Cast,
    player: Player,
    checker: Player,
    *,
    begins: datetime = AT + timedelta(hours=2),
    at: datetime = AT,
    **more: Any,
) -> Livestream:
    """Submitted, and approved by another person."""
    draft = draft_livestream(cast, player, begins=begins, at=at, **more)
    with player.scope(at=at) as scope:
        revision = submit_livestream(scope=scope, livestream_id=draft.pk)
    approved(checker, revision, at=at)
    return draft


def drop_of(batch: UUID, *, minute: int | None = 10, minutes: int = 15) -> Drop:
    return Drop(batch=batch, minute=minute, minutes=minutes, words="前一百名领满减券", id=new_id())
