"""What keeps the ledger true: entries sum to zero and are booked to wallets and lots by one trigger; nothing is edited.

Every verb writes all entries of its movements in one statement, after it has locked the wallets that they touch
(`points_hold_wallets`), in the order of their customers.
"""

# After a statement that wrote entries: each movement sums to zero, and wallets and lots carry what was written. A lot
# that a movement opens is inserted with what it begins with and compared here, which saves writing it twice.
BOOKED = """
CREATE FUNCTION points_entries_are_booked() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE wrong uuid; many int; done int;
BEGIN
    SELECT n.movement_id INTO wrong FROM new_rows n LEFT JOIN points_movement m ON m.id = n.movement_id
     GROUP BY 1 HAVING sum(n.points) <> 0 OR count(*) < 2 OR count(m.id) <> count(*) LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE = format('movement %s does not sum to zero', wrong),
            CONSTRAINT = 'points_movement_sums_to_zero';
    END IF;
    WITH moved AS MATERIALIZED (
        SELECT n.lot_id, bool_or(l.opened_by = n.movement_id) AS is_opened,
               coalesce(sum(n.points) FILTER (WHERE n.account = 'pending'), 0) AS pending,
               coalesce(sum(n.points) FILTER (WHERE n.account = 'wallet'), 0) AS rest,
               coalesce(sum(n.points) FILTER (WHERE n.account = 'held'), 0) AS held,
               bool_and(coalesce(CASE WHEN l.opened_by = n.movement_id THEN l.pending + l.rest + l.held = l.points
                                      ELSE true END, false)) AS is_whole,
               min(l.pending) AS was_pending, min(l.rest) AS was_rest, min(l.held) AS was_held
          FROM new_rows n LEFT JOIN points_lot l ON l.id = n.lot_id WHERE n.lot_id IS NOT NULL GROUP BY 1
    ), changed AS (
        UPDATE points_lot l SET pending = l.pending + m.pending, rest = l.rest + m.rest, held = l.held + m.held
          FROM moved m WHERE l.id = m.lot_id AND NOT m.is_opened AND (m.pending <> 0 OR m.rest <> 0 OR m.held <> 0)
        RETURNING 1
    )
    SELECT count(*) FILTER (WHERE m.is_opened IS NULL OR NOT m.is_whole
                               OR m.is_opened AND (m.pending, m.rest, m.held) <> (m.was_pending, m.was_rest, m.was_held)
                           ), (SELECT count(*) FROM changed)
      INTO many, done FROM moved m;
    IF many > 0 THEN
        RAISE check_violation USING MESSAGE = 'a lot is not what its first entries say',
            CONSTRAINT = 'points_lot_begins_as_its_entries_say';
    END IF;
    WITH moved AS (
        SELECT n.customer_id, coalesce(sum(n.points) FILTER (WHERE n.account = 'pending'), 0) AS pending,
               coalesce(sum(n.points) FILTER (WHERE n.account = 'wallet'), 0) AS usable,
               coalesce(sum(n.points) FILTER (WHERE n.account = 'held'), 0) AS held,
               coalesce(-sum(n.points) FILTER (WHERE n.account = 'owed'), 0) AS owed
          FROM new_rows n WHERE n.customer_id IS NOT NULL GROUP BY 1
    ), changed AS (
        UPDATE points_wallet w SET pending = w.pending + m.pending, usable = w.usable + m.usable,
                                   held = w.held + m.held, owed = w.owed + m.owed
          FROM moved m WHERE w.customer_id = m.customer_id RETURNING 1
    )
    SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM changed) INTO many, done;
    IF many <> done THEN
        RAISE check_violation USING MESSAGE = 'an entry of a customer without a wallet',
            CONSTRAINT = 'points_entry_has_its_wallet';
    END IF;
    RETURN NULL;
END $$;
"""
FOLLOW = """
CREATE TRIGGER points_entries_are_booked AFTER INSERT ON points_entry REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION points_entries_are_booked();
"""

