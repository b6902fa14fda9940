from django.db import migrations

from campaigns.rewards.sql import close
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_RANGE = "(int, int, timestamptz, timestamptz)"
_VIEW, _RUN = "rewards.close.view", "rewards.close.run"
# The day's begin is told from the history, and what lists granted from the lists.
READS = """
GRANT SELECT ON rewards_couponevent, rewards_batchfile TO fenhang_verbs;
CREATE POLICY verbs ON rewards_batchfile FOR SELECT TO fenhang_verbs USING (true);
"""


class Migration(migrations.Migration):
    """Days are closed by a verb, which compares past all walls and answers within the scope's branches."""

    dependencies = [("rewards", "0024_close"), ("audit", "0002_walls"), ("events", "0002_walls")]

    operations = [
        *wall("rewards_close", verbs_only=True, verbs="SELECT, INSERT"),
        migrations.RunSQL(READS, migrations.RunSQL.noop),
        migrations.RunSQL(close.MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(close.STAYS, migrations.RunSQL.noop),
        *verb("rewards_parts_of(uuid)", close.PARTS_OF, execute=["fenhang_verbs"]),
        *verb(f"rewards_coupon_book{_RANGE}", close.BOOK, execute=["fenhang_verbs"]),
        *verb(f"rewards_differences{_RANGE}", close.DIFFERENCES, execute=["fenhang_verbs"]),
        *verb(f"rewards_settlement{_RANGE}", close.SETTLEMENT),
        *verb("close_day(uuid, int, date)", close.CLOSE),
        OfferRights(
            {
                **dict.fromkeys(("administrator", "branch_manager", "rewards_operator"), [_VIEW, _RUN]),
                "auditor": [_VIEW],
            }
        ),
    ]
