from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


def valid(name: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE content_asset VALIDATE CONSTRAINT {name};", migrations.RunSQL.noop
    )


class Migration(migrations.Migration):
    """What 0100 and 0102 asked of new rows holds for the old ones too; the old search goes."""

    atomic = False

    dependencies = [("content", "0102_asset_walls")]

    operations = [
        ValidateConstraint("asset", "content_asset_focal_point_lies_inside"),
        ValidateConstraint("asset", "content_asset_rights_are_forward"),
        valid("content_asset_lies_in_a_folder"),
        valid("content_asset_has_a_cover"),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS content_asset_bigrams;", migrations.RunSQL.noop
        ),
    ]
