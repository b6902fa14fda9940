"""What holds says what was approved, word for word, for every writer."""

# The guard of published copies compares hashes; which steps everything else needs is worth comparing in full.
# Triggers run in the order of their names: this one after that guard, which says more of what is wrong.
GUARD_POLICY = """
CREATE FUNCTION approvals_guard_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approvals_revision r WHERE r.id = NEW.revision_id
                   AND r.payload = NEW.document || jsonb_build_object('title', NEW.title, 'rank', NEW.rank)) THEN
        RAISE check_violation USING MESSAGE = 'a policy that holds is as it was approved',
            CONSTRAINT = 'approvals_livepolicy_is_as_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_livepolicy_words_were_approved
    BEFORE INSERT OR UPDATE OF document, title, rank, revision_id ON approvals_livepolicy
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_policy();
"""
