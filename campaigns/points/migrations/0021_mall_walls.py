from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.points.sql import mall
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_BOTH = ["fenhang_app", "fenhang_customer"]
_MOVED = "SELECT, INSERT, UPDATE (customer_id, branch_id, branch_pos, "
_SELL = ["points.good.view", "points.good.add", "points.good.change", "points.good.submit", "points.good.take_down",
         "points.good.stock"]  # fmt: skip
_SERVE = ["points.mallorder.view", "points.mallorder.send", "points.mallorder.cancel"]
MALL_RIGHTS = {
    "rewards_operator": [*_SELL, *_SERVE, "points.mallorder.pay", "points.mallorder.unmask"],
    "branch_manager": ["points.good.view", *_SERVE, "points.mallorder.unmask"],
    "reviewer": ["points.good.view", "points.good.take_down"],
    "auditor": ["points.good.view", "points.mallorder.view"],
    "administrator": ["points.good.view", "points.mallorder.view"],
}


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    """Who may write what of the mall, and by which verbs."""

    dependencies = [
        ("points", "0020_mall"),
        ("points", "0002_walls"),
        ("rewards", "0034_rooms_above"),
        ("approvals", "0007_stops"),
        ("audit", "0002_walls"),
    ]

    operations = [
        *wall("points_good", verbs="SELECT", sees={"batch_id": "rewards_batch"}),
        migrations.RunSQL("REVOKE DELETE ON points_good FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("points_goodevent", append_only=True),
        *wall("points_livegood", handed_down=True, customer="shown", verbs="SELECT",
              sees={"good_id": "points_good", "batch_id": "rewards_batch"}),
        *published("points_livegood", kind="points.good", column="good_id"),
        *stoppable("points_livegood", kind="points.good"),
        *wall("points_livegoodevent", append_only=True),
        *wall("points_goodstock", customer="line", verbs="SELECT, UPDATE (taken)", sees={"good_id": "points_good"}),
        migrations.RunSQL(mall.STOCK_GRANTS, migrations.RunSQL.noop),
        *wall("points_mallorder", verbs_only=True, customer="own", follows_branch=False,
              verbs=_MOVED + "state, movement_id, paid_at, payment, sent_at, sent_by, ended_at, reason)"),
        follows("points_mallorder"),
        migrations.RunSQL(mall.MOVES, migrations.RunSQL.noop),
        *wall("points_mallpayment", verbs_only=True, follows_branch=False, verbs=_MOVED + "state, word)"),
        follows("points_mallpayment"),
        *verb("points_note(text, text, text, int, int, jsonb)", mall.NOTE, execute=_VERBS),
        *verb("points_own_key()", mall.OWN_KEY, execute=["fenhang_customer"]),
        *verb("order_good(uuid, uuid, uuid, int, text, bytea, uuid, bytea)", mall.ORDER, execute=["fenhang_customer"]),
        *verb("points_hold_order(uuid)", mall.LOCK, execute=_VERBS),
        *verb("pay_order(uuid, text, timestamptz)", mall.PAY),
        *verb("cancel_mall_order(uuid, uuid, text, text)", mall.CANCEL, execute=_BOTH),
        *verb("move_mall_order(uuid, text, text)", mall.MOVE),
        *verb("sweep_mall_orders(int, text)", mall.SWEEP),
        *verb("hear_mall_payments(text, text[], uuid[], timestamptz)", mall.HEAR),
        *verb("settle_mall_payments(int)", mall.SETTLE),
        *verb("move_mall_orders(uuid, uuid, uuid[])", mall.FOLLOW_MERGE),
        OfferRights(MALL_RIGHTS),
    ]  # fmt: skip
