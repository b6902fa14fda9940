from django.db import migrations

from campaigns.tenants.walls import verb
from content import sql_delivery as sql

_STIR = ["fenhang_owner"]


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0300_placements_for_whom"),
        ("approvals", "0007_stops"),
        ("customers", "0031_rights"),
        ("events", "0002_walls"),
        ("rewards", "0002_walls"),
    ]

    operations = [
        migrations.RunSQL(sql.TABLE, migrations.RunSQL.noop),
        *verb("content_stir_of_branch()", sql.OF_BRANCH, execute=_STIR),
        *verb("content_stir_of_use()", sql.OF_USE, execute=_STIR),
        *verb("content_stir_of_all()", sql.OF_ALL, execute=_STIR),
        *verb("content_stir_of_customer()", sql.OF_CUSTOMER, execute=_STIR),
        migrations.RunSQL(sql.TRIGGERS, migrations.RunSQL.noop),
        *verb("content_stirs(xid8)", sql.STIRS),
        *verb("content_forget_stirs()", sql.FORGET),
        *verb("content_viewer(timestamptz, text[])", sql.VIEWER, execute=["fenhang_customer"]),
        *verb("content_next()", sql.NEXT, execute=["fenhang_customer"]),
        *verb("content_left(int[], uuid[])", sql.LEFT),
    ]
