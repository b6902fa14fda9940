"""What a customer is known by: linking, verifying, revoking, and showing it in the clear to who says why."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.customers.identity_rules import BY_STAFF, DEVICE, LABELS, OF_AN_APP, normalised
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.refusals import (
    AppNeeded,
    CustomerIsNotActive,
    IdentityHeldElsewhere,
    IdentityMalformed,
    IdentityTaken,
    ReasonNeeded,
)
from campaigns.customers.rules import reason_kept
from campaigns.customers.selectors import (
    customer_by_identity,
    customers_within,
    holders_of,
    lookup_of,
    plain_identities,
)
from campaigns.customers.services.customers import ONE_OWNER, seal_identity
from campaigns.customers.services.merges import put_in_queue, settle_customers
from campaigns.lib import crypto
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

State = Identity.State
BY_HAND = "staff"  # the source of what staff were told
LEAST_REASON = 4  # characters that say why
CLAIMED_ONCE = "customers_identity_is_claimed_once_by_a_customer"


@dataclass(frozen=True, slots=True)
class Linked:
    """What came of a link. `customer_id`: whose it is now; another than was asked for when two were merged.

    `outcome`: "linked", "known" (it was already), "merged" (the two who had it are one now), "proposed" (staff are
    asked whether they are one, and the identity stays a claim), "claimed" (an unverified one was noted), "held" (it
    was noted, and is verified for somebody else).
    """

    outcome: Literal["linked", "known", "merged", "proposed", "claimed", "held"]
    customer_id: UUID
    identity_id: UUID | None = None


def link_identity(
    *,
    scope: Scope,
    customer_id: UUID,
    kind: str,
    value: str,
    app: str = "",
    source: str,
    is_verified: bool = True,
) -> Linked:
    """This customer is known by that, too. `source` says who verified it ("core", "sms", "wecom", "staff").

    A claim (not verified) is nobody's until somebody verifies it, so that typing a stranger's number locks nobody out.
    A verified one that another customer holds says that the two may be one (services/merges.py settles it). Raises
    NotFound, CustomerIsNotActive, IdentityMalformed.
    """
    scope.demand("customers.identity.link")
    value = normalised(kind=kind, value=value)
    customer = _locked(scope, customer_id)
    if not is_verified:
        return _claim(scope, customer, kind, value, app, source)
    held = customer_by_identity(kind=kind, value=value, app=app)
    if held is None:
        try:
            with transaction.atomic():
                made = _write(scope, customer, kind, value, app, source, State.VERIFIED)
        except IntegrityError as error:
            if violated(error) != ONE_OWNER:
                raise
            # Somebody was faster; what they wrote is there now.
            held = customer_by_identity(kind=kind, value=value, app=app)
            if held is None:
                raise IdentityTaken from error
        else:
            _verified(scope, customer, kind, value, app)
            _note(scope, "customers.identity.link", customer, kind=kind, source=source)
            return Linked("linked", customer.pk, made.pk)
    if held.customer_id == customer.pk:
        return Linked("known", customer.pk)
    if kind == DEVICE:
        return _claim(scope, customer, kind, value, app, source)
    settled = settle_customers(
        scope=scope, first=customer.pk, second=held.customer_id, kinds={kind}, why="link"
    )
    if settled.verdict == "merge":
        assert settled.kept_id is not None
        return Linked("merged", settled.kept_id)
    claimed = _claim(scope, customer, kind, value, app, source)
    return Linked("proposed", customer.pk, claimed.identity_id)


def claim_identity(
    *, scope: Scope, customer_id: UUID | str, kind: str, value: str, app: str = "", reason: str
) -> Linked:
    """Staff were told that this customer is known by that: a claim, until somebody verifies it.

    Answers "claimed", "held" or "known"; of "held" nobody is told whose it is. Raises NotFound, CustomerIsNotActive,
    IdentityMalformed, AppNeeded, ReasonNeeded.
    """
    scope.demand("customers.identity.claim")
    why = _reason(reason)
    if kind not in BY_STAFF:
        raise IdentityMalformed(kind=LABELS.get(kind, kind))
    value, app = normalised(kind=kind, value=value), app.strip() if kind in OF_AN_APP else ""
    if kind in OF_AN_APP and not app:
        raise AppNeeded(kind=LABELS[kind])
    claimed = _claim(scope, _locked(scope, customer_id), kind, value, app, BY_HAND, reason=why)
    if claimed.outcome == "claimed" and customer_by_identity(kind=kind, value=value, app=app) is not None:
        return Linked("held", claimed.customer_id, claimed.identity_id)
    return claimed


def verify_identity(*, scope: Scope, identity_id: UUID | str, reason: str) -> Identity:
    """Staff looked, and it is so: from now on the identity names this customer.

    Raises NotFound (also for what is no claim), CustomerIsNotActive, ReasonNeeded, IdentityHeldElsewhere: who holds
    it is for the stewards to compare (ask_about_holder), and nobody is merged here.
    """
    scope.demand("customers.identity.verify")
    why = _reason(reason)
    claim, customer = _claim_of(scope, identity_id)
    left = Identity.objects.within(scope).filter(pk=claim.pk, customer=customer, state=State.UNVERIFIED)
    try:
        with transaction.atomic():
            if not left.update(state=State.VERIFIED, verified_at=scope.at):
                raise NotFound
    except IntegrityError as error:
        if violated(error) != ONE_OWNER:
            raise
        if holders_of(identities=[claim]).get(claim.pk) != customer.pk:
            raise IdentityHeldElsewhere(kind=claim.get_kind_display()) from error
        # Two who had it have become one since: the claim is answered by the other row.
        left.update(state=State.REVOKED, revoked_at=scope.at)
    _note(scope, "customers.identity.verify", customer, kind=claim.kind, reason=why)
    claim.state, claim.verified_at = State.VERIFIED, scope.at
    return claim


def ask_about_holder(*, scope: Scope, identity_id: UUID | str, reason: str) -> str:
    """Ask the stewards whether the customer of this claim and whoever holds the identity are one; the state of the
    pair. Whoever asks is not told who that is, and need not see them.

    Raises NotFound (also when nobody holds it), CustomerIsNotActive, ReasonNeeded.
    """
    scope.demand("customers.mergeproposal.add")
    why = _reason(reason)
    claim, customer = _claim_of(scope, identity_id)
    holder = holders_of(identities=[claim]).get(claim.pk)
    if holder is None or holder == customer.pk:
        raise NotFound
    stands = put_in_queue(
        scope=scope,
        first=customer.pk,
        second=holder,
        why={"by": "staff", "kinds": [claim.kind], "comment": why},
    )
    # The other is not in the note: whoever reads the audit of a branch may not see them either.
    _note(scope, "customers.mergeproposal.add", customer, kind=claim.kind, comment=why)
    return stands


def revoke_identity(*, scope: Scope, identity_id: UUID | str, reason: str) -> Identity:
    """The customer is not known by it any more, and somebody else may be. Stays readable as history.

    Raises NotFound (a revoked one too), ReasonNeeded.
    """
    scope.demand("customers.identity.revoke")
    why = _reason(reason)
    found = Identity.objects.within(scope).filter(pk=identity_id).exclude(state=State.REVOKED).first()
    if found is None:
        raise NotFound
    customer = _locked(scope, found.customer_id)
    # Guarded: of two who revoke at once one finds nothing left to revoke.
    left = Identity.objects.within(scope).filter(pk=found.pk, customer=customer).exclude(state=State.REVOKED)
    if not left.update(state=State.REVOKED, revoked_at=scope.at):
        raise NotFound
    _note(scope, "customers.identity.revoke", customer, kind=found.kind, reason=why)
    found.state, found.revoked_at = State.REVOKED, scope.at
    return found


def unmask_customer(*, scope: Scope, customer_id: UUID | str, reason: str) -> list[tuple[Identity, str]]:
    """What this customer is known by, in the clear, for once. The reason is noted, what was shown is not.

    Raises NotFound, ReasonNeeded.
    """
    scope.demand("customers.customer.unmask")
    why = _reason(reason)
    customer = customers_within(scope=scope).filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    shown = [
        (row, plain or "—")
        for row, plain in plain_identities(scope=scope, customer_id=customer.pk)
        if row.state != State.REVOKED
    ]
    _note(
        scope,
        "customers.customer.unmask",
        customer,
        reason=why,
        kinds=sorted({row.kind for row, _ in shown}),
    )
    return shown


def _reason(words: str) -> str:
    """As it is noted. Raises ReasonNeeded."""
    if len(words.strip()) < LEAST_REASON:
        raise ReasonNeeded(least=LEAST_REASON)
    return reason_kept(words)


def _claim_of(scope: Scope, identity_id: UUID | str) -> tuple[Identity, Customer]:
    """A claim of somebody in the scope, and that customer locked. Raises NotFound, CustomerIsNotActive."""
    claim = Identity.objects.within(scope).filter(pk=identity_id, state=State.UNVERIFIED).first()
    if claim is None:
        raise NotFound
    return claim, _locked(scope, claim.customer_id)


def _locked(scope: Scope, customer_id: UUID | str) -> Customer:
    """The customer, so that no merge takes it away meanwhile. Raises NotFound, CustomerIsNotActive."""
    customer = customers_within(scope=scope).filter(pk=customer_id).select_for_update().first()
    if customer is None:
        raise NotFound
    if customer.status not in (Customer.Status.ACTIVE, Customer.Status.BLOCKED):
        raise CustomerIsNotActive(customer=customer)
    return customer


def _claim(
    scope: Scope, customer: Customer, kind: str, value: str, app: str, source: str, **detail: object
) -> Linked:
    lookup = lookup_of(kind=kind, value=value, app=app)
    mine = Identity.objects.within(scope).filter(customer=customer, kind=kind, lookup=lookup)
    known = mine.exclude(state=State.REVOKED).order_by("-state").first()
    if known is not None:
        return Linked("known", customer.pk, known.pk)
    made = _write(scope, customer, kind, value, app, source, State.UNVERIFIED)
    _note(scope, "customers.identity.claim", customer, kind=kind, source=source, **detail)
    return Linked("claimed", customer.pk, made.pk)


def _verified(scope: Scope, customer: Customer, kind: str, value: str, app: str) -> None:
    """What the customer claimed before is verified by another row now."""
    lookup = lookup_of(kind=kind, value=value, app=app)
    claims = Identity.objects.within(scope).filter(
        customer=customer, kind=kind, lookup=lookup, state=State.UNVERIFIED
    )
    claims.update(state=State.REVOKED, revoked_at=scope.at)


def _write(
    scope: Scope, customer: Customer, kind: str, value: str, app: str, source: str, state: str
) -> Identity:
    stored = CustomerKey.objects.within(scope).get(customer=customer)
    key = crypto.unwrap_key(bytes(stored.wrapped), person=customer.pk)
    sealed = seal_identity(customer_id=customer.pk, key=key, kind=kind, value=value, app=app)
    made: Identity = Identity.objects.create(
        id=sealed.id,
        customer=customer,
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        kind=kind,
        app=app,
        lookup=sealed.lookup,
        value=sealed.value,
        source=source[:60],
        state=state,
        linked_at=scope.at,
        verified_at=scope.at if state == State.VERIFIED else None,
    )
    return made


def _note(scope: Scope, verb: str, customer: Customer, **detail: object) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        **detail,
    )
