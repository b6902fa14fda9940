"""What a draw says, as one value: checked, frozen as JSON, and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.points.draws import WHOLE
from campaigns.points.models import Draw, Ends, PrizeKind
from campaigns.points.refusals.draws import DrawTermsUnclear, OddsTooMany, PrizeUnclear

MOST_PRIZES = 12
# Points in one try or prize: a slip of the hand is no liability.
_MOST = 1_000_000
_MOST_FEN = 1_000_000_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class PrizeTerms:
    """One prize: `parts` of 1,000,000, `value_fen` what one is worth as stated. `id` is empty for a new one."""

    title: str
    kind: str
    parts: int
    points: int = 0
    batch_id: UUID | None = None
    value_fen: int = 0
    id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawTerms:
    """Everything a draw says. Points are whole, moments UTC with the end exclusive; empty limits are none.

    `months` and `ends`: how long points won are good (empty: for good).
    """

    title: str
    text: str = ""
    price_points: int = 0
    times_day: int | None = 1
    times_all: int | None = None
    open_from: datetime
    open_until: datetime
    fallback_title: str = "谢谢参与"
    fallback_points: int = 0
    months: int | None = 12
    ends: str = Ends.YEAR
    handed_down: bool = False
    prizes: Sequence[PrizeTerms] = ()

    def check(self) -> None:
        """Raises DrawTermsUnclear, PrizeUnclear, OddsTooMany."""
        limits = (self.times_day, self.times_all, self.months)
        if (
            self.open_from >= self.open_until
            or any(each is not None and not 1 <= each <= 32_000 for each in limits)
            or not 0 <= self.price_points <= _MOST
            or not 0 <= self.fallback_points <= _MOST
            or not self.fallback_title.strip()
            or self.ends not in Ends.values
        ):
            raise DrawTermsUnclear
        if not 1 <= len(self.prizes) <= MOST_PRIZES:
            raise PrizeUnclear(most=MOST_PRIZES)
        for prize in self.prizes:
            is_points, is_coupon = prize.kind == PrizeKind.POINTS, prize.kind == PrizeKind.COUPON
            if (
                prize.kind not in PrizeKind.values
                or not prize.title.strip()
                or prize.parts < 1
                or is_points != (prize.points > 0)
                or is_coupon != (prize.batch_id is not None)
                or not 0 <= prize.points <= _MOST
                or not 0 <= prize.value_fen <= _MOST_FEN
            ):
                raise PrizeUnclear(most=MOST_PRIZES)
        if (over := sum(prize.parts for prize in self.prizes) - WHOLE) > 0:
            raise OddsTooMany(percent=f"{over / 10_000:.4f}".rstrip("0").rstrip("."))

    def columns(self) -> dict[str, Any]:
        """The columns of the draw itself, its prizes left out."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "prizes"}


def terms_of(draw: Draw) -> DrawTerms:
    """What a draft says."""
    values = {each.name: getattr(draw, each.name) for each in fields(DrawTerms) if each.name != "prizes"}
    prizes = [
        PrizeTerms(**{each.name: getattr(prize, each.name) for each in fields(PrizeTerms)})
        for prize in draw.prizes.all()
        if prize.is_offered
    ]
    return DrawTerms(**values, prizes=prizes)


def frozen(terms: DrawTerms) -> dict[str, Any]:
    """The terms as JSON."""
    payload = terms.columns() | {"ends": str(terms.ends)}
    payload |= {name: payload[name].isoformat() for name in ("open_from", "open_until")}
    payload["prizes"] = [
        asdict(prize)
        | {
            "id": str(prize.id),
            "kind": str(prize.kind),
            "batch_id": str(prize.batch_id) if prize.batch_id else None,
        }
        for prize in terms.prizes
    ]
    return payload


def thawed(payload: Mapping[str, Any]) -> DrawTerms:
    """What was frozen."""
    values = {each.name: payload[each.name] for each in fields(DrawTerms)}
    for name in ("open_from", "open_until"):
        values[name] = datetime.fromisoformat(values[name])
    values["prizes"] = [
        PrizeTerms(
            **{each.name: prize[each.name] for each in fields(PrizeTerms)}
            | {"id": UUID(prize["id"]), "batch_id": UUID(prize["batch_id"]) if prize["batch_id"] else None}
        )
        for prize in payload["prizes"]
    ]
    return DrawTerms(**values)
