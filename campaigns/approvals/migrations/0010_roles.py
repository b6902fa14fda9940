from django.db import migrations

# OfferRights and more: whoever may look at reviews may look at word lists, too.
NEW_VERBS = """
WITH offered (role, verb) AS (VALUES
    ('reviewer', 'approvals.revision.evidence'), ('branch_manager', 'approvals.revision.evidence'),
    ('auditor', 'approvals.revision.evidence'), ('administrator', 'approvals.revision.evidence'),
    ('administrator', 'approvals.revision.withdraw'),
    ('administrator', 'approvals.policy.view'), ('administrator', 'approvals.policy.add'),
    ('administrator', 'approvals.policy.change'), ('administrator', 'approvals.policy.submit'),
    ('branch_manager', 'approvals.policy.view'), ('auditor', 'approvals.policy.view'),
    ('administrator', 'approvals.wordlist.add'), ('administrator', 'approvals.wordlist.change'),
    ('administrator', 'approvals.wordlist.submit')
), all_of_them AS (
    SELECT role, verb FROM offered
    UNION SELECT code, 'approvals.wordlist.view' FROM tenants_role WHERE 'approvals.revision.view' = ANY (verbs)
), missing AS (
    SELECT a.role, array_agg(a.verb ORDER BY a.verb) AS verbs
      FROM all_of_them a JOIN tenants_role r ON r.code = a.role AND NOT a.verb = ANY (r.verbs)
     GROUP BY a.role
)
UPDATE tenants_role r SET verbs = r.verbs || missing.verbs FROM missing WHERE missing.role = r.code;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0009_bulk")]

    operations = [migrations.RunSQL(NEW_VERBS, migrations.RunSQL.noop)]
