from django.db import migrations


class Migration(migrations.Migration):
    """A day's entries lie together, as they are only ever added: a few pages of index tell where."""

    atomic = False  # built beside whoever posts

    dependencies = [("points", "0031_desk_walls")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS points_entry_at ON points_entry USING brin (at)",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS points_movement_at ON points_movement USING brin (at)",
            migrations.RunSQL.noop,
        ),
    ]
