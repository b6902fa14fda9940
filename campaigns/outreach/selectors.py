"""Questions about touches."""

from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.outreach import rules
from campaigns.outreach.models import Credit, Terms, Touch
from campaigns.tenants.scopes import Scope


def terms_now() -> rules.Terms:
    """What does the bank keep to?"""
    row = Terms.objects.filter(pk=1).first() or Terms()
    return rules.Terms(row.quiet_from, row.quiet_until, row.per_day, row.per_week)


def touch_of(*, scope: Scope, key: str) -> Touch | None:
    """What has the customer who asks been promised under this key? None for nothing that still stands."""
    found: Touch | None = (
        Touch.objects.filter(customer_id=_self(scope), key=key).exclude(state="cancelled").first()
    )
    return found


def touches_within(*, scope: Scope) -> QuerySet[Touch]:
    """Touches of customers of the scope's branches, the latest first."""
    return Touch.objects.within(scope)


def inbox_of(*, scope: Scope) -> QuerySet[Touch]:
    """What was sent to the customer who asks, over whatever channel; the latest first."""
    return Touch.objects.filter(customer_id=_self(scope), state="sent").order_by("-sent_at", "-id")


def touch_in_inbox(*, scope: Scope, touch_id: UUID) -> Touch:
    """Raises NotFound."""
    found: Touch | None = inbox_of(scope=scope).filter(pk=touch_id).first()
    if found is None:
        raise NotFound
    return found


def credits_left(*, scope: Scope, customer_id: UUID, kind: str) -> int:
    """How many one-time subscriptions of this kind are left?"""
    rows = Credit.objects.filter(customer_id=customer_id, kind=kind, spent_at=None, void_at=None)
    return (rows if scope.kind == "customer" else rows.within(scope)).count()


def template_of(*, kind: str) -> str:
    """The bank's template of a subscribe message; empty for none."""
    return str(settings.WECHAT_TEMPLATES.get(kind, ""))


def _self(scope: Scope) -> UUID:
    if scope.customer_id is None:
        raise ValueError("asked as a customer alone")
    return scope.customer_id
