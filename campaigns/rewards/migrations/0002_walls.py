from django.db import migrations

from campaigns.approvals.walls import published
from campaigns.rewards.sql import coupons
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    dependencies = [
        ("rewards", "0001_initial"),
        ("approvals", "0002_walls"),
        ("audit", "0002_walls"),
        ("customers", "0002_walls"),
        ("planning", "0002_walls"),
        ("tenants", "0002_walls"),
    ]

    operations = [
        *wall("rewards_batch", verbs="SELECT", sees={"campaign_id": "planning_campaign"}),
        migrations.RunSQL("REVOKE DELETE ON rewards_batch FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("rewards_batchevent", append_only=True),
        *wall(
            "rewards_livebatch",
            handed_down=True,
            customer="shown",
            verbs="SELECT",
            sees={"batch_id": "rewards_batch"},
        ),
        *published("rewards_livebatch", kind="rewards.batch", column="batch_id"),
        *wall("rewards_livebatchevent", append_only=True),
        *wall("rewards_stock", verbs="SELECT, UPDATE (claimed)", sees={"batch_id": "rewards_batch"}),
        migrations.RunSQL(coupons.STOCK_GRANTS, migrations.RunSQL.noop),
        *wall(
            "rewards_coupon",
            verbs_only=True,
            customer="own",
            verbs="SELECT, INSERT, UPDATE (status, redeemed_times, redeemed_at, redeemed_place_id)",
        ),
        *wall("rewards_couponevent", append_only=True, verbs="INSERT"),
        *wall("rewards_redemption", verbs_only=True, verbs="SELECT, INSERT"),
        *wall("rewards_reversal", verbs_only=True, verbs="SELECT, INSERT"),
        migrations.RunSQL(coupons.MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(coupons.APPROVED_QUOTA, migrations.RunSQL.noop),
        *verb("rewards_note(text, uuid, text, int, int, jsonb)", coupons.NOTE, execute=["fenhang_verbs"]),
        *verb("claim_coupon(uuid, uuid, bytea)", coupons.CLAIM, execute=["fenhang_customer"]),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint)", coupons.REDEEM),
        *verb("reverse_redemption(uuid, uuid, text)", coupons.REVERSE),
        *verb("void_coupon(uuid, text)", coupons.VOID),
        *verb("expire_due_coupons(int)", coupons.EXPIRE),
    ]
