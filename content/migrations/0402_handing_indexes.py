from django.db import migrations

from content.sql_handing import INDEXES


class Migration(migrations.Migration):
    """Beside the work."""

    atomic = False
    dependencies = [("content", "0401_handing_walls")]

    operations = [migrations.RunSQL(index, migrations.RunSQL.noop) for index in INDEXES]
