"""What customers say to the bank's texts, and who is under age. The texts are in consent_texts.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connections, transaction
from django.utils.timezone import localtime

from campaigns.audit.services import record
from campaigns.customers.consent_models import Birth, Consent, ConsentText, Permission, Purpose
from campaigns.customers.consent_refusals import (
    BirthInvalid,
    EvidenceMissing,
    GuardianNeeded,
    PairUnknown,
    SaidLater,
    TextChanged,
    TextMissing,
)
from campaigns.customers.consent_rules import BITS, bit_of, is_minor_on
from campaigns.customers.consent_selectors import (
    allowed_by,
    births_of,
    customer_within,
    permission_of,
    place_of_birth_date,
    texts_now,
    texts_valid,
)
from campaigns.customers.customer_models import Customer, CustomerKey
from campaigns.customers.refusals import CustomerIsNotActive, ReasonNeeded
from campaigns.customers.rules import reason_kept
from campaigns.customers.services.identities import LEAST_REASON
from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import lay
from campaigns.lib import crypto
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

RENEW = "customers.renew_permissions"
_LOT = 5_000  # customers whose permissions are computed anew in one due row
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer says of one pair; `text_sha256` is of the text that was on the screen, for what is given."""

    purpose: str
    channel: str
    is_given: bool
    text_sha256: str = ""


def renew_permissions(*, scope: Scope, due: Due) -> None:
    """A text that asks again is valid now: compute a lot of permissions anew, and lay the row of the lot after."""
    after = due.args.get("after", str(_FIRST))
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT renew_permissions(%s::uuid, %s)", [after, _LOT])
        last = cursor.fetchone()[0]
    if last is not None:
        lay(
            scope=scope,
            kind=RENEW,
            subject=due.subject,
            version=str(last),
            at=scope.at,
            args={"after": str(last)},
        )


def set_own_consents(*, scope: Scope, wishes: Sequence[Wish], ip_prefix: str = "") -> list[Consent]:
    """What the customer of this scope says; returns the rows that were new. Saying the same again adds none.

    Raises PairUnknown, TextMissing, TextChanged, GuardianNeeded; then nothing was noted.
    """
    if scope.customer_id is None:
        raise NotFound
    permission = permission_of(scope=scope, customer_id=scope.customer_id)
    mask, texts = allowed_by(permission), texts_now(scope=scope)
    last = {(wish.purpose, wish.channel): wish for wish in wishes}
    rows = []
    for pair, wish in last.items():
        if pair not in BITS:
            raise PairUnknown(purpose=wish.purpose, channel=wish.channel)
        if bool(mask & bit_of(*pair)) == wish.is_given:
            continue
        text = _text_for(texts, wish) if wish.is_given else texts.get(wish.purpose)
        if wish.is_given and permission.is_minor and wish.purpose != Purpose.SERVICE:
            raise GuardianNeeded
        rows.append(
            Consent(
                customer_id=scope.customer_id,
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                purpose=wish.purpose,
                channel=wish.channel,
                is_given=wish.is_given,
                text=text,
                text_sha256=text.sha256 if text else "",
                source=Consent.Source.MINI_PROGRAM,
                at=scope.at,
                noted_at=scope.at,
                request_id=scope.request_id,
                ip_prefix=ip_prefix,
            )
        )
    return Consent.objects.bulk_create(rows)


def _text_for(texts: dict[str, ConsentText], wish: Wish) -> ConsentText:
    text = texts.get(wish.purpose)
    if text is None:
        raise TextMissing(purpose=Purpose(wish.purpose).label)
    if text.sha256 != wish.text_sha256:
        raise TextChanged(version=text.version)
    return text


def note_consent(
    *,
    scope: Scope,
    customer_id: UUID,
    purpose: str,
    channel: str,
    is_given: bool,
    source: str,
    evidence: str,
    said_at: datetime | None = None,
    by_guardian: bool = False,
) -> Consent:
    """What a customer told the bank on paper, at the counter or by telephone, with its evidence.

    Raises NotFound, PairUnknown, EvidenceMissing, SaidLater, TextMissing, GuardianNeeded.
    """
    scope.demand("customers.consent.add")
    customer = customer_within(scope=scope, customer_id=customer_id)
    if (purpose, channel) not in BITS:
        raise PairUnknown(purpose=purpose, channel=channel)
    if not evidence.strip():
        raise EvidenceMissing
    at = said_at or scope.at
    if at > scope.at:
        raise SaidLater
    text = texts_valid(at=at).filter(purpose=purpose).order_by("-version").first()
    if is_given and text is None:
        raise TextMissing(purpose=Purpose(purpose).label)
    is_minor = permission_of(scope=scope, customer_id=customer_id).is_minor
    if is_given and is_minor and not by_guardian and purpose != Purpose.SERVICE:
        raise GuardianNeeded
    said = Consent.objects.create(
        customer=customer,
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        purpose=purpose,
        channel=channel,
        is_given=is_given,
        by_guardian=by_guardian,
        text=text,
        text_sha256=text.sha256 if text else "",
        source=source,
        at=at,
        noted_at=scope.at,
        request_id=scope.request_id,
        by_person=scope.person_id,
        evidence=evidence.strip(),
    )
    record(
        scope=scope,
        verb="customers.consent.note" if is_given else "customers.consent.take_away",
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        kind=f"{purpose} {channel}".strip(),
        source=source,
        reason=evidence.strip(),
    )
    return said


def set_personalisation(*, scope: Scope, is_on: bool) -> bool:
    """The switch of PIPL, article 24, turned by the customer of this scope; whether it changed anything."""
    if scope.customer_id is None:
        raise NotFound
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT personalise(%s)", [is_on])
        return bool(cursor.fetchone()[0])


