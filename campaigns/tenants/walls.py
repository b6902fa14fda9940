"""The fourth wall, in the database: one line in a migration gives a table its policies, keys and grants.

    operations = [..., *wall("rewards_batch"), *wall("rewards_batchevent", append_only=True)]
    operations = [*verb("claim_coupon(uuid, uuid)", CLAIM_COUPON, execute=["fenhang_customer"])]

The roles are described in the README of this folder.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from django.db.migrations import RunSQL

CustomerSees = Literal["own", "shown", "line", "all"]

# The bare settings and not app_lo(): planning a query spends more on inlining two functions than on its rows
# (`manage.py bench rls`). Outside a scope they are '' and the cast is an error, which is as shut as no rows.
_LO, _HI = "current_setting('app.lo', true)::int", "current_setting('app.hi', true)::int"
_INSIDE = f"{{pos}} BETWEEN {_LO} AND {_HI}"
_CUSTOMER = {
    # A customer's own rows.
    "own": "customer_id = app_customer()",
    # Published copies of the customer's branch, and those handed down by the branches above it.
    "shown": "shown_from <= app_at() AND shown_until > app_at() AND branch_id = ANY (app_line())"
    " AND (handed_down OR branch_id = app_branch())",
    # Rows of the customer's branch and the branches above it.
    "line": "branch_id = ANY (app_line())",
}


def wall(
    table: str,
    *,
    append_only: bool = False,
    verbs_only: bool = False,
    handed_down: bool = False,
    customer: CustomerSees | None = None,
    customer_adds: bool = False,
    verbs: str = "",
    sees: Mapping[str, str] | None = None,
    columns: tuple[str, str] = ("branch_id", "branch_pos"),
    follows_branch: bool = True,
) -> list[RunSQL]:
    """Everything a tenant-owned table needs, as migration operations.

    `append_only`: staff may insert, nobody may change or delete. `verbs_only`: staff read; only definer
    functions write. `handed_down`: published copies (needs a column `handed_down`) that lower branches read.
    `customer`: which rows fenhang_customer reads; `customer_adds`: it may insert rows of its own.
    `verbs`: the grants of fenhang_verbs, e.g. "SELECT, INSERT, UPDATE (claimed)".
    `sees`: column -> tenant table it points to; the writer must be able to see the row pointed to, since a
    foreign key's own check passes by every policy.
    `columns`: the columns with the branch's id and position. `follows_branch`: False leaves out the composite
    key (very large append-only tables, whose rows the move rewrites in a step of its own).
    """
    branch, pos = columns
    inside = _INSIDE.format(pos=pos)
    readable = f"{inside} OR (handed_down AND {branch} = ANY (app_ancestors()))" if handed_down else inside
    app_grants = (
        "SELECT" if verbs_only else "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    )
    parts = [
        f"CREATE INDEX {table}_position ON {table} ({pos});",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;",
        # Restrictive: no second permissive policy can widen it.
        f"CREATE POLICY gate ON {table} AS RESTRICTIVE TO fenhang_app USING ({readable}) WITH CHECK ({inside});",
        f"CREATE POLICY app_select ON {table} FOR SELECT TO fenhang_app USING (true);",
        f"CREATE POLICY app_insert ON {table} FOR INSERT TO fenhang_app WITH CHECK (true);",
        f"CREATE POLICY app_update ON {table} FOR UPDATE TO fenhang_app USING ({inside});",
        f"CREATE POLICY app_delete ON {table} FOR DELETE TO fenhang_app USING ({inside});",
        # Under FORCE an owner without a policy of its own would migrate and validate over nothing.
        f"CREATE POLICY owner ON {table} TO fenhang_owner USING (true) WITH CHECK (true);",
        f"REVOKE ALL ON {table} FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;",
        f"GRANT {app_grants} ON {table} TO fenhang_app;",
    ]
    if follows_branch:
        parts.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_follows_its_branch FOREIGN KEY ({branch}, {pos})"
            " REFERENCES tenants_branch (id, pos) ON UPDATE CASCADE;"
        )
    if verbs:
        parts += [
            f"CREATE POLICY verbs ON {table} TO fenhang_verbs USING (true) WITH CHECK (true);",
            f"GRANT {verbs} ON {table} TO fenhang_verbs;",
        ]
    if customer:
        parts += [
            f"CREATE POLICY {customer} ON {table} FOR SELECT TO fenhang_customer USING ({_CUSTOMER[customer]});",
            f"GRANT SELECT ON {table} TO fenhang_customer;",
        ]
    if customer_adds:
        parts += [
            f"CREATE POLICY own_add ON {table} FOR INSERT TO fenhang_customer WITH CHECK (customer_id ="
            f" app_customer() AND {branch} = app_branch() AND {pos} = app_branch_pos());",
            f"GRANT INSERT ON {table} TO fenhang_customer;",
        ]
    for column, target in (sees or {}).items():
        parts.append(
            f"CREATE TRIGGER {table}_sees_{column} BEFORE INSERT OR UPDATE OF {column} ON {table} FOR EACH ROW"
            f" WHEN (NEW.{column} IS NOT NULL) EXECUTE FUNCTION tenants_must_see('{column}', '{target}');"
        )
    return [RunSQL("\n".join(parts), RunSQL.noop)]


def verb(signature: str, body: str, *, execute: Sequence[str] = ("fenhang_app",)) -> list[RunSQL]:
    """A SECURITY DEFINER function of fenhang_verbs, as migration operations.

    `signature` is the name with argument types, as GRANT wants it; `body` the whole CREATE FUNCTION statement,
    in which the words `AS VERB` stand for the security clause and the pinned search path.
    """
    if "AS VERB" not in body:
        raise ValueError(f"{signature}: the body must say AS VERB")
    body = body.replace("AS VERB", "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS", 1)
    return [
        RunSQL(
            "GRANT CREATE ON SCHEMA public TO fenhang_verbs; SET LOCAL ROLE fenhang_verbs;\n"
            + body.rstrip().rstrip(";")
            + f";\nREVOKE ALL ON FUNCTION {signature} FROM PUBLIC;\n"
            # Without a search_path that has public, history triggers fired by a verb would not find their table.
            + f"GRANT EXECUTE ON FUNCTION {signature} TO {', '.join(execute)};\n"
            + "RESET ROLE; REVOKE CREATE ON SCHEMA public FROM fenhang_verbs;",
            RunSQL.noop,
        )
    ]
