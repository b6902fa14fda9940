from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Beside the work: a look at the rows that are there."""

    atomic = False
    dependencies = [("rewards", "0016_claims")]

    operations = [
        ValidateConstraint("batch", "rewards_batch_holds_what_it_limits"),
        ValidateConstraint("livebatch", "rewards_livebatch_holds_what_it_limits"),
    ]
