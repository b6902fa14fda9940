from django.db import migrations

from campaigns.tenants.walls import wall

# A stored answer is its caller's alone: not even the same branch's staff read it. Outside of anyone's scope
# (the system's sweep) app_person() is empty.
OWN = """
CREATE POLICY own_staff ON requests_requestkey AS RESTRICTIVE TO fenhang_app
    USING (app_person() IS NULL OR caller = app_person())
    WITH CHECK (app_person() IS NULL OR (caller = app_person() AND caller_kind = 'staff'));
CREATE POLICY own ON requests_requestkey FOR SELECT TO fenhang_customer
    USING (caller = app_customer() AND caller_kind = 'customer');
CREATE POLICY own_add ON requests_requestkey FOR INSERT TO fenhang_customer
    WITH CHECK (caller = app_customer() AND caller_kind = 'customer'
                AND branch_id = app_branch() AND branch_pos = app_branch_pos());
CREATE POLICY own_answer ON requests_requestkey FOR UPDATE TO fenhang_customer
    USING (caller = app_customer() AND caller_kind = 'customer')
    WITH CHECK (caller = app_customer() AND caller_kind = 'customer');
GRANT SELECT, INSERT, UPDATE (fingerprint, made_at, status, headers, body) ON requests_requestkey TO fenhang_customer;
"""


class Migration(migrations.Migration):
    dependencies = [("requests", "0001_initial"), ("tenants", "0002_walls")]

    operations = [*wall("requests_requestkey"), migrations.RunSQL(OWN, migrations.RunSQL.noop)]
