from django.db import migrations

from campaigns.approvals import sql
from campaigns.approvals.walls import GUARD_PUBLISHED
from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("tenants", "0002_walls")]

    operations = [
        *wall("approvals_revision"),
        *wall("approvals_revisionevent", append_only=True),
        *wall("approvals_decision", append_only=True, sees={"revision_id": "approvals_revision"}),
        migrations.RunSQL(sql.GUARD_REVISION, migrations.RunSQL.noop),
        migrations.RunSQL(sql.GUARD_DECISION, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_PUBLISHED, migrations.RunSQL.noop),
    ]
