from django.db import migrations

from campaigns.points.sql import awards
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_DO = ["points.award.view", "points.award.add", "points.award.decide", "points.award.take_back"]


class Migration(migrations.Migration):
    """Awards are written by verbs alone; what events came to is let go when nobody can tell the event again."""

    dependencies = [("points", "0060_awards"), ("points", "0032_entry_days"), ("customers", "0043_staff_wall")]

    operations = [
        *wall("points_award", verbs_only=True,
              verbs="SELECT, INSERT, UPDATE (state, rows, customers, points, refused, alone, asked_at, decided_at,"
                    " decided_by_id, remark, posted_at, returned_at, returned_by_id, return_reason, owes_rest, job_id, judge_job_id,"
                    " gone_at)"),
        *wall("points_awardrow", verbs_only=True, sees={"award_id": "points_award"},
              verbs="SELECT, INSERT, UPDATE (customer_id, word, lot_id, back), DELETE"),
        *wall("points_awardlot", verbs_only=True, sees={"award_id": "points_award"},
              verbs="SELECT, INSERT, UPDATE (customers, points, movement_id, posted_at)"),
        *verb("load_award(uuid, jsonb, interval)", awards.LOAD),
        *verb("points_hold_award(uuid)", awards.HOLD, execute=_VERBS),
        *verb("judge_award_rows(uuid, int[], uuid[], bigint[])", awards.JUDGE),
        *verb("finish_judging(uuid, int)", awards.FINISH),
        *verb("ask_award(uuid)", awards.ASK),
        *verb("decide_award(uuid, boolean, text)", awards.DECIDE),
        *verb("drop_award(uuid)", awards.DROP),
        *verb("note_award_job(uuid, uuid)", awards.WORKS),
        *verb("post_award_lot(uuid)", awards.POST),
        *verb("return_award(uuid, text, boolean)", awards.RETURN),
        *verb("return_award_rows(uuid, int)", awards.RETURN_ROWS),
        *verb("forget_award_rows(uuid, int)", awards.FORGET),
        migrations.RunSQL("GRANT DELETE ON points_earning TO fenhang_verbs;", migrations.RunSQL.noop),
        *verb("let_go_of_earnings(timestamptz, int)", awards.LET_GO),
        OfferRights(
            {
                "rewards_operator": _DO,
                "branch_manager": ["points.award.view", "points.award.decide"],
                # At head office there may be one who gives, and no manager.
                "reviewer": ["points.award.view", "points.award.decide"],
                "administrator": ["points.award.view"],
                "auditor": ["points.award.view"],
            }
        ),
    ]  # fmt: skip
