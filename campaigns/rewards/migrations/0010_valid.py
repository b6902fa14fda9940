from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from campaigns.rewards.sql import terms


class Migration(migrations.Migration):
    """Beside the work: a look at the rows that are there."""

    atomic = False
    dependencies = [("rewards", "0009_terms")]

    operations = [
        ValidateConstraint("batch", "rewards_batch_kind_has_its_own_amounts"),
        ValidateConstraint("batch", "rewards_batch_hours_are_two_or_none"),
        ValidateConstraint("batch", "rewards_batch_days_are_known"),
        ValidateConstraint("batch", "rewards_batch_only_days_begin_later"),
        ValidateConstraint("batch", "rewards_batch_limits_in_time_are_one_or_more"),
        ValidateConstraint("batch", "rewards_batch_is_for_somebody"),
        ValidateConstraint("livebatch", "rewards_livebatch_kind_has_its_own_amounts"),
        ValidateConstraint("livebatch", "rewards_livebatch_hours_are_two_or_none"),
        ValidateConstraint("livebatch", "rewards_livebatch_days_are_known"),
        ValidateConstraint("livebatch", "rewards_livebatch_only_days_begin_later"),
        ValidateConstraint("livebatch", "rewards_livebatch_limits_in_time_are_one_or_more"),
        ValidateConstraint("livebatch", "rewards_livebatch_is_for_somebody"),
        ValidateConstraint("terms", "rewards_terms_kind_has_its_own_amounts"),
        ValidateConstraint("terms", "rewards_terms_hours_are_two_or_none"),
        ValidateConstraint("terms", "rewards_terms_days_are_known"),
        migrations.RunSQL(terms.CIRCLES_HELD, migrations.RunSQL.noop),
    ]
