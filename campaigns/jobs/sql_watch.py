"""What an installed bank's preset roles may do of the watching; a new bank loads its presets."""

NEW_VERBS = """
UPDATE tenants_role SET verbs = array_append(verbs, 'jobs.alert.view')
 WHERE code IN ('administrator', 'auditor') AND NOT 'jobs.alert.view' = ANY (verbs);
"""
