from django.db import migrations

from campaigns.customers.imports import sql
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Whom the rows of a file name, without a look at the customers."""

    dependencies = [("customers", "0043_staff_wall")]

    operations = [*verb("customers_named_by(int[], text[], bytea[])", sql.NAMED_BY)]
