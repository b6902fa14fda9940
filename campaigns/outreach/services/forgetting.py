"""Touches when two customers turn out to be one, or two again, and when one is forgotten."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Model

from campaigns.customers.models import Customer
from campaigns.jobs.services.outbox import forget_receivers
from campaigns.lib.refs import read_ref, ref
from campaigns.outreach.models import Credit, Touch
from campaigns.tenants.scopes import Scope

_OPEN: tuple[tuple[type[Model], str, dict[str, object]], ...] = (
    (Touch, "outreach.touch", {"state": "waiting"}),
    (Credit, "outreach.credit", {"spent_at": None, "void_at": None}),
)


def move_touches(*, scope: Scope, kept: Customer, absorbed: Customer) -> Sequence[str]:
    """What waits, and what was allowed once, is the kept one's; what both were promised is promised once. What was
    sent stays whose it was.
    """
    moved = []
    for model, noun, is_open in _OPEN:
        rows = model._default_manager.filter(customer_id=absorbed.pk, **is_open)
        has = model._default_manager.filter(customer_id=kept.pk).values("key")
        if model is Touch:
            rows.filter(key__in=has).update(state="cancelled", decided_at=scope.at)
        mine = list(rows.exclude(key__in=has).values_list("pk", flat=True))
        _give(model, mine, kept)
        moved += [ref(noun, key) for key in mine]
    return moved


def return_touches(
    *, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]
) -> Sequence[str]:
    """What the merge moved and still is open goes back."""
    back = []
    for model, noun, is_open in _OPEN:
        keys = [UUID(read.id) for read in map(read_ref, moved) if read.kind == noun]
        rows = model._default_manager.filter(pk__in=keys, customer_id=kept.pk, **is_open)
        mine = list(rows.values_list("pk", flat=True))
        _give(model, mine, absorbed)
        back += [ref(noun, key) for key in mine]
    return back


def forget_touches(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """Nothing more goes out, what is on its way is emptied, and of what was sent nothing stays but that it was."""
    touches = Touch.objects.within(scope).filter(customer_id=customer.pk)
    on_their_way = [ref("outreach.touch", key) for key in touches.values_list("pk", flat=True)]
    forget_receivers(scope=scope, references=on_their_way)
    touches.filter(state__in=["waiting", "handed"]).update(state="cancelled", decided_at=scope.at)
    touches.update(words={}, page="")
    Credit.objects.within(scope).filter(customer_id=customer.pk, void_at=None).update(void_at=scope.at)
    return on_their_way


def _give(model: type[Model], keys: list[UUID], to: Customer) -> None:
    model._default_manager.filter(pk__in=keys).update(
        customer_id=to.pk, branch_id=to.branch_id, branch_pos=to.branch_pos
    )
