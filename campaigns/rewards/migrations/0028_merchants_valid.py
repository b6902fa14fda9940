from django.db import migrations, models

# As the model's constraint; built beside the work.
PAID_ONCE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS rewards_redemption_order_is_paid_once
    ON rewards_redemption (branch_id, merchant_id, order_key) NULLS NOT DISTINCT WHERE NOT order_key = ''
"""


class Migration(migrations.Migration):
    """Beside the work: an order is paid once, and every till is somebody's."""

    atomic = False
    dependencies = [("rewards", "0027_merchant_walls")]

    operations = [
        migrations.RunSQL(
            PAID_ONCE,
            migrations.RunSQL.noop,
            state_operations=[
                migrations.AddConstraint(
                    "redemption",
                    models.UniqueConstraint(
                        fields=["branch", "merchant", "order_key"],
                        condition=models.Q(("order_key", ""), _negated=True),
                        nulls_distinct=False,
                        name="rewards_redemption_order_is_paid_once",
                    ),
                )
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE rewards_redemption VALIDATE CONSTRAINT rewards_redemption_merchant_is_known",
            migrations.RunSQL.noop,
        ),
    ]
