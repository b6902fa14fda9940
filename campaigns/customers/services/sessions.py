"""Logging in with WeChat, refreshing, logging out.

Nothing here runs inside a request's transaction: WeChat is asked outside any, and what a refusal must leave behind
(a family of tokens that is over) is committed before the refusal is raised.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from campaigns.audit.services import record_security
from campaigns.customers.models import Customer, Identity, RefreshSession
from campaigns.customers.refusals import BranchNeeded, BranchUnknown, CustomerClosed, RefreshRefused
from campaigns.customers.rules import tail_of
from campaigns.customers.scopes import customer_scope
from campaigns.customers.selectors import Known, Profile, customer_by_identity, profile_of
from campaigns.customers.services.customers import ONE_OWNER, Sealed, seal_identity
from campaigns.customers.services.merges import settle_customers
from campaigns.lib import crypto
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.lib.wechat import WeChatPerson, exchange_code
from campaigns.tenants.scopes import ScopeClosed, system_scope

SOURCE = "wechat"
# How long a client that lost the answer may ask for it again.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Session:
    """What a client holds: `access` lives `expires_in` seconds, `refresh` is good for one exchange."""

    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    session: Session
    profile: Profile


def log_in_with_wechat(*, code: str, branch_code: str, at: datetime) -> LoggedIn:
    """Exchange the mini-program's `code`, enrol the person at `branch_code` on a first log-in, start a session.

    A known customer keeps the home branch, whatever `branch_code` says. Raises what `exchange_code` raises,
    BranchNeeded or BranchUnknown for an unknown person, CustomerClosed for a blocked or erased one.
    """
    person = exchange_code(code=code)
    known = _find(person, at=at) or _enrol(person, branch_code=branch_code, at=at)
    if known.status != Customer.Status.ACTIVE:
        raise CustomerClosed
    refresh = secrets.token_urlsafe(32)
    try:
        with customer_scope(customer_id=known.customer_id, at=at, cause="auth.wechat") as scope:
            RefreshSession.objects.create(
                customer_id=known.customer_id,
                branch_id=scope.branch_id,
                branch_pos=scope.branch_pos,
                family=new_id(),
                token_hash=_hash_of(refresh),
                issued_at=at,
                expires_at=at + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS),
            )
            profile = profile_of(scope=scope)
    except ScopeClosed as closed:  # blocked a moment ago
        raise CustomerClosed from closed
    return LoggedIn(_session(known.customer_id, refresh), profile)


def refresh_session(*, refresh: str, at: datetime) -> Session:
    """The next pair of tokens for `refresh`, which is then used up.

    The next token follows from this one and the installation's key, so that a client that lost the answer gets
    the same one again within GRACE; any other second use ends the whole family. Raises RefreshRefused.
    """
    following = base64.urlsafe_b64encode(crypto.derived_secret("refresh", refresh)).decode().rstrip("=")
    expires = at + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM rotate_refresh(%s, %s, %s, %s, %s, %s)",
            [_hash_of(refresh), _hash_of(following), new_id(), at, expires, GRACE],  # type: ignore[list-item]
        )
        outcome, customer_id = cursor.fetchone()
    if outcome == "reused":
        record_security(kind="session.reused", at=at, who=f"customers.customer:{customer_id}")
    if outcome not in ("rotated", "repeated"):
        raise RefreshRefused
    return _session(customer_id, following)


def log_out(*, refresh: str, at: datetime) -> None:
    """End the session that `refresh` belongs to. An unknown token answers alike: there is nothing to tell."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT revoke_refresh(%s, %s)", [_hash_of(refresh), at])


def _session(customer_id: UUID, refresh: str) -> Session:
    seconds = settings.ACCESS_TOKEN_SECONDS
    access = tokens.issue(kind="customer", subject=str(customer_id), seconds=seconds)
    return Session(access=access, refresh=refresh, expires_in=seconds)


def _hash_of(token: str) -> bytes:
    # 256 random bits need no salt and no slow hash.
    return hashlib.sha256(token.encode()).digest()


