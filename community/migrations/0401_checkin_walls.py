from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall
from community.checkins.sql import board, check_in, days, keeping, looking

_VERBS = ["fenhang_verbs"]
_CUSTOMER = ["fenhang_customer"]
_BOTH = ["fenhang_app", "fenhang_customer"]

_VIEW = ["community.programme.view", "community.checkin.view"]
_MAKE = [*_VIEW, "community.programme.add", "community.programme.change", "community.programme.submit",
         "community.programme.take_down", "community.checkin.accept", "community.checkin.refuse"]  # fmt: skip
CHECKIN_RIGHTS = {
    "community_operator": _MAKE,
    "branch_manager": _MAKE,
    "reviewer": [*_VIEW, "community.programme.take_down"],
    "administrator": _VIEW,
    "auditor": _VIEW,
    "analyst": _VIEW,
    "relationship_manager": _VIEW,
}

# Members and groups are asked for by verbs of this package; and of checking in, verbs alone write.
_READ = """
CREATE POLICY verbs_of_checkins ON community_group FOR SELECT TO fenhang_verbs USING (true);
CREATE POLICY verbs_of_checkins ON community_member FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT ON community_group, community_member TO fenhang_verbs;
REVOKE DELETE ON community_programme FROM fenhang_app;
"""


def follows_hand_over(table: str) -> migrations.RunSQL:
    """Verbs alone write the row; a branch that closes passes it on."""
    return migrations.RunSQL(
        f"GRANT UPDATE (branch_id, branch_pos) ON {table} TO fenhang_app;", migrations.RunSQL.noop
    )


class Migration(migrations.Migration):
    """Who may write what of check-ins, and by which verbs."""

    dependencies = [
        ("community", "0400_checkins"),
        ("points", "0071_given_up"),
        ("rewards", "0034_rooms_above"),
        ("approvals", "0007_stops"),
        ("audit", "0002_walls"),
    ]

    operations = [
        *wall("community_programme", verbs="SELECT"),
        migrations.RunSQL(_READ, migrations.RunSQL.noop),
        *wall("community_programmeevent", append_only=True),
        *wall("community_liveprogramme", handed_down=True, verbs="SELECT",
              sees={"programme_id": "community_programme"}),
        *published("community_liveprogramme", kind="community.programme", column="programme_id"),
        *stoppable("community_liveprogramme", kind="community.programme"),
        *wall("community_liveprogrammeevent", append_only=True),
        *wall("community_checkin", verbs_only=True, customer="own",
              verbs="SELECT, INSERT, UPDATE (branch_id, branch_pos, customer_id, state, text, hint, has_picture, streak, units, points,"
                    " movement_id, paid_to, looked_at, looked_by_id, reason)"),
        *wall("community_checkinpicture", verbs_only=True, verbs="SELECT, INSERT, DELETE, UPDATE (branch_id, branch_pos)"),
        *wall("community_goalcount", verbs_only=True, verbs="SELECT, INSERT, UPDATE (branch_id, branch_pos, counted)"),
        *wall("community_groupgoal", verbs_only=True,
              verbs="SELECT, INSERT, UPDATE (branch_id, branch_pos, paid_at, customers, points, movement_id)"),
        *wall("community_programmebudget", verbs_only=True, sees={"programme_id": "community_programme"},
              verbs="SELECT, INSERT, UPDATE (allotted, given)"),
        follows_hand_over("community_programmebudget"),
        *wall("community_boardchoice", verbs_only=True, customer="own", follows_branch=False,
              verbs="SELECT, INSERT, UPDATE (is_hidden, chosen_at)"),
        migrations.RunSQL(FOLLOWS_CUSTOMER.format(table="community_boardchoice"), migrations.RunSQL.noop),
        migrations.RunSQL(looking.STAYS, migrations.RunSQL.noop),
        migrations.RunSQL(days.BEFORE + days.NTH + days.SPOKEN + days.IS_FOR, migrations.RunSQL.noop),
        *verb("spoken_code(uuid, uuid)", days.SPOKEN_TODAY),
        *verb("community_runs(uuid, uuid, int, int, int)", days.RUNS, execute=_VERBS),
        migrations.RunSQL(check_in.JUDGED, migrations.RunSQL.noop),
        *verb("community_judge(text, jsonb)", check_in.JUDGE, execute=_VERBS),
        *verb("community_take_budget(uuid, bigint, int)", check_in.TAKE_BUDGET, execute=_VERBS),
        *verb("community_write_check_ins(community_judged[])", check_in.WRITE, execute=_VERBS),
        *verb("check_in(uuid, timestamptz, text, jsonb)", check_in.CHECK_IN, execute=_BOTH),
        *verb("keep_check_in_picture(uuid, uuid, bytea)", check_in.KEEP_PICTURE, execute=_BOTH),
        *verb("look_at_check_in(uuid, boolean, text)", looking.LOOK),
        *verb("fund_programme(uuid, bigint)", keeping.FUND),
        *verb("pay_due_goals(int)", keeping.PAY_GOALS),
        *verb("move_check_ins(uuid, uuid, uuid[])", keeping.FOLLOW_MERGE),
        *verb("hand_over_check_ins(int, int)", keeping.HAND_OVER),
        *verb("forget_check_ins(uuid)", keeping.FORGET),
        *verb("let_go_of_pictures(timestamptz, int)", keeping.LET_GO),
        *verb("choose_board(boolean)", keeping.CHOOSE, execute=_CUSTOMER),
        *verb("community_leaders(uuid, uuid, uuid, date, date)", board.LEADERS, execute=_VERBS),
        *verb("check_in_board(uuid, date)", board.BOARD, execute=_CUSTOMER),
        OfferRights(CHECKIN_RIGHTS),
    ]  # fmt: skip
