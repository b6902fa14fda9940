"""Questions about customers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Subquery

from campaigns.customers.identity_rules import PRIORITY, folded, masked_identity
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.rules import masked_number
from campaigns.lib import crypto
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branches_within


@dataclass(frozen=True, slots=True)
class Known:
    """Whom an identity names: `wrapped` is the person's key as stored, None once it is erased."""

    customer_id: UUID
    status: str
    wrapped: bytes | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a customer sees of themselves."""

    customer: Customer
    branch: Branch

    @property
    def number(self) -> str:
        return masked_number(self.customer.number_tail)


def reach_of(*, scope: Scope, branch_id: int, handed_down: bool) -> int:
    """How many customers can see what this branch shows: its own, and with `handed_down` those of all branches below.

    One query over the index of positions; blocked and erased ones count too, or each row would have to be fetched.
    """
    branch = Branch.objects.filter(pk=branch_id)
    first, last = Subquery(branch.values("pos")), Subquery(branch.values("pos_end" if handed_down else "pos"))
    return Customer.objects.within(scope).filter(branch_pos__gte=first, branch_pos__lte=last).count()


def place_of_value(*, customer_id: object, identity_id: object) -> str:
    """The place that an identity's ciphertext is bound to."""
    return crypto.place_of(person=customer_id, table="customers_identity", row=identity_id, column="value")


def lookup_of(*, kind: str, value: str, app: str = "") -> bytes:
    """The keyed hash by which an identity is found, however it was written (identity_rules.folded)."""
    return crypto.lookup_of(f"{kind}\x00{app}", folded(kind=kind, value=value))


def lookups() -> Callable[[str, str, str], bytes]:
    """`lookup_of` for many: (kind, value, app) -> hash."""
    find = crypto.looker()
    return lambda kind, value, app: find(f"{kind}\x00{app}", folded(kind=kind, value=value))


def lookups_of_folded() -> Callable[[str, str, str], bytes]:
    """As `lookups`, for values in the form that `folded` gives. What one kind has in common is hashed once."""
    begun: dict[tuple[str, str], Callable[[bytes], bytes]] = {}

    def found(kind: str, value: str, app: str) -> bytes:
        find = begun.get((kind, app))
        if find is None:
            find = begun[kind, app] = crypto.looker_for(f"{kind}\x00{app}")
        return find(value.encode())

    return found


def customer_by_identity(*, kind: str, value: str, app: str = "") -> Known | None:
    """Whom does this identity name, in the whole bank? For log-in alone; asked before there is a scope."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM customer_by_identity(%s, %s)", [kind, lookup_of(kind=kind, value=value, app=app)]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    customer_id, status, wrapped = row
    return Known(customer_id, status, bytes(wrapped) if wrapped is not None else None)


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that somebody is known by, as a source says it."""

    kind: str
    value: str
    app: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Whom an identity names. `is_known`: the bank itself gave this customer a number."""

    kind: str
    customer_id: UUID
    status: str
    is_known: bool


def match_identities(*, named: Sequence[Named]) -> list[Found]:
    """Whom do these identities name in the whole bank? The first is whom to believe, by the priority of the kinds.

    More than one customer among them says that two may be one (services/merges.py). Only verified identities count.
    Asked before there is a scope, too.
    """
    asked = sorted(named, key=lambda each: PRIORITY.index(each.kind))
    lookups = [lookup_of(kind=each.kind, value=each.value, app=each.app) for each in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM customers_by_identities(%s::text[], %s::bytea[])",
            [[each.kind for each in asked], lookups],
        )
        return [
            Found(asked[place - 1].kind, customer_id, status, is_known)
            for place, customer_id, status, is_known in cursor.fetchall()
        ]


def holders_of(*, identities: Sequence[Identity]) -> dict[UUID, UUID]:
    """For whom in the whole bank are these verified? By the id of the identity asked about; one query.

    For services and for saying that there is somebody: never show who.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT place, customer_id FROM customers_by_identities(%s::text[], %s::bytea[])",
            [[each.kind for each in identities], [bytes(each.lookup) for each in identities]],
        )
        return {identities[place - 1].pk: customer_id for place, customer_id in cursor.fetchall()}


