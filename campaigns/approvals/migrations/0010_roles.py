from django.db import migrations

from campaigns.approvals.sql_roles import NEW_VERBS


class Migration(migrations.Migration):
    dependencies = [("approvals", "0009_bulk")]

    operations = [migrations.RunSQL(NEW_VERBS, migrations.RunSQL.noop)]
