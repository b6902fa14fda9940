from django.db import migrations

from campaigns.rewards.sql import claims
from campaigns.tenants.walls import verb, wall

_FITS = "rewards_fits_whom(uuid, int, int, timestamptz, int[], int[], int[], text[], int)"
_CLAIM = "claim_coupons(uuid, timestamptz, text, jsonb)"


class Migration(migrations.Migration):
    """One verb claims for many at once."""

    dependencies = [
        ("rewards", "0015_flash"),
        ("customers", "0043_staff_wall"),
        ("events", "0007_note_many"),
        ("requests", "0003_keep_answers"),
    ]

    operations = [
        *verb(_FITS, claims.FITS, execute=["fenhang_verbs"]),
        *verb(
            "rewards_fits(int[], int[], int[], text[], int)", claims.FITS_ME, execute=["fenhang_customer"]
        ),
        migrations.RunSQL(claims.JUDGED, "DROP TYPE rewards_judged;"),
        *verb("rewards_judge_claims(text, jsonb)", claims.JUDGE, execute=["fenhang_verbs"]),
        *verb("rewards_write_claims(rewards_judged[])", claims.WRITE, execute=["fenhang_verbs"]),
        *wall("rewards_origin", verbs_only=True, verbs="SELECT, INSERT, UPDATE (claimed)"),
        *verb(
            "rewards_count_origin(rewards_judged, text, bytea, int)",
            claims.COUNT_ORIGIN,
            execute=["fenhang_verbs"],
        ),
        *verb("rewards_claim_one(rewards_judged)", claims.CLAIM_ONE, execute=["fenhang_verbs"]),
        *verb(_CLAIM, claims.CLAIM, execute=["fenhang_app", "fenhang_customer"]),
        *verb("claim_coupon(uuid, uuid, bytea, bytea)", claims.CLAIM_ALONE, execute=["fenhang_customer"]),
        *verb("claim_coupon(uuid, uuid, bytea)", claims.CLAIM_WITHOUT_CODE, execute=["fenhang_customer"]),
        *verb("release_coupon(uuid, boolean, text)", claims.RELEASE),
        migrations.RunSQL(claims.MOVES, migrations.RunSQL.noop),
        *verb("redeem_coupon(uuid, bytea, uuid, int, bigint, int, int)", claims.REDEEM),
        *verb("rewards_terms_promised(uuid[])", claims.PROMISED),
    ]