# For every writer there may ever be, the owner too. A move of the branch is no change of the row.
STAYS = """
CREATE FUNCTION points_is_never_edited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(OLD) - 'branch_pos' <> to_jsonb(NEW) - 'branch_pos' THEN
        RAISE check_violation USING MESSAGE = format('%s is never edited or deleted', TG_TABLE_NAME),
            CONSTRAINT = 'points_ledger_is_never_edited';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER points_is_never_edited BEFORE UPDATE OR DELETE ON points_movement
    FOR EACH ROW EXECUTE FUNCTION points_is_never_edited();
CREATE TRIGGER points_is_never_edited BEFORE UPDATE OR DELETE ON points_entry
    FOR EACH ROW EXECUTE FUNCTION points_is_never_edited();
"""

# Customers cannot be merged or erased meanwhile, everybody has a wallet, and nobody else moves its points; in the order
# of ids, so that two who want several never wait crosswise. After it, a statement reads what is true until the end.
HOLD_WALLETS = """
CREATE FUNCTION points_hold_wallets(who uuid[]) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    PERFORM FROM customers_customer c WHERE c.id = ANY (who) AND c.status = 'active' ORDER BY c.id FOR KEY SHARE;
    INSERT INTO points_wallet (customer_id, branch_id, branch_pos)
    SELECT c.id, c.branch_id, c.branch_pos FROM customers_customer c
     WHERE c.id = ANY (who) AND c.status = 'active'
       AND NOT EXISTS (SELECT FROM points_wallet w WHERE w.customer_id = c.id)
     ORDER BY c.id
    ON CONFLICT (customer_id) DO NOTHING;
    PERFORM FROM points_wallet w WHERE w.customer_id = ANY (who) ORDER BY w.customer_id FOR NO KEY UPDATE;
END $$;
"""

# The end of a validity of n months that begins now, in the zone of the home branch: the midnight after its last day.
# 31 January and one month is the end of February. Without months: never. The same sum as rules.expires_at.
EXPIRES = """
CREATE FUNCTION points_expires_at(begins timestamptz, months int, ends text, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN months IS NULL THEN timestamptz '9999-12-31 00:00:00+00'
                ELSE (date_trunc(ends, (begins AT TIME ZONE zone)::date + make_interval(months => months))
                      + CASE ends WHEN 'day' THEN interval '1 day' WHEN 'month' THEN interval '1 month'
                                  WHEN 'quarter' THEN interval '3 months' ELSE interval '1 year' END)
                     AT TIME ZONE zone END
$$;
"""

