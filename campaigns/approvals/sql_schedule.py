"""Revisions that wait for their time, and that end with it. As in sql_hand_over.py but for the two places marked."""

GUARD_REVISION = """
CREATE OR REPLACE FUNCTION approvals_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text; place CONSTANT text[] := ARRAY['branch_pos', 'branch_id'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' THEN wrong := 'starts_submitted';
        ELSIF NEW.author_id IS DISTINCT FROM app_person() THEN wrong := 'author_is_who_acts';
        ELSIF NEW.keeper_id IS NOT NULL THEN wrong := 'is_kept_by_its_maker_first';
        END IF;
    ELSIF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - place = to_jsonb(OLD) - place AND tenants_takes_over(OLD.branch_id, NEW.branch_id) THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - 'keeper_id' = to_jsonb(OLD) - 'keeper_id' AND OLD.state IN ('submitted', 'sent_back') THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - ARRAY['branch_pos', 'state', 'decided_at']
          <> to_jsonb(OLD) - ARRAY['branch_pos', 'state', 'decided_at'] THEN
        wrong := 'is_frozen';
    ELSIF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
        ('submitted', 'approved'), ('submitted', 'rejected'), ('submitted', 'sent_back'), ('submitted', 'withdrawn'),
        ('submitted', 'superseded'), ('approved', 'superseded'), ('approved', 'taken_down'),
        -- what waits for its time, and what the clock ends
        ('submitted', 'scheduled'), ('scheduled', 'approved'), ('scheduled', 'superseded'),
        ('scheduled', 'taken_down'), ('scheduled', 'ended'), ('approved', 'ended')) THEN
        wrong := 'moves_along_its_table';
    ELSIF NEW.state = OLD.state THEN
        wrong := 'is_frozen';
    -- waiting for its time is being approved, too
    ELSIF NEW.state IN ('approved', 'scheduled') AND NOT EXISTS (
        SELECT FROM approvals_decision d WHERE d.revision_id = NEW.id AND d.verdict = 'approve'
           AND d.sha256 = NEW.sha256 AND d.person_id <> NEW.author_id) THEN
        wrong := 'was_approved_by_another_person';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a revision %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_revision_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""

# Revisions from before know their window by their payload alone; the guard would take the filling for an edit.
FILL_WINDOW = """
ALTER TABLE approvals_revision DISABLE TRIGGER approvals_revision_guard;
UPDATE approvals_revision
   SET shown_from = coalesce(payload ->> 'shown_from', payload ->> 'claim_from')::timestamptz,
       shown_until = coalesce(payload ->> 'shown_until', payload ->> 'claim_until')::timestamptz
 WHERE shown_from IS NULL AND (payload ? 'shown_until' OR payload ? 'claim_until');
ALTER TABLE approvals_revision ENABLE TRIGGER approvals_revision_guard;
"""
