from django.db import migrations

from campaigns.rewards.sql import releases
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    """Batches that can be claimed while something releases them."""

    dependencies = [("rewards", "0100_releases"), ("tenants", "0010_may")]

    operations = [
        *wall("rewards_release", verbs_only=True, handed_down=True, customer="line", sees={"batch_id": "rewards_batch"},
              verbs="SELECT, INSERT, UPDATE (released_from, released_until)"),
        migrations.RunSQL(
            "GRANT UPDATE (branch_id, branch_pos) ON rewards_release TO fenhang_app;", migrations.RunSQL.noop
        ),
        *verb("rewards_judge_claims(text, jsonb)", releases.JUDGE, execute=["fenhang_verbs"]),
        *verb("release_batch(uuid, uuid, text, uuid, int, boolean, timestamptz, timestamptz)", releases.RELEASE),
        *verb("close_releases(text)", releases.CLOSE),
    ]  # fmt: skip
