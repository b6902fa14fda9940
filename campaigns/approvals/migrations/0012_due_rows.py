from django.db import migrations

from campaigns.approvals.sql_due import LAY_WAITING, LEAVE_TIMETABLE


class Migration(migrations.Migration):
    dependencies = [("approvals", "0011_bulk_as_job"), ("jobs", "0001_due")]

    operations = [
        migrations.RunSQL(LAY_WAITING, migrations.RunSQL.noop),
        migrations.RunSQL(LEAVE_TIMETABLE, migrations.RunSQL.noop),
    ]
