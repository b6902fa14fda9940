"""What customers did that counts for recency, frequency and money. Rooms above name theirs in apps.py:

    register_activity("rewards: redemptions", sql="SELECT …")

The SQL answers (customer_id uuid, at timestamptz, amount_fen bigint), one row for each deed, within the open scope;
%(since)s is the moment from which deeds count. It takes nothing else from outside.
"""

_ACTIVITIES: dict[str, str] = {}

NOTHING = "SELECT NULL::uuid AS customer_id, NULL::timestamptz AS at, NULL::bigint AS amount_fen WHERE false"


def register_activity(name: str, *, sql: str) -> None:
    """Add a source. Raises ValueError when the name is taken by another."""
    if _ACTIVITIES.setdefault(name, sql) != sql:
        raise ValueError(f"an activity {name!r} exists already")


def activities() -> dict[str, str]:
    """The sources by name, in the order of registration."""
    return dict(_ACTIVITIES)


def all_activities() -> str:
    """One SELECT over all sources, of three columns."""
    # The first one names the columns.
    return " UNION ALL ".join(f"({sql})" for sql in [NOTHING, *_ACTIVITIES.values()])
