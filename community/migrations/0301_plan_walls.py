from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import wall
from community.plans import sql

_LOOK = ["community.plan.view", "community.planrun.view", "community.post.view"]
_MAKE = ["community.plan.add", "community.plan.change", "community.plan.submit"]
_RUN = ["community.planrun.add", "community.planrun.pause", "community.planrun.stop"]
_POSTS = ["community.post.confirm", "community.post.hand_over", "community.post.move"]
PLAN_RIGHTS = {
    "community_operator": [
        *_LOOK, *_MAKE, "community.plan.take_down", *_RUN, *_POSTS, "approvals.revision.withdraw",
    ],
    "branch_manager": [*_LOOK, *_MAKE, *_RUN, *_POSTS],
    "reviewer": [*_LOOK, "community.plan.take_down"],
    "relationship_manager": ["community.post.view", "community.post.confirm"],
    "clerk": ["community.post.view", "community.post.confirm"],
    "administrator": _LOOK,
    "auditor": _LOOK,
    "analyst": _LOOK,
}


class Migration(migrations.Migration):
    """Plans, where they run and what is posted behind their walls; members read what was sent to their groups."""

    dependencies = [
        ("community", "0300_plans"),
        ("approvals", "0007_stops"),
        ("tenants", "0010_may"),
    ]

    operations = [
        *wall("community_plan"),
        *wall("community_planevent", append_only=True),
        *wall("community_liveplan", handed_down=True, sees={"plan_id": "community_plan"}),
        *published("community_liveplan", kind="community.plan", column="plan_id"),
        *stoppable("community_liveplan", kind="community.plan"),
        *wall("community_liveplanevent", append_only=True),
        # Members come and go by verbs, too, and a run is looked at again then.
        *wall(
            "community_planrun", sees={"group_id": "community_group"}, verbs="SELECT, UPDATE (lay_at)"
        ),
        *wall("community_planrunevent", append_only=True),
        *wall(
            "community_post",
            sees={"assignee_id": "tenants_person", "member_id": "community_member"},
        ),
        migrations.RunSQL(sql.OF_ITS_RUN, migrations.RunSQL.noop),
        migrations.RunSQL(sql.KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(sql.POST_MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(sql.CUSTOMER_SEES, migrations.RunSQL.noop),
        migrations.RunSQL(sql.MEMBERS_DAYS, migrations.RunSQL.noop),
        OfferRights(PLAN_RIGHTS),
    ]
