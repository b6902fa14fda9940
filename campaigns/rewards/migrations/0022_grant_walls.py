from django.db import migrations

from campaigns.rewards import sql_grants
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    dependencies = [("rewards", "0021_grants"), ("customers", "0020_imports"), ("events", "0002_walls")]

    operations = [
        *wall("rewards_batchfile"),
        *wall("rewards_batchfilelot", sees={"file_id": "rewards_batchfile"}),
        *wall("rewards_grantrule", verbs="SELECT", sees={"batch_id": "rewards_batch"}),
        *wall("rewards_grantruleevent", append_only=True),
        *wall("rewards_eventgrant", verbs_only=True, verbs="SELECT, INSERT, UPDATE (state, word, coupon_id)"),
        *verb(
            "grant_coupons(uuid, uuid[], uuid[], bytea[], text, text, boolean)", sql_grants.GRANT
        ),
        *verb(
            "hear_events(text, text[], text[], uuid[], uuid[], text[], timestamptz)", sql_grants.HEAR
        ),
        *verb("waiting_event_grants(int)", sql_grants.WAITING),
        *verb("settle_event_grants(uuid[], uuid[], text[])", sql_grants.SETTLE),
        OfferRights(
            {
                "rewards_operator": [
                    "rewards.coupon.grant",
                    "rewards.batchfile.view",
                    "rewards.grantrule.view",
                    "rewards.grantrule.add",
                    "rewards.grantrule.change",
                ],
                "auditor": ["rewards.batchfile.view", "rewards.grantrule.view"],
            }
        ),
    ]
