from django.db import migrations

from campaigns.rewards.sql import budgets
from campaigns.rewards.sql import caps
from campaigns.rewards.sql import shares
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    """Quota moves down the tree by verbs alone, and money along with it. Claims and the counter go on meanwhile."""

    dependencies = [("rewards", "0011_quota"), ("tenants", "0010_may")]

    operations = [
        *wall(
            "rewards_share",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (giver_id, received, given, kept, low_since)",
        ),
        *wall("rewards_capcount", verbs_only=True, verbs="SELECT, INSERT, UPDATE (taken)"),
        *wall(
            "rewards_budget",
            verbs="SELECT, UPDATE (total_fen, taken_fen, asked_fen, approved_by_id, approved_at)",
            sees={"campaign_id": "planning_campaign"},
        ),
        *wall(
            "rewards_funding",
            verbs="SELECT",
            sees={"batch_id": "rewards_batch", "budget_id": "rewards_budget"},
        ),
        *wall(
            "rewards_reservation",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (reserved_fen, held_fen, spent_fen, budget_id)",
        ),
        *wall("rewards_movement", verbs_only=True, verbs="SELECT, INSERT"),
        migrations.RunSQL(budgets.PARTS, migrations.RunSQL.noop),
        migrations.RunSQL(budgets.SPENT, migrations.RunSQL.noop),
        *verb("rewards_drawn(uuid, bigint)", budgets.DRAWN, execute=["fenhang_verbs"]),
        *verb("rewards_book(jsonb)", budgets.BOOK, execute=["fenhang_verbs"]),
        *verb("rewards_reserve(uuid, int[], int[])", budgets.RESERVE, execute=["fenhang_verbs"]),
        *verb("rewards_redemption_is_spent()", budgets.SPEND, execute=["fenhang_owner"]),
        *verb("rewards_reversal_is_returned()", budgets.RETURNED, execute=["fenhang_owner"]),
        *verb("rewards_coupons_are_released()", budgets.ENDED, execute=["fenhang_owner"]),
        migrations.RunSQL(budgets.FOLLOW, migrations.RunSQL.noop),
        *verb("rewards_batch_is_funded()", budgets.FIXED, execute=["fenhang_owner"]),
        *verb("rewards_live_is_funded()", budgets.LIVE_FIXED, execute=["fenhang_owner"]),
        *verb("rewards_funding_is_fixed()", budgets.FUNDED, execute=["fenhang_owner"]),
        migrations.RunSQL(budgets.STAYS, migrations.RunSQL.noop),
        migrations.RunSQL(budgets.ASKED, migrations.RunSQL.noop),
        *verb("approve_budget(uuid, bigint)", budgets.APPROVE),
        *verb("settle_budgets(int)", budgets.SETTLE),
        *verb("rewards_terms_are_kept()", budgets.KEEP_TERMS, execute=["fenhang_owner"]),
        migrations.RunSQL(shares.VERBS_ALONE, migrations.RunSQL.noop),
        *verb("rewards_share_agrees()", shares.AGREES, execute=["fenhang_owner"]),
        *verb("rewards_root_agrees()", shares.ROOT_AGREES, execute=["fenhang_owner"]),
        *verb("rewards_settle_shares(uuid)", shares.SETTLE, execute=["fenhang_owner"]),
        *verb("rewards_ready_shares(uuid, int, int)", shares.READY, execute=["fenhang_verbs"]),
        *verb("rewards_carry_shares(uuid, int[], int[])", shares.CARRY, execute=["fenhang_verbs"]),
        *verb("rewards_give_stock(uuid, int, int)", shares.GIVE, execute=["fenhang_verbs"]),
        *verb("rewards_take_stock(uuid, int, int)", shares.TAKE, execute=["fenhang_verbs"]),
        *verb("rewards_source_of(uuid)", shares.SOURCE, execute=["fenhang_verbs"]),
        *verb("allot_stock(uuid, int, int)", shares.ALLOT),
        *verb("draw_back_stock(uuid, int, int)", shares.DRAW_BACK),
        *verb("pass_on_stock(int, int)", shares.HAND_ON),
        *verb("rehang_shares(int[])", shares.REHANG),
        *verb("rewards_take_caps(uuid, int, int)", caps.TAKE_CAPS, execute=["fenhang_verbs"]),
        *verb("mark_low_shares()", caps.MARK_LOW),
        OfferRights(
            {
                **dict.fromkeys(("editor", "community_operator", "analyst"), ["rewards.share.view"]),
                **dict.fromkeys(
                    ("administrator", "auditor"), ["rewards.share.view", "rewards.budget.view"]
                ),
                **dict.fromkeys(
                    ("reviewer", "branch_manager"),
                    ["rewards.share.view", "rewards.budget.view", "rewards.budget.approve"],
                ),
                "rewards_operator": [
                    "rewards.share.view",
                    "rewards.budget.view",
                    "rewards.budget.add",
                    "rewards.budget.change",
                ],
            }
        ),
    ]
