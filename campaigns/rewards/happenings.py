"""The kinds of events of this room: written by its verbs alone (sql_events.py)."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from campaigns.events.registry import key, money, register_event, subject_id, whole
from campaigns.lib.refs import ref
from campaigns.rewards.models import Coupon
from campaigns.tenants.scopes import Scope

_COUPON = "rewards.coupon"


def register_kinds() -> None:
    """What happens to a coupon, for the customer's time line and for whoever counts."""
    register_event(
        "rewards.coupon.claimed",
        label=_("Claimed the coupon"),
        properties={"batch": key(is_required=True), "nth": whole(1, 10_000, is_required=True)},
        keeps=37,
        subjects=(_COUPON,),
        moment="earned",
        names=_titles,
    )
    register_event(
        "rewards.coupon.granted",
        label=_("Was granted the coupon"),
        properties={"batch": key(is_required=True), "nth": whole(1, 10_000, is_required=True)},
        keeps=37,
        subjects=(_COUPON,),
        moment="earned",
        names=_titles,
    )
    register_event(
        "rewards.coupon.given",
        label=_("Gave away the coupon"),
        properties={"gift": key(is_required=True), "coupon": key(is_required=True)},
        keeps=37,
        subjects=(_COUPON,),
        moment="done",
        names=_titles,
    )
    register_event(
        "rewards.coupon.received",
        label=_("Was given the coupon"),
        properties={
            "batch": key(is_required=True),
            "nth": whole(1, 10_000, is_required=True),
            "gift": key(is_required=True),
        },
        keeps=37,
        subjects=(_COUPON,),
        moment="earned",
        names=_titles,
    )
    register_event(
        "rewards.coupon.redeemed",
        label=_("Redeemed the coupon"),
        properties={
            "redemption": key(is_required=True),
            "off_fen": money(),
            "order_fen": money(),
            "merchant": key(),
        },
        keeps=37,
        subjects=(_COUPON,),
        moment="earned",
        names=_titles,
    )
    register_event(
        "rewards.coupon.reversed",
        label=_("Had the redemption reversed of"),
        properties={"redemption": key(is_required=True), "reversal": key(is_required=True)},
        keeps=37,
        subjects=(_COUPON,),
        moment="changed",
        names=_titles,
    )


def _titles(scope: Scope, references: Collection[str]) -> Mapping[str, str]:
    """Titles of the coupons that are within the scope."""
    ids = [found for each in references if (found := subject_id(each))]
    rows = Coupon.objects.within(scope).filter(pk__in=ids).values_list("pk", "title")
    return {ref(_COUPON, pk): title for pk, title in rows}
