from django.db import migrations

from campaigns.points.sql import forgotten
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("points", "0070_draw_offers")]

    operations = [
        *verb("points_give_up(uuid, text)", forgotten.GIVE_UP, execute=["fenhang_verbs"]),
        *verb("forfeit_points(uuid, text)", forgotten.FORFEIT),
        *verb("reverse_points(uuid, uuid, text, uuid, text, text)", forgotten.REVERSE),
    ]
