"""Looking at the home page as one customer: reading about a customer is a deed, and leaves a line."""

from datetime import datetime

from campaigns.audit.services import record
from campaigns.customers.models import Customer
from campaigns.customers.selectors import customers_known_by
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branches_within
from content.home_preview import HomePreview, home_as
from content.item_refusals import CustomerIsUnknown


def preview_home(*, scope: Scope, branch_id: int, at: datetime) -> HomePreview:
    """The home page of a branch of the scope's, to a customer nobody knows. Raises NotFound."""
    scope.demand("content.placement.view")
    branch = branches_within(scope=scope).filter(pk=branch_id).first()
    if branch is None:
        raise NotFound
    return home_as(scope=scope, branch=branch, at=at)


def preview_home_as(*, scope: Scope, number: str, at: datetime) -> tuple[HomePreview, Customer]:
    """The home page of the customer with this whole number, at home in the scope's branches; noted in the audit.

    Raises NotAllowed without the right to look at customers, CustomerIsUnknown for a foreign and an absent one alike.
    """
    scope.demand("content.placement.view")
    scope.demand("customers.customer.view")
    found = customers_known_by(scope=scope, words=number, whole=True).filter(status=Customer.Status.ACTIVE)
    customer = found.first()
    if customer is None:
        raise CustomerIsUnknown
    record(
        scope=scope,
        verb="content.home.preview",
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        shown_at=at.isoformat(),
    )
    branch = Branch.objects.get(pk=customer.branch_id)
    return home_as(scope=scope, branch=branch, at=at, customer_id=customer.pk), customer
