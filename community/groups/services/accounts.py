"""Whose user ids those are in WeCom."""

import re
from uuid import UUID

from django.db import connections

from campaigns.audit.services import record
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope
from community.groups.refusals import AccountIsTaken, AccountIsWrong
from community.groups.services.chats import note_again
from community.groups.wecom_models import Chat, WeComAccount

_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def bind_account(*, scope: Scope, person_id: UUID, userid: str, branch_id: int | None = None) -> WeComAccount:
    """A person's user id in WeCom; groups that it owns belong to `branch_id` (the person's branch). One that the
    person had before ends. Chats that waited for their owner are fetched.

    Raises NotFound, AccountIsWrong, AccountIsTaken.
    """
    scope.demand("community.wecomaccount.add")
    if not _USERID.fullmatch(userid.strip()):
        raise AccountIsWrong
    named = userid.strip().lower()
    person = Person.objects.within(scope).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    fresh = new_id()
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT bind_wecom_account(%s, %s, %s, %s)",
            [person.pk, named, branch_id or person.branch_id, fresh],
        )
        word = cursor.fetchone()[0]
    if word == "not_found":
        raise NotFound
    if word == "taken":
        raise AccountIsTaken(userid=named)
    account = WeComAccount.objects.within(scope).select_related("person").get(pk=fresh)
    _note(scope, account, "community.wecomaccount.add")
    # Head office sees them; for others the next run finds the owner.
    note_again(scope=scope, rows=Chat.objects.filter(owner_userid=named))
    return account


def end_account(*, scope: Scope, account_id: UUID) -> None:
    """The user id is nobody's any more; groups stay with who owns them here. Raises NotFound."""
    scope.demand("community.wecomaccount.end")
    account = WeComAccount.objects.within(scope).select_related("person").filter(pk=account_id).first()
    if account is None:
        raise NotFound
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT end_wecom_account(%s)", [account_id])
        if not cursor.fetchone()[0]:
            raise NotFound
    _note(scope, account, "community.wecomaccount.end")


def _note(scope: Scope, account: WeComAccount, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("community.wecomaccount", account.pk),
        subject_name=account.person.name,
        branch_id=account.branch_id,
        branch_pos=account.branch_pos,
        userid=account.userid,
    )
