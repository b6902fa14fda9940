from django.db import migrations

from campaigns.rewards.sql import merchants
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_RANGE = "(int, int, timestamptz, timestamptz)"
_VIEW = "rewards.merchant.view"
_KEEP = [
    _VIEW,
    "rewards.merchant.add",
    "rewards.merchant.change",
    "rewards.merchant.close",
    "rewards.cashier.add",
    "rewards.cashier.end",
]
# What was made before there were merchants has none, so that every row holds.
KNOWN = """
ALTER TABLE rewards_redemption ADD CONSTRAINT rewards_redemption_merchant_is_known
    FOREIGN KEY (merchant_id) REFERENCES rewards_merchant (id) NOT VALID;
"""
_OTHERS = (
    "administrator",
    "analyst",
    "auditor",
    "branch_manager",
    "clerk",
    "community_operator",
    "editor",
    "relationship_manager",
    "reviewer",
    "rewards_operator",
)


class Migration(migrations.Migration):
    """Merchants are rows that a branch has a contract with; coupons that name them are redeemed at their tills alone."""

    dependencies = [("rewards", "0026_merchants"), ("tenants", "0010_may")]

    operations = [
        *wall("rewards_merchant", handed_down=True, verbs="SELECT"),
        *wall("rewards_merchantevent", append_only=True),
        *wall(
            "rewards_cashier",
            verbs="SELECT",
            sees={"merchant_id": "rewards_merchant", "person_id": "tenants_person"},
        ),
        *wall("rewards_cashierevent", append_only=True),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
        *verb("rewards_terms_are_kept()", merchants.KEEP_TERMS, execute=["fenhang_owner"]),
        *verb("rewards_own_till()", merchants.OWN_TILL, execute=["fenhang_verbs"]),
        *verb("rewards_my_till()", merchants.MY_TILL),
        *verb("rewards_till(uuid)", merchants.TILL, execute=["fenhang_verbs"]),
        *verb(
            "rewards_not_at(rewards_terms, bigint, int, int, int, uuid)",
            merchants.NOT_AT,
            execute=["fenhang_verbs"],
        ),
        *verb(
            "rewards_hindered(rewards_coupon, int, text, text)", merchants.HINDERED, execute=["fenhang_verbs"]
        ),
        *verb(
            "rewards_redeem(uuid, uuid, int, bigint, int, int, text, int, uuid, text)",
            merchants.SPEND,
            execute=["fenhang_verbs"],
        ),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint, int, int, text, uuid)", merchants.REDEEM),
        *verb(
            "redeem_coupon(uuid, bytea, uuid, int, bigint, int, int, text)", merchants.REDEEM_WITHOUT_MERCHANT
        ),
        *verb("reverse_redemption(uuid, uuid, text)", merchants.REVERSE),
        *verb(f"rewards_settled{_RANGE}", merchants.SETTLED),
        *verb(f"rewards_differences{_RANGE}", merchants.DIFFERENCES, execute=["fenhang_verbs"]),
        *verb("close_day(uuid, int, date)", merchants.CLOSE),
        migrations.RunSQL(
            merchants.ROLE.replace("ROLES", ", ".join(f"'{role}'" for role in _OTHERS)),
            migrations.RunSQL.noop,
        ),
        OfferRights(
            {
                **dict.fromkeys(("administrator", "branch_manager", "rewards_operator"), _KEEP),
                **dict.fromkeys(("auditor", "reviewer"), [_VIEW]),
            }
        ),
    ]
