"""In which order customers are locked, by whoever writes more than one of them:

1. those that stand, by their ids;
2. whoever was merged, under whom they became (a row of theirs is wanted only by who holds that one);
3. what hangs on customers: identities, sessions, tags, care, proposals;
4. rows of branches, which what is written above refers to and a change of the tree rewrites.

Merges, changes of the home, the rotation of a token, imports, their undoing and the closing of a branch all keep to it,
so that two of them that meet wait for each other and never crosswise.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

_OF_BRANCH = """
SELECT count(*) FROM (SELECT c.id FROM customers_customer c WHERE c.branch_id = %s
                       ORDER BY c.status IN ('merged', 'erased'), c.id FOR UPDATE) held
"""
_THESE = """
SELECT count(*) FROM (SELECT c.id FROM customers_customer c WHERE c.id = ANY (%s)
                       ORDER BY c.status IN ('merged', 'erased'), c.id FOR UPDATE) held
"""


def hold_customers_of(*, branch_id: int) -> int:
    """Lock everybody whose home this branch is, until the end of the transaction; how many they are."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_BRANCH, [branch_id])
        return int(cursor.fetchone()[0])


def hold_customers(cursor: Any, *, ids: Sequence[UUID]) -> int:
    """Lock these, until the end of the transaction; how many there are."""
    cursor.execute(_THESE, [list(ids)])
    return int(cursor.fetchone()[0])
