from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from content.sql_search import INDEX


class Migration(migrations.Migration):
    """Beside the work: kinds and risk levels are known, and what is live can be looked for."""

    atomic = False
    dependencies = [("content", "0201_item_walls")]

    operations = [
        migrations.RunSQL(INDEX, migrations.RunSQL.noop),
        ValidateConstraint("item", "content_item_kind_is_known"),
        ValidateConstraint("item", "content_item_risk_level_is_known"),
    ]
