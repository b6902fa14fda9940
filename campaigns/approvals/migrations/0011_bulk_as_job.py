from django.db import migrations

from campaigns.approvals import sql_bulk_as_job
from campaigns.tenants.offers import OfferRights


class Migration(migrations.Migration):
    dependencies = [("approvals", "0010_roles"), ("jobs", "0003_long")]

    operations = [
        migrations.RunSQL(sql_bulk_as_job.MOVE, migrations.RunSQL.noop),
        migrations.DeleteModel("BulkItem"),
        migrations.DeleteModel("Bulk"),
        migrations.RunSQL(sql_bulk_as_job.DROP_GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(sql_bulk_as_job.BY_A_DECISION, migrations.RunSQL.noop),
        OfferRights({"administrator": ["approvals.publication.verify"]}),
    ]
