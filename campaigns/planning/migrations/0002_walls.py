from django.db import migrations

from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    dependencies = [("planning", "0001_initial"), ("tenants", "0002_walls")]

    operations = [
        *wall("planning_campaign"),
        *wall("planning_campaignevent", append_only=True),
        migrations.RunSQL("REVOKE DELETE ON planning_campaign FROM fenhang_app;", migrations.RunSQL.noop),
    ]
