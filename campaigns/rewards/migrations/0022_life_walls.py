from django.db import migrations

from campaigns.rewards.sql import codes
from campaigns.rewards.sql import grants
from campaigns.rewards.sql import life
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

GIFTS_SEEN = """
CREATE POLICY given ON rewards_gift FOR SELECT TO fenhang_customer USING (giver_id = app_customer());
GRANT SELECT ON rewards_gift TO fenhang_customer;
"""
GRANTS = """
GRANT UPDATE (locked_until, locked_for, usable_until) ON rewards_coupon TO fenhang_verbs;
"""


class Migration(migrations.Migration):
    """Grants, codes, gifts, locks and refusals: who may write what, and by which verbs."""

    dependencies = [("rewards", "0021_life"), ("customers", "0020_imports"), ("events", "0002_walls")]

    operations = [
        *wall("rewards_batchfile"),
        *wall("rewards_batchfilelot", sees={"file_id": "rewards_batchfile"}),
        *wall("rewards_grantrule", verbs="SELECT", sees={"batch_id": "rewards_batch"}),
        *wall("rewards_grantruleevent", append_only=True),
        *wall("rewards_eventgrant", verbs_only=True, verbs="SELECT, INSERT, UPDATE (state, word, coupon_id)"),
        *wall("rewards_coderun", verbs="SELECT", sees={"batch_id": "rewards_batch"}),
        *wall("rewards_claimcode", verbs_only=True, verbs="SELECT, INSERT, UPDATE (coupon_id)"),
        *wall(
            "rewards_partnercode",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (coupon_id, drawn_at, shown_at)",
        ),
        *wall(
            "rewards_gift",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (receiver_id, made_id, accepted_at, withdrawn_at)",
        ),
        *wall("rewards_refusalcount", verbs_only=True, verbs="SELECT, INSERT, UPDATE (number)"),
        migrations.RunSQL(GIFTS_SEEN, migrations.RunSQL.noop),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL(life.MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(life.LATER, migrations.RunSQL.noop),
        *verb(
            "rewards_note(text, uuid, text, int, int, jsonb)", life.NOTE, execute=["fenhang_verbs"]
        ),
        *verb("rewards_spend_code(uuid, uuid, bytea)", codes.SPEND, execute=["fenhang_verbs"]),
        *verb("rewards_draw_code(uuid, uuid)", codes.DRAW, execute=["fenhang_verbs"]),
        *verb("rewards_give_code_back(uuid)", codes.GIVE_BACK, execute=["fenhang_verbs"]),
        *verb("show_partner_code(uuid)", codes.SHOW, execute=["fenhang_customer"]),
        *verb("add_partner_codes(uuid, uuid, uuid[], bytea[], bytea[])", codes.ADD_PARTNER),
        *verb("add_claim_codes(uuid, bytea[], boolean)", codes.ADD_CLAIM),
        *verb("grant_coupons(uuid, uuid[], uuid[], bytea[], text, text, boolean)", grants.GRANT),
        *verb("hear_events(text, text[], text[], uuid[], uuid[], text[], timestamptz)", grants.HEAR),
        *verb("waiting_event_grants(int)", grants.WAITING),
        *verb("settle_event_grants(uuid[], uuid[], text[])", grants.SETTLE),
        *verb("offer_gift(uuid, uuid, bytea, timestamptz)", life.OFFER, execute=["fenhang_customer"]),
        *verb("withdraw_gift(uuid)", life.WITHDRAW, execute=["fenhang_customer"]),
        *verb("accept_gift(bytea, uuid, bytea)", life.ACCEPT, execute=["fenhang_customer"]),
        *verb(
            "lock_coupon(uuid, text, timestamptz)", life.LOCK, execute=["fenhang_app", "fenhang_customer"]
        ),
        *verb("unlock_coupon(uuid, text)", life.UNLOCK, execute=["fenhang_app", "fenhang_customer"]),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint, int, int, text)", life.REDEEM),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint, int, int)", life.REDEEM_WITHOUT_ORDER),
        *verb("void_coupon(uuid, text)", life.VOID),
        *verb("void_coupons(uuid[], text)", life.VOID_MANY),
        *verb("extend_coupons(uuid[], timestamptz, text)", life.EXTEND),
        *verb("rewards_batch_of(bytea, uuid)", life.BATCH_OF),
        *verb("count_refusals(uuid[], date[], text[], text[], bigint[])", life.COUNT),
        OfferRights(
            {
                **dict.fromkeys(("administrator", "branch_manager"), ["customers.customer.link_staff"]),
                "rewards_operator": [
                    "rewards.coupon.release",
                    "rewards.coupon.grant",
                    "rewards.coupon.extend",
                    "rewards.grantrule.add",
                    "rewards.grantrule.change",
                    "rewards.coderun.add",
                    "rewards.coderun.close",
                    "rewards.partnercode.add",
                ],
            }
        ),
    ]
