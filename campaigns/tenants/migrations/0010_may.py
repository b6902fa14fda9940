from django.db import migrations

from campaigns.tenants.sql_roles import MAY


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_tokens_from")]

    operations = [migrations.RunSQL(MAY, "DROP FUNCTION tenants_may(text[], text)")]
