from django.db import migrations, models

from campaigns.customers import sql_care
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """A spell of care knows the file that began it, and goes with a customer whom that file made."""

    dependencies = [("customers", "0039_second_person")]

    operations = [
        migrations.AddField(
            model_name="care",
            name="source",
            field=models.CharField(blank=True, db_default="", default="", max_length=80, verbose_name="source"),
        ),
        migrations.RunSQL(sql_care.WALLS, migrations.RunSQL.noop),
        *verb("take_back_care(uuid, uuid[])", sql_care.TAKE_BACK),
    ]
