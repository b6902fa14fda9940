from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

from campaigns.customers import sql_identities


class Migration(migrations.Migration):
    """Beside the work: the indexes of what counts, and a look at the rows that are there."""

    atomic = False
    dependencies = [("customers", "0004_care")]

    operations = [
        migrations.RunSQL(sql_identities.VERIFIED_ONCE, migrations.RunSQL.noop),
        migrations.RunSQL(
            sql_identities.CLAIMED_ONCE,
            migrations.RunSQL.noop,
            state_operations=[
                migrations.AddConstraint(
                    model_name='identity',
                    constraint=models.UniqueConstraint(condition=models.Q(('state', 'unverified')), fields=('customer', 'kind', 'lookup'), name='customers_identity_is_claimed_once_by_a_customer'),
                ),
            ],
        ),
        ValidateConstraint("customer", "customers_customer_status_is_known"),
        ValidateConstraint("identity", "customers_identity_state_has_its_moment"),
    ]
