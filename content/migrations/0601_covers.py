from django.db import migrations

from campaigns.tenants.walls import verb
from content import sql_covers


class Migration(migrations.Migration):
    """Nobody takes for a cover what is being removed."""

    dependencies = [("content", "0600_sightings")]

    operations = [
        *verb("content_cover_is_there()", sql_covers.THERE, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_covers.TRIGGER, migrations.RunSQL.noop),
    ]
