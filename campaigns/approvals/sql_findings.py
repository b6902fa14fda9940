"""Findings as the database keeps them: noted by the maker while submitting, acknowledged by somebody else."""

# Both run as the writer, as the other guards do.
GUARD_FINDING = """
CREATE FUNCTION approvals_guard_finding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE examined approvals_revision; wrong text;
BEGIN
    SELECT * INTO examined FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF NOT FOUND OR examined.state <> 'submitted' THEN wrong := 'is_on_an_open_review';
    ELSIF examined.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a finding %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_finding_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_finding_guard BEFORE INSERT ON approvals_finding
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_finding();
"""

GUARD_ACKNOWLEDGEMENT = """
CREATE FUNCTION approvals_guard_acknowledgement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE examined approvals_revision; wrong text;
BEGIN
    SELECT r.* INTO examined FROM approvals_finding f JOIN approvals_revision r ON r.id = f.revision_id
     WHERE f.id = NEW.finding_id;
    IF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
    ELSIF examined.id IS NULL OR examined.state <> 'submitted' THEN wrong := 'is_on_an_open_review';
    ELSIF NEW.person_id IN (examined.author_id, examined.keeper_id) THEN wrong := 'is_never_by_the_maker';
    ELSIF examined.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('an acknowledgement %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_acknowledgement_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_acknowledgement_guard BEFORE INSERT ON approvals_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_acknowledgement();
"""

# Of its own, beside the guard of revisions: a revision goes live over acknowledged findings alone.
FINDINGS_ARE_ACKNOWLEDGED = """
CREATE FUNCTION approvals_revision_findings_are_acknowledged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM approvals_finding f WHERE f.revision_id = NEW.id AND NOT EXISTS (
               SELECT FROM approvals_acknowledgement a WHERE a.finding_id = f.id)) THEN
        RAISE check_violation USING MESSAGE = 'a revision goes live when its findings are acknowledged',
            CONSTRAINT = 'approvals_revision_findings_are_acknowledged';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_revision_findings_are_acknowledged BEFORE UPDATE OF state ON approvals_revision
    FOR EACH ROW WHEN (NEW.state = 'approved' AND OLD.state <> 'approved')
    EXECUTE FUNCTION approvals_revision_findings_are_acknowledged();
"""
