from django.db import migrations

from campaigns.tenants import search_sql
from campaigns.tenants.search_sql import searchable
from campaigns.tenants.walls import verb


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
        *verb("places_of(bigint, timestamptz, text, int)", search_sql.PLACES_OF),
    ]
