"""What changes hands or its end: taken back, passed on, extended, brought into force by an event, moved by a merge."""

# What a movement gave a customer or took is undone, once. Points given come back out of what is not yet in force first,
# the movement's own lot before others, then out of what is usable, then by `short_of`: 'owe' (the customer owes the
# rest, which what is earned later pays first) or 'waive' (the issuer bears it). Points spent go back to the lots that
# gave them, whatever the end of those.
REVERSE = """
CREATE FUNCTION reverse_points(wanted uuid, who uuid, short_of text, wanted_key uuid, said text, why text)
RETURNS TABLE (word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE first points_movement; no text; made uuid; given bigint; payer tenants_branch; home record;
BEGIN
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    SELECT * INTO first FROM points_movement m WHERE m.id = wanted;
    no := CASE WHEN NOT FOUND THEN 'not_found'
               WHEN first.kind NOT IN ('accrue', 'adjust', 'burn', 'commit') THEN 'not_reversible'
               WHEN NOT EXISTS (SELECT FROM points_entry e WHERE e.movement_id = wanted AND e.customer_id = who)
               THEN 'not_found' END;
    -- Who was merged since: the points are the kept one's now, and so is the debt.
    IF no IS NULL THEN
        SELECT coalesce((SELECT g.kept_id FROM customers_merge g WHERE g.absorbed_id = who AND g.undone_at IS NULL
                          ORDER BY g.id DESC LIMIT 1), who) AS customer INTO home;
        -- A lot may have gone back to who was merged: points go with their lot.
        PERFORM points_hold_wallets(ARRAY(
            SELECT l.customer_id FROM points_entry e JOIN points_lot l ON l.id = e.lot_id
             WHERE e.movement_id = wanted AND e.customer_id = who UNION SELECT home.customer));
        no := points_ready(home.customer, 0);
    END IF;
    IF no IS NOT NULL AND no <> 'short' THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    IF EXISTS (SELECT FROM points_movement m WHERE m.follows_id = wanted AND m.customer_id = who
                  AND m.kind = 'reverse') THEN
        RETURN QUERY SELECT 'reversed', NULL::uuid;
        RETURN;
    END IF;
    SELECT w.customer_id AS customer, w.branch_id, w.branch_pos, w.owed INTO home FROM points_wallet w
     WHERE w.customer_id = home.customer;
    SELECT sum(e.points) INTO given FROM points_entry e WHERE e.movement_id = wanted AND e.customer_id = who;
    made := uuidv7();
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, key, follows_id, at, title, reason,
                                 cause, rule_id, revision_id, person_id)
    VALUES (made, home.branch_id, home.branch_pos, 'reverse', who, wanted_key, wanted, app_at(), said, why, first.cause,
            first.rule_id, first.revision_id, app_person());
    IF given > 0 THEN
        SELECT b.* INTO payer FROM points_entry e JOIN tenants_branch b ON b.id = e.branch_id
         WHERE e.movement_id = wanted AND e.customer_id IS NULL LIMIT 1;
        WITH has AS MATERIALIZED (
            SELECT l.id, l.branch_id, l.branch_pos, l.issuer_id, s.account, s.points, sum(s.points) OVER (
                       ORDER BY s.nth, l.opened_by <> wanted, coalesce(l.expires_at, l.active_at), l.id)
                       - s.points AS before
              FROM points_lot l
             CROSS JOIN LATERAL (VALUES (1, 'pending', l.pending), (2, 'wallet', l.rest)) AS s (nth, account, points)
             WHERE l.customer_id = home.customer AND s.points > 0
        ), taken AS MATERIALIZED (
            SELECT h.*, least(h.points, given - h.before) AS part FROM has h WHERE h.before < given
        ), missing AS (SELECT given - coalesce(sum(t.part), 0) AS points FROM taken t)
        INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                                  points, at, title)
        SELECT t.branch_id, t.branch_pos, made, 'reverse', t.account, home.customer, t.id, t.issuer_id, -t.part,
               app_at(), said FROM taken t
        UNION ALL
        SELECT home.branch_id, home.branch_pos, made, 'reverse', 'owed', home.customer, NULL, NULL, -m.points,
               app_at(), said FROM missing m WHERE m.points > 0 AND short_of = 'owe'
        UNION ALL
        SELECT payer.id, payer.pos, made, 'reverse', 'waived', NULL, NULL, payer.id, -m.points, app_at(), ''
          FROM missing m WHERE m.points > 0 AND short_of <> 'owe'
        UNION ALL
        SELECT payer.id, payer.pos, made, 'reverse', 'issued', NULL, NULL, payer.id, given, app_at(), '';
    ELSE
        INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                                  merchant_id, points, at, title)
        SELECT coalesce(l.branch_id, b.id), coalesce(l.branch_pos, b.pos), made, 'reverse',
               CASE WHEN e.account = 'held' THEN 'wallet' ELSE e.account END, l.customer_id, e.lot_id, e.issuer_id,
               e.merchant_id, -e.points, app_at(), CASE WHEN l.id IS NULL THEN '' ELSE said END
          FROM points_entry e JOIN tenants_branch b ON b.id = e.branch_id LEFT JOIN points_lot l ON l.id = e.lot_id
         WHERE e.movement_id = wanted;
        -- What was given back beyond its end lapses, as it would have without the detour.
        PERFORM points_write_due(ARRAY(
            SELECT DISTINCT l.customer_id FROM points_entry e JOIN points_lot l ON l.id = e.lot_id
             WHERE e.movement_id = wanted));
    END IF;
    RETURN QUERY SELECT NULL::text, made;
END $$;
"""

