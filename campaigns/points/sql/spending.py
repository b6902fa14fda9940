"""Points out of wallets: what is due first, then burnt, set aside, spent or set free; oldest end first."""

# What has come into force and what has lapsed by now, written down for these customers, whose wallets the caller holds.
# One movement for all of a kind: its entries name the customers. Answers how many lots it touched.
WRITE_DUE = """
CREATE FUNCTION points_write_due(who uuid[]) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE touched int := 0; many int; place record; made uuid;
BEGIN
    SELECT b.id, b.pos INTO place FROM tenants_branch b WHERE b.id = app_branch();
    IF EXISTS (SELECT FROM points_lot l
                WHERE l.customer_id = ANY (who) AND l.pending > 0 AND l.active_at <= app_at()) THEN
        made := uuidv7();
        INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, at, title, reason, cause)
        VALUES (made, place.id, place.pos, 'activate', CASE WHEN cardinality(who) = 1 THEN who[1] END, app_at(), '', '',
                '');
        UPDATE points_lot l SET expires_at = points_expires_at(l.active_at, l.months, l.ends, b.zone)
          FROM tenants_branch b
         WHERE l.customer_id = ANY (who) AND l.pending > 0 AND l.active_at <= app_at() AND b.id = l.branch_id;
        WITH due AS MATERIALIZED (
            SELECT l.id, l.branch_id, l.branch_pos, l.customer_id, l.issuer_id, l.pending,
                   least(l.pending, greatest(w.owed - coalesce(sum(l.pending) OVER (
                        PARTITION BY l.customer_id ORDER BY l.active_at, l.id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)) AS paid
              FROM points_lot l JOIN points_wallet w ON w.customer_id = l.customer_id
             WHERE l.customer_id = ANY (who) AND l.pending > 0 AND l.active_at <= app_at()
        ), booked AS (
            INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                                      points, at, title)
            SELECT d.branch_id, d.branch_pos, made, 'activate', 'pending', d.customer_id, d.id, d.issuer_id, -d.pending,
                   app_at(), '' FROM due d
            UNION ALL
            SELECT d.branch_id, d.branch_pos, made, 'activate', 'wallet', d.customer_id, d.id, d.issuer_id,
                   d.pending - d.paid, app_at(), '' FROM due d WHERE d.pending > d.paid
            UNION ALL
            SELECT d.branch_id, d.branch_pos, made, 'activate', 'owed', d.customer_id, NULL, NULL, d.paid, app_at(),
                   '' FROM due d WHERE d.paid > 0
        )
        SELECT count(*) INTO many FROM due;
        touched := touched + many;
    END IF;
    IF EXISTS (SELECT FROM points_lot l
                WHERE l.customer_id = ANY (who) AND l.rest > 0 AND l.expires_at <= app_at()) THEN
        made := uuidv7();
        INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, at, title, reason, cause)
        VALUES (made, place.id, place.pos, 'expire', CASE WHEN cardinality(who) = 1 THEN who[1] END, app_at(), '', '',
                '');
        WITH due AS MATERIALIZED (
            SELECT l.id, l.branch_id, l.branch_pos, l.customer_id, l.issuer_id, l.rest FROM points_lot l
             WHERE l.customer_id = ANY (who) AND l.rest > 0 AND l.expires_at <= app_at()
        ), booked AS (
            INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                                      points, at, title)
            SELECT d.branch_id, d.branch_pos, made, 'expire', 'wallet', d.customer_id, d.id, d.issuer_id, -d.rest,
                   app_at(), '' FROM due d
            UNION ALL
            SELECT b.id, b.pos, made, 'expire', 'expired', NULL, NULL, b.id, s.points, app_at(), ''
              FROM (SELECT d.issuer_id, sum(d.rest) AS points FROM due d GROUP BY 1) s
              JOIN tenants_branch b ON b.id = s.issuer_id
        )
        SELECT count(*) INTO many FROM due;
        touched := touched + many;
    END IF;
    RETURN touched;
END $$;
"""

# Which lots give how much, the one that ends first before the others. The caller holds the wallet.
TAKE = """
CREATE FUNCTION points_take(customer uuid, amount bigint)
RETURNS TABLE (lot uuid, issuer int, branch int, pos int, part bigint) LANGUAGE sql STABLE AS VERB $$
    SELECT t.id, t.issuer_id, t.branch_id, t.branch_pos, least(t.rest, amount - t.before)
      FROM (SELECT l.id, l.issuer_id, l.branch_id, l.branch_pos, l.rest,
                   sum(l.rest) OVER (ORDER BY l.expires_at, l.id) - l.rest AS before
              FROM points_lot l WHERE l.customer_id = customer AND l.rest > 0 AND l.expires_at > app_at()) t
     WHERE t.before < amount
$$;
"""

