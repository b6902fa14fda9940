from django.db import migrations, models

from campaigns.tenants import sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_organisation_files")]

    operations = [
        migrations.AddField(
            model_name="login",
            name="tokens_from",
            field=models.DateTimeField(editable=False, null=True, verbose_name="tokens count from"),
        ),
        # Replaced in one transaction; processes of the release before go on calling it with six arguments.
        migrations.RunSQL(
            "DROP FUNCTION open_staff_scope(bigint, uuid, int, timestamptz, uuid, jsonb);", migrations.RunSQL.noop
        ),
        *verb(
            "open_staff_scope(bigint, uuid, int, timestamptz, uuid, jsonb, timestamptz)", sql.OPEN_STAFF_SINCE
        ),
    ]
