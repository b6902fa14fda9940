"""Questions about consent, and where somebody may be written to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from campaigns.customers.consent_models import (
    Birth,
    Channel,
    Consent,
    ConsentDraft,
    ConsentText,
    Permission,
    Purpose,
)
from campaigns.customers.consent_refusals import NoConsent, NoPlace
from campaigns.customers.consent_rules import PURPOSES, SERVICE_MASK, bit_of
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.selectors import place_of_value
from campaigns.jobs.adapters import Adapter
from campaigns.lib import crypto
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.scopes import Scope

# Which channel an adapter of the outbox is, and by what it knows people. An adapter that is not here reaches nobody.
ADDRESSED_BY: Mapping[str, tuple[str, str]] = {
    "wechat.subscribe": (Channel.SUBSCRIBE, Identity.Kind.OPENID),
    "wecom.message": (Channel.WECOM, "external_userid"),
    "sms": (Channel.SMS, Identity.Kind.PHONE),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One pair of purpose and channel as a customer sees it: whether it counts now, and the last word on it."""

    purpose: str
    channel: str
    is_given: bool
    at: datetime | None


def texts_now(*, scope: Scope) -> dict[str, ConsentText]:
    """Which text of each purpose is valid at this moment?"""
    rows = texts_valid(at=scope.at).order_by("purpose", "-version")
    return {text.purpose: text for text in rows.distinct("purpose")}


def texts_valid(*, at: datetime) -> QuerySet[ConsentText]:
    """Which texts, of whatever version, could be agreed to at that moment? Not those that were withdrawn by then."""
    standing = Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=at)
    return ConsentText.objects.filter(standing, valid_from__lte=at)


def draft_in_scope(*, scope: Scope, draft_id: UUID) -> ConsentDraft:
    """The draft of a text. Raises NotFound."""
    found: ConsentDraft | None = ConsentDraft.objects.within(scope).filter(pk=draft_id).first()
    if found is None:
        raise NotFound
    return found


def consents_of(*, scope: Scope, customer_id: UUID) -> QuerySet[Consent]:
    """Everything that this customer said, the latest first."""
    rows = Consent.objects.filter(customer_id=customer_id)
    rows = rows if scope.kind == "customer" else rows.within(scope)
    return rows.select_related("text").order_by("-at", "-id")


def permission_of(*, scope: Scope, customer_id: UUID) -> Permission:
    """What may be done with this customer now? For who has said nothing, an unsaved row."""
    rows = Permission.objects.filter(customer_id=customer_id)
    found: Permission | None = (rows if scope.kind == "customer" else rows.within(scope)).first()
    return found or Permission(customer_id=customer_id, given=SERVICE_MASK, guarded=0, changed_at=scope.at)


def allowed_by(permission: Permission) -> int:
    """The mask of a permission; a row that was never saved has none computed."""
    return SERVICE_MASK if permission.branch_id is None else int(permission.allowed)


def standing_of(*, scope: Scope, customer_id: UUID) -> list[Said]:
    """Every pair of purpose and channel, whether it is allowed now, and when it was last spoken of."""
    mask = allowed_by(permission_of(scope=scope, customer_id=customer_id))
    last: dict[tuple[str, str], datetime] = {}
    for said in consents_of(scope=scope, customer_id=customer_id):
        last.setdefault((said.purpose, said.channel), said.at)
    return [
        Said(purpose, channel, bool(mask & bit_of(purpose, channel)), last.get((purpose, channel)))
        for purpose, channels in PURPOSES.items()
        for channel in channels
    ]


def may_do(*, scope: Scope, customer_ids: Iterable[UUID], purpose: str, channel: str = "") -> set[UUID]:
    """With whom of these may this be done now? One query, asked at the moment of doing it.

    Nothing with who is blocked, merged or erased. Raises KeyError for a pair that means nothing.
    """
    bit = bit_of(purpose, channel)
    rows = Customer.objects.within(scope).filter(pk__in=list(customer_ids), status=Customer.Status.ACTIVE)
    said = Coalesce(F("permission__allowed"), Value(SERVICE_MASK))
    if purpose == Purpose.PROFILING:
        # Article 24 of the PIPL: whatever was agreed to, the switch wins.
        rows = rows.filter(is_personalised=True)
    return set(rows.annotate(here=said.bitand(bit)).filter(here=bit).values_list("pk", flat=True))


