from django.db import migrations

from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall
from content import sql_items, sql_search

_CATEGORIES = ["content.category.view", "content.category.add", "content.category.change"]


class Migration(migrations.Migration):
    """Categories, holds and recalls behind their walls; the words of what is live; who may do what is new."""

    dependencies = [("content", "0200_items"), ("tenants", "0010_may")]

    operations = [
        *wall("content_editing", sees={"item_id": "content_item"}),
        *wall("content_recall", append_only=True, sees={"item_id": "content_item"}),
        migrations.RunSQL(sql_items.CATEGORIES_STAY, migrations.RunSQL.noop),
        migrations.RunSQL(sql_items.CATEGORY_DEPTH, migrations.RunSQL.noop),
        migrations.RunSQL(sql_items.HOLD, migrations.RunSQL.noop),
        migrations.RunSQL(sql_search.TOLD, migrations.RunSQL.noop),
        migrations.RunSQL(sql_search.GRANTS, migrations.RunSQL.noop),
        *verb(
            "search_content(text, int)", sql_search.SEARCH, execute=["fenhang_app", "fenhang_customer"]
        ),
        OfferRights(
            {
                "administrator": [*_CATEGORIES, "content.recall.view"],
                "editor": ["content.category.view"],
                "reviewer": ["content.item.recall", "content.recall.view", "content.recall.export"],
            }
        ),
    ]
