from django.db import migrations

from campaigns.points.sql import extensions
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

_VERBS = ["fenhang_verbs"]
_LOOK = ["points.extension.view"]


class Migration(migrations.Migration):
    """Extensions are written by verbs alone."""

    dependencies = [("points", "0063_extensions")]

    operations = [
        *wall("points_extension", verbs_only=True,
              verbs="SELECT, INSERT, UPDATE (state, done, decided_at, decided_by_id, remark, movement_id, job_id)"),
        *verb("points_post_extension(uuid)", extensions.POST, execute=_VERBS),
        *verb("ask_extension(uuid, uuid, timestamptz, text)", extensions.ASK),
        *verb("ask_extensions(uuid, timestamptz, timestamptz, timestamptz, text)", extensions.ASK_MANY),
        *verb("decide_extension(uuid, boolean, text)", extensions.DECIDE),
        *verb("note_extension_job(uuid, uuid)", extensions.WORKS),
        *verb("post_extension_lot(uuid, uuid, int)", extensions.POST_LOT),
        OfferRights(
            {
                "rewards_operator": [*_LOOK, "points.extension.add", "points.extension.decide"],
                "branch_manager": [*_LOOK, "points.extension.decide"],
                "reviewer": [*_LOOK, "points.extension.decide"],
                "administrator": _LOOK,
                "auditor": _LOOK,
            }
        ),
    ]  # fmt: skip
