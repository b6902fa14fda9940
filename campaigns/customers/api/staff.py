"""The customer card of relationship managers and counters."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.customers.api.sessions import HomeBranchOut
from campaigns.customers.cards import Card, card_of
from campaigns.customers.models import Customer, Identity
from campaigns.lib.http.views import ApiView


class KnownByOut(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text=" · ".join(Identity.Kind.values))
    masked = serializers.CharField(help_text="脱敏 · masked")
    state = serializers.ChoiceField(choices=Identity.State.values)


class CustomerCardOut(serializers.Serializer[Any]):
    """客户卡 · The customer card: everything that names a person is masked."""

    id = serializers.UUIDField(help_text="若已合并，为保留客户的 id · of who was kept, after a merge")
    number = serializers.CharField(help_text="脱敏客户号 · masked customer number")
    status = serializers.CharField(help_text=" · ".join(Customer.Status.values))
    branch = HomeBranchOut(help_text="归属网点 · home branch")
    joined_at = serializers.DateTimeField()
    is_personalised = serializers.BooleanField(help_text="是否个性化推荐 · recommendation by profile")
    manager = serializers.CharField(allow_blank=True, help_text="客户经理 · relationship manager")
    known_by = KnownByOut(many=True)


def card_out(card: Card) -> dict[str, Any]:
    customer = card.customer
    return {
        "id": customer.pk,
        "number": str(customer),
        "status": customer.status,
        "branch": {"code": customer.branch.code, "name": customer.branch.name},
        "joined_at": customer.joined_at,
        "is_personalised": customer.is_personalised,
        "manager": card.manager,
        "known_by": [{"kind": row.kind, "masked": text, "state": row.state} for row, text in card.known_by],
    }


class CustomerCard(ApiView):
    who = "staff"
    verb = "customers.customer.view"

    @extend_schema(
        operation_id="staff_customer",
        summary="客户卡 · Customer card",
        description=(
            "本机构范围内的一位客户；已合并的返回保留的客户。"
            " · One customer of the caller's branches; one who was merged answers as who was kept."
        ),
        responses=CustomerCardOut,
    )
    def get(self, request: Request, customer_id: UUID) -> Response:
        return self.answer(card_out(card_of(scope=self.scope, customer_id=customer_id)))