def _find(person: WeChatPerson, *, at: datetime) -> Known | None:
    """The customer that WeChat's answer names. A unionid, which the bank knows too, wins over an openid."""
    by_openid = customer_by_identity(kind=Identity.Kind.OPENID, value=person.openid, app=person.app)
    if not person.unionid:
        return by_openid
    by_unionid = customer_by_identity(kind=Identity.Kind.UNIONID, value=person.unionid)
    if by_unionid is None:
        if by_openid is not None:
            _bind(by_openid, kind=Identity.Kind.UNIONID, value=person.unionid, app="", at=at)
        return by_openid
    if by_openid is None:
        _bind(by_unionid, kind=Identity.Kind.OPENID, value=person.openid, app=person.app, at=at)
    elif by_openid.customer_id != by_unionid.customer_id:
        return _settle(person, by_unionid, by_openid, at=at)
    return by_unionid


def _settle(person: WeChatPerson, by_unionid: Known, by_openid: Known, *, at: datetime) -> Known:
    """Two customers who are one person: one of the two whom the bank does not know is merged, others are proposed."""
    if Customer.Status.ERASED in (by_unionid.status, by_openid.status):
        return by_unionid
    with system_scope(at=at, cause="auth.wechat") as scope:
        settled = settle_customers(
            scope=scope,
            first=by_unionid.customer_id,
            second=by_openid.customer_id,
            kinds={Identity.Kind.UNIONID, Identity.Kind.OPENID},
            why="log-in",
        )
    if settled.verdict == "merge":
        return customer_by_identity(kind=Identity.Kind.UNIONID, value=person.unionid) or by_unionid
    record_security(
        kind="customers.identity.split",
        at=at,
        who=f"customers.customer:{by_unionid.customer_id}",
        other=f"customers.customer:{by_openid.customer_id}",
    )
    return by_unionid


def _bind(known: Known, *, kind: str, value: str, app: str, at: datetime) -> None:
    if known.wrapped is None or known.status != Customer.Status.ACTIVE:
        return
    key = crypto.unwrap_key(known.wrapped, person=known.customer_id)
    sealed = seal_identity(customer_id=known.customer_id, key=key, kind=kind, value=value, app=app)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT bind_identity(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)",
            [
                sealed.id,
                known.customer_id,
                sealed.kind,
                sealed.app,
                sealed.lookup,
                sealed.value,
                SOURCE,
                at,
                new_id(),
                _context(),
            ],
        )


def _enrol(person: WeChatPerson, *, branch_code: str, at: datetime) -> Known:
    """A new customer of that branch. Of two first log-ins at once one enrols, the other finds the result."""
    if not branch_code:
        raise BranchNeeded
    customer_id, key = new_id(), crypto.new_key()
    # A number of the same form as the bank's own, from the id's random end.
    number = f"W{customer_id.int % 10**11:011d}"
    wrapped = crypto.wrap_key(key, person=customer_id)
    known_by = [
        seal_identity(customer_id=customer_id, key=key, kind=Identity.Kind.CUSTOMER_NUMBER, value=number),
        seal_identity(
            customer_id=customer_id, key=key, kind=Identity.Kind.OPENID, value=person.openid, app=person.app
        ),
    ]
    if person.unionid:
        known_by.append(
            seal_identity(customer_id=customer_id, key=key, kind=Identity.Kind.UNIONID, value=person.unionid)
        )
    try:
        branch_id = _enrol_in_database(customer_id, branch_code, wrapped, tail_of(number), known_by, at)
    except IntegrityError as error:
        if ONE_OWNER in str(error) and (known := _find(person, at=at)):
            return known
        raise
    if branch_id is None:
        raise BranchUnknown(branch_code=branch_code)
    return Known(customer_id, Customer.Status.ACTIVE, wrapped)


def _enrol_in_database(
    customer_id: UUID, branch_code: str, wrapped: bytes, tail: str, known_by: list[Sealed], at: datetime
) -> int | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT enrol_customer(%s, %s, %s, %s, %s, %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::bytea[],"
            " %s, %s, %s, %s::jsonb)",
            [
                customer_id,
                branch_code,
                wrapped,
                tail,
                SOURCE,
                [s.id for s in known_by],
                [s.kind for s in known_by],
                [s.app for s in known_by],
                [s.lookup for s in known_by],
                [s.value for s in known_by],
                new_id(),
                at,
                new_id(),
                _context(),
            ],
        )
        branch_id: int | None = cursor.fetchone()[0]
    return branch_id


def _context() -> str:
    return orjson.dumps({"kind": "customer", "cause": "auth.wechat"}).decode()
