"""Reviews and published copies that change hands, and nothing else about them.

Work goes from a closed branch to the one that took it over (tenants_takes_over), and an open review from somebody who
left to a keeper, who is then its maker as far as deciding goes.
"""

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
"""

GUARD_DECISION = """
CREATE OR REPLACE FUNCTION approvals_guard_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE decided approvals_revision; wrong text;
BEGIN
    SELECT * INTO decided FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF NEW.person_id IS DISTINCT FROM app_person() THEN wrong := 'is_by_who_acts';
    ELSIF NOT FOUND OR decided.state <> 'submitted' THEN wrong := 'is_on_an_open_review';
    ELSIF decided.sha256 <> NEW.sha256 THEN wrong := 'has_seen_the_submitted_hash';
    ELSIF NEW.person_id IN (decided.author_id, decided.keeper_id) THEN wrong := 'is_never_by_the_maker';
    ELSIF decided.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a decision %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_decision_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""

GUARD_PUBLISHED = """
CREATE OR REPLACE FUNCTION approvals_guard_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE approved approvals_revision; wrong text; place CONSTANT text[] := ARRAY['branch_pos', 'branch_id'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN RETURN NEW; END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - place = to_jsonb(OLD) - place
       AND tenants_takes_over(OLD.branch_id, NEW.branch_id) THEN RETURN NEW; END IF;
    SELECT * INTO approved FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF NOT FOUND OR approved.state <> 'approved' THEN wrong := 'was_approved';
    ELSIF TG_OP = 'UPDATE' AND NEW.revision_id = OLD.revision_id THEN wrong := 'is_never_edited';
    ELSIF approved.sha256 <> NEW.sha256 THEN wrong := 'has_the_approved_hash';
    ELSIF approved.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    ELSIF TG_NARGS = 2 AND approved.subject <> TG_ARGV[0] || ':' || (to_jsonb(NEW) ->> TG_ARGV[1])
        THEN wrong := 'is_of_the_approved_thing';
    ELSIF NOT EXISTS (SELECT FROM approvals_decision d WHERE d.revision_id = approved.id AND d.verdict = 'approve'
                      AND d.sha256 = approved.sha256 AND d.person_id <> approved.author_id)
        THEN wrong := 'was_approved_by_another_person';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('%s: a published copy %s', TG_TABLE_NAME, replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_published_copy_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""
