from django.db import migrations

from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("tenants", "0002_walls")]

    operations = [
        *wall("audit_entry", append_only=True, verbs="SELECT, INSERT"),
        migrations.RunSQL("REVOKE UPDATE, DELETE ON audit_securityrecord FROM fenhang_app;"),
    ]
