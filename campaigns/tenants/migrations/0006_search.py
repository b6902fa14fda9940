from typing import Any

from django.db import migrations

from campaigns.tenants import search_sql
from campaigns.tenants.rules import pinyin_of
from campaigns.tenants.search_sql import searchable
from campaigns.tenants.walls import verb


def spell_again(apps: Any, schema_editor: Any) -> None:
    """支行 was spelt zhixing, which nobody types."""
    branches = apps.get_model("tenants", "Branch").objects.using(schema_editor.connection.alias)
    wrong = [branch for branch in branches.filter(name__contains="行") if branch.pinyin != pinyin_of(branch.name)]
    for branch in wrong:
        branch.pinyin = pinyin_of(branch.name)
    branches.bulk_update(wrong, ["pinyin"], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_tree")]

    operations = [
        migrations.RunSQL(search_sql.FOLD, migrations.RunSQL.noop),
        migrations.RunSQL(search_sql.BIGRAMS, migrations.RunSQL.noop),
        migrations.RunSQL(search_sql.WORDS, migrations.RunSQL.noop),
        migrations.RunSQL(search_sql.GRAMS_OF, migrations.RunSQL.noop),
        *searchable(
            "tenants_branch",
            columns=("name", "code", "pinyin"),
            key="int",
            position="pos",
            in_tree_order=True,
        ),
        *searchable("tenants_person", columns=("name", "staff_number"), in_tree_order=True),
        migrations.RunPython(spell_again, migrations.RunPython.noop),
        *verb("places_of(bigint, timestamptz, text, int)", search_sql.PLACES_OF),
    ]
