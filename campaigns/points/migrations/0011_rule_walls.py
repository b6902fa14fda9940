from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.points.sql import rules
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    """Rules that give points: who may write what of them, and how events are heard."""

    dependencies = [
        ("points", "0010_rules"),
        ("approvals", "0013_lifting"),
        ("customers", "0043_staff_wall"),
        ("events", "0007_note_many"),
    ]

    operations = [
        *wall("points_rule", verbs="SELECT"),
        migrations.RunSQL("REVOKE DELETE ON points_rule FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("points_ruleevent", append_only=True),
        *wall(
            "points_liverule",
            handed_down=True,
            customer="shown",
            verbs="SELECT",
            sees={"rule_id": "points_rule"},
        ),
        *published("points_liverule", kind="points.rule", column="rule_id"),
        *stoppable("points_liverule", kind="points.rule"),
        *wall("points_liveruleevent", append_only=True),
        *wall(
            "points_earning",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (state, asked, points, word, movement_id)",
        ),
        *wall("points_rulecount", verbs_only=True, verbs="SELECT, INSERT, UPDATE (points, times)"),
        *verb("points_hear_events()", rules.HEAR, execute=["fenhang_owner"]),
        migrations.RunSQL(rules.HEARD, migrations.RunSQL.noop),
        *verb("earnings_wait()", rules.WAIT),
        *verb("waiting_earnings(int)", rules.WAITING),
        *verb("due_earnings(int)", rules.DUE),
        *verb("hold_rule_counts(uuid, uuid[], text[], date[])", rules.HOLD),
        *verb(
            "count_rule_points(uuid, uuid[], text[], date[], bigint[], int[], bigint[], int[])", rules.COUNT
        ),
        *verb("settle_earnings(uuid[], text[], bigint[], bigint[], text[], uuid[])", rules.SETTLE),
        *verb("settle_due_earnings(uuid[])", rules.SETTLE_DUE),
        *verb("past_deeds(int, boolean, text, text, text, timestamptz, timestamptz, int)", rules.PAST),
        OfferRights(
            {
                "rewards_operator": [
                    "points.rule.view",
                    "points.rule.add",
                    "points.rule.change",
                    "points.rule.submit",
                    "points.rule.take_down",
                ],
                "reviewer": ["points.rule.view", "points.rule.take_down"],
                **dict.fromkeys(("administrator", "branch_manager", "auditor"), ["points.rule.view"]),
            }
        ),
    ]
