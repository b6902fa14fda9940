"""Emergency stops as the database keeps them: who stops and lifts, what customers no longer see, what stays down."""

# A stop is written once; lifting is asked once and confirmed once, each by who acts. The closing of a branch and its
# moves change the place alone.
GUARD_STOP = """
CREATE FUNCTION approvals_guard_stop() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
        asking CONSTANT text[] := ARRAY['lift_asked_at', 'lift_asked_by_id', 'lift_asked_by_name', 'lift_words'];
        lifting CONSTANT text[] := ARRAY['lifted_at', 'lifted_by_id', 'lifted_by_name'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.stopped_by_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
        ELSIF NEW.lift_asked_at IS NOT NULL OR NEW.lift_asked_by_id IS NOT NULL OR NEW.lifted_at IS NOT NULL
            THEN wrong := 'starts_open';
        END IF;
    ELSIF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - asking = to_jsonb(OLD) - asking THEN
        IF OLD.lift_asked_at IS NOT NULL OR OLD.lifted_at IS NOT NULL OR NEW.lift_asked_at IS NULL
            THEN wrong := 'is_asked_to_lift_once';
        ELSIF NEW.lift_asked_by_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
        END IF;
    ELSIF to_jsonb(NEW) - lifting = to_jsonb(OLD) - lifting THEN
        IF OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL THEN wrong := 'is_lifted_once';
        ELSIF NEW.lifted_by_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
        ELSIF OLD.lift_asked_by_id IS NULL OR OLD.lift_asked_by_id = NEW.lifted_by_id
            THEN wrong := 'is_lifted_by_two_persons';
        END IF;
    ELSE
        wrong := 'is_never_edited';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a stop %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_stop_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_stop_guard BEFORE INSERT OR UPDATE ON approvals_stop
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_stop();
REVOKE DELETE ON approvals_stop FROM fenhang_app;
"""

# What is stopped along a line of branches, as tokens "kind:campaign" with either part empty for "any". Customers may
# not read who stopped it and why, so they ask this; and nobody asks about a line that is not theirs.
STOPS = """
CREATE FUNCTION approvals_stops(line int[]) RETURNS text[] LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    -- The usual answer costs a third of the whole question.
    IF NOT EXISTS (SELECT FROM approvals_stop s WHERE s.lifted_at IS NULL AND s.branch_id = ANY (line)) THEN
        RETURN '{}';
    END IF;
    RETURN coalesce((SELECT array_agg(s.kind || ':' || coalesce(s.campaign_id::text, ''))
                       FROM approvals_stop s
                      WHERE s.lifted_at IS NULL AND s.branch_id = ANY (line)
                        AND (s.branch_id = ANY (app_line()) OR s.branch_pos BETWEEN app_lo() AND app_hi())), '{}');
END $$;
"""

# The service refuses in words; this holds for every writer. Runs as the writer.
GUARD_NOT_STOPPED = """
CREATE FUNCTION approvals_guard_not_stopped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE campaign text := CASE WHEN TG_ARGV[1] <> '' THEN to_jsonb(NEW) ->> TG_ARGV[1] END;
BEGIN
    IF approvals_stops(tenants_line(NEW.branch_id))
       && ARRAY[':', TG_ARGV[0] || ':', ':' || campaign, TG_ARGV[0] || ':' || campaign] THEN
        RAISE check_violation USING
            MESSAGE = format('%s: a published copy does not go live while it is stopped', TG_TABLE_NAME),
            CONSTRAINT = 'approvals_published_copy_is_not_stopped';
    END IF;
    RETURN NEW;
END $$;
"""

# Roles of a bank that runs already: who looks at reviews sees stops; the presets that stop and lift may do so.
ROLES = """
UPDATE tenants_role SET verbs = array_append(verbs, 'approvals.stop.view')
 WHERE 'approvals.revision.view' = ANY (verbs) AND NOT 'approvals.stop.view' = ANY (verbs);
UPDATE tenants_role SET verbs = array_append(verbs, 'approvals.stop.add')
 WHERE code IN ('administrator', 'branch_manager', 'reviewer') AND NOT 'approvals.stop.add' = ANY (verbs);
UPDATE tenants_role SET verbs = array_append(verbs, 'approvals.stop.lift')
 WHERE code IN ('administrator', 'branch_manager') AND NOT 'approvals.stop.lift' = ANY (verbs);
"""
