from django.db import migrations

from campaigns.points.sql import desk
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Whoever awarded a customer points alone today has that much less to adjust alone."""

    dependencies = [("points", "0064_extension_walls")]

    operations = [*verb("adjust_points(uuid, uuid, bigint, text)", desk.ADJUST)]
