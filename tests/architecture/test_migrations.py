"""New migrations are kind to a bank that is open; those released before the rule are named."""

from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from config.upgrade.judging import unkind_operations

OURS = {"tenants", "audit", "access", "requests", "jobs", "notices", "approvals", "customers", "planning", "rewards",
        "content", "community"}  # fmt: skip
# Released before the rule: the number of the last one of each room.
BEFORE = {
    "tenants": 10, "audit": 3, "access": 2, "requests": 2, "notices": 1, "approvals": 10, "customers": 2,
    "planning": 3, "rewards": 6, "content": 6,
}  # fmt: skip
# "app.name" -> why it may all the same.
EXCUSED: dict[str, str] = {
    "approvals.0011_bulk_as_job": "moves bulk approvals into jobs, whole: none may be under way in two tables at once",
}


def test_no_new_migration_locks_a_live_table_for_long() -> None:
    loader = MigrationLoader(None)
    plan: dict[tuple[str, str], None] = {}
    for leaf in loader.graph.leaf_nodes():
        plan |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    judged, born = {}, set[str]()
    for app, name in plan:
        if app in OURS and int(name[:4]) > BEFORE.get(app, 0):
            state = loader.project_state((app, name), at_end=False)
            judged[f"{app}.{name}"] = unkind_operations(loader.disk_migrations[app, name], state, born)
    assert {name: why for name, why in judged.items() if why and name not in EXCUSED} == {}
    assert {name for name in EXCUSED if not judged.get(name)} == set(), "excused, but kind or not there"


def coupon(**fields: models.Field) -> ProjectState:
    """A table that people are using."""
    state = ProjectState()
    columns = {
        "id": models.BigAutoField(primary_key=True),
        "title": models.CharField(max_length=20),
        **fields,
    }
    migrations.CreateModel("Coupon", list(columns.items())).state_forwards("rewards", state)
    return state


def judge(*operations: Any, atomic: bool = True, state: ProjectState | None = None) -> str:
    migration = migrations.Migration("0099_new", "rewards")
    migration.operations, migration.atomic = list(operations), atomic
    return "\n".join(unkind_operations(migration, state or coupon(note=models.TextField(null=True))))


BY_TITLE = models.Index(fields=["title"], name="by_title")
LONG_TITLE = models.CheckConstraint(condition=models.Q(title__gt=""), name="has_title")


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (migrations.AddIndex("coupon", BY_TITLE), "AddIndexConcurrently"),
        (migrations.AddConstraint("coupon", LONG_TITLE), "AddConstraintNotValid"),
        (migrations.AddField("coupon", "nth", models.IntegerField(default=1)), "db_default"),
        (migrations.AddField("coupon", "code", models.TextField(null=True, unique=True)), "concurrently"),
        (migrations.AddField("coupon", "other", models.ForeignKey("rewards.Coupon", models.PROTECT, null=True)),
         "db_constraint=False"),
        (migrations.AlterField("coupon", "title", models.IntegerField()), "rewrites"),
        (migrations.AlterField("coupon", "title", models.CharField(max_length=10)), "rewrites"),
        (migrations.AlterField("coupon", "note", models.TextField()), "NOT VALID"),
        (migrations.RemoveField("coupon", "note"), "one release later"),
        (migrations.RenameField("coupon", "note", "words"), "one release later"),
        (migrations.DeleteModel("Coupon"), "one release later"),
        (migrations.RunPython(migrations.RunPython.noop), "in batches"),
        (migrations.RunSQL("CREATE UNIQUE INDEX x ON rewards_coupon (title)"), "CONCURRENTLY"),
        (migrations.RunSQL("ALTER TABLE rewards_coupon ADD CONSTRAINT x CHECK (id > 0)"), "NOT VALID"),
        (migrations.RunSQL("ALTER TABLE rewards_coupon ADD COLUMN n int NOT NULL"), "DEFAULT"),
        (migrations.RunSQL("ALTER TABLE rewards_coupon ALTER title TYPE text"), "rewrites"),
        (migrations.RunSQL("ALTER TABLE rewards_coupon ALTER COLUMN note SET NOT NULL"), "NOT VALID"),
        (migrations.RunSQL("UPDATE rewards_coupon SET note = ''"), "in batches"),
        (migrations.RunSQL("LOCK TABLE rewards_coupon"), "locks the whole table"),
    ],
)  # fmt: skip
def test_what_would_stop_the_counter_is_refused_with_the_way_round_it(operation: Any, told: str) -> None:
    assert told in judge(operation)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("coupon", "words", models.TextField(null=True)),
        migrations.AddField("coupon", "nth", models.IntegerField(db_default=1)),
        migrations.AlterField("coupon", "title", models.CharField(max_length=40)),
        AddConstraintNotValid("coupon", LONG_TITLE),
        migrations.RunSQL("ALTER TABLE rewards_coupon ADD COLUMN n int NOT NULL DEFAULT 1"),
        migrations.RunSQL("ALTER TABLE rewards_coupon ADD CONSTRAINT x CHECK (id > 0) NOT VALID"),
        migrations.RunSQL(
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE rewards_coupon SET note = '' $$"
        ),
        migrations.RunSQL(
            "CREATE TABLE fresh (id int); CREATE INDEX i ON fresh (id); UPDATE fresh SET id = 1"
        ),
    ],
)
def test_what_takes_a_blink_may_be(operation: Any) -> None:
    assert judge(operation) == ""


def test_an_index_is_built_beside_the_work_and_alone() -> None:
    assert judge(AddIndexConcurrently("coupon", BY_TITLE), atomic=False) == ""
    mixed = judge(
        AddIndexConcurrently("coupon", BY_TITLE),
        migrations.AddField("coupon", "nth", models.IntegerField(null=True)),
        atomic=False,
    )
    assert "half done" in mixed


def test_a_table_is_free_until_its_release_is_out() -> None:
    born: set[str] = set()
    first, second = migrations.Migration("0001_x", "jobs"), migrations.Migration("0002_y", "jobs")
    first.operations = [migrations.CreateModel("Due", [("id", models.BigAutoField(primary_key=True))])]
    second.operations = [migrations.RunSQL("CREATE INDEX x ON jobs_due (id)")]
    assert unkind_operations(first, ProjectState(), born) == []
    assert unkind_operations(second, ProjectState(), born) == []
    assert unkind_operations(second, ProjectState()) != []
