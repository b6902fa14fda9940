from django.db import migrations

from campaigns.rewards import sql_shares


class Migration(migrations.Migration):
    """The tree of what was allotted before there was one. After the rights have changed hands, so that nobody allots
    beside it; claims write no column that it reads.
    """

    dependencies = [("rewards", "0012_quota_verbs")]

    operations = [
        migrations.RunSQL(sql_shares.FILL, migrations.RunSQL.noop),
        migrations.RunSQL(sql_shares.AGREED, migrations.RunSQL.noop),
    ]
