"""The SQL of merging: a row that follows another's customer, whom staff must confirm, and what only verbs may reach."""

# As sql.FOLLOWS_CUSTOMER, under another column.
FOLLOWS_KEPT = """
ALTER TABLE customers_merge ADD CONSTRAINT customers_merge_follows_its_customer
    FOREIGN KEY (kept_id, branch_id, branch_pos)
    REFERENCES customers_customer (id, branch_id, branch_pos) ON UPDATE CASCADE;
"""

# Two whom the bank knows by its own numbers are one only when somebody proposed it and somebody else confirmed it;
# whatever service there may ever be. Read before the identities move.
CONFIRMED = """
CREATE FUNCTION customers_merge_is_confirmed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE known int;
BEGIN
    SELECT count(DISTINCT i.customer_id) INTO known FROM customers_identity i
     WHERE i.customer_id IN (NEW.kept_id, NEW.absorbed_id) AND i.kind = 'customer_number' AND i.state = 'verified'
       AND i.source <> 'wechat';
    IF known = 2 AND NOT EXISTS (
        SELECT FROM customers_mergeproposal p
         WHERE p.id = NEW.proposal_id AND p.state = 'confirmed' AND p.decided_by_id = NEW.by_person_id
           AND p.by_person_id IS DISTINCT FROM p.decided_by_id
           AND p.first_id = least(NEW.kept_id, NEW.absorbed_id)
           AND p.second_id = greatest(NEW.kept_id, NEW.absorbed_id)) THEN
        RAISE check_violation USING MESSAGE = 'two known customers are merged when staff confirm it',
            CONSTRAINT = 'customers_merge_of_two_known_is_confirmed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_merge_is_confirmed BEFORE INSERT ON customers_merge FOR EACH ROW
    EXECUTE FUNCTION customers_merge_is_confirmed();
REVOKE DELETE ON customers_merge, customers_mergeproposal, customers_care FROM fenhang_app;
-- Into the queue by the verb alone, which knows its place.
REVOKE INSERT ON customers_mergeproposal FROM fenhang_app;
-- Locking a row takes the right to change some column of it: claims hold their customer (campaigns/rewards).
GRANT UPDATE (branch_pos) ON customers_customer TO fenhang_verbs;
"""

# Into the queue of the lowest branch above both homes, which whoever proposes may not see. Answers the state in which
# the pair stands: a pair that was rejected is not asked about again.
PROPOSE = """
CREATE FUNCTION propose_customer_merge(fresh uuid, one uuid, other uuid, why jsonb) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE a customers_customer; b customers_customer; above tenants_branch; stands text;
BEGIN
    SELECT * INTO a FROM customers_customer c WHERE c.id = least(one, other);
    SELECT * INTO b FROM customers_customer c WHERE c.id = greatest(one, other);
    IF a.id IS NULL OR b.id IS NULL OR a.id = b.id THEN RETURN NULL; END IF;
    -- Staff propose about at least one customer of their own.
    IF NOT (a.branch_pos BETWEEN app_lo() AND app_hi() OR b.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RETURN NULL;
    END IF;
    SELECT t.* INTO above FROM tenants_branch t
     WHERE t.pos <= least(a.branch_pos, b.branch_pos) AND t.pos_end >= greatest(a.branch_pos, b.branch_pos)
     ORDER BY t.pos DESC LIMIT 1;
    INSERT INTO customers_mergeproposal (id, branch_id, branch_pos, first_id, second_id, at, why, by_person_id, by_name,
                                         state, decided_by_name, comment)
    VALUES (fresh, above.id, above.pos, a.id, b.id, app_at(), why, app_person(),
            coalesce((SELECT p.name FROM tenants_person p WHERE p.id = app_person()), ''), 'open', '', '')
    ON CONFLICT (first_id, second_id) DO NOTHING;
    SELECT p.state INTO stands FROM customers_mergeproposal p WHERE p.first_id = a.id AND p.second_id = b.id;
    RETURN stands;
END $$;
"""

# One home moved: what is still to be decided goes to the lowest branch above both again.
PLACE_PROPOSALS = """
CREATE FUNCTION place_merge_proposals(customers uuid[]) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    UPDATE customers_mergeproposal p SET branch_id = above.id, branch_pos = above.pos
      FROM customers_customer a, customers_customer b,
           LATERAL (SELECT t.id, t.pos FROM tenants_branch t
                     WHERE t.pos <= least(a.branch_pos, b.branch_pos)
                       AND t.pos_end >= greatest(a.branch_pos, b.branch_pos) ORDER BY t.pos DESC LIMIT 1) above
     WHERE p.state = 'open' AND (p.first_id = ANY (customers) OR p.second_id = ANY (customers))
       AND a.id = p.first_id AND b.id = p.second_id
       AND (a.branch_pos BETWEEN app_lo() AND app_hi() OR b.branch_pos BETWEEN app_lo() AND app_hi())
       AND p.branch_id <> above.id;
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""

# Open questions about somebody who is somebody else now: asked again about who is there.
REPLACE_PROPOSALS = """
CREATE FUNCTION overtake_merge_proposals(gone uuid, now_is uuid) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE held customers_mergeproposal; many int := 0; rest uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.absorbed_id = gone AND m.kept_id = now_is
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'proposals are overtaken by a merge';
    END IF;
    FOR held IN SELECT * FROM customers_mergeproposal p
                 WHERE p.state = 'open' AND (p.first_id = gone OR p.second_id = gone) ORDER BY p.id FOR UPDATE LOOP
        UPDATE customers_mergeproposal p SET state = 'superseded', decided_at = app_at() WHERE p.id = held.id;
        rest := CASE WHEN held.first_id = gone THEN held.second_id ELSE held.first_id END;
        IF rest <> now_is THEN
            PERFORM propose_customer_merge(uuidv7(), now_is, rest, held.why);
        END IF;
        many := many + 1;
    END LOOP;
    RETURN many;
END $$;
"""

# Whoever was merged away logs in again and finds the customer that is kept.
END_SESSIONS = """
CREATE FUNCTION end_customer_sessions(customer uuid) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    UPDATE customers_refreshsession s SET revoked_at = app_at()
     WHERE s.customer_id = customer AND s.revoked_at IS NULL AND s.branch_pos BETWEEN app_lo() AND app_hi();
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""
