"""PostgreSQL as Fenhang uses it: the tenant guard on serving connections, flushing by the owner."""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations

from campaigns.tenants.guard import Guard


class DatabaseOperations(PostgresOperations):
    def execute_sql_flush(self, sql_list: Any) -> None:
        """Serving roles may not TRUNCATE: the owner does it."""
        from django.db import connections

        if self.connection.alias != "owner":
            connections["owner"].ops.execute_sql_flush(sql_list)
        else:
            super().execute_sql_flush(sql_list)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = Guard(self)
        if self.alias != "owner":
            self.execute_wrappers.append(self.guard)

    # Rolling back takes settings applied since along; so does the end of a transaction.
    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self.guard.forget()

    def _rollback(self) -> None:
        self.guard.end()
        super()._rollback()  # type: ignore[misc]

    def _commit(self) -> None:
        self.guard.end()
        super()._commit()  # type: ignore[misc]

    def close(self) -> None:
        self.guard.end()
        super().close()
