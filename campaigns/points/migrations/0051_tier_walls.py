from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.points.sql import tier_merges, tiers
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_BOTH = ["fenhang_app", "fenhang_customer"]
_LOOK = ["points.tiers.view", "points.customertier.view"]


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    """Tiers are held, lost and moved by verbs; movements lay down whom to judge; the mall asks what a good costs."""

    dependencies = [
        ("points", "0050_tiers"),
        ("points", "0021_mall_walls"),
        ("approvals", "0013_lifting"),
        ("customers", "0043_staff_wall"),
        ("events", "0007_note_many"),
    ]

    operations = [
        *wall("points_tiers", verbs="SELECT"),
        migrations.RunSQL("REVOKE DELETE ON points_tiers FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("points_tiersevent", append_only=True),
        # Customers ask verbs alone, which answer of their own tier.
        *wall("points_livetiers", handed_down=True, verbs="SELECT", sees={"scheme_id": "points_tiers"}),
        *published("points_livetiers", kind="points.tiers", column="scheme_id"),
        *stoppable("points_livetiers", kind="points.tiers"),
        *wall("points_livetiersevent", append_only=True),
        *wall("points_customertier", verbs_only=True, follows_branch=False,
              verbs="SELECT, INSERT, DELETE, UPDATE (scheme_id, revision_id, code, threshold, since, kept_until,"
              " noticed_at)"),
        follows("points_customertier"),
        *wall("points_tierchange", verbs_only=True, follows_branch=False, verbs="SELECT, INSERT, DELETE"),
        follows("points_tierchange"),
        *wall("points_tierdue", verbs_only=True, verbs="SELECT, INSERT, DELETE, UPDATE (customer_id)"),
        *[
            migrations.RunSQL(each, migrations.RunSQL.noop)
            for each in (tiers.PLACE, tiers.REACHED, tiers.SINCE, tiers.LESS)
        ],
        *verb("points_tiers_of(uuid[])", tiers.OF, execute=_VERBS),
        *verb("points_tier_counted(uuid, timestamptz, timestamptz, text[])", tiers.COUNTED, execute=_VERBS),
        *verb("points_tier_standings(uuid[])", tiers.STANDINGS, execute=_VERBS),
        *verb("rate_tiers(uuid[])", tiers.RATE),
        *verb("points_tiers_hear()", tiers.HEAR, execute=["fenhang_owner"]),
        migrations.RunSQL(tiers.HEARD, migrations.RunSQL.noop),
        *verb("rate_due_tiers(int)", tiers.RATE_DUE),
        *verb("points_benefits(uuid[])", tiers.BENEFITS, execute=_BOTH),
        *verb("hold_wallets(uuid[])", tiers.HOLD),
        *verb("points_own_price(uuid, int)", tiers.PRICE, execute=_VERBS),
        *verb("tier_standing(uuid)", tiers.STANDING, execute=_BOTH),
        *verb("tier_trial(int, text, int, text[], jsonb, int)", tiers.TRIAL),
        *verb("move_tier(uuid, uuid, uuid[])", tier_merges.MOVE),
        *verb("forget_tier(uuid)", tier_merges.FORGET),
        *verb(
            "order_good(uuid, uuid, uuid, int, text, bytea, uuid, bytea)",
            tier_merges.ORDER,
            execute=["fenhang_customer"],
        ),
        OfferRights(
            {
                "rewards_operator": [*_LOOK, "points.tiers.add", "points.tiers.change", "points.tiers.submit",
                                     "points.tiers.take_down"],
                "reviewer": [*_LOOK, "points.tiers.take_down"],
                "administrator": [*_LOOK, "points.tiers.rate"],
                **dict.fromkeys(("branch_manager", "auditor"), _LOOK),
            }
        ),
    ]  # fmt: skip
