from django.db import migrations

from content import sql_assets


class Migration(migrations.Migration):
    """What stands in a block of a draft is used, too, and is not removed from the library under it."""

    dependencies = [("content", "0601_covers")]

    operations = [
        migrations.RunSQL(sql_assets.USES_IN_BLOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(sql_assets.FILL_USES, migrations.RunSQL.noop),
    ]
