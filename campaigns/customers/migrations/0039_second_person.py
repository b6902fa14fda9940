from django.db import migrations

from campaigns.customers import sql_seconds
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    dependencies = [("customers", "0038_consent_drafts")]

    operations = [*verb("customers_seconds(text[], int)", sql_seconds.SECONDS)]
