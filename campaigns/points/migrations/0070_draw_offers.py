from django.db import migrations

from campaigns.points.sql import draw_offers
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("points", "0065_limit_counts_awards")]

    operations = [
        *verb("points_was_offered(uuid)", draw_offers.WAS_OFFERED, execute=["fenhang_app", "fenhang_customer"]),
    ]
