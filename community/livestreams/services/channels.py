"""Channels and series: where livestreams run, and which belong together."""

from collections.abc import Sequence
from uuid import UUID

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Channel, LiveSeries
from community.livestreams.platforms import Address, wrong_with
from community.livestreams.refusals import ChannelIsWrong, SeriesIsWrong
from community.livestreams.selectors import channel_in_scope, series_in_scope

_WRONG = {
    "platform": ("请选择平台。", "choose a platform."),
    "account": (
        "请填写平台账号：4 至 64 个字母、数字、下划线或短横线。",
        "give the account: 4 to 64 letters, digits, _ or -.",
    ),
    "room": (
        "请填写直播间编号：字母、数字、下划线或短横线。",
        "give the live room: letters, digits, _ or -.",
    ),
    "url": (
        "播放地址须为公网可访问的 https 地址，不能带端口、用户名或内网地址。",
        "the address must be https with a public host, without port, user or a private net.",
    ),
}


def add_channel(
    *, scope: Scope, name: str, platform: str, account: str = "", room: str = "", url: str = ""
) -> Channel:
    """A channel of the branch the scope stands at. Raises ChannelIsWrong."""
    scope.demand("community.channel.add")
    channel = Channel(branch_id=scope.branch_id, branch_pos=scope.branch_pos)
    _fill(channel, name, platform, Address(account.strip(), room.strip(), url.strip()))
    channel.save(force_insert=True)
    _note(scope, channel, "community.channel.add")
    return channel


def change_channel(
    *,
    scope: Scope,
    channel_id: UUID,
    name: str,
    platform: str,
    account: str = "",
    room: str = "",
    url: str = "",
    is_open: bool = True,
) -> Channel:
    """What was approved keeps the address that was approved. Raises NotFound, ChannelIsWrong."""
    scope.demand("community.channel.change")
    channel = channel_in_scope(scope=scope, channel_id=channel_id)
    _fill(channel, name, platform, Address(account.strip(), room.strip(), url.strip()))
    channel.is_open = is_open
    channel.save(update_fields=["name", "platform", "account", "room", "url", "is_open"])
    _note(scope, channel, "community.channel.change")
    return channel


def add_series(
    *, scope: Scope, title: str, channel_id: UUID | None = None, weekdays: Sequence[int] = ()
) -> LiveSeries:
    """A series of the branch the scope stands at. Raises NotFound, SeriesIsWrong."""
    scope.demand("community.liveseries.add")
    series = LiveSeries(branch_id=scope.branch_id, branch_pos=scope.branch_pos)
    _fill_series(scope, series, title, channel_id, weekdays)
    series.save(force_insert=True)
    _note(scope, series, "community.liveseries.add")
    return series


def change_series(
    *,
    scope: Scope,
    series_id: UUID,
    title: str,
    channel_id: UUID | None = None,
    weekdays: Sequence[int] = (),
    is_open: bool = True,
) -> LiveSeries:
    """Raises NotFound, SeriesIsWrong."""
    scope.demand("community.liveseries.change")
    series = series_in_scope(scope=scope, series_id=series_id)
    _fill_series(scope, series, title, channel_id, weekdays)
    series.is_open = is_open
    series.save(update_fields=["title", "channel", "weekdays", "is_open"])
    _note(scope, series, "community.liveseries.change")
    return series


def _fill(channel: Channel, name: str, platform: str, address: Address) -> None:
    if not name.strip():
        raise ChannelIsWrong(why_zh="请填写名称。", why_en="give it a name.")
    if wrong := wrong_with(platform, address):
        zh, en = _WRONG[wrong]
        raise ChannelIsWrong(why_zh=zh, why_en=en)
    channel.name, channel.platform = name.strip(), platform
    channel.account, channel.room, channel.url = address.account, address.room, address.url


def _fill_series(
    scope: Scope, series: LiveSeries, title: str, channel_id: UUID | None, weekdays: Sequence[int]
) -> None:
    if not title.strip():
        raise SeriesIsWrong(why_zh="请填写标题。", why_en="give it a title.")
    days = sorted({*weekdays})
    if any(not 1 <= day <= 7 for day in days):
        raise SeriesIsWrong(why_zh="星期须为周一至周日。", why_en="weekdays are Monday to Sunday.")
    series.channel = channel_in_scope(scope=scope, channel_id=channel_id) if channel_id else None
    series.title, series.weekdays = title.strip(), days


def _note(scope: Scope, thing: Channel | LiveSeries, verb: str) -> None:
    noun = verb.rpartition(".")[0]
    record(
        scope=scope,
        verb=verb,
        subject=ref(noun, thing.pk),
        subject_name=str(thing),
        branch_id=thing.branch_id,
        branch_pos=thing.branch_pos,
    )
