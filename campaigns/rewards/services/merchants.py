"""Writing merchants, and who stands at their tills."""

import re
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.customers.rules import masked, masked_number
from campaigns.lib import crypto
from campaigns.lib.constraints import violated
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.rewards.models import Cashier, Merchant
from campaigns.rewards.refusals.merchants import (
    AccountUnreadable,
    CashierElsewhere,
    MerchantExists,
    PersonNotCashier,
    PhoneUnreadable,
)
from campaigns.rewards.selectors.merchants import may_be_cashiers, merchant_in_scope
from campaigns.tenants.scopes import Scope

_PHONE = re.compile(r"\+?[\d -]{7,24}")
_ACCOUNT = re.compile(r"\d{8,32}")


def add_merchant(
    *, scope: Scope, code: str, name: str, handed_down: bool = True, phone: str = "", account: str = ""
) -> Merchant:
    """A new merchant of the branch the scope stands at. `phone` of the contact and settlement `account` are kept
    sealed. Raises MerchantExists, PhoneUnreadable, AccountUnreadable.
    """
    scope.demand("rewards.merchant.add")
    key = new_id()
    try:
        with transaction.atomic():
            merchant = Merchant.objects.create(
                pk=key,
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                code=code,
                name=name,
                handed_down=handed_down,
                phone=_sealed(key, "phone", phone),
                account=_sealed(key, "account", account),
            )
    except IntegrityError as error:
        _explain(error, code)
        raise
    _note(scope, merchant, "rewards.merchant.add", code=code)
    return merchant


def change_merchant(
    *,
    scope: Scope,
    merchant_id: UUID,
    code: str,
    name: str,
    handed_down: bool,
    phone: str = "",
    account: str = "",
) -> Merchant:
    """Change what a merchant is called, whom it is for, and how it is reached and paid; an empty phone or account
    stays as it is. Raises NotFound, MerchantExists, PhoneUnreadable, AccountUnreadable.
    """
    scope.demand("rewards.merchant.change")
    merchant = merchant_in_scope(scope=scope, merchant_id=merchant_id)
    columns: dict[str, Any] = {"code": code, "name": name, "handed_down": handed_down}
    for column, text in (("phone", phone), ("account", account)):
        if text:
            columns[column] = _sealed(merchant_id, column, text)
    try:
        with transaction.atomic():
            Merchant.objects.within(scope).filter(pk=merchant_id).update(**columns)
    except IntegrityError as error:
        _explain(error, code)
        raise
    merchant.refresh_from_db()
    _note(scope, merchant, "rewards.merchant.change", code=code, changed=sorted(columns))
    return merchant


def close_merchant(*, scope: Scope, merchant_id: UUID, reason: str) -> None:
    """Nothing is redeemed there from now on; what was is settled as ever. Raises NotFound, also when it is closed."""
    _move(scope, merchant_id, Merchant.State.ACTIVE, Merchant.State.CLOSED, reason)


def reopen_merchant(*, scope: Scope, merchant_id: UUID, reason: str) -> None:
    """Coupons that name it are taken there again. Raises NotFound, also when it is not closed."""
    _move(scope, merchant_id, Merchant.State.CLOSED, Merchant.State.ACTIVE, reason)


def add_cashier(*, scope: Scope, merchant_id: UUID, person_id: UUID) -> Cashier:
    """Let a person, whose role is that of a merchant's cashier, redeem at this merchant's till and nowhere else.

    Raises NotFound, PersonNotCashier, CashierElsewhere.
    """
    scope.demand("rewards.cashier.add")
    merchant = merchant_in_scope(scope=scope, merchant_id=merchant_id)
    person = may_be_cashiers(scope=scope).filter(pk=person_id).first()
    if person is None:
        raise PersonNotCashier
    try:
        with transaction.atomic():
            cashier = Cashier.objects.create(
                branch_id=merchant.branch_id,
                branch_pos=merchant.branch_pos,
                merchant=merchant,
                person=person,
                since=scope.at,
            )
    except IntegrityError as error:
        if violated(error) == "rewards_cashier_works_at_one_merchant":
            raise CashierElsewhere from error
        raise
    _note(scope, merchant, "rewards.cashier.add", person=ref("tenants.person", person.pk), name=person.name)
    return cashier


def end_cashier(*, scope: Scope, merchant_id: UUID, cashier_id: UUID) -> None:
    """The cashier redeems there no more. Raises NotFound, also when that was ended before."""
    scope.demand("rewards.cashier.end")
    merchant = merchant_in_scope(scope=scope, merchant_id=merchant_id)
    rows = Cashier.objects.within(scope).filter(pk=cashier_id, merchant=merchant, ended_at__isnull=True)
    row = rows.select_related("person").first()
    if row is None or not rows.update(ended_at=scope.at):
        raise NotFound
    _note(
        scope,
        merchant,
        "rewards.cashier.end",
        person=ref("tenants.person", row.person_id),
        name=row.person.name,
    )


def phone_shown(*, merchant: Merchant) -> str:
    """The contact's phone as pages show it, or ""."""
    return masked(_unsealed(merchant, "phone")) if merchant.phone else ""


def account_shown(*, merchant: Merchant) -> str:
    """The settlement account as pages show it, or ""."""
    return masked_number(_unsealed(merchant, "account")[-4:]) if merchant.account else ""


def _move(scope: Scope, merchant_id: UUID, before: str, after: str, reason: str) -> None:
    scope.demand("rewards.merchant.close")
    merchant = merchant_in_scope(scope=scope, merchant_id=merchant_id)
    if not Merchant.objects.within(scope).filter(pk=merchant_id, state=before).update(state=after):
        raise NotFound
    verb = "rewards.merchant.close" if after == Merchant.State.CLOSED else "rewards.merchant.reopen"
    _note(scope, merchant, verb, reason=reason[:200])


def _sealed(key: UUID, column: str, text: str) -> bytes:
    text = text.strip()
    if not text:
        return b""
    if column == "phone":
        if _PHONE.fullmatch(text) is None:
            raise PhoneUnreadable
    elif _ACCOUNT.fullmatch(text := text.replace(" ", "")) is None:
        raise AccountUnreadable
    return crypto.seal_here(text.encode(), place=_place(key, column))


def _unsealed(merchant: Merchant, column: str) -> str:
    sealed = bytes(getattr(merchant, column))
    return crypto.unseal_here(sealed, place=_place(merchant.pk, column)).decode()


def _place(key: UUID, column: str) -> str:
    return f"rewards_merchant.{column}:{key}"


def _explain(error: IntegrityError, code: str) -> None:
    if violated(error) == "rewards_merchant_code_is_unique_in_its_branch":
        raise MerchantExists(code=code) from error


def _note(scope: Scope, merchant: Merchant, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("rewards.merchant", merchant.pk),
        subject_name=merchant.name,
        branch_id=merchant.branch_id,
        branch_pos=merchant.branch_pos,
        **detail,
    )
