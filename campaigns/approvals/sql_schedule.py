"""Revisions that wait for their time, and that end with it; their moves are with the others in sql_steps.py."""

# Revisions from before know their window by their payload alone; the guard would take the filling for an edit.
FILL_WINDOW = """
ALTER TABLE approvals_revision DISABLE TRIGGER approvals_revision_guard;
UPDATE approvals_revision
   SET shown_from = coalesce(payload ->> 'shown_from', payload ->> 'claim_from')::timestamptz,
       shown_until = coalesce(payload ->> 'shown_until', payload ->> 'claim_until')::timestamptz
 WHERE shown_from IS NULL AND (payload ? 'shown_until' OR payload ? 'claim_until');
ALTER TABLE approvals_revision ENABLE TRIGGER approvals_revision_guard;
"""
