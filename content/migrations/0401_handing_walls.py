from django.db import migrations

from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall
from content import sql_handing as sql

_TRIGGER = ["fenhang_owner"]


class Migration(migrations.Migration):
    """Originals and objections behind their walls; local versions keep to what they were made of."""

    dependencies = [("content", "0400_handed_down")]

    operations = [
        *wall(
            "content_original",
            append_only=True,
            handed_down=True,
            verbs="SELECT, INSERT",
            sees={"item_id": "content_item"},
        ),
        migrations.RunSQL(sql.ORIGINALS_STAY, migrations.RunSQL.noop),
        *wall(
            "content_objection",
            sees={"item_id": "content_item", "original_id": "content_original"},
        ),
        migrations.RunSQL(sql.OBJECTIONS_STAY, migrations.RunSQL.noop),
        migrations.RunSQL(sql.GRANTS, migrations.RunSQL.noop),
        *verb("content_keep_original()", sql.KEEP_ORIGINAL, execute=_TRIGGER),
        migrations.RunSQL(sql.KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(sql.LOCKED, migrations.RunSQL.noop),
        *verb("content_keeps_to_original()", sql.KEEPS_TO_IT, execute=_TRIGGER),
        migrations.RunSQL(sql.KEPT_TO, migrations.RunSQL.noop),
        migrations.RunSQL(sql.DRAFT, migrations.RunSQL.noop),
        *verb("content_orphans(int[])", sql.ORPHANS, execute=["fenhang_app", "fenhang_customer"]),
        migrations.RunSQL(sql.POLICY, migrations.RunSQL.noop),
        *verb("content_stir_of_branch()", sql.OF_BRANCH, execute=_TRIGGER),
        *verb("content_next()", sql.NEXT, execute=["fenhang_customer"]),
        OfferRights(
            {
                "editor": ["content.original.view", "content.item.hand_down"],
                "reviewer": ["content.original.view"],
            }
        ),
    ]
