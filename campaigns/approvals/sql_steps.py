"""The steps of a review as the database keeps them, whoever writes.

A revision is approved when every step is signed or was empty and could be left out; a step is signed by people who
may sit there at that moment, none of them the maker or the keeper, each of them once.
"""

# A void seat still asks for a signature until another seat replaces it: nobody makes a step easier by emptying it.
IS_SIGNED = """
CREATE FUNCTION approvals_is_signed(step approvals_step) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE (step).how
        WHEN 'all' THEN EXISTS (SELECT FROM approvals_seat t WHERE t.step_id = (step).id) AND NOT EXISTS (
            SELECT FROM approvals_seat t WHERE t.step_id = (step).id
               AND NOT (t.void_at IS NOT NULL AND EXISTS (SELECT FROM approvals_seat r WHERE r.replaces_id = t.id))
               AND NOT EXISTS (SELECT FROM approvals_decision d WHERE d.seat_id = t.id AND d.step_id = (step).id
                                  AND d.verdict = 'approve' AND d.round >= (step).since))
        ELSE (SELECT count(DISTINCT d.person_id) FROM approvals_decision d WHERE d.step_id = (step).id
                 AND d.verdict = 'approve' AND d.round >= (step).since)
             >= CASE (step).how WHEN 'count' THEN (step).count ELSE 1 END
    END
$$;
"""

# Whether anybody but the maker could take one of the step's seats.
IS_EMPTY = """
CREATE FUNCTION approvals_is_empty(step approvals_step, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM approvals_seat t JOIN approvals_revision v ON v.id = t.revision_id
          CROSS JOIN LATERAL approvals_candidates(t.role, t.at_branch_id, t.person_id, t.branch_id, at) c
         WHERE t.step_id = (step).id AND t.void_at IS NULL
           AND c.person_id <> v.author_id AND c.person_id IS DISTINCT FROM v.keeper_id)
$$;
"""

GUARD_REVISION = """
CREATE OR REPLACE FUNCTION approvals_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text; place CONSTANT text[] := ARRAY['branch_pos', 'branch_id'];
    moving CONSTANT text[] := ARRAY['branch_pos', 'state', 'decided_at'];
    running CONSTANT text[] := ARRAY['due_at', 'round'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' OR NEW.round <> 1 THEN wrong := 'starts_submitted';
        ELSIF NEW.author_id IS DISTINCT FROM app_person() THEN wrong := 'author_is_who_acts';
        ELSIF NEW.keeper_id IS NOT NULL THEN wrong := 'is_kept_by_its_maker_first';
        END IF;
    ELSIF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - place = to_jsonb(OLD) - place AND tenants_takes_over(OLD.branch_id, NEW.branch_id) THEN
        RETURN NEW;
    ELSIF to_jsonb(NEW) - 'keeper_id' = to_jsonb(OLD) - 'keeper_id' AND OLD.state IN ('submitted', 'sent_back') THEN
        RETURN NEW;
    ELSIF OLD.state = 'submitted' AND to_jsonb(NEW) - running = to_jsonb(OLD) - running THEN
        -- The next step opens with its own time; another round follows a decision to send back to a step.
        IF NEW.round <> OLD.round AND NOT (NEW.round = OLD.round + 1 AND EXISTS (
            SELECT FROM approvals_decision d
             WHERE d.revision_id = NEW.id AND d.round = OLD.round AND d.verdict = 'step_back')) THEN
            wrong := 'has_another_round_when_sent_back';
        END IF;
    ELSIF to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving THEN
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
    ELSIF NEW.state = 'approved' AND (
        NOT EXISTS (SELECT FROM approvals_step s WHERE s.revision_id = NEW.id AND s.state = 'passed')
        OR EXISTS (SELECT FROM approvals_step s WHERE s.revision_id = NEW.id
                      AND NOT (s.state = 'skipped' OR s.state = 'passed' AND approvals_is_signed(s)))) THEN
        wrong := 'has_passed_every_step';
    ELSIF NEW.state = 'approved' AND EXISTS (
        SELECT FROM approvals_decision d JOIN approvals_step s ON s.id = d.step_id
         WHERE d.revision_id = NEW.id AND d.verdict = 'approve' AND d.round >= s.since
           AND (d.sha256 <> NEW.sha256 OR NEW.keeper_id IN (d.person_id, d.for_person_id))) THEN
        wrong := 'was_approved_by_another_person';
    ELSIF NEW.state = 'approved' AND EXISTS (
        -- What it points to, as far as the writer sees it, is what was seen.
        SELECT FROM jsonb_each_text(coalesce(NEW.payload -> 'refers', '{}')) r
         WHERE EXISTS (SELECT FROM approvals_revision v WHERE v.subject = r.key)
           AND NOT EXISTS (SELECT FROM approvals_revision v WHERE v.subject = r.key AND v.sha256 = r.value
                              AND v.state IN ('submitted', 'approved'))) THEN
        wrong := 'refers_to_what_was_seen';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a revision %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_revision_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""

GUARD_DECISION = """
CREATE OR REPLACE FUNCTION approvals_guard_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE decided approvals_revision; step approvals_step; seat approvals_seat; wrong text;
BEGIN
    -- Locked, so that two who sign at once are counted one after the other.
    SELECT * INTO decided FROM approvals_revision r WHERE r.id = NEW.revision_id FOR NO KEY UPDATE;
    SELECT * INTO step FROM approvals_step s WHERE s.id = NEW.step_id;
    SELECT * INTO seat FROM approvals_seat t WHERE t.id = NEW.seat_id;
    IF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
    ELSIF decided.id IS NULL OR decided.state <> 'submitted' THEN wrong := 'is_on_an_open_review';
    ELSIF decided.sha256 <> NEW.sha256 THEN wrong := 'has_seen_the_submitted_hash';
    ELSIF decided.author_id IN (NEW.person_id, NEW.for_person_id)
        OR decided.keeper_id IN (NEW.person_id, NEW.for_person_id) THEN wrong := 'is_never_by_the_maker';
    ELSIF decided.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    ELSIF step.revision_id IS DISTINCT FROM NEW.revision_id OR step.state <> 'open' OR NEW.round <> decided.round THEN
        wrong := 'is_at_the_open_step';
    ELSIF seat.step_id IS DISTINCT FROM NEW.step_id OR seat.void_at IS NOT NULL
        OR NOT approvals_fills(seat, coalesce(NEW.for_person_id, NEW.person_id), app_at()) THEN
        wrong := 'is_by_who_may_sign_there';
    ELSIF NEW.for_person_id IS NOT NULL
        AND NOT approvals_stands_in(NEW.person_id, NEW.for_person_id, decided.branch_id, app_at()) THEN
        wrong := 'is_by_a_deputy_of_today';
    ELSIF NEW.verdict = 'approve' AND EXISTS (
        SELECT FROM approvals_decision d JOIN approvals_step s ON s.id = d.step_id
         WHERE d.revision_id = NEW.revision_id AND d.person_id = NEW.person_id AND d.verdict = 'approve'
           AND d.round >= s.since) THEN
        wrong := 'counts_once_for_each_person';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a decision %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_decision_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""