def customer_in_scope(*, scope: Scope, customer_id: UUID | str) -> Customer:
    """The customer at home in the scope; raises NotFound for a foreign and an absent one alike."""
    customer: Customer | None = customers_within(scope=scope).filter(pk=customer_id).first()
    if customer is None:
        raise NotFound
    return customer


def customers_within(*, scope: Scope) -> QuerySet[Customer]:
    """Which customers have their home branch in the scope?"""
    return Customer.objects.within(scope)


def customers_known_by(*, scope: Scope, words: str, whole: bool = False) -> QuerySet[Customer]:
    """Which customers in the scope have this customer number, or (not `whole`) this phone, or a number that ends so?"""
    words = words.strip().replace("\x00", "")
    kinds = [Identity.Kind.CUSTOMER_NUMBER] if whole else [Identity.Kind.CUSTOMER_NUMBER, Identity.Kind.PHONE]
    # A hash is of one kind: kinds and hashes need not be paired.
    by_name = Identity.objects.within(scope).filter(
        kind__in=kinds,
        lookup__in=[lookup_of(kind=kind, value=words) for kind in kinds],
        state=Identity.State.VERIFIED,
    )
    named = Q(pk__in=by_name.values("customer_id"))
    return customers_within(scope=scope).filter(named if whole else Q(number_tail=words) | named)


def home_branches(*, scope: Scope) -> QuerySet[Branch]:
    """Which open branches of the scope may customers belong to? The lowest ones: branches and outlets."""
    lowest = branches_within(scope=scope).filter(
        level__in=[Branch.Level.BRANCH, Branch.Level.OUTLET], is_open=True, children__isnull=True
    )
    return lowest.order_by("code")


def profile_of(*, scope: Scope) -> Profile:
    """Who is the customer of this scope? Raises NotFound for a scope that is not a customer's."""
    rows = Customer.objects.filter(pk=scope.customer_id) if scope.customer_id else Customer.objects.none()
    customer = rows.select_related("branch").first()
    if customer is None:
        raise NotFound
    return Profile(customer, customer.branch)


def masked_identities(*, scope: Scope, customer_id: UUID) -> list[tuple[Identity, str]]:
    """What is this customer known by, masked? "—" for what cannot be read any more."""
    return [
        (row, "—" if plain is None else masked_identity(kind=row.kind, value=plain))
        for row, plain in plain_identities(scope=scope, customer_id=customer_id)
    ]


def claims_held_elsewhere(*, scope: Scope, customer_id: UUID) -> list[tuple[Identity, str]]:
    """Which of this customer's claims are verified for somebody else? Masked, and not a word of who that is."""
    claims = [
        (row, text)
        for row, text in masked_identities(scope=scope, customer_id=customer_id)
        if row.state == Identity.State.UNVERIFIED
    ]
    holders = holders_of(identities=[row for row, _text in claims]) if claims else {}
    return [(row, text) for row, text in claims if holders.get(row.pk, customer_id) != customer_id]


def plain_identities(*, scope: Scope, customer_id: UUID) -> list[tuple[Identity, str | None]]:
    """What is this customer known by, in the clear? None for what cannot be read any more.

    For services alone: whoever shows it has asked for the right and noted the reason (services/identities.py).
    """
    rows = list(Identity.objects.within(scope).filter(customer_id=customer_id))
    rows.sort(key=lambda row: (PRIORITY.index(row.kind), row.pk))
    stored = CustomerKey.objects.within(scope).filter(customer_id=customer_id).first()
    return [(row, _plain(row, stored)) for row in rows]


def _plain(row: Identity, stored: CustomerKey | None) -> str | None:
    if stored is None:
        return None
    place = place_of_value(customer_id=row.customer_id, identity_id=row.pk)
    try:
        key = crypto.unwrap_key(bytes(stored.wrapped), person=row.customer_id)
        return crypto.unseal(bytes(row.value), key=key, place=place)
    except crypto.Unreadable:
        return None