# What is pending for an event comes into force now: the lot that this movement opened. NULL, 'not_found' or 'settled'.
ACTIVATE = """
CREATE FUNCTION activate_points(wanted uuid) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE owner uuid; no text;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN 'not_found'; END IF;
    SELECT l.customer_id INTO owner FROM points_lot l WHERE l.opened_by = wanted;
    no := CASE WHEN NOT FOUND THEN 'not_found' ELSE points_ready(owner, 0) END;
    IF no = 'not_found' THEN RETURN no; END IF;
    UPDATE points_lot l SET active_at = app_at() WHERE l.opened_by = wanted AND l.pending > 0;
    IF NOT FOUND THEN RETURN 'settled'; END IF;
    PERFORM points_write_due(ARRAY[owner]);
    RETURN NULL;
END $$;
"""

# From one customer to another of the same household; issuer and end go along.
TRANSFER = """
CREATE FUNCTION transfer_points(giver uuid, receiver uuid, amount bigint, wanted_key uuid, said text)
RETURNS TABLE (word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE no text; made uuid;
BEGIN
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    IF amount < 1 OR giver = receiver OR NOT EXISTS (
        SELECT FROM points_member g JOIN points_member r ON r.household_id = g.household_id
         WHERE g.customer_id = giver AND r.customer_id = receiver AND g.until IS NULL AND r.until IS NULL) THEN
        RETURN QUERY SELECT 'not_household', NULL::uuid;
        RETURN;
    END IF;
    PERFORM points_hold_wallets(ARRAY[giver, receiver]);
    no := points_ready(giver, amount);
    IF no IS NULL AND NOT EXISTS (SELECT FROM points_wallet w JOIN customers_customer c ON c.id = w.customer_id
                                   WHERE w.customer_id = receiver AND c.status = 'active') THEN
        no := 'not_household';
    END IF;
    IF no IS NOT NULL THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    made := uuidv7();
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, key, at, title, reason, cause, person_id)
    SELECT made, w.branch_id, w.branch_pos, 'transfer', giver, wanted_key, app_at(), said, '',
           'customers.customer:' || receiver, app_person()
      FROM points_wallet w WHERE w.customer_id = giver;
    WITH taken AS MATERIALIZED (
        SELECT t.*, l.months, l.ends, l.expires_at, l.earned_at, uuidv7() AS fresh
          FROM points_take(giver, amount) t JOIN points_lot l ON l.id = t.lot
    ), home AS MATERIALIZED (
        SELECT w.branch_id, w.branch_pos FROM points_wallet w WHERE w.customer_id = receiver
    ), opened AS (
        INSERT INTO points_lot (id, branch_id, branch_pos, customer_id, issuer_id, opened_by, points, pending, rest,
                                held, earned_at, active_at, months, ends, expires_at)
        SELECT t.fresh, h.branch_id, h.branch_pos, receiver, t.issuer, made, t.part, 0, t.part, 0, t.earned_at,
               app_at(), t.months, t.ends, t.expires_at FROM taken t CROSS JOIN home h
    )
    INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id, points,
                              at, title)
    SELECT t.branch, t.pos, made, 'transfer', 'wallet', giver, t.lot, t.issuer, -t.part, app_at(), said FROM taken t
    UNION ALL
    SELECT h.branch_id, h.branch_pos, made, 'transfer', 'wallet', receiver, t.fresh, t.issuer, t.part, app_at(), said
      FROM taken t CROSS JOIN home h;
    RETURN QUERY SELECT NULL::text, made;
END $$;
"""

