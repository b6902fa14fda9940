"""Consents in the database: texts stay as published, rows are added only, permissions follow from the rows."""

# Bank-wide; customers read them to agree to them.
TEXTS = """
REVOKE ALL ON customers_consenttext FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT ON customers_consenttext TO fenhang_app;
GRANT SELECT ON customers_consenttext TO fenhang_customer, fenhang_verbs;
"""

# A consent refers to a text of its own purpose, by what it said.
SAYS_WHAT_IT_SAID = """
ALTER TABLE customers_consent ADD CONSTRAINT customers_consent_is_to_what_the_text_said
    FOREIGN KEY (text_id, purpose, text_sha256) REFERENCES customers_consenttext (id, purpose, sha256);
"""

BIT = """
CREATE FUNCTION customers_consent_bit(purpose text, channel text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT 1 << (array_position(ARRAY['service inbox', 'service subscribe', 'service sms', 'service wecom',
        'service phone', 'marketing inbox', 'marketing subscribe', 'marketing sms', 'marketing wecom',
        'marketing phone', 'profiling ', 'sensitive ', 'partner '], purpose || ' ' || channel) - 1)
$$;
"""

# One statement for one customer and for thousands. The rows are locked first, and read in a statement that begins
# after that: of two who speak at once for one customer the second sees what the first has said. Of what was said at
# one moment the withdrawal counts.
PERMIT = """
CREATE FUNCTION customers_permit(customers uuid[]) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    INSERT INTO customers_permission (customer_id, branch_id, branch_pos, given, guarded, is_minor, changed_at)
    SELECT c.id, c.branch_id, c.branch_pos, 31, 0, false, coalesce(app_at(), now())
      FROM customers_customer c WHERE c.id = ANY (customers) ORDER BY c.id
    ON CONFLICT (customer_id) DO NOTHING;
    PERFORM FROM customers_permission p WHERE p.customer_id = ANY (customers) ORDER BY p.customer_id FOR UPDATE;
    WITH needed AS (
        SELECT t.purpose, max(t.version) AS version FROM customers_consenttext t
         WHERE t.asks_again AND t.valid_from <= coalesce(app_at(), now()) GROUP BY t.purpose
    ), said AS (
        SELECT c.customer_id, c.purpose, customers_consent_bit(c.purpose, c.channel) AS bit,
               max(c.at) FILTER (WHERE c.is_given AND NOT c.by_guardian
                                   AND t.version >= coalesce(n.version, 0)) AS own,
               max(c.at) FILTER (WHERE c.is_given AND c.by_guardian
                                   AND t.version >= coalesce(n.version, 0)) AS guardian,
               max(c.at) FILTER (WHERE NOT c.is_given) AS withdrawn
          FROM customers_consent c
          LEFT JOIN customers_consenttext t ON t.id = c.text_id
          LEFT JOIN needed n ON n.purpose = c.purpose
         WHERE c.customer_id = ANY (customers) GROUP BY c.customer_id, c.purpose, c.channel
    ), masks AS (
        SELECT s.customer_id,
               bit_or(CASE WHEN s.own > coalesce(s.withdrawn, '-infinity') THEN s.bit ELSE 0 END) AS own,
               bit_or(CASE WHEN s.guardian > coalesce(s.withdrawn, '-infinity') THEN s.bit ELSE 0 END) AS guardian,
               bit_or(CASE WHEN s.purpose = 'service' AND s.withdrawn >= greatest(s.own, s.guardian, '-infinity')
                           THEN s.bit ELSE 0 END) AS refused
          FROM said s GROUP BY s.customer_id
    )
    UPDATE customers_permission p
       SET given = (31 & ~coalesce(m.refused, 0)) | coalesce(m.own, 0), guarded = coalesce(m.guardian, 0),
           changed_at = coalesce(app_at(), now())
      FROM customers_customer c LEFT JOIN masks m ON m.customer_id = c.id
     WHERE p.customer_id = ANY (customers) AND c.id = p.customer_id
       AND (p.given, p.guarded) IS DISTINCT FROM
           ((31 & ~coalesce(m.refused, 0)) | coalesce(m.own, 0), coalesce(m.guardian, 0));
END $$;
"""