def may_send(*, scope: Scope, customer_ids: Iterable[UUID], purpose: str, channel: str) -> set[UUID]:
    """To whom of these may something be sent for this purpose, over this channel, now?"""
    return may_do(scope=scope, customer_ids=customer_ids, purpose=purpose, channel=channel)


def addresses_of_customers(
    scope: Scope, references: Sequence[str], adapter: Adapter, purpose: str
) -> dict[str, str | Refusal]:
    """Where the outbox may reach these customers at this moment, or why not (campaigns/jobs/adapters.py).

    A message that names no purpose is taken for marketing: what is forgotten is not sent.
    """
    channel, kind = ADDRESSED_BY.get(adapter.code, ("", ""))
    if not channel:
        return {}
    ids = {reference: UUID(read_ref(reference).id) for reference in references}
    try:
        may = may_send(
            scope=scope, customer_ids=ids.values(), purpose=purpose or Purpose.MARKETING, channel=channel
        )
    except KeyError:
        may = set()
    known = _unsealed(scope, may, kind)
    return {
        reference: NoConsent() if customer_id not in may else known.get(customer_id) or NoPlace()
        for reference, customer_id in ids.items()
    }


def _unsealed(scope: Scope, customer_ids: set[UUID], kind: str) -> dict[UUID, str]:
    """The newest verified identity of `kind` of each, opened with the person's key: a claim is nobody's address."""
    rows = Identity.objects.within(scope).filter(
        customer_id__in=customer_ids, kind=kind, state=Identity.State.VERIFIED
    )
    if kind == Identity.Kind.OPENID:
        rows = rows.filter(app=settings.WECHAT_APP_ID)
    by_customer = {row.customer_id: row for row in rows.order_by("id")}
    keys = CustomerKey.objects.within(scope).filter(customer_id__in=by_customer)
    found: dict[UUID, str] = {}
    for stored in keys:
        row = by_customer[stored.customer_id]
        try:
            key = crypto.unwrap_key(bytes(stored.wrapped), person=row.customer_id)
            place = place_of_value(customer_id=row.customer_id, identity_id=row.pk)
            found[row.customer_id] = crypto.unseal(bytes(row.value), key=key, place=place)
        except crypto.Unreadable:
            continue
    return found


def place_of_birth_date(customer_id: UUID) -> str:
    """The place that the ciphertext of a date of birth is bound to."""
    return crypto.place_of(person=customer_id, table="customers_birth", row=customer_id, column="value")


def birth_noted(*, scope: Scope, customer_id: UUID) -> Birth | None:
    """Is a date of birth kept of this customer, since when and by whom? Still sealed."""
    found: Birth | None = Birth.objects.within(scope).filter(customer_id=customer_id).first()
    return found


def births_of(*, scope: Scope, customer_ids: Iterable[UUID]) -> dict[UUID, date]:
    """Opened dates of birth, of those that are known and can be opened."""
    rows = Birth.objects.within(scope).filter(customer_id__in=list(customer_ids))
    sealed = {row.customer_id: bytes(row.value) for row in rows}
    found: dict[UUID, date] = {}
    for stored in CustomerKey.objects.within(scope).filter(customer_id__in=sealed):
        try:
            key = crypto.unwrap_key(bytes(stored.wrapped), person=stored.customer_id)
            text = crypto.unseal(
                sealed[stored.customer_id], key=key, place=place_of_birth_date(stored.customer_id)
            )
        except crypto.Unreadable:
            continue
        found[stored.customer_id] = date.fromisoformat(text)
    return found


def customer_within(*, scope: Scope, customer_id: UUID) -> Customer:
    """This customer, of the scope's branches. Raises NotFound."""
    found: Customer | None = Customer.objects.within(scope).filter(pk=customer_id).first()
    if found is None:
        raise NotFound
    return found
