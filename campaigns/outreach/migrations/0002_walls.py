from django.db import migrations

from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.outreach import sql
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_LOOK = ["outreach.touch.view", "outreach.terms.view"]


class Migration(migrations.Migration):
    """Touches and credits behind their walls; customers ask for their own."""

    dependencies = [("outreach", "0001_touches"), ("customers", "0047_forget_parted"), ("tenants", "0010_may")]

    operations = [
        *wall(
            "outreach_touch",
            customer="own",
            customer_adds=True,
            verbs="SELECT, UPDATE (state, decided_at, read_at)",
            follows_branch=False,
        ),
        migrations.RunSQL(FOLLOWS_CUSTOMER.format(table="outreach_touch"), migrations.RunSQL.noop),
        *wall("outreach_credit", customer="own", customer_adds=True, follows_branch=False,
              sees={"touch_id": "outreach_touch"}),
        migrations.RunSQL(FOLLOWS_CUSTOMER.format(table="outreach_credit"), migrations.RunSQL.noop),
        migrations.RunSQL(sql.OWN, migrations.RunSQL.noop),
        migrations.RunSQL(sql.ONE_ROW, migrations.RunSQL.noop),
        *verb("read_touch(uuid)", sql.READ, execute=["fenhang_customer"]),
        *verb("cancel_touch(text)", sql.CANCEL, execute=["fenhang_customer"]),
        OfferRights(
            {
                "administrator": [*_LOOK, "outreach.terms.change"],
                "auditor": _LOOK,
                "community_operator": _LOOK,
                "rewards_operator": _LOOK,
                "branch_manager": _LOOK,
            }
        ),
    ]
