from django.db import migrations

from campaigns.rewards import sql_budgets, sql_caps, sql_shares
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
        migrations.RunSQL(sql_budgets.PARTS, migrations.RunSQL.noop),
        migrations.RunSQL(sql_budgets.SPENT, migrations.RunSQL.noop),
        *verb("rewards_drawn(uuid, bigint)", sql_budgets.DRAWN, execute=["fenhang_verbs"]),
        *verb("rewards_book(jsonb)", sql_budgets.BOOK, execute=["fenhang_verbs"]),
        *verb("rewards_reserve(uuid, int[], int[])", sql_budgets.RESERVE, execute=["fenhang_verbs"]),
        *verb("rewards_redemption_is_spent()", sql_budgets.SPEND, execute=["fenhang_owner"]),
        *verb("rewards_reversal_is_returned()", sql_budgets.RETURNED, execute=["fenhang_owner"]),
        *verb("rewards_coupons_are_released()", sql_budgets.ENDED, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_budgets.FOLLOW, migrations.RunSQL.noop),
        *verb("rewards_batch_is_funded()", sql_budgets.FIXED, execute=["fenhang_owner"]),
        *verb("rewards_live_is_funded()", sql_budgets.LIVE_FIXED, execute=["fenhang_owner"]),
        *verb("rewards_funding_is_fixed()", sql_budgets.FUNDED, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_budgets.STAYS, migrations.RunSQL.noop),
        migrations.RunSQL(sql_budgets.ASKED, migrations.RunSQL.noop),
        *verb("approve_budget(uuid, bigint)", sql_budgets.APPROVE),
        *verb("settle_budgets(int)", sql_budgets.SETTLE),
        *verb("rewards_terms_are_kept()", sql_budgets.KEEP_TERMS, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_shares.VERBS_ALONE, migrations.RunSQL.noop),
        *verb("rewards_share_agrees()", sql_shares.AGREES, execute=["fenhang_owner"]),
        *verb("rewards_root_agrees()", sql_shares.ROOT_AGREES, execute=["fenhang_owner"]),
        *verb("rewards_settle_shares(uuid)", sql_shares.SETTLE, execute=["fenhang_owner"]),
        *verb("rewards_ready_shares(uuid, int, int)", sql_shares.READY, execute=["fenhang_verbs"]),
        *verb("rewards_carry_shares(uuid, int[], int[])", sql_shares.CARRY, execute=["fenhang_verbs"]),
        *verb("rewards_give_stock(uuid, int, int)", sql_shares.GIVE, execute=["fenhang_verbs"]),
        *verb("rewards_take_stock(uuid, int, int)", sql_shares.TAKE, execute=["fenhang_verbs"]),
        *verb("rewards_source_of(uuid)", sql_shares.SOURCE, execute=["fenhang_verbs"]),
        *verb("allot_stock(uuid, int, int)", sql_shares.ALLOT),
        *verb("draw_back_stock(uuid, int, int)", sql_shares.DRAW_BACK),
        *verb("pass_on_stock(int, int)", sql_shares.HAND_ON),
        *verb("rehang_shares(int[])", sql_shares.REHANG),
        *verb("rewards_take_caps(uuid, int, int)", sql_caps.TAKE_CAPS, execute=["fenhang_verbs"]),
        *verb("mark_low_shares()", sql_caps.MARK_LOW),
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