PERMITS = """
CREATE FUNCTION customers_consent_permits() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    PERFORM customers_permit(ARRAY(SELECT DISTINCT a.customer_id FROM added a));
    RETURN NULL;
END $$;
"""
PERMITS_TRIGGER = """
CREATE TRIGGER customers_consent_permits AFTER INSERT ON customers_consent REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION customers_consent_permits();
"""

# A text that asks again became valid: the next `many` customers behind `after`. Answers the last one, NULL at the end.
RENEW = """
CREATE FUNCTION renew_permissions(after uuid, many int) RETURNS uuid LANGUAGE plpgsql AS VERB $$
DECLARE lot uuid[] := ARRAY(SELECT p.customer_id FROM customers_permission p
                             WHERE p.customer_id > after ORDER BY p.customer_id LIMIT many);
BEGIN
    PERFORM customers_permit(lot);
    RETURN lot[cardinality(lot)];
END $$;
"""

# Of customers within the scope; whether they are, is asked here, since no policy holds for this function.
NOTE_MINORITY = """
CREATE FUNCTION note_minority(customers uuid[], minor boolean) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    INSERT INTO customers_permission (customer_id, branch_id, branch_pos, given, guarded, is_minor, changed_at)
    SELECT c.id, c.branch_id, c.branch_pos, 31, 0, minor, coalesce(app_at(), now())
      FROM customers_customer c WHERE c.id = ANY (customers) AND c.branch_pos BETWEEN app_lo() AND app_hi()
    ON CONFLICT (customer_id) DO UPDATE SET is_minor = minor, changed_at = EXCLUDED.changed_at
     WHERE customers_permission.is_minor <> minor;
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""

# The switch is the customer's own, and the only column of that table a customer may turn.
PERSONALISE = """
CREATE FUNCTION personalise(is_on boolean) RETURNS boolean LANGUAGE plpgsql AS VERB $$
BEGIN
    UPDATE customers_customer c SET is_personalised = is_on
     WHERE c.id = app_customer() AND c.is_personalised <> is_on;
    RETURN FOUND;
END $$;
"""
PERSONALISE_GRANTS = """
GRANT UPDATE (is_personalised) ON customers_customer TO fenhang_verbs;
"""

# What people are asked to agree to has been approved by somebody else, word for word, whoever writes it. What an
# installation begins with is nobody's deed and has no review.
TEXT_WAS_APPROVED = """
CREATE FUNCTION customers_text_was_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE approved approvals_revision; wrong text;
BEGIN
    IF NEW.revision_id IS NULL AND app_person() IS NULL THEN RETURN NEW; END IF;
    SELECT * INTO approved FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF NOT FOUND OR approved.state <> 'approved' OR approved.kind <> 'customers.consentdraft' THEN
        wrong := 'was_approved';
    ELSIF (approved.payload ->> 'purpose', approved.payload ->> 'title', approved.payload ->> 'title_en',
           approved.payload ->> 'text', approved.payload ->> 'text_en', (approved.payload ->> 'asks_again')::boolean)
          IS DISTINCT FROM (NEW.purpose::text, NEW.title::text, NEW.title_en::text, NEW.text, NEW.text_en,
                            NEW.asks_again) THEN
        wrong := 'says_what_was_approved';
    ELSIF NOT EXISTS (SELECT FROM approvals_decision d WHERE d.revision_id = approved.id AND d.verdict = 'approve'
                      AND d.sha256 = approved.sha256 AND d.person_id <> approved.author_id) THEN
        wrong := 'was_approved_by_another_person';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a consent text %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'customers_consenttext_' || wrong;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_consenttext_was_approved BEFORE INSERT ON customers_consenttext FOR EACH ROW
    EXECUTE FUNCTION customers_text_was_approved();
GRANT UPDATE (withdrawn_at) ON customers_consenttext TO fenhang_app;
"""
