from django.db import migrations

from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.points.sql import changes, ledger, spending
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_BOTH = ["fenhang_app", "fenhang_customer"]
_KEEP = "SELECT, INSERT, UPDATE (customer_id, branch_id, branch_pos, "


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    """Who may write what of the ledger, and by which verbs."""

    dependencies = [("points", "0001_initial"), ("customers", "0043_staff_wall"), ("rewards", "0033_undecided")]

    operations = [
        *wall("points_wallet", verbs_only=True, customer="own", follows_branch=False,
              verbs="SELECT, INSERT, UPDATE (pending, usable, held, owed)"),
        follows("points_wallet"),
        *wall("points_lot", verbs_only=True, customer="own", follows_branch=False,
              verbs=_KEEP + "pending, rest, held, active_at, expires_at)"),
        follows("points_lot"),
        *wall("points_hold", verbs_only=True, customer="own", follows_branch=False,
              verbs=_KEEP + "state, settled_at)"),
        follows("points_hold"),
        *wall("points_movement", verbs_only=True, verbs="SELECT, INSERT"),
        *wall("points_entry", verbs_only=True, customer="own", verbs="SELECT, INSERT"),
        *wall("points_household", verbs="SELECT"),
        *wall("points_householdevent", append_only=True),
        *wall("points_member", customer="own", follows_branch=False, verbs="SELECT",
              sees={"household_id": "points_household"}),
        follows("points_member"),
        *wall("points_memberevent", append_only=True),
        migrations.RunSQL(ledger.EXPIRES, migrations.RunSQL.noop),
        *verb("points_entries_are_booked()", ledger.BOOKED, execute=["fenhang_owner"]),
        migrations.RunSQL(ledger.FOLLOW, migrations.RunSQL.noop),
        migrations.RunSQL(ledger.STAYS, migrations.RunSQL.noop),
        *verb("points_hold_wallets(uuid[])", ledger.HOLD_WALLETS, execute=_VERBS),
        *verb(
            "accrue_points(uuid[], bigint[], uuid[], text[], uuid, int, text, text, text, timestamptz, int, text, uuid,"
            " uuid)",
            ledger.ACCRUE,
        ),
        *verb("points_write_due(uuid[])", spending.WRITE_DUE, execute=_VERBS),
        *verb("points_take(uuid, bigint)", spending.TAKE, execute=_VERBS),
        *verb("points_ready(uuid, bigint)", spending.READY, execute=_VERBS),
        *verb("burn_points(uuid, bigint, text, text, int, uuid, uuid, text, text, text)", spending.BURN),
        *verb("hold_points(uuid, bigint, timestamptz, uuid, text, text)", spending.HOLD),
        *verb("points_settle_holds(uuid[], text, int, uuid, text)", spending.SETTLE, execute=_VERBS),
        *verb("settle_hold(uuid, text, int, uuid, text)", spending.SETTLE_ONE),
        *verb("sweep_points(int)", spending.SWEEP),
        *verb("reverse_points(uuid, uuid, text, uuid, text, text)", changes.REVERSE),
        *verb("activate_points(uuid)", changes.ACTIVATE),
        *verb("transfer_points(uuid, uuid, bigint, uuid, text)", changes.TRANSFER, execute=_BOTH),
        *verb("extend_points(uuid, uuid[], timestamptz, uuid, text, text)", changes.EXTEND),
        *verb("move_points(uuid, uuid, boolean, uuid[])", changes.MOVE),
        *verb("forfeit_points(uuid, text)", changes.FORFEIT),
        OfferRights({"rewards_operator": ["points.ledger.post"]}),
    ]  # fmt: skip
