from django.db import migrations

from campaigns.tenants.offers import OfferRights


_GIVE = ["customers.tag.view", "customers.tag.give", "customers.tag.take"]


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_tag_walls"), ("tenants", "0010_may")]

    operations = [OfferRights(
            {
                "administrator": ["customers.attribute.*", "customers.tagcategory.*", "customers.tag.*", "customers.scoringterms.*", "customers.profile.score"],
                "branch_manager": _GIVE,
                "relationship_manager": _GIVE,
                "analyst": ["customers.attribute.view", "customers.tag.view"],
                "auditor": ["customers.attribute.view", "customers.tag.view"],
            }
        )]
