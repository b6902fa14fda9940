from django.db import migrations

from campaigns.points.sql import close, desk
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_RANGE = "(int, int, timestamptz, timestamptz)"
_LOOK = ["points.wallet.view", "points.movement.view"]
_ADJUSTED = ["points.adjustment.view", "points.adjustlimit.view"]
_CLOSES = ["points.ledgerclose.view", "points.ledgerclose.run"]


class Migration(migrations.Migration):
    """Adjustments are posted by one person within a limit and by two above it; days are closed by a verb."""

    dependencies = [("points", "0030_desk"), ("customers", "0043_staff_wall")]

    operations = [
        *wall("points_adjustment", verbs_only=True,
              verbs="SELECT, INSERT, UPDATE (branch_id, branch_pos, state, decided_at, decided_by_id, remark, movement_id)"),
        *wall("points_adjustlimit", verbs_only=True, verbs="SELECT, INSERT, UPDATE (points, changed_at)"),
        *wall("points_ledgerclose", verbs_only=True, verbs="SELECT, INSERT"),
        migrations.RunSQL(close.STAYS, migrations.RunSQL.noop),
        *verb("points_alone(int)", desk.ALONE, execute=[*_VERBS, "fenhang_app"]),
        *verb("points_post_adjustment(uuid)", desk.POST, execute=_VERBS),
        *verb("adjust_points(uuid, uuid, bigint, text)", desk.ADJUST),
        *verb("decide_adjustment(uuid, boolean, text)", desk.DECIDE),
        *verb("set_adjust_limit(int, bigint)", desk.LIMIT),
        *verb(f"points_book{_RANGE}", close.BOOK, execute=_VERBS),
        *verb(f"points_differences{_RANGE}", close.DIFFERENCES, execute=_VERBS),
        *verb("close_points(uuid, int, text, date)", close.CLOSE),
        OfferRights(
            {
                "administrator": [*_LOOK, *_ADJUSTED, "points.adjustlimit.change", *_CLOSES],
                "rewards_operator": [*_LOOK, *_ADJUSTED, "points.movement.reverse", "points.adjustment.add",
                                     "points.adjustment.decide", *_CLOSES],
                "branch_manager": [*_LOOK, *_ADJUSTED, "points.adjustment.decide", *_CLOSES],
                "relationship_manager": _LOOK,
                "auditor": [*_LOOK, *_ADJUSTED, "points.ledgerclose.view"],
            }
        ),
    ]  # fmt: skip
