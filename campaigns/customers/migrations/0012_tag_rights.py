from django.db import migrations

from campaigns.customers import tag_sql


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_tag_walls"), ("tenants", "0010_may")]

    operations = [migrations.RunSQL(tag_sql.NEW_VERBS, migrations.RunSQL.noop)]
