"""Questions about touches."""

from collections.abc import Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from campaigns.customers.consent_selectors import addresses_of_customers
from campaigns.jobs.adapters import Adapter
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.outreach import rules
from campaigns.outreach.kinds import touch_kind
from campaigns.outreach.models import Credit, Terms, Touch
from campaigns.tenants.scopes import Scope


def terms_now() -> rules.Terms:
    """What does the bank keep to?"""
    row = Terms.objects.get(pk=1)
    return rules.Terms(row.quiet_from, row.quiet_until, row.per_day, row.per_week)


def touch_of(*, scope: Scope, key: str) -> Touch | None:
    """What has the customer who asks been promised under this key? None for nothing that still stands."""
    found: Touch | None = (
        Touch.objects.filter(customer_id=scope.customer_id, key=key).exclude(state="cancelled").first()
    )
    return found


def touches_within(*, scope: Scope) -> QuerySet[Touch]:
    """Touches of customers of the scope's branches, the latest first."""
    return Touch.objects.within(scope)


def inbox_of(*, scope: Scope) -> QuerySet[Touch]:
    """What was sent to the customer who asks, over whatever channel; the latest first."""
    return Touch.objects.filter(customer_id=scope.customer_id, state="sent").order_by("-sent_at", "-id")


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


def template_of(kind: str) -> str:
    """The bank's template of a subscribe message; empty for none."""
    return str(settings.WECHAT_TEMPLATES.get(kind, ""))


def addresses_of_touches(
    scope: Scope, references: Sequence[str], adapter: Adapter, purpose: str
) -> Mapping[str, str | Refusal]:
    """Where the outbox may reach the customers of these touches at this moment, or why not: what they speak of must
    still stand, the hour must not be quiet, and consent is asked once more. A touch that is gone has no address.
    """
    rows = Touch.objects.within(scope).select_related("branch")
    touches = {
        ref("outreach.touch", touch.pk): touch
        for touch in rows.filter(pk__in=[UUID(read_ref(name).id) for name in references], state="handed")
    }
    terms, found = terms_now(), dict[str, str | Refusal]()
    for kind in {touch.kind for touch in touches.values()}:
        mine = {name: touch for name, touch in touches.items() if touch.kind == kind}
        stands = set(touch_kind(kind).stands(scope, {touch.thing for touch in mine.values()}))
        for name, touch in mine.items():
            if touch.thing not in stands:
                found[name] = rules.NothingStands()
            elif scope.at >= touch.until:
                found[name] = rules.TooLate()
            elif rules.quiet_end(terms, ZoneInfo(touch.branch.zone), scope.at) is not None:
                found[name] = rules.IsQuiet()
    left = {name: touch for name, touch in touches.items() if name not in found}
    for asked in {touch.purpose for touch in left.values()}:
        whose = {
            ref("customers.customer", touch.customer_id): name
            for name, touch in left.items()
            if touch.purpose == asked
        }
        addresses = addresses_of_customers(scope, list(whose), adapter, asked)
        found.update({whose[customer]: address for customer, address in addresses.items()})
    return found
