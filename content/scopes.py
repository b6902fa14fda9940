"""The scope of everybody at a branch: what it shows to its customers, and nothing that is anybody's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from campaigns.tenants.scopes import Scope, opened

# As for a customer: the role is entered after the verb has answered, and only if it did.
_OPENING = """
SELECT f.* FROM open_public_scope(%s::int, %s::timestamptz, %s::uuid, %s::jsonb) f
  CROSS JOIN LATERAL set_config('role', CASE WHEN f.branch_id IS NULL THEN 'none' ELSE 'fenhang_customer' END, true)
"""


@contextmanager
def public_scope(*, branch_id: int, at: datetime, cause: str = "") -> Iterator[Scope]:
    """Stand at a branch as one of its customers whose name nobody asked; reads alone.

    Its first query raises ScopeClosed for a branch that is not there.
    """
    scope = Scope(kind="public", at=at, opening=_OPENING, params=(), cause=cause)
    scope.params = (branch_id, at, scope.request_id, scope.context())
    with opened(scope):
        yield scope
