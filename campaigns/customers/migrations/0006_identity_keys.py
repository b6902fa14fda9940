from django.db import migrations, models

from campaigns.customers import sql_identities
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Only verified identities are unique from now on."""

    dependencies = [("customers", "0005_identity_index")]

    operations = [
        migrations.RunSQL(
            sql_identities.SWITCH_KEYS,
            migrations.RunSQL.noop,
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='identity',
                    name='customers_identity_belongs_to_one_customer',
                ),
                migrations.AddConstraint(
                    model_name='identity',
                    constraint=models.UniqueConstraint(condition=models.Q(('state', 'verified')), fields=('kind', 'lookup'), name='customers_identity_belongs_to_one_customer'),
                ),
            ],
        ),
        *verb(
            "bind_identity(uuid, uuid, text, text, bytea, bytea, text, timestamptz, uuid, jsonb)",
            sql_identities.BIND_IDENTITY,
        ),
    ]
