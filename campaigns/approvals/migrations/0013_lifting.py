from django.db import migrations

from campaigns.tenants.offers import OfferRights


class Migration(migrations.Migration):
    dependencies = [("approvals", "0012_due_rows"), ("tenants", "0010_may")]

    operations = [OfferRights({role: ["approvals.stop.lift"] for role in ("reviewer", "branch_manager")})]
