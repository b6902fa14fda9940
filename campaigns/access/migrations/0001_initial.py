from django.db import migrations


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0005_tokens_from")]

    operations = []
