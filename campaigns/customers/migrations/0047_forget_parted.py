from django.db import migrations

from campaigns.customers import sql_rights
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Who is erased after a merge was undone is in the history under the other one's key: emptied there too."""

    dependencies = [("customers", "0046_tags_for_editors")]

    operations = [
        migrations.RunSQL(sql_rights.FORGET_PARTED_GRANTS, migrations.RunSQL.noop),
        *verb("forget_customers(uuid[])", sql_rights.FORGET),
    ]
