from django.db import migrations

from campaigns.tenants.offers import OfferRights

_BOTH = ["customers.identity.claim", "customers.identity.verify"]


class Migration(migrations.Migration):
    dependencies = [("customers", "0031_rights"), ("tenants", "0010_may")]

    operations = [
        OfferRights(
            {
                "administrator": _BOTH,
                "branch_manager": _BOTH,
                "relationship_manager": ["customers.identity.claim"],
            }
        )
    ]
