from django.db import migrations

from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    """Subscriptions behind their wall: each at the branch where its person stands."""

    dependencies = [("planning", "0004_feeds"), ("tenants", "0010_may")]

    operations = [*wall("planning_feed")]
