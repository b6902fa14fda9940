"""Changes that prepared pages are told of (content/delivery/stirs.py)."""

from django.db import connection

from campaigns.tenants.scopes import Scope


def forget_stirs(*, scope: Scope) -> int:
    """Delete what is older than ten minutes; how many. Raises NotAllowed."""
    scope.demand("content.stir.forget")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content_forget_stirs()")
        return int(cursor.fetchone()[0])
