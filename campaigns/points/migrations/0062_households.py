from django.db import migrations

from campaigns.points.sql import households
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb

_KEEPS = """
GRANT INSERT, UPDATE (name) ON points_household TO fenhang_verbs;
GRANT INSERT, UPDATE (until) ON points_member TO fenhang_verbs;
CREATE POLICY verbs ON points_householdevent TO fenhang_verbs USING (true) WITH CHECK (true);
CREATE POLICY verbs ON points_memberevent TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT INSERT ON points_householdevent, points_memberevent TO fenhang_verbs;
"""
_PHONE = ["fenhang_customer"]


class Migration(migrations.Migration):
    """Customers join and leave households on the phone, and pass points on within them."""

    dependencies = [("points", "0061_award_walls")]

    operations = [
        migrations.RunSQL(_KEEPS, migrations.RunSQL.noop),
        *verb("own_household()", households.OWN, execute=_PHONE),
        *verb("join_household(uuid, uuid, uuid, uuid, int)", households.JOIN, execute=_PHONE),
        *verb("leave_household()", households.LEAVE, execute=_PHONE),
        *verb("pass_points(uuid, bigint, uuid, text, bigint)", households.HAND_ON, execute=_PHONE),
        OfferRights(
            {
                "rewards_operator": ["points.household.change"],
                "branch_manager": ["points.household.change"],
            }
        ),
    ]
