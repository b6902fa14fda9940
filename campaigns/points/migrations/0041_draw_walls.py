from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.points.sql import draw_keeping, draws
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_CUSTOMER = ["fenhang_customer"]
_HAND_OVER = ["points.drawtry.view", "points.drawtry.send", "points.drawtry.unmask"]
DRAW_RIGHTS = {
    "rewards_operator": ["points.draw.view", "points.draw.add", "points.draw.change", "points.draw.submit",
                         "points.draw.take_down", "points.draw.stock", *_HAND_OVER],
    "branch_manager": ["points.draw.view", *_HAND_OVER],
    "reviewer": ["points.draw.view", "points.draw.take_down"],
    "auditor": ["points.draw.view", "points.drawtry.view"],
    "administrator": ["points.draw.view", "points.drawtry.view"],
}  # fmt: skip


def follows_hand_over(table: str) -> migrations.RunSQL:
    """Verbs alone write the row; a branch that closes passes it on."""
    return migrations.RunSQL(
        f"GRANT UPDATE (branch_id, branch_pos) ON {table} TO fenhang_app;", migrations.RunSQL.noop
    )


class Migration(migrations.Migration):
    """Who may write what of a draw, and by which verbs; and the half of a seed that nobody who serves may read."""

    dependencies = [
        ("points", "0040_draws"),
        ("points", "0021_mall_walls"),
        ("rewards", "0034_rooms_above"),
        ("approvals", "0007_stops"),
        ("audit", "0002_walls"),
    ]

    operations = [
        *wall("points_draw", verbs="SELECT"),
        migrations.RunSQL("REVOKE DELETE ON points_draw FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("points_drawevent", append_only=True),
        *wall("points_drawprize", verbs="SELECT", sees={"draw_id": "points_draw", "batch_id": "rewards_batch"}),
        migrations.RunSQL("REVOKE DELETE ON points_drawprize FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("points_livedraw", handed_down=True, customer="shown", verbs="SELECT", sees={"draw_id": "points_draw"}),
        *published("points_livedraw", kind="points.draw", column="draw_id"),
        *stoppable("points_livedraw", kind="points.draw"),
        *wall("points_livedrawevent", append_only=True),
        *wall("points_drawpledge", verbs_only=True, customer="line",
              verbs="SELECT, INSERT, UPDATE (ends_at, seed, revealed_at)", sees={"draw_id": "points_draw"}),
        follows_hand_over("points_drawpledge"),
        *wall("points_drawseed", verbs_only=True, verbs="SELECT, INSERT"),
        migrations.RunSQL(draw_keeping.KEPT_FROM_ALL, migrations.RunSQL.noop),
        *wall("points_drawstock", verbs_only=True, customer="line",
              verbs="SELECT, INSERT, UPDATE (total, taken, serial)", sees={"prize_id": "points_drawprize"}),
        follows_hand_over("points_drawstock"),
        *wall("points_drawstockchange", verbs_only=True, verbs="SELECT, INSERT"),
        *wall("points_drawtry", verbs_only=True, customer="own", follows_branch=False,
              verbs="SELECT, INSERT, UPDATE (customer_id, branch_id, branch_pos, state, address, sealed_for, sent_at,"
                    " sent_by, ended_at)"),
        migrations.RunSQL(FOLLOWS_CUSTOMER.format(table="points_drawtry"), migrations.RunSQL.noop),
        migrations.RunSQL(draws.STAYS, migrations.RunSQL.noop),
        migrations.RunSQL(draws.HMAC + draws.NUMBER, migrations.RunSQL.noop),
        *verb("points_give_won(uuid, bigint, uuid, int, text, text, int, text)", draws.GIVE, execute=_VERBS),
        *verb("draw_try(uuid, uuid, uuid, int, uuid, bytea, uuid, bytea)", draws.TRY, execute=_CUSTOMER),
        *verb("pledge_draw(uuid, uuid, bytea, timestamptz)", draw_keeping.PLEDGE),
        *verb("end_draw(uuid)", draw_keeping.END),
        *verb("reveal_draw(uuid, bytea)", draw_keeping.REVEAL),
        *verb("stock_prize(uuid, int)", draw_keeping.STOCK),
        *verb("receive_prize(uuid, bytea)", draw_keeping.RECEIVE, execute=_CUSTOMER),
        *verb("move_prize(uuid, text, text)", draw_keeping.MOVE),
        *verb("move_draw_tries(uuid, uuid, uuid[])", draw_keeping.FOLLOW_MERGE),
        *verb("draw_record(uuid)", draw_keeping.RECORD),
        *verb("draw_counts(uuid)", draw_keeping.COUNTS),
        OfferRights(DRAW_RIGHTS),
    ]  # fmt: skip
