"""How a good of the mall is approved: what is frozen, what goes live, what the reviewer reads; and the room's hooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.customers import steps
from campaigns.customers.keeping import register_must_settle
from campaigns.customers.models import Customer
from campaigns.customers.selectors import reach_of
from campaigns.events.following import Heard, register_follower
from campaigns.events.registry import key, register_event
from campaigns.lib.both import Both
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref, ref
from campaigns.points.models import GoodKind, GoodStock, LiveGood, MallOrder
from campaigns.points.selectors.mall import good_in_scope
from campaigns.points.services.goods import (
    CODE,
    change_good,
    frozen,
    hand_over_goods,
    promised,
    publish_good,
    thawed,
    withdraw_good,
)
from campaigns.points.services.mall import hear_payments, move_orders
from campaigns.rewards.lines import window_words
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from campaigns.tenants.steps import register_step

PAID = "points.order.paid"
COPIES = Copies(LiveGood, "good_id")


def price_words(points: int, cash_fen: int) -> str:
    """ "1,200 points + ¥9.90" in the reader's language."""
    said = gettext("%(points)s points") % {"points": f"{points:,}"}
    return f"{said} + {yuan(cash_fen)}" if cash_fen else said


def freeze_good(scope: Scope, good_id: UUID) -> Frozen:
    """The draft as JSON. Raises NotFound."""
    good = good_in_scope(scope=scope, good_id=good_id)
    payload = frozen(good=good) | {"batch_title": good.batch.title if good.batch else ""}
    missing = []
    if good.open_until <= scope.at:
        missing.append(gettext("orders that are not over yet"))
    if not GoodStock.objects.within(scope).filter(pk=good_id, total__gt=0).exists():
        missing.append(gettext("a stock of at least one"))
    return Frozen(
        title=good.title,
        payload=payload,
        branch_id=good.branch_id,
        branch_pos=good.branch_pos,
        missing=missing,
    )


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """To how many it is offered. Points are paid for it; what it cost the bank is not known here."""
    return Facts(
        audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"])
    )


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision."""
    publish_good(
        scope=scope,
        good_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, good_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_good(scope=scope, good_id=good_id)


def window_of(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When it can be ordered."""
    return datetime.fromisoformat(payload["open_from"]), datetime.fromisoformat(payload["open_until"])


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, promised(payload=revision.payload))


def restore(scope: Scope, good_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises as any change."""
    change_good(scope=scope, good_id=good_id, terms=thawed(payload=payload))


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The good on a phone, and its facts line by line."""
    terms = thawed(payload=payload)
    price = price_words(terms.price_points, terms.cash_fen)
    lines = [
        Line("title", gettext("title"), terms.title),
        Line("text", gettext("what the customer reads"), terms.text),
        Line("kind", gettext("kind"), str(GoodKind(terms.kind).label)),
        Line("price", gettext("price"), price),
        Line(
            "window",
            gettext("orders"),
            window_words(terms.open_from, terms.open_until, zone_of(scope=scope)),
        ),
        Line("limit", gettext("limit per customer"), f"{terms.per_customer_limit:,}"),
        Line(
            "reach",
            gettext("for"),
            gettext("this branch and those below") if terms.handed_down else gettext("this branch alone"),
        ),
    ]
    if terms.kind == GoodKind.COUPON:
        lines.insert(3, Line("batch", gettext("coupon batch"), payload.get("batch_title", "")))
    return Description(
        template="points/phone_good.html",
        context={"title": terms.title, "text": terms.text, "price": price},
        lines=lines,
        styles=("rewards/batch.css",),
    )


KIND = Kind(
    code=CODE,
    label=_("Good of the points mall"),
    freeze=freeze_good,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    window=window_of,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def follow(*, source: str, heard: Sequence[Heard], at: datetime) -> None:
    """A payment system says that the money of orders has come: `points.order.paid` with the order's id."""
    paid = [each for each in heard if each.told.kind == PAID]
    if paid:
        hear_payments(
            source=source,
            told=[each.by for each in paid],
            order_ids=[UUID(str(each.told.properties["order"])) for each in paid],
            at=at,
        )


def merge_orders(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The absorbed one's orders are the kept one's."""
    moved = move_orders(scope=scope, kept=kept, absorbed=absorbed, only=None)
    return [ref("points.mallorder", each) for each in moved]


def return_orders(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge had moved goes back."""
    only = [UUID(read_ref(each).id) for each in moved]
    return [
        ref("points.mallorder", each)
        for each in move_orders(scope=scope, kept=kept, absorbed=absorbed, only=only)
    ]


def open_orders(scope: Scope, customer_id: UUID) -> Sequence[Both]:
    """What the customer ordered and does not have yet."""
    states = (MallOrder.State.ORDERED, MallOrder.State.PAID, MallOrder.State.SENT)
    many = MallOrder.objects.within(scope).filter(customer_id=customer_id, state__in=states).count()
    if not many:
        return []
    return [
        {"zh": f"有 {many} 笔积分商城订单尚未完成", "en": f"{many} order(s) of the points mall are not done"}
    ]


def tell_orders(*, scope: Scope, customer_id: UUID) -> Any:
    """What the customer ordered."""
    for order in MallOrder.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield (
            "points_orders",
            {
                "title": order.title,
                "points": order.points,
                "cash_fen": order.cash_fen,
                "state": order.state,
                "ordered_at": order.ordered_at,
            },
        )


def register_mall() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
    register_event(
        PAID,
        label=_("Paid an order of the points mall"),
        properties={"order": key(is_required=True)},
        keeps=37,
        told_by=("hook",),
        moment="done",
    )
    register_follower("points: payments of orders", act=follow)
    steps.register_step("merge", name="points: orders", act=merge_orders)
    steps.register_step("unmerge", name="points: orders", act=return_orders)
    steps.register_told(name="points: orders", act=tell_orders)
    register_must_settle("points: orders", ask=open_orders)
    register_step("hand_over", name="points: goods", act=hand_over_goods)
