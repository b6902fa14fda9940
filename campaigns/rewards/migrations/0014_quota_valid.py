from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Beside the work: a look at the rows that are there."""

    atomic = False
    dependencies = [("rewards", "0013_shares")]

    operations = [
        ValidateConstraint("batch", "rewards_batch_payers_are_one_or_sum_to_100"),
        ValidateConstraint("batch", "rewards_batch_caps_are_one_or_more"),
        ValidateConstraint("livebatch", "rewards_livebatch_payers_are_one_or_sum_to_100"),
        ValidateConstraint("livebatch", "rewards_livebatch_caps_are_one_or_more"),
        ValidateConstraint("terms", "rewards_terms_payers_are_one_or_sum_to_100"),
    ]
