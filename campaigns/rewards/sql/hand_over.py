"""Stock of a branch that closed."""

# A definer function, since the batch may be one of a branch above, which who closes the branch does not see.
# Buckets keep their numbers, so the successor can be claimed from as much at once as the closed branch was.
HAND_STOCK_ON = """
CREATE FUNCTION pass_on_stock(closed int, successor int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE ended tenants_branch; next tenants_branch; issuer tenants_branch; held record; passed int := 0;
BEGIN
    SELECT * INTO ended FROM tenants_branch b WHERE b.id = closed;
    SELECT * INTO next FROM tenants_branch b WHERE b.id = successor;
    IF ended.is_open OR ended.successor_id IS DISTINCT FROM successor
       OR ended.pos NOT BETWEEN app_lo() AND app_hi() OR next.pos NOT BETWEEN app_lo() AND app_hi() THEN
        RAISE insufficient_privilege USING MESSAGE = 'stock is passed on from a closed branch to its successor';
    END IF;
    -- Locked in the order of allotting: the batch, then the buckets by number.
    FOR held IN
        SELECT b.id, b.handed_down, b.branch_id FROM rewards_batch b
         WHERE b.id IN (SELECT s.batch_id FROM rewards_stock s WHERE s.branch_id = closed AND s.claimed < s.allotted)
         ORDER BY b.id FOR UPDATE
    LOOP
        SELECT * INTO issuer FROM tenants_branch b WHERE b.id = held.branch_id;
        WITH taken AS (
            SELECT s.id, s.bucket, s.allotted - s.claimed AS unused FROM rewards_stock s
             WHERE s.batch_id = held.id AND s.branch_id = closed AND s.claimed < s.allotted
             ORDER BY s.bucket FOR UPDATE
        ), emptied AS (
            UPDATE rewards_stock s SET allotted = s.claimed FROM taken t WHERE s.id = t.id
        ), given AS (
            INSERT INTO rewards_stock AS s (id, batch_id, branch_id, branch_pos, bucket, allotted, claimed)
            SELECT uuidv7(), held.id, next.id, next.pos, t.bucket, t.unused, 0 FROM taken t
             WHERE next.id = issuer.id
                OR (held.handed_down AND next.pos > issuer.pos AND next.pos <= issuer.pos_end)
            ON CONFLICT (batch_id, branch_id, bucket) DO UPDATE SET allotted = s.allotted + excluded.allotted
            RETURNING 1
        )
        UPDATE rewards_batch b SET allotted = b.allotted - CASE WHEN EXISTS (SELECT FROM given) THEN 0
                                       ELSE coalesce((SELECT sum(t.unused) FROM taken t), 0) END
         WHERE b.id = held.id;
        passed := passed + 1;
    END LOOP;
    RETURN passed;
END $$;
"""

# What the verbs may write of `allotted`, they may write for a hand-over only.
GUARD = """
CREATE FUNCTION rewards_stock_is_passed_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'fenhang_verbs' AND NOT EXISTS (
        SELECT FROM tenants_branch b WHERE NOT b.is_open AND b.successor_id IS NOT NULL
           AND ((b.id = NEW.branch_id AND NEW.allotted = NEW.claimed) OR b.successor_id = NEW.branch_id)) THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'permission denied: stock of an open branch is allotted by staff, not by a verb';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rewards_stock_is_passed_on BEFORE INSERT OR UPDATE OF allotted ON rewards_stock
    FOR EACH ROW EXECUTE FUNCTION rewards_stock_is_passed_on();
"""

GRANTS = """
GRANT INSERT, UPDATE (allotted) ON rewards_stock TO fenhang_verbs;
GRANT UPDATE (allotted) ON rewards_batch TO fenhang_verbs;
"""
