from django.db import migrations

from campaigns.tenants.offers import OfferRights


class Migration(migrations.Migration):
    """Editors choose tags for what they offer, and may look up what each means."""

    dependencies = [("customers", "0045_tags_of_few")]

    operations = [OfferRights({"editor": ["customers.tag.view"]})]
