from django.db import migrations

from campaigns.events import sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("events", "0002_walls"), ("customers", "0003_identities")]

    operations = [*verb("events_customers(text[], bytea[])", sql.NAMED_VERIFIED)]
