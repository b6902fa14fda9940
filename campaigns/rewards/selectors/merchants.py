"""Questions about merchants and their cashiers."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from campaigns.lib.refusals import NotFound
from campaigns.rewards.models import Cashier, Merchant
from campaigns.rewards.refusals.merchants import MerchantUnknown
from campaigns.tenants.models import Assignment, Branch, Person
from campaigns.tenants.scopes import Scope

CASHIER = "merchant_clerk"
_OFFERED = 100


def merchants_visible(*, scope: Scope) -> QuerySet[Merchant]:
    """Which merchants do the scope's branches see? Their own, and those that a branch above hands down."""
    return Merchant.objects.visible(scope).select_related("branch")


def merchant_in_scope(*, scope: Scope, merchant_id: UUID) -> Merchant:
    """A merchant of the scope's branches; raises NotFound for one handed down, a foreign and an absent one alike."""
    found = Merchant.objects.within(scope).filter(pk=merchant_id).first()
    if found is None:
        raise NotFound
    return found


def merchant_named(*, scope: Scope, text: str) -> Merchant:
    """The merchant by id, code or whole name; "M001 春风咖啡" is M001, as pages offer it. Of several the nearest: the
    scope's branch's, then upwards, then below. Raises MerchantUnknown.
    """
    rows = merchants_visible(scope=scope)
    text = text.strip()
    try:
        found = rows.filter(pk=UUID(text)).first()
    except ValueError:
        places = [When(branch_id=branch, then=Value(nth)) for nth, branch in enumerate(scope.line)]
        near = Case(*places, default=Value(len(places)), output_field=IntegerField())
        said = Q(code__in={text, *text.split(maxsplit=1)[:1]}) | Q(name=text)
        found = rows.filter(said).order_by(near, "branch_pos").first()
    if found is None:
        raise MerchantUnknown
    return found


def merchants_offered(*, scope: Scope) -> list[Merchant]:
    """Which merchants may a clerk choose from? The first hundred active ones; others are typed."""
    return list(merchants_visible(scope=scope).filter(state=Merchant.State.ACTIVE)[:_OFFERED])


def merchants_for(*, scope: Scope, issuer: Branch) -> QuerySet[Merchant]:
    """Which merchants may a batch of this branch name? Active ones below it, and those handed down to it."""
    rows = merchants_visible(scope=scope).filter(state=Merchant.State.ACTIVE)
    below = rows.filter(branch_pos__range=(issuer.pos, issuer.pos_end))
    above = rows.filter(handed_down=True, branch__pos__lt=issuer.pos, branch__pos_end__gte=issuer.pos_end)
    return below | above


def merchant_names(*, merchant_ids: Collection[UUID]) -> list[str]:
    """What are these merchants called, in the order asked? No query without any."""
    if not merchant_ids:
        return []
    names = dict(Merchant.objects.filter(pk__in=list(merchant_ids)).values_list("pk", "name"))
    return [names.get(key, "…") for key in merchant_ids]


@dataclass(frozen=True, slots=True)
class Till:
    """Whose till it is."""

    code: str
    name: str


def till_of(*, scope: Scope) -> Till | None:
    """At which merchant's till does the scope's person stand? None: at none, or at the bank's own counter."""
    assert scope.person_id is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, name FROM rewards_my_till()")
        row = cursor.fetchone()
    return Till(*row) if row else None


def cashiers_of(*, scope: Scope, merchant_id: UUID) -> list[Cashier]:
    """Who stands at the merchant's tills, and who did? Those of today first."""
    rows = Cashier.objects.within(scope).filter(merchant_id=merchant_id).select_related("person")
    return sorted(rows, key=lambda row: row.ended_at is not None)


def may_be_cashiers(*, scope: Scope) -> QuerySet[Person]:
    """Who of the scope's people holds the role of a merchant's cashier, and is no merchant's yet?"""
    held = Assignment.objects.within(scope).filter(
        role_id=CASHIER, held_from__lte=scope.at, held_until__gt=scope.at
    )
    taken = Cashier.objects.within(scope).filter(ended_at__isnull=True)
    return (
        Person.objects.within(scope)
        .filter(pk__in=held.values("person_id"))
        .exclude(pk__in=taken.values("person_id"))
        .order_by("name")
    )