# What these lots have usable moves to lots that end later; those that end later already, or have lapsed, stay. NULL in
# `wanted`: all of the customer's. Answers how many points moved with the movement.
EXTEND = """
CREATE FUNCTION extend_points(customer uuid, wanted uuid[], ends_at timestamptz, wanted_key uuid, said text, why text)
RETURNS TABLE (word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE no text; made uuid;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN QUERY SELECT 'not_found', NULL::uuid; RETURN; END IF;
    no := points_ready(customer, 0);
    IF no = 'not_found' THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    SELECT m.id INTO made FROM points_movement m WHERE m.key = wanted_key;
    IF FOUND THEN RETURN QUERY SELECT 'twice', made; RETURN; END IF;
    IF NOT EXISTS (SELECT FROM points_lot l WHERE l.customer_id = customer AND l.rest > 0 AND l.expires_at < ends_at
                      AND l.expires_at > app_at() AND (wanted IS NULL OR l.id = ANY (wanted))) THEN
        RETURN QUERY SELECT 'nothing', NULL::uuid;
        RETURN;
    END IF;
    made := uuidv7();
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, key, at, title, reason, cause, person_id)
    SELECT made, w.branch_id, w.branch_pos, 'extend', customer, wanted_key, app_at(), said, why, '', app_person()
      FROM points_wallet w WHERE w.customer_id = customer;
    WITH taken AS MATERIALIZED (
        -- In their order, so that what ended first gives first again.
        SELECT o.*, uuidv7() AS fresh FROM (
            SELECT l.* FROM points_lot l
             WHERE l.customer_id = customer AND l.rest > 0 AND l.expires_at < ends_at AND l.expires_at > app_at()
               AND (wanted IS NULL OR l.id = ANY (wanted))
             ORDER BY l.expires_at, l.id) o
    ), opened AS (
        INSERT INTO points_lot (id, branch_id, branch_pos, customer_id, issuer_id, opened_by, points, pending, rest,
                                held, earned_at, active_at, months, ends, expires_at)
        SELECT t.fresh, t.branch_id, t.branch_pos, customer, t.issuer_id, made, t.rest, 0, t.rest, 0, t.earned_at,
               t.active_at, t.months, t.ends, ends_at FROM taken t
    )
    INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id, points,
                              at, title)
    SELECT t.branch_id, t.branch_pos, made, 'extend', 'wallet', customer, s.lot, t.issuer_id, s.sign * t.rest, app_at(),
           said
      FROM taken t CROSS JOIN LATERAL (VALUES (t.id, -1), (t.fresh, 1)) AS s (lot, sign);
    RETURN QUERY SELECT NULL::text, made;
END $$;
"""

# All that one customer has becomes another's, lot by lot: a merge, or its undoing (`chosen`: what had been moved,
# lots and holds). Debts move with all, and stay when some go back. Answers the lots and holds that moved.
MOVE = """
CREATE FUNCTION move_points(kept uuid, absorbed uuid, is_back boolean, chosen uuid[]) RETURNS uuid[]
LANGUAGE plpgsql AS VERB $$
DECLARE giver uuid := CASE WHEN is_back THEN kept ELSE absorbed END; made uuid; debt bigint; answer uuid[];
        receiver uuid := CASE WHEN is_back THEN absorbed ELSE kept END; home points_wallet; was points_wallet;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'points are moved by a merge of customers';
    END IF;
    -- The one that was merged is not active, so its wallet is made here; both are locked by the merge itself.
    INSERT INTO points_wallet (customer_id, branch_id, branch_pos)
    SELECT c.id, c.branch_id, c.branch_pos FROM customers_customer c
     WHERE c.id = receiver AND EXISTS (SELECT FROM points_wallet w WHERE w.customer_id = giver)
    ON CONFLICT (customer_id) DO NOTHING;
    PERFORM FROM points_wallet w WHERE w.customer_id IN (giver, receiver) ORDER BY w.customer_id FOR NO KEY UPDATE;
    SELECT * INTO was FROM points_wallet w WHERE w.customer_id = giver;
    SELECT * INTO home FROM points_wallet w WHERE w.customer_id = receiver;
    SELECT coalesce(array_agg(l.id), '{}') INTO answer FROM points_lot l
     WHERE l.customer_id = giver AND (NOT is_back OR l.id = ANY (chosen));
    debt := CASE WHEN is_back THEN 0 ELSE coalesce(was.owed, 0) END;
    IF debt > 0 OR EXISTS (SELECT FROM points_lot l WHERE l.id = ANY (answer) AND l.pending + l.rest + l.held > 0) THEN
        made := uuidv7();
        INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, at, title, reason, cause, person_id)
        VALUES (made, home.branch_id, home.branch_pos, 'merge', receiver, app_at(), '', '',
                'customers.customer:' || giver, app_person());
        INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                                  points, at, title)
        SELECT p.branch_id, p.branch_pos, made, 'merge', a.account, p.customer, l.id, l.issuer_id, p.sign * a.points,
               app_at(), ''
          FROM points_lot l
         CROSS JOIN LATERAL (VALUES ('pending', l.pending), ('wallet', l.rest), ('held', l.held)) AS a (account, points)
         CROSS JOIN (VALUES (giver, was.branch_id, was.branch_pos, -1),
                            (receiver, home.branch_id, home.branch_pos, 1)) AS p (customer, branch_id, branch_pos, sign)
         WHERE l.id = ANY (answer) AND a.points > 0
        UNION ALL
        SELECT p.branch_id, p.branch_pos, made, 'merge', 'owed', p.customer, NULL, NULL, p.sign * debt, app_at(),
               ''
          FROM (VALUES (giver, was.branch_id, was.branch_pos, 1),
                       (receiver, home.branch_id, home.branch_pos, -1)) AS p (customer, branch_id, branch_pos, sign)
         WHERE debt > 0;
    END IF;
    UPDATE points_lot l SET customer_id = receiver, branch_id = home.branch_id, branch_pos = home.branch_pos
     WHERE l.id = ANY (answer);
    WITH moved AS (
        UPDATE points_hold h SET customer_id = receiver, branch_id = home.branch_id, branch_pos = home.branch_pos
         WHERE h.customer_id = giver AND h.state = 'open' AND (NOT is_back OR h.id = ANY (chosen)) RETURNING h.id
    )
    SELECT answer || coalesce(array_agg(m.id), '{}') INTO answer FROM moved m;
    RETURN answer;
END $$;
"""

