from django.db import migrations

from campaigns.tenants import sql
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(sql.SETTINGS, migrations.RunSQL.noop),
        migrations.RunSQL(sql.MUST_SEE, migrations.RunSQL.noop),
        migrations.RunSQL(sql.APPLY, migrations.RunSQL.noop),
        migrations.RunSQL(sql.BRANCH_WALL, migrations.RunSQL.noop),
        *wall("tenants_branchevent", append_only=True, columns=("id", "pos"), follows_branch=False),
        *wall("tenants_person", verbs="SELECT"),
        *wall("tenants_personevent", append_only=True),
        *wall("tenants_assignment", verbs="SELECT", sees={"person_id": "tenants_person"}),
        *wall("tenants_assignmentevent", append_only=True),
        migrations.RunSQL("REVOKE UPDATE, DELETE ON tenants_roleevent, tenants_loginevent FROM fenhang_app;"),
        *verb("tenants_branch_nests()", sql.TREE_IS_NESTED, execute=["fenhang_owner"]),
        migrations.RunSQL(sql.TREE_TRIGGER, migrations.RunSQL.noop),
        *verb("tenants_line(int)", sql.LINE, execute=["fenhang_app"]),
        *verb("open_staff_scope(bigint, uuid, int, timestamptz, uuid, jsonb)", sql.OPEN_STAFF),
        *verb("open_system_scope(timestamptz, uuid, jsonb)", sql.OPEN_SYSTEM),
        *verb("assignments_of(bigint, timestamptz)", sql.ASSIGNMENTS_OF),
    ]
