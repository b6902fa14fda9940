"""What is on sale for points, how many are left, who ordered what."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from campaigns.customers.models import CustomerKey
from campaigns.lib import crypto
from campaigns.lib.refusals import NotFound
from campaigns.points.models import Good, GoodStock, LiveGood, MallOrder
from campaigns.tenants.scopes import Scope


def good_in_scope(*, scope: Scope, good_id: UUID) -> Good:
    """A draft of the scope's branches. Raises NotFound."""
    found: Good | None = Good.objects.within(scope).select_related("branch").filter(pk=good_id).first()
    if found is None:
        raise NotFound
    return found


def _self(scope: Scope) -> UUID:
    if scope.customer_id is None:
        raise NotFound
    return scope.customer_id


def goods_on_sale(*, scope: Scope) -> Any:
    """What the scope's customer can order now or soon, as a query; what ends first before the others."""
    return LiveGood.objects.filter(
        Q(branch_id=scope.branch_id) | Q(handed_down=True, branch_id__in=scope.line),
        shown_from__lte=scope.at,
        open_until__gt=scope.at,
    ).order_by("open_until", "id")


def good_on_sale(*, scope: Scope, good_id: UUID) -> LiveGood:
    """One of them. Raises NotFound."""
    found: LiveGood | None = goods_on_sale(scope=scope).filter(good_id=good_id).first()
    if found is None:
        raise NotFound
    return found


def left_of(*, good_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many are left, by good."""
    rows = GoodStock.objects.filter(good_id__in=list(good_ids))
    return dict(rows.values_list("good_id", F("total") - F("taken")))


def ordered_by_customer(*, scope: Scope, good_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many of each the scope's customer has ordered, cancelled ones left out."""
    rows = MallOrder.objects.filter(customer_id=_self(scope), good_id__in=list(good_ids))
    return dict(
        rows.exclude(state=MallOrder.State.CANCELLED)
        .values("good_id")
        .annotate(many=Count("id"))
        .values_list("good_id", "many")
    )


def orders_of_customer(*, scope: Scope) -> Any:
    """The customer's orders, newest first, as a query."""
    return MallOrder.objects.filter(customer_id=_self(scope)).defer("address").order_by("-id")


def order_of_customer(*, scope: Scope, order_id: UUID) -> MallOrder:
    """One of them. Raises NotFound."""
    found: MallOrder | None = orders_of_customer(scope=scope).filter(pk=order_id).first()
    if found is None:
        raise NotFound
    return found


def order_in_scope(*, scope: Scope, order_id: UUID) -> MallOrder:
    """An order of the scope's customers. Raises NotFound."""
    rows = MallOrder.objects.within(scope).select_related("branch", "seller", "place", "customer")
    found: MallOrder | None = rows.filter(pk=order_id).first()
    if found is None:
        raise NotFound
    return found


def place_of_address(*, ordered_by: UUID, order_id: UUID) -> str:
    """Where an order's address belongs, for its seal."""
    return crypto.place_of(person=ordered_by, table="points_mallorder", row=order_id, column="address")


def address_of(*, scope: Scope, order: MallOrder) -> str:
    """Receiver, phone and address; empty once the customer is erased. For services alone, which note who asked."""
    stored = CustomerKey.objects.within(scope).filter(customer_id=order.ordered_by).first()
    if stored is None or order.address is None:
        return ""
    key = crypto.unwrap_key(bytes(stored.wrapped), person=order.ordered_by)
    place = place_of_address(ordered_by=order.ordered_by, order_id=order.pk)
    return crypto.unseal(bytes(order.address), key=key, place=place)


def sold_of(*, scope: Scope, good_id: UUID) -> Sequence[tuple[str, int]]:
    """How many orders of a good stand where, by state."""
    rows = MallOrder.objects.within(scope).filter(good_id=good_id).values("state").annotate(many=Count("id"))
    by_state = dict(rows.values_list("state", "many"))
    return [(str(state.label), by_state.get(state.value, 0)) for state in MallOrder.State]