def note_birth(*, scope: Scope, customer_id: UUID, born: date, source: str = "", reason: str) -> bool:
    """Keep or correct a date of birth, sealed; whether that makes the customer under age today.

    Who is under age gets nothing beyond service without a guardian, so that a person says why (`reason`). Raises
    NotFound (also for who has no key any more), CustomerIsNotActive, BirthInvalid, ReasonNeeded.
    """
    scope.demand("customers.birth.change")
    if len(reason.strip()) < LEAST_REASON:
        raise ReasonNeeded(least=LEAST_REASON)
    customer = customer_within(scope=scope, customer_id=customer_id)
    if customer.status not in (Customer.Status.ACTIVE, Customer.Status.BLOCKED):
        raise CustomerIsNotActive(customer=customer)
    today = localtime(scope.at).date()
    if not date(1900, 1, 1) <= born <= today:
        raise BirthInvalid
    stored = CustomerKey.objects.within(scope).filter(customer_id=customer_id).first()
    if stored is None:
        raise NotFound
    key = crypto.unwrap_key(bytes(stored.wrapped), person=customer_id)
    _birth, is_first = Birth.objects.update_or_create(
        customer_id=customer_id,
        defaults={
            "branch_id": customer.branch_id,
            "branch_pos": customer.branch_pos,
            "value": crypto.seal(born.isoformat(), key=key, place=place_of_birth_date(customer_id)),
            "source": source,
            "noted_at": scope.at,
        },
    )
    is_minor = is_minor_on(born=born, day=today)
    _note_minority(scope, [customer_id], is_minor)
    record(
        scope=scope,
        verb="customers.birth.add" if is_first else "customers.birth.change",
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=customer.branch_id,
        branch_pos=customer.branch_pos,
        source=source,
        reason=reason_kept(reason),
    )
    return is_minor


def let_come_of_age(*, scope: Scope, lot: int = 2_000) -> int:
    """Look through those under age, and note who no longer is; how many. What a guardian agreed to ends with it."""
    scope.demand("customers.birth.change")
    today, many, after = localtime(scope.at).date(), 0, _FIRST
    while True:
        rows = Permission.objects.within(scope).filter(is_minor=True, customer_id__gt=after)
        minors = list(rows.order_by("customer_id").values_list("customer_id", flat=True)[:lot])
        if not minors:
            return many
        after = minors[-1]
        born = births_of(scope=scope, customer_ids=minors)
        grown = [each for each in minors if each in born and not is_minor_on(born=born[each], day=today)]
        many += _note_minority(scope, grown, False)


def _note_minority(scope: Scope, customer_ids: Iterable[UUID], is_minor: bool) -> int:
    ids = list(customer_ids)
    if not ids:
        return 0
    with transaction.atomic(using=scope.using), connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT note_minority(%s::uuid[], %s)", [ids, is_minor])
        return int(cursor.fetchone()[0])


def merge_consents(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """A step of merging: of what the two said, the stricter counts. Nobody's earlier rows are touched.

    What either has withdrawn is withdrawn; what only one spoke of is taken over. The switch and youth likewise.
    Answers references of the rows it added to `kept`.
    """
    mine = _last_words(kept)
    added = []
    for pair, other in _last_words(absorbed).items():
        own = mine.get(pair)
        if own is not None and (own.is_given == other.is_given or not own.is_given):
            continue
        added.append(_passed_on(scope, kept, other))
    Consent.objects.bulk_create(added)
    if kept.is_personalised and not absorbed.is_personalised:
        Customer.objects.filter(pk=kept.pk).update(is_personalised=False)
    if permission_of(scope=scope, customer_id=absorbed.pk).is_minor:
        _note_minority(scope, [kept.pk], True)
    return [ref("customers.consent", each.pk) for each in added]


def unmerge_consents(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge added to `kept` is answered by what `kept` had said before; what had never been said and was
    taken over as given is withdrawn.
    """
    ids = {UUID(each.partition(":")[2]) for each in moved}
    came = list(Consent.objects.filter(pk__in=ids, customer_id=kept.pk))
    words = Consent.objects.filter(customer_id=kept.pk).exclude(pk__in=ids).order_by("at", "id")
    before = {(word.purpose, word.channel): word for word in words}
    added = []
    for row in came:
        own = before.get((row.purpose, row.channel))
        if own is not None and own.at > row.at:
            continue  # spoken of since: that stands
        if own is not None:
            added.append(_passed_on(scope, kept, own))
        elif row.is_given or row.purpose == Purpose.SERVICE:
            added.append(_passed_on(scope, kept, row, is_given=not row.is_given))
    Consent.objects.bulk_create(added)
    return [ref("customers.consent", each.pk) for each in added]


def _last_words(customer: Customer) -> dict[tuple[str, str], Consent]:
    rows = Consent.objects.filter(customer_id=customer.pk).order_by("id")
    # Of one moment the withdrawal counts, as in the database: it comes last.
    words = sorted(rows, key=lambda row: (row.at, not row.is_given))
    return {(row.purpose, row.channel): row for row in words}


def _passed_on(scope: Scope, to: Customer, row: Consent, *, is_given: bool | None = None) -> Consent:
    return Consent(
        customer=to,
        branch_id=to.branch_id,
        branch_pos=to.branch_pos,
        purpose=row.purpose,
        channel=row.channel,
        is_given=row.is_given if is_given is None else is_given,
        by_guardian=row.by_guardian,
        text_id=row.text_id,
        text_sha256=row.text_sha256,
        source=Consent.Source.MERGE,
        at=scope.at,
        noted_at=scope.at,
        request_id=scope.request_id,
        by_person=scope.person_id,
        evidence=ref("customers.consent", row.pk),
    )
