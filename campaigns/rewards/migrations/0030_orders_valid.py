from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Beside the work: a look at the rows that are there."""

    atomic = False
    dependencies = [("rewards", "0029_orders")]

    operations = [ValidateConstraint("redemption", "rewards_redemption_is_a_clerks_or_an_orders")]
