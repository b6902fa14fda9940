"""Bulk approvals as the database keeps them: asked by who acts, each item settled once, approved only when signed."""

GUARD_BULK = """
CREATE FUNCTION approvals_guard_bulk() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text; running CONSTANT text[] := ARRAY['branch_pos', 'state', 'done', 'approved', 'attempt',
    'lease_until', 'why_not', 'ended_at', 'opened_as'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_of_who_acts';
        ELSIF NEW.state <> 'waiting' OR NEW.done <> 0 THEN wrong := 'waits_at_first';
        END IF;
    ELSIF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN
        RETURN NEW;
    -- The system takes it up and stops it; what is done in it is done as the person.
    ELSIF app_person() IS NOT NULL AND OLD.person_id <> app_person() THEN wrong := 'is_of_who_acts';
    ELSIF to_jsonb(NEW) - running <> to_jsonb(OLD) - running THEN wrong := 'is_frozen';
    ELSIF app_person() IS NULL AND NEW.opened_as <> OLD.opened_as THEN wrong := 'is_of_who_acts';
    ELSIF NEW.done < OLD.done OR NEW.approved < OLD.approved THEN wrong := 'never_counts_back';
    ELSIF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
        ('waiting', 'running'), ('waiting', 'stopped'), ('running', 'stopped'), ('running', 'done'),
        ('stopped', 'waiting')) THEN wrong := 'moves_along_its_table';
    ELSIF NEW.state = 'done' AND OLD.state <> 'done' AND (
        NEW.done <> NEW.total
        OR EXISTS (SELECT FROM approvals_bulkitem i WHERE i.bulk_id = NEW.id AND i.outcome = 'waiting')) THEN
        wrong := 'is_done_when_all_are_settled';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a bulk approval %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_bulk_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_bulk_guard BEFORE INSERT OR UPDATE ON approvals_bulk
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_bulk();
REVOKE DELETE ON approvals_bulk FROM fenhang_app;
"""

GUARD_BULKITEM = """
CREATE FUNCTION approvals_guard_bulkitem() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE asked approvals_bulk; wrong text;
    settling CONSTANT text[] := ARRAY['branch_pos', 'outcome', 'code', 'words', 'at'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN RETURN NEW; END IF;
    SELECT * INTO asked FROM approvals_bulk b WHERE b.id = NEW.bulk_id;
    IF asked.id IS NULL OR asked.person_id IS DISTINCT FROM app_person() OR asked.branch_id <> NEW.branch_id THEN
        wrong := 'is_of_who_asked';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.outcome <> 'waiting' OR asked.state <> 'waiting' OR asked.at <> app_at() THEN
            wrong := 'is_asked_with_the_others';
        END IF;
    ELSIF to_jsonb(NEW) - settling <> to_jsonb(OLD) - settling OR OLD.outcome <> 'waiting' THEN
        wrong := 'is_settled_once';
    ELSIF asked.state <> 'running' THEN wrong := 'is_settled_while_it_runs';
    ELSIF NEW.outcome = 'approved' AND NOT EXISTS (
        SELECT FROM approvals_decision d WHERE d.revision_id = NEW.revision_id AND d.person_id = asked.person_id
           AND d.verdict = 'approve' AND d.sha256 = NEW.sha256 AND d.at = NEW.at) THEN
        wrong := 'is_approved_by_a_decision';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('an item of a bulk approval %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_bulkitem_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_bulkitem_guard BEFORE INSERT OR UPDATE ON approvals_bulkitem
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_bulkitem();
REVOKE DELETE ON approvals_bulkitem FROM fenhang_app;
"""