# All that a customer who is to be forgotten has lapses; what is set aside is free first, and debts are written off.
FORFEIT = """
CREATE FUNCTION forfeit_points(customer uuid, why text) RETURNS uuid LANGUAGE plpgsql AS VERB $$
DECLARE no text; made uuid; open uuid[]; home points_wallet;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN NULL; END IF;
    no := points_ready(customer, 0);
    IF no = 'not_found' THEN RETURN NULL; END IF;
    -- Also holds of whom this customer was merged with for a while, if they hold points of lots that came back.
    SELECT array_agg(h.id) INTO open FROM points_hold h
     WHERE h.state = 'open'
       AND (h.customer_id = customer
            OR h.customer_id IN (SELECT m.kept_id FROM customers_merge m WHERE m.absorbed_id = customer)
               AND EXISTS (SELECT FROM points_entry e JOIN points_lot l ON l.id = e.lot_id
                            WHERE e.movement_id = h.id AND e.account = 'held' AND l.customer_id = customer));
    IF open IS NOT NULL THEN PERFORM points_settle_holds(open, NULL, NULL, NULL, NULL); END IF;
    SELECT * INTO home FROM points_wallet w WHERE w.customer_id = customer;
    IF home.pending + home.usable + home.held + home.owed = 0 THEN RETURN NULL; END IF;
    made := uuidv7();
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, at, title, reason, cause, person_id)
    VALUES (made, home.branch_id, home.branch_pos, 'forfeit', customer, app_at(), '', why, '', app_person());
    WITH has AS MATERIALIZED (
        SELECT l.id, l.branch_id, l.branch_pos, l.issuer_id, a.account, a.points FROM points_lot l
         CROSS JOIN LATERAL (VALUES ('pending', l.pending), ('wallet', l.rest), ('held', l.held)) AS a (account, points)
         WHERE l.customer_id = customer AND a.points > 0
    )
    INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id, points,
                              at, title)
    SELECT h.branch_id, h.branch_pos, made, 'forfeit', h.account, customer, h.id, h.issuer_id, -h.points, app_at(), ''
      FROM has h
    UNION ALL
    SELECT b.id, b.pos, made, 'forfeit', 'expired', NULL, NULL, b.id, s.points, app_at(), ''
      FROM (SELECT issuer_id, sum(points) AS points FROM has GROUP BY 1) s JOIN tenants_branch b ON b.id = s.issuer_id
    UNION ALL
    SELECT home.branch_id, home.branch_pos, made, 'forfeit', 'owed', customer, NULL, NULL, home.owed, app_at(), ''
     WHERE home.owed > 0
    UNION ALL
    SELECT home.branch_id, home.branch_pos, made, 'forfeit', 'waived', NULL, NULL, NULL, -home.owed, app_at(), ''
     WHERE home.owed > 0;
    RETURN made;
END $$;
"""
