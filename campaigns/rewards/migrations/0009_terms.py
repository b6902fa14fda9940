from django.db import migrations

from campaigns.rewards import sql_terms
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):
    """Terms are written beside what is published; the verbs go by them."""

    dependencies = [
        ("rewards", "0008_kinds"),
        ("approvals", "0007_stops"),
        ("customers", "0011_tag_walls"),
        ("events", "0002_walls"),
    ]

    operations = [
        *wall("rewards_terms", verbs_only=True, verbs="SELECT, INSERT"),
        *verb("rewards_holds(uuid, uuid)", sql_terms.HOLDS, execute=["fenhang_customer"]),
        migrations.RunSQL(sql_terms.HELD, migrations.RunSQL.noop),
        migrations.RunSQL(sql_terms.FILL, migrations.RunSQL.noop),
        migrations.RunSQL(sql_terms.CIRCLES, migrations.RunSQL.noop),
        *verb("rewards_terms_are_kept()", sql_terms.KEEP, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_terms.KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(sql_terms.NEVER_EDITED, migrations.RunSQL.noop),
        *verb("rewards_among(int[], int[])", sql_terms.AMONG, execute=["fenhang_verbs"]),
        *verb(
            "rewards_fits(int[], int[], int[], text[], int)", sql_terms.FITS, execute=["fenhang_customer"]
        ),
        migrations.RunSQL(sql_terms.FOR_ME, migrations.RunSQL.noop),
        *verb("claim_coupon(uuid, uuid, bytea)", sql_terms.CLAIM, execute=["fenhang_customer"]),
        migrations.RunSQL(sql_terms.WORTH, migrations.RunSQL.noop),
        migrations.RunSQL(sql_terms.APART, migrations.RunSQL.noop),
        migrations.RunSQL(sql_terms.NOT_NOW, migrations.RunSQL.noop),
        *verb("rewards_not_here(rewards_terms, int, int)", sql_terms.NOT_HERE, execute=["fenhang_verbs"]),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint, int, int)", sql_terms.REDEEM),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint)", sql_terms.REDEEM_WITHOUT_POSITION),
    ]
