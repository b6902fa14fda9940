"""What people do to their own log-in, in the audit and among the security records.

The pages of the log-in itself have no scope: a deed stands where its person acts first. Who acts nowhere leaves the
security record alone.
"""

from datetime import datetime
from typing import Any

from campaigns.audit.services import record, record_security
from campaigns.lib.refs import ref
from campaigns.tenants.models import Login
from campaigns.tenants.scopes import staff_scope
from campaigns.tenants.selectors import assignments_of


def note_own(*, login: Login, verb: str, kind: str, at: datetime, address: str | None, **detail: Any) -> None:
    """One deed (`verb`) of the log-in's person on the own log-in, and its security record of `kind`."""
    for held in assignments_of(login_id=login.pk, at=at)[:1]:
        with staff_scope(login_id=login.pk, assignment_id=held.id, at=at, cause=verb) as scope:
            record(
                scope=scope,
                verb=verb,
                subject=ref("tenants.person", scope.person_id or ""),
                subject_name=scope.facts.actor_name,
                login=login.username,
                **detail,
            )
    record_security(kind=kind, at=at, who=login.username, address=address, **detail)
