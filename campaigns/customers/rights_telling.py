"""What this room tells a customer of themselves, and what it shows of consent on the customer's page."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaigns.customers.consent_models import Consent, Purpose
from campaigns.customers.consent_selectors import (
    birth_noted,
    births_of,
    consents_of,
    permission_of,
    standing_of,
)
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.panels import Line, Moment
from campaigns.customers.selectors import place_of_value
from campaigns.lib import crypto
from campaigns.tenants.scopes import Scope

Told = Iterator[tuple[str, Mapping[str, Any]]]


def tell_who(*, scope: Scope, customer_id: UUID) -> Told:
    """The customer's own row, attributes, and what they are known by, in the clear: it is theirs."""
    customer = Customer.objects.within(scope).select_related("branch").get(pk=customer_id)
    born = births_of(scope=scope, customer_ids=[customer_id]).get(customer_id)
    yield (
        "customer",
        {
            "id": str(customer.pk),
            "branch": customer.branch.name,
            "joined_at": customer.joined_at,
            "source": customer.source,
            "is_personalised": customer.is_personalised,
            "born": born,
        },
    )
    for name, value in sorted(customer.attributes.items()):
        yield "attributes", {"name": name, "value": value}
    stored = CustomerKey.objects.within(scope).get(customer_id=customer_id)
    key = crypto.unwrap_key(bytes(stored.wrapped), person=customer_id)
    for row in Identity.objects.within(scope).filter(customer_id=customer_id).order_by("kind", "id"):
        place = place_of_value(customer_id=customer_id, identity_id=row.pk)
        value = crypto.unseal(bytes(row.value), key=key, place=place)
        yield (
            "identities",
            {
                "kind": row.kind,
                "value": value,
                "state": row.state,
                "source": row.source,
                "since": row.verified_at,
            },
        )


def tell_consents(*, scope: Scope, customer_id: UUID) -> Told:
    """Every word on consent, with the text that it was said to."""
    for said in consents_of(scope=scope, customer_id=customer_id):
        yield (
            "consents",
            {
                "at": said.at,
                "purpose": said.purpose,
                "channel": said.channel,
                "is_given": said.is_given,
                "by_guardian": said.by_guardian,
                "where": said.source,
                "text": said.text.text if said.text else None,
                "text_version": said.text.version if said.text else None,
                "evidence": said.evidence,
            },
        )


def consent_lines(scope: Scope, customer_id: UUID) -> Sequence[Line]:
    """The panel of the customer's page: what is allowed of each purpose now, and since when."""
    by_purpose: dict[str, list[Any]] = {}
    for said in standing_of(scope=scope, customer_id=customer_id):
        by_purpose.setdefault(said.purpose, []).append(said)
    lines = []
    for purpose, some in by_purpose.items():
        given = [each for each in some if each.is_given]
        last = max((each.at for each in some if each.at), default=None)
        channels = _("、").join(str(Consent(channel=each.channel).get_channel_display()) for each in given)
        value = (channels or _("Consented")) if given else _("Not consented")
        lines.append(Line(str(Purpose(purpose).label), value, _moment(last) if last else _("never asked")))
    customer = Customer.objects.within(scope).filter(pk=customer_id).only("is_personalised").first()
    if customer is not None:
        is_on = _("on") if customer.is_personalised else _("off")
        lines.append(Line(_("Personalised recommendation"), is_on))
    birth = birth_noted(scope=scope, customer_id=customer_id)
    if birth is not None:
        lines.append(Line(_("date of birth"), _("kept, sealed"), _day(birth.noted_at)))
    if permission_of(scope=scope, customer_id=customer_id).is_minor:
        lines.append(Line(_("Under age"), _("yes"), _("beyond service, a guardian's consent is needed")))
    return lines


def consent_moments(scope: Scope, customer_id: UUID, before: datetime, many: int) -> Sequence[Moment]:
    """What was said on consent, for the time line."""
    rows = consents_of(scope=scope, customer_id=customer_id).filter(at__lt=before)[:many]
    return [
        Moment(
            at=row.at,
            kind="changed",
            sentence=(_("Consented to %(what)s") if row.is_given else _("Withdrew consent to %(what)s"))
            % {"what": row},
            why=f"{row.get_source_display()} {row.evidence}".strip(),
        )
        for row in rows
    ]


def _day(at: datetime) -> str:
    return localtime(at).strftime("%Y-%m-%d")


def _moment(at: datetime) -> str:
    return localtime(at).strftime("%Y-%m-%d %H:%M")
