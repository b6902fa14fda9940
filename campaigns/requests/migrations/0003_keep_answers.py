from django.db import migrations

from campaigns.requests import sql
from campaigns.tenants.walls import verb

# Definer functions of other rooms look up what was answered before.
GRANTS = """
CREATE POLICY verbs ON requests_requestkey TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (fingerprint, made_at, status, headers, body) ON requests_requestkey TO fenhang_verbs;
"""


class Migration(migrations.Migration):
    dependencies = [("requests", "0002_walls")]

    operations = [
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
        *verb("keep_answers(text, timestamptz, jsonb)", sql.KEEP),
    ]
