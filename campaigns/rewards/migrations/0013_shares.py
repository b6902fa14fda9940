from django.db import migrations

from campaigns.rewards.sql import shares


class Migration(migrations.Migration):
    """The tree of what was allotted before there was one. After the rights have changed hands, so that nobody allots
    beside it; claims write no column that it reads.
    """

    dependencies = [("rewards", "0012_quota_verbs")]

    operations = [
        migrations.RunSQL(shares.FILL, migrations.RunSQL.noop),
        migrations.RunSQL(shares.AGREED, migrations.RunSQL.noop),
    ]
