"""Books that are compared after every test: all their checks as one prepared statement."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from django.db import connections


class Books:
    """`checks`: what must be so -> the query for rows that are not. `name`: of the prepared statement."""

    def __init__(self, name: str, checks: Mapping[str, str]) -> None:
        self._name, self._says = name, list(checks)
        # One statement: each that does not hold, with the first of its rows.
        self._asked = "\nUNION ALL\n".join(
            # Materialized, or the planner takes ways that are quick to a fifth row, and there is hardly ever a first.
            f"SELECT {nth}, jsonb_agg(to_jsonb(d)) FROM"
            f" (WITH found AS MATERIALIZED ({sql}) SELECT * FROM found LIMIT 5) d HAVING count(*) > 0"
            for nth, sql in enumerate(checks.values())
        )
        # To plan it takes ten times as long as to ask it, so each connection keeps the plan.
        self._prepared: WeakSet[Any] = WeakSet()

    def assert_agree(self, using: str = "default") -> None:
        """Bank-wide; ask it in the system's scope."""
        with connections[using].cursor() as cursor:
            if connections[using].connection not in self._prepared:
                cursor.execute(f"PREPARE {self._name} AS {self._asked}")
                self._prepared.add(connections[using].connection)
            cursor.execute(f"EXECUTE {self._name}")
            found = [f"{self._says[nth]}: {rows}" for nth, rows in cursor.fetchall()]
        assert not found, "not so: " + "\n".join(found)
