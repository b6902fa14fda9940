"""Due rows as the database keeps them: they move along their table, and what they are never changes."""

# A row that was cancelled stands again only when it is laid again; a dead one only when somebody says so; a done one
# never. `branch_id` may change when its branch hands over, the moment when it is laid again after being cancelled.
GUARD = """
CREATE FUNCTION jobs_guard_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'waiting' OR NEW.tries <> 0 OR NEW.lost <> 0 OR NEW.ready_at <> NEW.run_at THEN
            wrong := 'waits_at_first';
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.state NOT IN ('done', 'skipped', 'cancelled') THEN wrong := 'is_over_before_it_goes'; END IF;
    ELSIF (NEW.id, NEW.kind, NEW.subject, NEW.version) <> (OLD.id, OLD.kind, OLD.subject, OLD.version) THEN
        wrong := 'stays_what_it_is';
    ELSIF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
        ('waiting', 'running'), ('waiting', 'cancelled'), ('waiting', 'skipped'), ('waiting', 'dead'),
        ('running', 'waiting'), ('running', 'done'), ('running', 'skipped'), ('running', 'dead'),
        ('running', 'cancelled'), ('dead', 'waiting'), ('dead', 'cancelled'), ('cancelled', 'waiting')) THEN
        wrong := 'moves_along_its_table';
    ELSIF OLD.state IN ('done', 'skipped') AND (NEW.run_at, NEW.ended_at, NEW.why::text, NEW.args::text)
        IS DISTINCT FROM (OLD.run_at, OLD.ended_at, OLD.why::text, OLD.args::text) THEN
        wrong := 'is_over';
    ELSIF NEW.run_at <> OLD.run_at AND NOT (OLD.state = 'cancelled' AND NEW.state = 'waiting') THEN
        wrong := 'keeps_its_time';
    ELSIF NEW.state = 'running' AND OLD.state = 'running' AND NEW.attempt <> OLD.attempt
        AND NEW.lost <= OLD.lost THEN
        wrong := 'counts_the_leases_it_lost';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a due row %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'jobs_due_' || wrong;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER jobs_due_guard BEFORE INSERT OR UPDATE OR DELETE ON jobs_due
    FOR EACH ROW EXECUTE FUNCTION jobs_guard_due();
"""

GUARD_RECURRING = """
CREATE FUNCTION jobs_guard_recurring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.kind, NEW.subject) <> (OLD.id, OLD.kind, OLD.subject) THEN
        RAISE check_violation USING MESSAGE = 'a recurring thing stays what it is',
            CONSTRAINT = 'jobs_recurring_stays_what_it_is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_recurring_guard BEFORE UPDATE ON jobs_recurring
    FOR EACH ROW EXECUTE FUNCTION jobs_guard_recurring();
"""

# A queue's rows die young: without it a million rows at rest hide ten thousand dead ones from the vacuum.
STORAGE = """
ALTER TABLE jobs_due SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0.02, fillfactor = 90);
"""