# Who may move this customer's points: staff within whose branches the customer is at home, or the customer; written
# down what is due, and said what is missing. NULL when all is well.
READY = """
CREATE FUNCTION points_ready(customer uuid, amount bigint) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE has bigint;
BEGIN
    IF app_customer() IS NOT NULL AND app_customer() <> customer OR app_customer() IS NULL AND app_lo() IS NULL THEN
        RETURN 'not_found';
    END IF;
    PERFORM points_hold_wallets(ARRAY[customer]);
    PERFORM FROM points_wallet w JOIN customers_customer c ON c.id = w.customer_id AND c.status = 'active'
      WHERE w.customer_id = customer
        AND (app_customer() = customer OR w.branch_pos BETWEEN app_lo() AND app_hi());
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    PERFORM points_write_due(ARRAY[customer]);
    SELECT w.usable - w.owed INTO has FROM points_wallet w WHERE w.customer_id = customer;
    RETURN CASE WHEN has < amount THEN 'short' END;
END $$;
"""

# Out of a wallet for good, into an account of the branch `place` or of a merchant, or back to who issued them
# ('issued'). `did`: burn or adjust.
BURN = """
CREATE FUNCTION burn_points(customer uuid, amount bigint, did text, into_account text, place int, shop uuid,
                            wanted_key uuid, said text, why text, caused text)
RETURNS TABLE (word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE no text; made uuid; target tenants_branch;
BEGIN
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    SELECT * INTO target FROM tenants_branch b WHERE b.id = place;
    no := CASE WHEN NOT FOUND OR amount < 1 THEN 'not_found' ELSE points_ready(customer, amount) END;
    IF no IS NOT NULL THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    -- Asked again under the lock: a twin may have been before.
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    made := uuidv7();
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, key, at, title, reason, cause, person_id)
    SELECT made, w.branch_id, w.branch_pos, did, customer, wanted_key, app_at(), said, why, caused, app_person()
      FROM points_wallet w WHERE w.customer_id = customer;
    WITH taken AS MATERIALIZED (SELECT * FROM points_take(customer, amount))
    INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                              merchant_id, points, at, title)
    SELECT t.branch, t.pos, made, did, 'wallet', customer, t.lot, t.issuer, NULL, -t.part, app_at(), said FROM taken t
    UNION ALL
    SELECT b.id, b.pos, made, did, into_account, NULL, NULL, t.issuer,
           CASE WHEN into_account = 'merchant' THEN shop END, t.part, app_at(), ''
      FROM (SELECT issuer, sum(part) AS part FROM taken GROUP BY 1) t
      JOIN tenants_branch b ON b.id = CASE WHEN into_account = 'issued' THEN t.issuer ELSE target.id END;
    RETURN QUERY SELECT NULL::text, made;
END $$;
"""

# Set aside until a moment; lots give as to a burn, and get back what was theirs.
HOLD = """
CREATE FUNCTION hold_points(customer uuid, amount bigint, ends timestamptz, wanted_key uuid, said text, caused text)
RETURNS TABLE (word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE no text; made uuid;
BEGIN
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    no := CASE WHEN amount < 1 OR ends <= app_at() THEN 'not_found' ELSE points_ready(customer, amount) END;
    IF no IS NOT NULL THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    made := uuidv7();
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, key, at, title, reason, cause, person_id)
    SELECT made, w.branch_id, w.branch_pos, 'hold', customer, wanted_key, app_at(), said, '', caused, app_person()
      FROM points_wallet w WHERE w.customer_id = customer;
    INSERT INTO points_hold (id, branch_id, branch_pos, customer_id, points, until)
    SELECT made, w.branch_id, w.branch_pos, customer, amount, ends FROM points_wallet w WHERE w.customer_id = customer;
    WITH taken AS MATERIALIZED (SELECT * FROM points_take(customer, amount))
    INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id, points,
                              at, title)
    SELECT t.branch, t.pos, made, 'hold', s.account, customer, t.lot, t.issuer, s.sign * t.part, app_at(), said
      FROM taken t CROSS JOIN (VALUES ('wallet', -1), ('held', 1)) AS s (account, sign);
    RETURN QUERY SELECT NULL::text, made;
END $$;
"""

