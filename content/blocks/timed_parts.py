"""Parts of blocks that hold for a time: a coupon batch, a moment."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext

from campaigns.lib.clock import FOREVER
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from content.blocks.parts import Part, Sight, Wrong
from content.coupons import sentence_of
from content.selectors import batches_offered


@dataclass(frozen=True, slots=True)
class Batch(Part):
    """A coupon batch, own or handed down from above."""

    def choices(self, scope: Scope) -> list[tuple[str, str]]:
        return [(str(key), title) for key, title in batches_offered(scope=scope)]

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        if not value:
            return ""
        try:
            batch_id = str(UUID(str(value)))
        except ValueError:
            raise Wrong("请选择券批次", "choose a coupon batch") from None
        if batch_id != kept and batch_id not in dict(self.choices(scope)):
            raise Wrong(
                "它不在您的机构范围内，也没有下发给您", "it is not of your branches, and none hands it down"
            )
        return batch_id

    def says(self, scope: Scope, frozen: Any) -> str:
        return sentence_of(scope=scope, batch_id=frozen) if frozen else ""

    def shows(self, sight: Sight, frozen: Any) -> Any:
        return sight.coupon(frozen) if frozen else None


@dataclass(frozen=True, slots=True)
class Moment(Part):
    """A moment, UTC in ISO form; typed in the branch's zone."""

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        if not value:
            return ""
        try:
            moment = parse_datetime(str(value))
        except ValueError:
            moment = None
        if moment is None:
            raise Wrong("请填写日期和时间", "it must be a date and a time")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_of(scope=scope))
        return moment.astimezone(UTC).isoformat()

    def lacks(self, scope: Scope, value: Any, shown_from: datetime) -> str:
        if value and datetime.fromisoformat(value) <= max(scope.at, min(shown_from, FOREVER)):
            return gettext("it is over before anybody sees it")
        return Part.lacks(self, scope, value, shown_from)

    def says(self, scope: Scope, frozen: Any) -> str:
        if not frozen:
            return ""
        return str(
            date_format(datetime.fromisoformat(frozen).astimezone(zone_of(scope=scope)), "DATETIME_FORMAT")
        )

    def shows(self, sight: Sight, frozen: Any) -> Any:
        """ISO for the API; for a page the words of it too."""
        if not frozen or not sight.is_page:
            return frozen or ""
        return {"at": frozen, "words": self.says(sight.scope, frozen)}
