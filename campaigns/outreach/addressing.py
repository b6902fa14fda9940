"""Where the outbox may reach who is told something, asked when the message leaves."""

from collections.abc import Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.customers.consent_selectors import addresses_of_customers
from campaigns.jobs.adapters import Adapter
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import Refusal
from campaigns.outreach import rules
from campaigns.outreach.kinds import touch_kind
from campaigns.outreach.models import Touch
from campaigns.outreach.selectors import terms_now
from campaigns.tenants.scopes import Scope


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
