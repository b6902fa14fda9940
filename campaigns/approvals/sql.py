"""Maker-checker as the database keeps it, for every writer."""

# Payload, hash and author never change; the state moves along the table of rules.MOVES; approved needs the
# approval of another person who saw this very hash. A move of the branch changes branch_pos alone and passes.
GUARD_REVISION = """
CREATE FUNCTION approvals_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' THEN wrong := 'starts_submitted';
        ELSIF NEW.author_id IS DISTINCT FROM app_person() THEN wrong := 'author_is_who_acts';
        END IF;
    ELSIF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - ARRAY['branch_pos', 'state', 'decided_at']
          <> to_jsonb(OLD) - ARRAY['branch_pos', 'state', 'decided_at'] THEN
        wrong := 'is_frozen';
    ELSIF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
        ('submitted', 'approved'), ('submitted', 'rejected'), ('submitted', 'sent_back'), ('submitted', 'withdrawn'),
        ('submitted', 'superseded'), ('approved', 'superseded'), ('approved', 'taken_down')) THEN
        wrong := 'moves_along_its_table';
    ELSIF NEW.state = OLD.state THEN
        wrong := 'is_frozen';
    ELSIF NEW.state = 'approved' AND NOT EXISTS (
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
CREATE TRIGGER approvals_revision_guard BEFORE INSERT OR UPDATE ON approvals_revision
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_revision();
REVOKE DELETE ON approvals_revision FROM fenhang_app;
"""

GUARD_DECISION = """
CREATE FUNCTION approvals_guard_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE decided approvals_revision; wrong text;
BEGIN
    SELECT * INTO decided FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
    ELSIF NOT FOUND OR decided.state <> 'submitted' THEN wrong := 'is_on_an_open_review';
    ELSIF decided.sha256 <> NEW.sha256 THEN wrong := 'has_seen_the_submitted_hash';
    ELSIF decided.author_id = NEW.person_id THEN wrong := 'is_never_by_the_maker';
    ELSIF decided.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a decision %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_decision_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_decision_guard BEFORE INSERT ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_decision();
"""
