"""Long jobs as the database keeps them: asked by who acts, counted forward, each item settled once."""

GUARD_JOB = """
CREATE FUNCTION jobs_guard_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
    running CONSTANT text[] := ARRAY['branch_pos', 'state', 'total', 'done', 'refused', 'cursor', 'doing', 'ready_at',
        'attempt', 'lease_until', 'lost', 'tries', 'taken_at', 'taken_done', 'why', 'result_name', 'result_type',
        'ended_at', 'opened_as'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_of_who_acts';
        ELSIF NEW.state <> 'waiting' OR NEW.done <> 0 THEN wrong := 'waits_at_first';
        END IF;
    ELSIF NEW.branch_pos <> OLD.branch_pos AND to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - running <> to_jsonb(OLD) - running THEN wrong := 'is_frozen';
    -- Others of the bank may keep it from going on; what is done in it is done as who asked.
    ELSIF app_person() IS NOT NULL AND OLD.person_id IS DISTINCT FROM app_person() AND (
        NEW.state NOT IN ('paused', 'stopped') OR NEW.done <> OLD.done OR NEW.opened_as <> OLD.opened_as) THEN
        wrong := 'is_of_who_acts';
    -- The system takes it up, pauses and ends it.
    ELSIF app_person() IS NULL AND OLD.person_id IS NOT NULL AND (
        NEW.opened_as <> OLD.opened_as OR NEW.done <> OLD.done) THEN wrong := 'is_of_who_acts';
    ELSIF NEW.done < OLD.done OR NEW.refused < OLD.refused THEN wrong := 'never_counts_back';
    ELSIF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
        ('waiting', 'running'), ('waiting', 'paused'), ('waiting', 'stopped'),
        ('running', 'waiting'), ('running', 'paused'), ('running', 'stopped'), ('running', 'failed'),
        ('running', 'done'), ('paused', 'waiting'), ('paused', 'stopped'), ('failed', 'waiting'),
        ('failed', 'stopped')) THEN wrong := 'moves_along_its_table';
    ELSIF NEW.state = 'done' AND OLD.state <> 'done' AND (
        NEW.done <> NEW.total
        OR EXISTS (SELECT FROM jobs_jobitem i WHERE i.job_id = NEW.id AND i.outcome = 'waiting')) THEN
        wrong := 'is_done_when_all_is_settled';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a long job %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'jobs_job_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_job_guard BEFORE INSERT OR UPDATE ON jobs_job
    FOR EACH ROW EXECUTE FUNCTION jobs_guard_job();
REVOKE DELETE ON jobs_job FROM fenhang_app;
"""

GUARD_JOBITEM = """
CREATE FUNCTION jobs_guard_jobitem() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE asked jobs_job; wrong text;
    settling CONSTANT text[] := ARRAY['branch_pos', 'outcome', 'code', 'words', 'at'];
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.branch_pos <> OLD.branch_pos
       AND to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN RETURN NEW; END IF;
    SELECT * INTO asked FROM jobs_job j WHERE j.id = NEW.job_id;
    IF asked.id IS NULL OR asked.person_id IS DISTINCT FROM app_person() OR asked.branch_id <> NEW.branch_id THEN
        wrong := 'is_of_who_asked';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.outcome <> 'waiting' OR asked.state <> 'waiting' OR asked.at <> app_at() THEN
            wrong := 'is_asked_with_the_others';
        END IF;
    ELSIF to_jsonb(NEW) - settling <> to_jsonb(OLD) - settling OR OLD.outcome <> 'waiting' THEN
        wrong := 'is_settled_once';
    ELSIF asked.state <> 'running' THEN wrong := 'is_settled_while_it_runs';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('an item of a long job %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'jobs_jobitem_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_jobitem_guard BEFORE INSERT OR UPDATE ON jobs_jobitem
    FOR EACH ROW EXECUTE FUNCTION jobs_guard_jobitem();
REVOKE DELETE ON jobs_jobitem FROM fenhang_app;
"""
