from django.db import migrations

from campaigns.customers import sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Rotating a refresh token locks the customer first, as merging does."""

    dependencies = [("customers", "0040_care_by_file")]

    operations = [
        *verb(
            "rotate_refresh(bytea, bytea, uuid, timestamptz, timestamptz, interval)", sql.ROTATE_REFRESH_IN_ORDER
        ),
    ]
