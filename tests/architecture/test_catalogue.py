"""The fourth wall, as the database itself describes it after every migration."""

import re
from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests.architecture import catalogue
from tests.architecture.catalogue import ROLES, SERVING, ask

# Unique keys without a branch, each with the reason why it tells nobody anything. Everything else must carry the
# branch or be a random id: a bare unique key answers "does it exist elsewhere?".
BANK_WIDE_KEYS = {
    "tenants_branch_code_key": "branch codes are public within the bank",
    "tenants_branch_pkey": "branches themselves",
    "tenants_branch_pos_is_unique": "positions are given by the system, never typed",
    "tenants_branch_id_pos_is_unique": "what the composite keys of all other tables point to",
    "customers_identity_belongs_to_one_customer": "a keyed hash, asked through verbs only",
    "customers_refreshsession_token_is_unique": "a hash of a random token, asked through verbs only",
    "jobs_due_happens_once": "its subject is a reference with a random id; written by services, never typed",
    "jobs_recurring_has_one_rule": "the same",
    "jobs_message_key_stands_once_for_an_account": "effect keys are made by services from ids, never typed",
    "community_group_chat_id_is_unique": "WeCom's own ids, written by the synchronisation alone, never typed",
    "points_entry_pkey": "numbered by the database; nobody can choose the number",
    "planning_feed_token_is_unique": "the hash of 192 random bits, never typed",
    "rewards_gift_token_is_unique": "a keyed hash of 192 random bits, written and asked by verbs only",
    "rewards_coupon_code_hash_is_unique": "a keyed hash of a random code, written and asked by verbs only",
    # community/groups
    "community_chat_id_is_unique": "the same; rows are head office's",
    "community_wecomaccount_is_of_one_person": "one person's in the whole bank, written by a verb that tells no more",
    "community_entrycode_slug_is_unique": "80 random bits, made by the service",
}
# Tables without branches that fenhang_customer may read, each with the reason.
CUSTOMER_MAY_READ = {
    "tenants_branch": "own branch and its ancestors, by policy `line`",
    "customers_consenttext": "what everybody is asked to agree to",
    "content_category": "what everybody may look for content by",
    "community_groupkind": "what groups are for, by which everybody knows them",
}
# Tables of which fenhang_customer may change rows of its own, each with the reason.
CUSTOMER_MAY_CHANGE = {
    "requests_requestkey": "the answer is stored under a key taken earlier in the same transaction",
}
# Columns of rows that are otherwise never changed, which the verb that forgets an erased customer empties.
FORGOTTEN = {
    (
        "customers_identityevent",
        "fenhang_verbs",
    ): "what an erased customer was known by: the hash, and under another key",
    ("customers_consent", "fenhang_verbs"): "the net from which an erased customer spoke",
}
TABLES_OF_DJANGO = ("django_", "auth_", "celery_", "unfold_")