GUARD_STEP = """
CREATE FUNCTION approvals_guard_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE decided approvals_revision; wrong text; place CONSTANT text[] := ARRAY['branch_pos', 'branch_id'];
    running CONSTANT text[] := ARRAY['state', 'since', 'opened_at', 'due_at', 'escalate_at', 'closed_at'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN RETURN NEW; END IF;
        IF to_jsonb(NEW) - place = to_jsonb(OLD) - place AND tenants_takes_over(OLD.branch_id, NEW.branch_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    SELECT * INTO decided FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF decided.id IS NULL OR decided.state <> 'submitted' THEN wrong := 'is_of_an_open_review';
    ELSIF decided.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'waiting' THEN wrong := 'waits_at_first';
        ELSIF NOT (
            NEW.added_by_id IS NULL AND decided.author_id = app_person() AND decided.submitted_at = app_at()
            AND NOT EXISTS (SELECT FROM approvals_decision d WHERE d.revision_id = NEW.revision_id)
            OR NEW.added_by_id IS NOT DISTINCT FROM app_person() AND app_person() IS DISTINCT FROM decided.author_id
            AND app_person() IS DISTINCT FROM decided.keeper_id AND EXISTS (
                SELECT FROM approvals_seat t JOIN approvals_step s ON s.id = t.step_id
                 WHERE t.revision_id = NEW.revision_id AND s.state = 'open' AND t.void_at IS NULL
                   AND approvals_may_take(t, app_at()))
        ) THEN wrong := 'comes_with_the_submission_or_from_a_signer';
        END IF;
    ELSIF to_jsonb(NEW) - running <> to_jsonb(OLD) - running THEN wrong := 'is_frozen';
    ELSIF NEW.since <> OLD.since AND NOT (NEW.since = decided.round AND NEW.since > OLD.since) THEN
        wrong := 'counts_anew_in_a_later_round_alone';
    ELSIF NEW.state = OLD.state THEN
        NULL;
    ELSIF NEW.state = 'open' AND EXISTS (
        SELECT FROM approvals_step s WHERE s.revision_id = NEW.revision_id AND s.position < NEW.position
           AND s.state IN ('waiting', 'open')) THEN wrong := 'opens_in_its_turn';
    ELSIF NEW.state = 'passed' AND NOT (OLD.state = 'open' AND approvals_is_signed(NEW)) THEN
        wrong := 'passes_when_it_is_signed';
    ELSIF NEW.state = 'skipped' AND NOT (OLD.state = 'waiting' AND NEW.if_empty = 'skip'
                                         AND approvals_is_empty(NEW, app_at())) THEN
        wrong := 'is_left_out_only_when_empty';
    ELSIF OLD.state IN ('passed', 'skipped') AND NOT (NEW.state = 'waiting' AND NEW.since > OLD.since) THEN
        wrong := 'is_over';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a step %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_step_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_step_guard BEFORE INSERT OR UPDATE ON approvals_step
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_step();
REVOKE DELETE ON approvals_step FROM fenhang_app;
"""

