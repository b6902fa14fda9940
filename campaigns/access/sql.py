"""The SQL of this room: who a log-in belongs to, asked before there is a scope; what a reset must be."""

# For the rules of one's own password, and nothing else; only about the log-in itself.
WHOSE_LOGIN = """
CREATE FUNCTION whose_login(login bigint)
RETURNS TABLE (person_id uuid, name text, staff_number text)
LANGUAGE sql STABLE AS VERB $$
    SELECT p.id, p.name, p.staff_number FROM tenants_login l JOIN tenants_person p ON p.id = l.person_id
     WHERE l.id = whose_login.login
$$;
"""

# Whether a person holds, or will hold, an assignment outside the scope that asks. One bit, and no more.
ACTS_BEYOND = """
CREATE FUNCTION acts_beyond_scope(person uuid)
RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (SELECT FROM tenants_assignment a
                    WHERE a.person_id = acts_beyond_scope.person AND a.held_until > app_at()
                      AND NOT coalesce(a.branch_pos BETWEEN app_lo() AND app_hi(), false))
$$;
"""

RESET_IS_TRUE = """
CREATE FUNCTION access_reset_is_true() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.asked_by_person IS DISTINCT FROM app_person() THEN
        RAISE check_violation USING MESSAGE = 'a reset is asked by who acts',
            CONSTRAINT = 'access_reset_is_asked_by_who_acts';
    END IF;
    IF NOT EXISTS (SELECT FROM tenants_login l WHERE l.id = NEW.login_id AND l.person_id = NEW.person_id) THEN
        RAISE check_violation USING MESSAGE = 'the log-in is another person''s',
            CONSTRAINT = 'access_reset_login_is_of_the_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER access_reset_is_true BEFORE INSERT ON access_reset
    FOR EACH ROW EXECUTE FUNCTION access_reset_is_true();
"""

# Passwords of before this table were chosen under the rules of then: nobody is kept out by an upgrade.
PASSWORDS_OF_BEFORE = """
INSERT INTO access_passwordterms (login_id, chosen_at) SELECT id, now() FROM tenants_login;
"""

# Nobody but staff's side has anything to do with these.
BANK_WIDE = """
REVOKE ALL ON access_passwordterms, access_pastpassword, access_secondfactor, access_recoverycode, access_try
    FROM PUBLIC, fenhang_customer, fenhang_verbs;
REVOKE UPDATE ON access_pastpassword, access_try FROM fenhang_app;
"""
