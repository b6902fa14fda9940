"""The SQL of roles that exclude each other."""

# A definer function, since the other assignment may lie at a branch that the writer does not see. One at a time for
# each person, so that two who assign at once do not miss each other.
EXCLUDE = """
CREATE FUNCTION tenants_roles_exclude() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF NEW.held_until <= NEW.held_from THEN RETURN NULL; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('tenants.assignment' || NEW.person_id, 0));
    IF EXISTS (SELECT FROM tenants_assignment a JOIN tenants_roleexclusion x
                   ON (x.role_id, x.excludes_id) IN ((NEW.role_id, a.role_id), (a.role_id, NEW.role_id))
                WHERE a.person_id = NEW.person_id AND a.id <> NEW.id
                  AND a.held_from < NEW.held_until AND a.held_until > NEW.held_from) THEN
        RAISE exclusion_violation USING MESSAGE = 'roles of one person exclude each other',
            CONSTRAINT = 'tenants_assignment_roles_exclude_each_other';
    END IF;
    RETURN NULL;
END $$;
"""

# The rule that is added must hold already, whatever else is being assigned meanwhile.
EXCLUSION_HOLDS = """
CREATE FUNCTION tenants_roleexclusion_holds() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF EXISTS (SELECT FROM tenants_assignment a JOIN tenants_assignment b ON b.person_id = a.person_id AND b.id <> a.id
                WHERE a.role_id = NEW.role_id AND b.role_id = NEW.excludes_id
                  AND a.held_from < b.held_until AND a.held_until > b.held_from
                  AND least(a.held_until, b.held_until) > now()) THEN
        RAISE exclusion_violation USING MESSAGE = 'somebody holds both roles',
            CONSTRAINT = 'tenants_roleexclusion_nobody_holds_both';
    END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER tenants_roles_exclude AFTER INSERT OR UPDATE OF role_id, person_id, held_from, held_until
    ON tenants_assignment FOR EACH ROW EXECUTE FUNCTION tenants_roles_exclude();
CREATE TRIGGER tenants_roleexclusion_holds AFTER INSERT OR UPDATE ON tenants_roleexclusion
    FOR EACH ROW EXECUTE FUNCTION tenants_roleexclusion_holds();
CREATE FUNCTION tenants_assignment_is_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.person_id = app_person() THEN
        RAISE check_violation USING MESSAGE = 'nobody gives a role to himself',
            CONSTRAINT = 'tenants_assignment_is_given_by_another';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tenants_assignment_is_given AFTER INSERT OR UPDATE OF role_id, person_id, held_from
    ON tenants_assignment FOR EACH ROW EXECUTE FUNCTION tenants_assignment_is_given();
GRANT SELECT ON tenants_roleexclusion TO fenhang_verbs;
REVOKE UPDATE ON tenants_roleexclusion FROM fenhang_app;
REVOKE UPDATE, DELETE ON tenants_roleexclusionevent FROM fenhang_app;
"""

# The same rule as rules.may, for triggers: an entry may end in a star.
MAY = """
CREATE FUNCTION tenants_may(verbs text[], verb text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT verb = ANY (verbs) OR EXISTS (
        SELECT FROM unnest(verbs) v WHERE v LIKE '%.*' AND starts_with(verb, left(v, -1)));
END;
"""
