from django.db import migrations

from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import wall
from community.groups import sql

_VIEW = ["community.group.view", "community.groupkind.view", "community.member.view"]
_KEEP = ["community.group.add", "community.group.change", "community.group.dissolve"]
_MEMBERS = ["community.member.add", "community.member.end"]


class Migration(migrations.Migration):
    """Groups behind their walls; customers see those they are in; who may keep them."""

    dependencies = [
        ("community", "0001_groups"),
        ("customers", "0047_forget_parted"),
        ("tenants", "0010_may"),
    ]

    operations = [
        *wall("community_group", sees={"owner_id": "tenants_person"}),
        *wall("community_groupevent", append_only=True),
        *wall("community_member", customer="own", sees={"group_id": "community_group"}),
        *wall("community_memberevent", append_only=True),
        migrations.RunSQL(sql.CUSTOMER_SEES, migrations.RunSQL.noop),
        migrations.RunSQL(sql.COUNT_MEMBERS, migrations.RunSQL.noop),
        OfferRights(
            {
                "administrator": [*_VIEW, "community.groupkind.add", "community.groupkind.change"],
                "auditor": _VIEW,
                "analyst": _VIEW,
                "reviewer": _VIEW,
                "community_operator": [*_VIEW, *_KEEP, *_MEMBERS],
                "branch_manager": [*_VIEW, *_KEEP, *_MEMBERS],
                "relationship_manager": _VIEW,
            }
        ),
    ]
