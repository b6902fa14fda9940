from django.db import migrations

from campaigns.rewards.sql import terms
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
        *verb("rewards_holds(uuid, uuid)", terms.HOLDS, execute=["fenhang_customer"]),
        migrations.RunSQL(terms.HELD, migrations.RunSQL.noop),
        migrations.RunSQL(terms.FILL, migrations.RunSQL.noop),
        migrations.RunSQL(terms.CIRCLES, migrations.RunSQL.noop),
        *verb("rewards_terms_are_kept()", terms.KEEP, execute=["fenhang_owner"]),
        migrations.RunSQL(terms.KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(terms.NEVER_EDITED, migrations.RunSQL.noop),
        *verb("rewards_among(int[], int[])", terms.AMONG, execute=["fenhang_verbs"]),
        *verb(
            "rewards_fits(int[], int[], int[], text[], int)", terms.FITS, execute=["fenhang_customer"]
        ),
        migrations.RunSQL(terms.FOR_ME, migrations.RunSQL.noop),
        *verb("claim_coupon(uuid, uuid, bytea)", terms.CLAIM, execute=["fenhang_customer"]),
        migrations.RunSQL(terms.WORTH, migrations.RunSQL.noop),
        migrations.RunSQL(terms.APART, migrations.RunSQL.noop),
        migrations.RunSQL(terms.NOT_NOW, migrations.RunSQL.noop),
        *verb("rewards_not_here(rewards_terms, int, int)", terms.NOT_HERE, execute=["fenhang_verbs"]),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint, int, int)", terms.REDEEM),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint)", terms.REDEEM_WITHOUT_POSITION),
    ]