@pytest.fixture(autouse=True)
def _catalogue(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        connections["owner"].close()


def test_there_are_tenant_tables_and_their_history_is_among_them() -> None:
    assert {
        "tenants_branch",
        "tenants_person",
        "tenants_personevent",
        "audit_entry",
    } <= catalogue.tenant_tables()


def test_row_level_security_is_on_and_forced_on_every_tenant_table() -> None:
    rows = ask("SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = ANY (%s)",
               list(catalogue.tenant_tables()))  # fmt: skip
    assert {name for name, on, forced in rows if not (on and forced)} == set()


def test_every_tenant_table_has_the_gate_and_the_owners_policy() -> None:
    policies = catalogue.policies()
    missing = []
    for table in sorted(catalogue.tenant_tables()):
        ours = {p["name"]: p for p in policies.get(table, [])}
        gate = ours.get("gate")
        if (
            not gate
            or not gate["is_restrictive"]
            or gate["roles"] != ["fenhang_app"]
            or gate["command"] != "ALL"
        ):
            missing.append(f"{table}: no restrictive gate for fenhang_app")
        elif not all(
            f"'app.{end}'" in (gate[part] or "") for end in ("lo", "hi") for part in ("using", "check")
        ):
            missing.append(f"{table}: the gate does not compare with the scope")
        owner = ours.get("owner")
        if (
            not owner
            or owner["roles"] != ["fenhang_owner"]
            or owner["using"] != "true"
            or owner["check"] != "true"
        ):
            missing.append(f"{table}: fenhang_owner would migrate over nothing")
    assert missing == []


def test_policies_for_customers_are_bound_to_the_customer_or_to_the_branch() -> None:
    bound = re.compile(r"app_customer\(\)|app_line\(\)|app_branch\(\)")
    loose = [
        f"{table}.{p['name']}"
        for table, some in catalogue.policies().items()
        for p in some
        if {"fenhang_customer", "public"} & set(p["roles"])
        and not bound.search((p["using"] or "") + (p["check"] or ""))
    ]
    assert loose == []


# Wanted: what is stopped is asked once for a query, and not once for a row.
_STOPS = "( SELECT approvals_stops(app_line()) AS approvals_stops)"
# Likewise whose rights are over.
_LAPSED = "( SELECT content_lapsed(app_line()) AS content_lapsed)"
# And which local versions stand for nothing any more.
_ORPHANS = "( SELECT content_orphans(app_line()) AS content_orphans)"
# Which groups a customer is in: an index of a handful of rows, and not one of the settings is hidden from it.
_MEMBER_OF = {"community_group.member_of", "community_post.member_of"}


def test_whatever_customers_are_shown_can_be_stopped() -> None:
    """Each table of published copies, by the policy that shows it."""
    policies = catalogue.policies()
    shown = {table for table, some in policies.items() if any(p["name"] == "shown" for p in some)}
    assert {"content_liveitem", "content_liveplacement", "rewards_livebatch"} <= shown
    for table in shown:
        [served] = [p for p in policies[table] if p["name"] == "served"]
        assert served["is_restrictive"] and _STOPS in served["using"], table
        assert (table, f"{table}_is_not_stopped") in catalogue.triggers()


def test_no_policy_hides_a_setting_in_a_sub_query() -> None:
    """Measured: a sub-select around current_setting() takes 27 ms where the raw one takes 1."""
    assert [
        f"{table}.{p['name']}"
        for table, some in catalogue.policies().items()
        for p in some
        if f"{table}.{p['name']}" not in _MEMBER_OF
        and "SELECT"
        in (p["using"] or "").replace(_STOPS, "").replace(_LAPSED, "").replace(_ORPHANS, "")
        + (p["check"] or "")
    ] == []


def test_what_the_scope_functions_read_is_inlined_and_nothing_more() -> None:
    rows = ask("SELECT proname, provolatile, prosecdef, lanname FROM pg_proc p JOIN pg_language l ON l.oid = prolang"
               " WHERE proname LIKE 'app\\_%%' AND pronamespace = 'public'::regnamespace AND %s", True)  # fmt: skip
    assert len(rows) >= 9
    assert {name for name, *rest in rows if rest != ["s", False, "sql"]} == set()


def test_the_roles_are_harmless() -> None:
    rows = ask("SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication, rolcreatedb FROM pg_roles"
               " WHERE rolname = ANY (%s)", list(ROLES))  # fmt: skip
    assert {row[0] for row in rows} == set(ROLES)
    assert {name for name, *rights, _createdb in rows if any(rights)} == set()
    assert {name for name, *_rights, createdb in rows if createdb and name != "fenhang_owner"} == set()


def test_memberships_let_a_role_be_entered_but_not_inherited() -> None:
    rows = ask("SELECT roleid::regrole::text, member::regrole::text, inherit_option, set_option, admin_option"
               " FROM pg_auth_members WHERE member::regrole::text = ANY (%s)", list(ROLES))  # fmt: skip
    assert {(role, member) for role, member, *_ in rows} == {
        ("fenhang_customer", "fenhang_app"),
        ("fenhang_verbs", "fenhang_owner"),
    }
    assert {(inherit, enter, admin) for *_names, inherit, enter, admin in rows} == {(False, True, False)}


def test_serving_roles_may_only_read_and_write_rows() -> None:
    allowed = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    wide = [
        f"{grantee} on {table}: {sorted(rights - allowed)}"
        for (table, grantee), rights in catalogue.table_grants().items()
        if grantee != "fenhang_owner" and rights - allowed
    ]
    assert wide == []


def test_nothing_is_granted_to_everybody() -> None:
    assert [table for table, grantee in catalogue.table_grants() if grantee == "PUBLIC"] == []
    everyone = ["public", "fenhang_verbs", *SERVING]
    makers = ask(
        "SELECT r FROM unnest(%s::text[]) r WHERE has_schema_privilege(r, 'public', 'CREATE')", everyone
    )
    assert makers == []


def test_partitions_and_materialised_views_are_reached_through_nothing() -> None:
    behind = {
        name
        for (name,) in ask(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND (relispartition OR relkind = 'm')"
        )
    }
    assert [key for key in catalogue.table_grants() if key[0] in behind and key[1] != "fenhang_owner"] == []


def test_views_ask_as_the_reader() -> None:
    rows = ask(
        "SELECT relname, reloptions FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
    )
    assert [name for name, options in rows if "security_invoker=true" not in (options or [])] == []


def test_a_unique_key_carries_the_branch_or_is_a_random_id_or_is_excused_by_name() -> None:
    tenant = catalogue.tenant_tables()
    oracles = []
    for table, name, columns, primary in catalogue.unique_keys():
        if table not in tenant or name in BANK_WIDE_KEYS:
            continue
        if {"branch_id", "branch_pos"} & set(columns):
            continue
        # A key of which one part is a random id can be hit only by who knows the id.
        if any(c and catalogue.column_type(table, c) == "uuid" for c in columns):
            continue
        # History rows are numbered by the database; nobody can choose the number.
        if primary and columns == ["pgh_id"]:
            continue
        oracles.append(f"{table}: {name} ({', '.join(columns)})")
    assert oracles == []


def test_foreign_keys_between_tenant_tables_are_seen_by_the_writer() -> None:
    """A foreign key's own check passes by every policy."""
    tenant = catalogue.tenant_tables()
    triggers = catalogue.triggers()
    blind = []
    for table, name, columns, target, _deletes in catalogue.foreign_keys():
        if table not in tenant or target not in tenant:
            continue
        if table == "tenants_branch" or {"branch_id", "branch_pos"} <= set(columns):
            continue
        if any((table, f"{table}_sees_{column}") in triggers for column in columns):
            continue
        # Written by definer functions alone: they check for themselves.
        if not catalogue.table_grants().get((table, "fenhang_app"), set()) & {"INSERT", "UPDATE"}:
            continue
        blind.append(f"{table}: {name} -> {target}")
    assert blind == []


def test_every_tenant_table_follows_its_branch() -> None:
    """The composite key keeps branch and position equal, directly or along with a thing that follows itself."""
    held = {"tenants_branch"}
    keys = [(table, target) for table, _n, columns, target, _d in catalogue.foreign_keys()
            if {"branch_id", "branch_pos"} <= set(columns)]  # fmt: skip
    while more := {table for table, target in keys if target in held} - held:
        held |= more
    history_of_the_tree = {"tenants_branchevent"}
    # Too large for the key: verbs fill both columns, a move rewrites them, each night they are compared.
    events = {t for t in catalogue.tenant_tables() if t.startswith("events_event")}
    assert catalogue.tenant_tables() - held - history_of_the_tree - events == set()


def test_nothing_deletes_along_across_tables() -> None:
    assert [(table, name) for table, name, _c, _t, deletes in catalogue.foreign_keys() if deletes in "cn"
            and not table.startswith(TABLES_OF_DJANGO)] == []  # fmt: skip


def test_definer_functions_belong_to_verbs_with_a_pinned_path_and_no_public_execute() -> None:
    rows = ask("""
        SELECT p.proname, p.proowner::regrole::text, coalesce(array_to_string(p.proconfig, ';'), ''),
               EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
          FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
    """)
    assert {"open_staff_scope", "open_system_scope"} <= {row[0] for row in rows}
    wrong = [
        row
        for row in rows
        if row[1] != "fenhang_verbs"
        or row[3]
        or "search_path=pg_catalog, public, pg_temp" not in row[2].split(";")
    ]
    assert wrong == []


def test_append_only_tables_are_append_only_for_everybody_who_serves() -> None:
    """History, audit, and whatever a trigger or a name declares a movement."""
    grants = catalogue.table_grants()
    movements = {
        t
        for t, _ in grants
        # What customers did is no history: it has its time, and changes hands when two customers are one.
        if (t.endswith("event") and t != "events_event")
        or t in {"audit_entry", "audit_securityrecord", "audit_seal", "approvals_decision"}
        or t in {"points_movement", "points_entry"}
        or t in {"approvals_finding", "approvals_acknowledgement", "customers_consent"}
    }
    assert len(movements) >= 6
    loose = [
        f"{role} may {sorted(rights & {'UPDATE', 'DELETE'})} {table}"
        for (table, role), rights in grants.items()
        if table in movements
        and role in {*SERVING, "fenhang_verbs"}
        and rights & {"UPDATE", "DELETE"}
        and not ((table, role) in FORGOTTEN and rights & {"UPDATE", "DELETE"} == {"UPDATE"})
    ]
    assert loose == []


def test_customers_read_only_what_policies_give_or_the_list_names() -> None:
    policies = catalogue.policies()
    readable = {t for (t, role), rights in catalogue.table_grants().items()
                if role == "fenhang_customer" and rights}  # fmt: skip
    walled = {t for t in readable if any("fenhang_customer" in p["roles"] for p in policies.get(t, []))}
    assert readable - walled - set(CUSTOMER_MAY_READ) == set()


def test_customers_never_change_or_delete_a_row_by_themselves() -> None:
    changeable = {t for (t, role), rights in catalogue.table_grants().items()
                  if role == "fenhang_customer" and rights & {"UPDATE", "DELETE"}}  # fmt: skip
    assert changeable - set(CUSTOMER_MAY_CHANGE) == set()
    for table in changeable:
        [policy] = [p for p in catalogue.policies()[table] if p["command"] == "UPDATE"
                    and p["roles"] == ["fenhang_customer"]]  # fmt: skip
        assert "app_customer()" in policy["using"], table
        assert "app_customer()" in policy["check"], table


def test_excuses_are_of_things_that_exist_or_are_written_by_verbs() -> None:
    names = {name for _t, name, _c, _p in catalogue.unique_keys()}
    assert [name for name in BANK_WIDE_KEYS if name not in names and name.startswith("tenants_")] == []


def test_the_gates_see_a_table_that_forgot_its_wall() -> None:
    """A gate that cannot fail guards nothing."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE forgotten (id int UNIQUE, branch_id int, branch_pos int)")
    try:
        assert "forgotten" in catalogue.tenant_tables()
        assert "forgotten" not in catalogue.policies()
        assert ("forgotten", "forgotten_id_key", ["id"], False) in catalogue.unique_keys()
        with pytest.raises(AssertionError, match="forgotten"):
            test_every_tenant_table_has_the_gate_and_the_owners_policy()
        with pytest.raises(AssertionError, match="forgotten"):
            test_row_level_security_is_on_and_forced_on_every_tenant_table()
        with pytest.raises(AssertionError, match="forgotten"):
            test_a_unique_key_carries_the_branch_or_is_a_random_id_or_is_excused_by_name()
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP TABLE forgotten")
