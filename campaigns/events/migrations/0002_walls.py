from django.db import migrations

from campaigns.events import sql
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("customers", "0002_walls"), ("tenants", "0003_tree")]

    operations = [
        migrations.RunSQL(sql.ID_AT, migrations.RunSQL.noop),
        # No composite key: a COPY ran at 0.6 with it. The verbs fill both columns, a move rewrites them.
        *wall(
            "events_event",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (customer_id, recorded_of, branch_pos), DELETE",
            follows_branch=False,
        ),
        migrations.RunSQL(sql.POSITION, migrations.RunSQL.noop),
        migrations.RunSQL(sql.WALL_OFF, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT events_wall_off('events_event_other')", migrations.RunSQL.noop),
        migrations.RunSQL(sql.MAKE_MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(sql.DROP_MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(sql.FIRST_MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(sql.BANK_WIDE_GRANTS, migrations.RunSQL.noop),
        *verb(
            "take_events(uuid[], uuid[], text[], timestamptz[], timestamptz[], text[], jsonb[], text, timestamptz)",
            sql.TAKE,
        ),
        *verb("events_customers(text[], bytea[])", sql.NAMED),
        *verb(
            "events_note(uuid, text, timestamptz, text, text, jsonb)", sql.NOTE, execute=["fenhang_verbs"]
        ),
        *verb("events_may_reach(uuid)", sql.REACH, execute=["fenhang_verbs"]),
        *verb(
            "events_of_customer(uuid, timestamptz, uuid, int)",
            sql.OF_CUSTOMER,
            execute=["fenhang_app", "fenhang_customer"],
        ),
        *verb("merge_events(uuid, uuid)", sql.MERGE),
        *verb("unmerge_events(uuid, uuid, uuid[])", sql.UNMERGE),
        *verb("forget_events(uuid)", sql.FORGET, execute=["fenhang_app", "fenhang_customer"]),
        *verb("place_events()", sql.PLACES),
        *verb("clear_events(text, uuid, uuid, int)", sql.CLEAR),
    ]
