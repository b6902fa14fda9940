from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What waits for a decision is found without reading what does not."""

    atomic = False
    dependencies = [("rewards", "0018_lean")]

    operations = [
        AddIndexConcurrently(
            model_name="coupon",
            index=models.Index(
                condition=models.Q(("status", "held")), fields=["branch_pos", "id"], name="rewards_coupon_held"
            ),
        ),
    ]