# What holds set aside goes to an account (`into_account`, `place`, `shop`: one hold), or back to its lots (NULL: any).
# The caller holds the wallets and says which are open. One movement a hold, so that each is settled once.
SETTLE = """
CREATE FUNCTION points_settle_holds(holds uuid[], into_account text, place int, shop uuid, said text) RETURNS int
LANGUAGE plpgsql AS VERB $$
DECLARE did text := CASE WHEN into_account IS NULL THEN 'release' ELSE 'commit' END; many int;
BEGIN
    UPDATE points_hold h SET state = CASE did WHEN 'commit' THEN 'spent' ELSE 'free' END, settled_at = app_at()
     WHERE h.id = ANY (holds) AND h.state = 'open';
    GET DIAGNOSTICS many = ROW_COUNT;
    IF many <> cardinality(holds) THEN RAISE EXCEPTION 'of % holds % are open', cardinality(holds), many; END IF;
    -- A lot may have gone back to who was merged, while the hold stayed: points go with their lot.
    PERFORM points_hold_wallets(ARRAY(
        SELECT DISTINCT l.customer_id FROM points_entry e JOIN points_lot l ON l.id = e.lot_id
         WHERE e.movement_id = ANY (holds)));
    WITH held AS MATERIALIZED (
        SELECT h.id AS hold, h.customer_id, h.branch_id, h.branch_pos, uuidv7() AS made, m.title FROM points_hold h
          JOIN points_movement m ON m.id = h.id WHERE h.id = ANY (holds)
    ), moved AS (
        INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, follows_id, at, title, reason, cause,
                                     person_id)
        SELECT h.made, h.branch_id, h.branch_pos, did, h.customer_id, h.hold, app_at(), coalesce(said, h.title), '', '',
               app_person() FROM held h
    ), part AS MATERIALIZED (
        SELECT h.made, h.title, l.customer_id, l.branch_id, l.branch_pos, e.lot_id, e.issuer_id, e.points FROM held h
          JOIN points_entry e ON e.movement_id = h.hold AND e.account = 'held' JOIN points_lot l ON l.id = e.lot_id
    )
    INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                              merchant_id, points, at, title)
    SELECT p.branch_id, p.branch_pos, p.made, did, 'held', p.customer_id, p.lot_id, p.issuer_id, NULL::uuid,
           -p.points, app_at(), coalesce(said, p.title) FROM part p
    UNION ALL
    SELECT p.branch_id, p.branch_pos, p.made, did, 'wallet', p.customer_id, p.lot_id, p.issuer_id, NULL, p.points,
           app_at(), coalesce(said, p.title) FROM part p WHERE did = 'release'
    UNION ALL
    SELECT b.id, b.pos, p.made, did, into_account, NULL, NULL, p.issuer_id,
           CASE WHEN into_account = 'merchant' THEN shop END, sum(p.points), app_at(), ''
      FROM part p JOIN tenants_branch b ON b.id = place WHERE did = 'commit' GROUP BY b.id, b.pos, p.made, p.issuer_id;
    RETURN many;
END $$;
"""

# One hold, spent or set free. NULL, 'not_found', 'settled' (it was, either way) or 'over' (its time has passed).
SETTLE_ONE = """
CREATE FUNCTION settle_hold(wanted uuid, into_account text, place int, shop uuid, said text) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE held points_hold; no text;
BEGIN
    SELECT * INTO held FROM points_hold h WHERE h.id = wanted;
    IF NOT FOUND OR into_account IS NOT NULL AND NOT EXISTS (SELECT FROM tenants_branch b WHERE b.id = place) THEN
        RETURN 'not_found';
    END IF;
    -- Also where its customer was merged since: what is settled stays where it was.
    IF held.state <> 'open' AND (held.customer_id = app_customer()
                                 OR app_customer() IS NULL AND held.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RETURN 'settled';
    END IF;
    no := points_ready(held.customer_id, 0);
    IF no = 'not_found' THEN RETURN no; END IF;
    SELECT * INTO held FROM points_hold h WHERE h.id = wanted FOR NO KEY UPDATE;
    IF held.state <> 'open' THEN RETURN 'settled'; END IF;
    IF into_account IS NOT NULL AND held.until <= app_at() THEN RETURN 'over'; END IF;
    PERFORM points_settle_holds(ARRAY[wanted], into_account, place, shop, said);
    -- What its lot outlived while it was held lapses now.
    PERFORM points_write_due(ARRAY[held.customer_id]);
    RETURN NULL;
END $$;
"""

# The sweep: holds whose time has passed, what came into force, what has lapsed; customers whose wallets nobody holds.
# Answers how many lots and holds it touched.
SWEEP = """
CREATE FUNCTION sweep_points(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE who uuid[]; over uuid[]; touched int;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'what is due is written down by the system';
    END IF;
    SELECT array_agg(d.customer_id) INTO who FROM (
        (SELECT h.customer_id FROM points_hold h WHERE h.state = 'open' AND h.until <= app_at()
            AND h.branch_pos BETWEEN app_lo() AND app_hi() ORDER BY h.until LIMIT at_most)
        UNION (SELECT l.customer_id FROM points_lot l WHERE l.pending > 0 AND l.active_at <= app_at()
                  AND l.branch_pos BETWEEN app_lo() AND app_hi() ORDER BY l.active_at LIMIT at_most)
        UNION (SELECT l.customer_id FROM points_lot l WHERE l.rest > 0 AND l.expires_at <= app_at()
                  AND l.branch_pos BETWEEN app_lo() AND app_hi() ORDER BY l.expires_at LIMIT at_most)) d;
    SELECT array_agg(w.customer_id) INTO who FROM (
        SELECT w.customer_id FROM points_wallet w WHERE w.customer_id = ANY (who)
         ORDER BY w.customer_id FOR NO KEY UPDATE SKIP LOCKED) w;
    IF who IS NULL THEN RETURN 0; END IF;
    SELECT array_agg(h.id) INTO over FROM (
        SELECT h.id FROM points_hold h
         WHERE h.customer_id = ANY (who) AND h.state = 'open' AND h.until <= app_at() FOR NO KEY UPDATE) h;
    touched := 0;
    IF over IS NOT NULL THEN touched := points_settle_holds(over, NULL, NULL, NULL, NULL); END IF;
    RETURN touched + points_write_due(who);
END $$;
"""