# Points into wallets: one movement a row, each with its key, or one for all (`whole`: its key, and all rows are said by
# one title and rule). Pending until `waits_until`, in force now without it. What the customer owes is paid first.
# Answers each place with the movement, and why not: 'not_found', or 'twice' where the key was posted before.
ACCRUE = """
CREATE FUNCTION accrue_points(who uuid[], amounts bigint[], keys uuid[], causes text[], whole uuid, issuer int,
    did text, said text, why text, waits_until timestamptz, valid_months int, valid_ends text, rule uuid,
    revision uuid)
RETURNS TABLE (place int, word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE payer tenants_branch; bulk uuid;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'points are given by staff or by the system';
    END IF;
    SELECT * INTO payer FROM tenants_branch b WHERE b.id = issuer AND b.pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND THEN
        RETURN QUERY SELECT n, 'not_found', NULL::uuid FROM generate_series(1, cardinality(who)) AS n;
        RETURN;
    END IF;
    IF whole IS NOT NULL THEN
        SELECT m.id INTO bulk FROM points_movement m WHERE m.key = whole;
        IF FOUND THEN
            RETURN QUERY SELECT n, 'twice', bulk FROM generate_series(1, cardinality(who)) AS n;
            RETURN;
        END IF;
        bulk := uuidv7();
    END IF;
    PERFORM points_hold_wallets(who);
    RETURN QUERY
    WITH known AS MATERIALIZED (
        SELECT a.place::int AS place, a.customer, a.amount, a.key, a.cause, w.branch_id, w.branch_pos, w.owed, b.zone,
               m.id AS before
          FROM unnest(who, amounts, keys, causes) WITH ORDINALITY AS a (customer, amount, key, cause, place)
          JOIN points_wallet w ON w.customer_id = a.customer
          JOIN customers_customer c ON c.id = a.customer AND c.status = 'active'
          CROSS JOIN LATERAL (SELECT b.zone FROM tenants_branch b WHERE b.id = w.branch_id LIMIT 1) b
          LEFT JOIN points_movement m ON m.key = a.key
         WHERE w.branch_pos BETWEEN app_lo() AND app_hi()
    ), fresh AS MATERIALIZED (
        SELECT k.*, uuidv7() AS lot, coalesce(bulk, uuidv7()) AS made,
               CASE WHEN waits_until IS NULL THEN least(k.amount, greatest(k.owed - coalesce(sum(k.amount) OVER (
                        PARTITION BY k.customer ORDER BY k.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0),
                        0)) ELSE 0 END AS paid
          FROM known k WHERE k.before IS NULL
    ), moved AS (
        INSERT INTO points_movement (id, branch_id, branch_pos, kind, customer_id, key, at, title, reason, cause,
                                     rule_id, revision_id, person_id)
        SELECT f.made, f.branch_id, f.branch_pos, did, f.customer, f.key, app_at(), said, why, f.cause, rule, revision,
               app_person()
          FROM fresh f WHERE bulk IS NULL
        UNION ALL
        SELECT bulk, payer.id, payer.pos, did, NULL, whole, app_at(), said, why, causes[1], rule, revision, app_person()
         WHERE bulk IS NOT NULL AND EXISTS (SELECT FROM fresh)
    ), opened AS (
        INSERT INTO points_lot (id, branch_id, branch_pos, customer_id, issuer_id, opened_by, points, pending, rest,
                                held, earned_at, active_at, months, ends, expires_at)
        SELECT f.lot, f.branch_id, f.branch_pos, f.customer, issuer, f.made, f.amount - f.paid,
               CASE WHEN waits_until IS NULL THEN 0 ELSE f.amount END,
               CASE WHEN waits_until IS NULL THEN f.amount - f.paid ELSE 0 END, 0, app_at(),
               coalesce(waits_until, app_at()), valid_months, valid_ends,
               CASE WHEN waits_until IS NULL
                    THEN points_expires_at(app_at(), valid_months, valid_ends, f.zone) END
          FROM fresh f WHERE f.amount > f.paid
    ), booked AS (
        INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id,
                                  points, at, title)
        SELECT f.branch_id, f.branch_pos, f.made, did, CASE WHEN waits_until IS NULL THEN 'wallet' ELSE 'pending' END,
               f.customer, f.lot, issuer, f.amount - f.paid, app_at(), said FROM fresh f WHERE f.amount > f.paid
        UNION ALL
        SELECT f.branch_id, f.branch_pos, f.made, did, 'owed', f.customer, NULL, NULL, f.paid, app_at(), said
          FROM fresh f WHERE f.paid > 0
        UNION ALL
        SELECT payer.id, payer.pos, f.made, did, 'issued', NULL, NULL, issuer, -sum(f.amount), app_at(), ''
          FROM fresh f GROUP BY f.made
    )
    SELECT n.place, CASE WHEN k.place IS NULL THEN 'not_found' WHEN k.before IS NOT NULL THEN 'twice' END,
           coalesce(k.before, f.made)
      FROM generate_series(1, cardinality(who)) AS n (place)
      LEFT JOIN known k ON k.place = n.place LEFT JOIN fresh f ON f.place = n.place
     ORDER BY n.place;
END $$;
"""