GUARD_SEAT = """
CREATE FUNCTION approvals_guard_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE decided approvals_revision; step approvals_step; old_seat approvals_seat; wrong text;
    place CONSTANT text[] := ARRAY['branch_pos', 'branch_id', 'at_branch_id'];
    voiding CONSTANT text[] := ARRAY['void_at', 'is_open'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - ARRAY['branch_pos', 'is_open'] = to_jsonb(OLD) - ARRAY['branch_pos', 'is_open'] THEN
            RETURN NEW;
        END IF;
        -- A closed branch's own seats are the successor's.
        IF to_jsonb(NEW) - place = to_jsonb(OLD) - place
           AND (NEW.branch_id = OLD.branch_id OR tenants_takes_over(OLD.branch_id, NEW.branch_id))
           AND (NEW.at_branch_id IS NOT DISTINCT FROM OLD.at_branch_id
                OR tenants_takes_over(OLD.at_branch_id, NEW.at_branch_id)) THEN
            RETURN NEW;
        END IF;
    END IF;
    SELECT * INTO decided FROM approvals_revision r WHERE r.id = NEW.revision_id;
    SELECT * INTO step FROM approvals_step s WHERE s.id = NEW.step_id;
    SELECT * INTO old_seat FROM approvals_seat t WHERE t.id = NEW.replaces_id;
    IF decided.id IS NULL OR decided.state <> 'submitted' OR step.revision_id IS DISTINCT FROM NEW.revision_id THEN
        wrong := 'is_of_an_open_review';
    ELSIF decided.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    ELSIF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - voiding <> to_jsonb(OLD) - voiding OR OLD.void_at IS NOT NULL THEN
            wrong := 'is_frozen';
        END IF;
    ELSIF NEW.void_at IS NOT NULL THEN wrong := 'is_not_void_at_first';
    ELSIF NEW.person_id IN (decided.author_id, decided.keeper_id) THEN wrong := 'is_never_the_makers';
    ELSIF app_person() IS NULL THEN
        NULL;  -- the system escalates, and hands over what a leaving person had
    ELSIF NEW.replaces_id IS NULL THEN
        IF NOT (step.added_by_id IS NULL AND decided.author_id = app_person() AND decided.submitted_at = app_at()
                AND NOT EXISTS (SELECT FROM approvals_decision d WHERE d.revision_id = NEW.revision_id)
                OR step.added_by_id IS NOT DISTINCT FROM app_person()
                AND NEW.given_by_id IS NOT DISTINCT FROM app_person()) THEN
            wrong := 'comes_with_the_submission_or_from_a_signer';
        END IF;
    ELSIF old_seat.step_id IS DISTINCT FROM NEW.step_id OR old_seat.void_at IS NULL
        OR NEW.given_by_id IS DISTINCT FROM app_person() THEN wrong := 'replaces_a_void_one';
    ELSIF NOT EXISTS (
        SELECT FROM approvals_candidates(old_seat.role, old_seat.at_branch_id, old_seat.person_id, old_seat.branch_id,
                                         app_at()) c
         WHERE c.person_id <> decided.author_id AND c.person_id IS DISTINCT FROM decided.keeper_id) THEN
        -- Where nobody can sit any more, the next branch up is asked, or somebody in the place of who left.
        IF NEW.role <> old_seat.role OR (NEW.person_id IS NULL) <> (old_seat.person_id IS NULL) OR NOT EXISTS (
            SELECT FROM approvals_candidates(NEW.role, NULL, NEW.person_id, NEW.branch_id, app_at())) THEN
            wrong := 'stays_of_its_kind';
        END IF;
    ELSIF NEW.person_id IS NULL THEN wrong := 'moves_up_only_when_empty';
    ELSIF app_person() IN (decided.author_id, decided.keeper_id) THEN wrong := 'is_never_the_makers';
    ELSIF NOT approvals_may_take(old_seat, app_at()) OR NOT EXISTS (
        SELECT FROM approvals_candidates(CASE WHEN old_seat.person_id IS NULL THEN old_seat.role ELSE '' END,
            CASE WHEN old_seat.person_id IS NULL THEN old_seat.at_branch_id END, NEW.person_id, NEW.branch_id,
            app_at()))
        THEN wrong := 'is_handed_on_among_equals';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a seat %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_seat_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_seat_guard BEFORE INSERT OR UPDATE ON approvals_seat
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_seat();
REVOKE DELETE ON approvals_seat FROM fenhang_app;
"""

