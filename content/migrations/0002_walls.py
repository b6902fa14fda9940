from django.db import migrations

from campaigns.approvals.walls import published
from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0001_initial"),
        ("approvals", "0002_walls"),
        ("planning", "0002_walls"),
        ("tenants", "0002_walls"),
    ]

    operations = [
        *wall("content_asset"),
        *wall("content_assetevent", append_only=True),
        *wall("content_rendition", append_only=True, sees={"asset_id": "content_asset"}),
        *wall("content_item", sees={"asset_id": "content_asset", "campaign_id": "planning_campaign"}),
        *wall("content_itemevent", append_only=True),
        *wall("content_liveitem", handed_down=True, customer="shown", sees={"item_id": "content_item"}),
        *wall("content_liveitemevent", append_only=True),
        *published("content_liveitem", kind="content.item", column="item_id"),
        *wall("content_placement", sees={"item_id": "content_item"}),
        *wall("content_placementevent", append_only=True),
        *wall(
            "content_liveplacement",
            handed_down=True,
            customer="shown",
            sees={"placement_id": "content_placement", "item_id": "content_item"},
        ),
        *wall("content_liveplacementevent", append_only=True),
        *published("content_liveplacement", kind="content.placement", column="placement_id"),
    ]
