"""Telling people, and what they do with what they were told."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connections

from campaigns.notices.models import Notice
from campaigns.notices.selectors import unread
from campaigns.notices.sentences import sentence_for
from campaigns.tenants.scopes import Scope


def tell(
    *,
    scope: Scope,
    people: Iterable[UUID],
    code: str,
    key: str,
    subject: str,
    branch_id: int | None = None,
    opens: str | None = None,
    **args: Any,
) -> None:
    """Put one line into the inbox of each of `people`, in the transaction of what it tells of.

    `code` names a registered sentence and `args` what is filled in (JSON; names in "_at" are ISO moments): the title
    of the thing and names of colleagues at most, never data of customers, since a reader sees the line without
    having the subject in scope. `key` makes it once: the same person is not told the same key again. `opens` is the
    reference of the page that it leads to, the `subject`'s own when left out and "" for none; `branch_id` is where
    that lies, the scope's branch when left out. Whoever acts is not told of the own deed. Raises ValueError for an
    unknown code.
    """
    if sentence_for(code) is None:
        raise ValueError(f"nobody registered the sentence {code!r}")
    # In one statement. No target of the conflict: with one, the writer would have to be able to read the rows.
    Notice.objects.bulk_create(
        [
            Notice(
                person_id=person_id,
                key=key,
                code=code,
                args=args,
                subject=subject,
                opens=subject if opens is None else opens,
                branch_id=scope.branch_id if branch_id is None else branch_id,
                at=scope.at,
            )
            for person_id in dict.fromkeys(people)
            if person_id != scope.person_id
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )


def mark_read(*, scope: Scope, notice_ids: Collection[UUID]) -> int:
    """Mark these of the reader's own notices as read; others' are passed over. Returns how many were unread."""
    return unread(scope=scope).filter(pk__in=notice_ids).update(read_at=scope.at)


def mark_all_read(*, scope: Scope) -> int:
    """Mark everything as read that came until now. Returns how many were unread."""
    return unread(scope=scope).filter(at__lte=scope.at).update(read_at=scope.at)


def settle(*, scope: Scope, keys: Sequence[str]) -> int:
    """What the notices of these keys asked for is done, by whomever: all are marked read. Returns how many were not."""
    return _called(
        scope, "SELECT coalesce(sum(settle_notices(key)), 0) FROM unnest(%s::text[]) key", list(keys)
    )


def sweep(*, scope: Scope, limit: int = 5000) -> int:
    """Delete what was read 90 days ago, or told a year ago; at most `limit`. Returns how many. Safe side by side."""
    scope.demand("notices.notice.sweep")
    return _called(scope, "SELECT sweep_notices(%s)", limit)


def _called(scope: Scope, statement: str, *given: list[str] | int) -> int:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(statement, given)
        answer: int = cursor.fetchone()[0]
    return answer