GUARD_DELEGATION = """
CREATE FUNCTION approvals_guard_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text; place CONSTANT text[] := ARRAY['branch_pos', 'branch_id'];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos'
           OR to_jsonb(NEW) - place = to_jsonb(OLD) - place AND tenants_takes_over(OLD.branch_id, NEW.branch_id) THEN
            RETURN NEW;
        END IF;
        IF to_jsonb(NEW) - 'held_until' <> to_jsonb(OLD) - 'held_until' OR NEW.held_until > OLD.held_until THEN
            wrong := 'only_ends';
        END IF;
    ELSIF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_of_who_acts';
    ELSIF NOT approvals_may_delegate(NEW.assignment_id, NEW.branch_id, NEW.deputy_id, app_at()) THEN
        wrong := 'is_between_people_who_may';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a delegation %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_delegation_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_delegation_guard BEFORE INSERT OR UPDATE ON approvals_delegation
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_delegation();
REVOKE DELETE ON approvals_delegation FROM fenhang_app;
"""

# What is said and who looks is always the acting person's own.
GUARD_TALK = """
CREATE FUNCTION approvals_is_by_who_acts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.person_id IS DISTINCT FROM app_person() AND TG_OP = 'INSERT'
       OR TG_OP = 'UPDATE' AND to_jsonb(NEW) - ARRAY['branch_pos', 'branch_id', 'seen_at']
                            <> to_jsonb(OLD) - ARRAY['branch_pos', 'branch_id', 'seen_at'] THEN
        RAISE check_violation USING MESSAGE = format('%s: is by who acts', TG_TABLE_NAME),
            CONSTRAINT = TG_TABLE_NAME || '_is_by_who_acts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_remark_guard BEFORE INSERT ON approvals_remark
    FOR EACH ROW EXECUTE FUNCTION approvals_is_by_who_acts();
CREATE TRIGGER approvals_look_guard BEFORE INSERT OR UPDATE ON approvals_look
    FOR EACH ROW EXECUTE FUNCTION approvals_is_by_who_acts();
"""

# A foreign key's own check passes by every policy.
DECISION_SEES = """
CREATE TRIGGER approvals_decision_sees_step_id BEFORE INSERT OR UPDATE OF step_id ON approvals_decision FOR EACH ROW
    WHEN (NEW.step_id IS NOT NULL) EXECUTE FUNCTION tenants_must_see('step_id', 'approvals_step');
CREATE TRIGGER approvals_decision_sees_seat_id BEFORE INSERT OR UPDATE OF seat_id ON approvals_decision FOR EACH ROW
    WHEN (NEW.seat_id IS NOT NULL) EXECUTE FUNCTION tenants_must_see('seat_id', 'approvals_seat');
"""

# Reviews that were open before reviews had steps get the one that stood for all: anybody who may decide.
OPEN_REVIEWS = """
ALTER TABLE approvals_step DISABLE TRIGGER approvals_step_guard;
ALTER TABLE approvals_seat DISABLE TRIGGER approvals_seat_guard;
INSERT INTO approvals_step (id, branch_id, branch_pos, revision_id, position, title, how, count, if_empty, due_after,
                            policy, added_by_name, state, since, opened_at, due_at)
    SELECT gen_random_uuid(), branch_id, branch_pos, id, 1000, 'Review', 'any', 1, 'up', interval '1 day',
           '', '', 'open', 1, submitted_at, due_at
      FROM approvals_revision WHERE state = 'submitted';
INSERT INTO approvals_seat (id, branch_id, branch_pos, step_id, revision_id, role, person_name, given_by_name, is_open)
    SELECT gen_random_uuid(), branch_id, branch_pos, id, revision_id, '', '', '', true FROM approvals_step;
ALTER TABLE approvals_step ENABLE TRIGGER approvals_step_guard;
ALTER TABLE approvals_seat ENABLE TRIGGER approvals_seat_guard;
"""
