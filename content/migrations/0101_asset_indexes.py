from django.db import migrations

from campaigns.tenants.search_sql import bigrams_index


class Migration(migrations.Migration):
    """Beside the work: the keys and the search that 0102 switches to."""

    atomic = False

    dependencies = [("content", "0100_kinds_of_assets")]

    operations = [
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS content_rendition_name_is_unique_in_its_version"
            " ON content_rendition (asset_id, version, take, name);",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            bigrams_index("content_asset", columns=("name", "alt", "findable"), name="content_asset_findable"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS content_asset_cover ON content_asset (cover_id)"
            " WHERE cover_id IS NOT NULL;",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS content_asset_folder ON content_asset (folder_id)"
            " WHERE folder_id IS NOT NULL;",
            migrations.RunSQL.noop,
        ),
    ]
