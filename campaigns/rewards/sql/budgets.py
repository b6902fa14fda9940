"""Money reserved for quota, spent at the counter, and given back.

Triggers follow redemptions, reversals and coupons that end: whichever verb writes those, the money goes along.
"""

# The full worth of a coupon by who pays: rounded down, and what is left over goes fen by fen to head office, branch and
# merchant, in this order, who pay at all. In that order in the array. The same sum as rules.parts_of.
PARTS = """
CREATE FUNCTION rewards_parts(fen bigint, payer text, head_office int, branch int, merchant int) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN head_office + branch + merchant = 0
                THEN ARRAY[CASE WHEN payer = 'head_office' THEN fen ELSE 0 END,
                           CASE WHEN payer = 'branch' THEN fen ELSE 0 END,
                           CASE WHEN payer = 'merchant' THEN fen ELSE 0 END]
                ELSE (
        SELECT array_agg(p.low + (p.percent > 0 AND p.before < fen - p.whole)::int ORDER BY p.nth)
          FROM (SELECT nth, percent, fen * percent / 100 AS low, sum(fen * percent / 100) OVER () AS whole,
                       count(*) FILTER (WHERE percent > 0) OVER (ORDER BY nth) - (percent > 0)::int AS before
                  FROM unnest(ARRAY[head_office, branch, merchant]) WITH ORDINALITY AS u (percent, nth)) p)
           END
$$;
"""
# What a redemption was worth, by the parts of the full worth: in proportion, rounded down, and the rest in the same
# order, never above a part: what is spent was reserved. The same sum as rules.spent_of.
SPENT = """
CREATE FUNCTION rewards_spent(worth bigint, parts bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(p.low + least(p.part - p.low, greatest(worth - p.whole - p.before, 0)) ORDER BY p.nth)
      FROM (SELECT l.nth, l.part, l.low, sum(l.low) OVER ()::bigint AS whole,
                   (sum(l.part - l.low) OVER (ORDER BY l.nth) - (l.part - l.low))::bigint AS before
              FROM (SELECT nth, part,
                           div(worth::numeric * part, nullif(parts[1] + parts[2] + parts[3], 0))::bigint AS low
                      FROM unnest(parts) WITH ORDINALITY AS u (part, nth)) l) p
$$;
"""
# Each payer's part of one coupon of a batch, and of a worth: one row a payer who draws on a budget.
DRAWN = """
CREATE FUNCTION rewards_drawn(wanted uuid, worth bigint) RETURNS TABLE (payer text, part bigint, spent bigint)
LANGUAGE sql STABLE AS VERB $$
    SELECT f.payer, p.parts[n.nth], (rewards_spent(worth, p.parts))[n.nth]
      FROM rewards_batch b
     CROSS JOIN LATERAL (SELECT rewards_parts(b.off_fen, b.payer, b.head_office_percent, b.branch_percent,
                                              b.merchant_percent) AS parts) p
      JOIN rewards_funding f ON f.batch_id = b.id
      JOIN (VALUES ('head_office', 1), ('branch', 2), ('merchant', 3)) AS n (payer, nth) ON n.payer = f.payer
     WHERE b.id = wanted AND p.parts[n.nth] > 0
$$;
"""

# The one writer of reservations, budgets and movements. `lines`: batch, branch, payer, did, cause, reserved, held and
# spent (fen, added). Locked in one order: budgets by id, then reservations by batch, branch and payer. A budget whose
# sum stays is not touched, so that redemptions and reversals never meet there; whoever voids many coupons in one
# transaction holds the budget from the first on. NULL, or the word for a budget that has not enough.
BOOK = """
CREATE FUNCTION rewards_book(lines jsonb) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE wide record; held rewards_budget; many int; found_rows int;
BEGIN
    FOR wide IN
        SELECT r.budget_id, sum(l.reserved + l.held + l.spent)::bigint AS more FROM jsonb_to_recordset(lines)
            AS l (batch uuid, branch int, payer text, reserved bigint, held bigint, spent bigint)
          JOIN rewards_reservation r ON r.batch_id = l.batch AND r.branch_id = l.branch AND r.payer = l.payer
         GROUP BY 1 HAVING sum(l.reserved + l.held + l.spent) <> 0 ORDER BY 1
    LOOP
        UPDATE rewards_budget g SET taken_fen = g.taken_fen + wide.more
         WHERE g.id = wide.budget_id
           AND (wide.more < 0 OR (g.taken_fen + wide.more <= g.total_fen
                                  AND g.valid_from <= app_at() AND g.valid_until > app_at()));
        IF NOT FOUND THEN
            SELECT * INTO held FROM rewards_budget g WHERE g.id = wide.budget_id;
            RETURN CASE WHEN held.valid_from > app_at() OR held.valid_until <= app_at() THEN 'budget_closed'
                        ELSE 'budget_short' END;
        END IF;
    END LOOP;
    PERFORM FROM rewards_reservation r
     WHERE (r.batch_id, r.branch_id, r.payer) IN (
        SELECT l.batch, l.branch, l.payer FROM jsonb_to_recordset(lines) AS l (batch uuid, branch int, payer text))
     ORDER BY r.batch_id, r.branch_id, r.payer FOR NO KEY UPDATE;
    WITH line AS (
        SELECT l.batch, l.branch, l.payer, sum(l.reserved) AS reserved, sum(l.held) AS held, sum(l.spent) AS spent
          FROM jsonb_to_recordset(lines)
            AS l (batch uuid, branch int, payer text, reserved bigint, held bigint, spent bigint)
         GROUP BY 1, 2, 3
    ), done AS (
        UPDATE rewards_reservation r
           SET reserved_fen = r.reserved_fen + l.reserved, held_fen = r.held_fen + l.held,
               spent_fen = r.spent_fen + l.spent
          FROM line l WHERE r.batch_id = l.batch AND r.branch_id = l.branch AND r.payer = l.payer RETURNING 1
    )
    SELECT (SELECT count(*) FROM line), (SELECT count(*) FROM done) INTO many, found_rows;
    IF many <> found_rows THEN
        RAISE EXCEPTION 'money of % nodes moves, and % have a reservation', many, found_rows;
    END IF;
    INSERT INTO rewards_movement (id, branch_id, branch_pos, budget_id, batch_id, place_id, payer, did, reserved_fen,
                                  held_fen, spent_fen, cause, at)
    SELECT uuidv7(), g.branch_id, g.branch_pos, g.id, l.batch, l.branch, l.payer, l.did, l.reserved, l.held, l.spent,
           l.cause, app_at()
      FROM jsonb_to_recordset(lines) AS l (batch uuid, branch int, payer text, did text, cause text, reserved bigint,
                                           held bigint, spent bigint)
      JOIN rewards_reservation r ON r.batch_id = l.batch AND r.branch_id = l.branch AND r.payer = l.payer
      JOIN rewards_budget g ON g.id = r.budget_id;
    RETURN NULL;
END $$;
"""

# For so many more or fewer coupons at each branch (0: none), the whole of a coupon by who pays.
RESERVE = """
CREATE FUNCTION rewards_reserve(wanted uuid, branches int[], deltas int[]) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE lines jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM rewards_funding f WHERE f.batch_id = wanted) THEN RETURN NULL; END IF;
    -- Money is reserved by the draft's amounts, and coupons have the published ones.
    IF EXISTS (SELECT FROM unnest(deltas) d WHERE d > 0) AND EXISTS (
        SELECT FROM rewards_batch b JOIN rewards_livebatch l ON l.batch_id = b.id
         WHERE b.id = wanted
           AND (b.off_fen, b.payer, b.head_office_percent, b.branch_percent, b.merchant_percent)
               IS DISTINCT FROM (l.off_fen, l.payer, l.head_office_percent, l.branch_percent, l.merchant_percent)) THEN
        RETURN 'amounts_wait';
    END IF;
    INSERT INTO rewards_reservation (id, branch_id, branch_pos, batch_id, payer, budget_id)
    SELECT uuidv7(), b.id, b.pos, wanted, f.payer, f.budget_id
      FROM rewards_funding f CROSS JOIN tenants_branch b
     WHERE f.batch_id = wanted AND b.id = ANY (branches) ORDER BY b.id, f.payer
    ON CONFLICT (batch_id, branch_id, payer) DO NOTHING;
    -- Another budget may have been named since all was drawn back last.
    UPDATE rewards_reservation r SET budget_id = f.budget_id FROM rewards_funding f
     WHERE f.batch_id = wanted AND r.batch_id = wanted AND r.payer = f.payer AND r.branch_id = ANY (branches)
       AND r.budget_id <> f.budget_id;
    SELECT jsonb_agg(jsonb_build_object('batch', wanted, 'branch', d.branch, 'payer', w.payer,
               'did', CASE WHEN d.moved > 0 THEN 'reserve' ELSE 'release' END, 'cause', 'rewards.batch:' || wanted,
               'reserved', d.moved * w.part, 'held', 0, 'spent', 0))
      INTO lines
      FROM (SELECT branch, sum(moved) AS moved FROM unnest(branches, deltas) AS u (branch, moved)
             WHERE branch > 0 GROUP BY 1 HAVING sum(moved) <> 0) d
     CROSS JOIN rewards_drawn(wanted, 0) w;
    RETURN CASE WHEN lines IS NOT NULL THEN rewards_book(lines) END;
END $$;
"""

# A redemption: what it was worth is spent, the rest of the coupon is held until it cannot be reversed any more.
SPEND = """
CREATE FUNCTION rewards_redemption_is_spent() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE lines jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('batch', c.batch_id, 'branch', c.branch_id, 'payer', w.payer, 'did', 'spend',
               'cause', 'rewards.redemption:' || NEW.id, 'reserved', -w.part, 'held', w.part - w.spent,
               'spent', w.spent))
      INTO lines FROM rewards_coupon c CROSS JOIN LATERAL rewards_drawn(c.batch_id, NEW.off_fen) w
     WHERE c.id = NEW.coupon_id;
    IF lines IS NOT NULL THEN PERFORM rewards_book(lines); END IF;
    RETURN NULL;
END $$;
"""
RETURNED = """
CREATE FUNCTION rewards_reversal_is_returned() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE lines jsonb; word text;
BEGIN
    -- All that the redemption moved, the other way; also where its rest had been freed already.
    SELECT jsonb_agg(jsonb_build_object('batch', m.batch_id, 'branch', m.place_id, 'payer', m.payer, 'did', 'return',
               'cause', m.cause, 'reserved', -m.reserved, 'held', -m.held, 'spent', -m.spent))
      INTO lines
      FROM (SELECT m.batch_id, m.place_id, m.payer, m.cause, sum(m.reserved_fen) AS reserved,
                   sum(m.held_fen) AS held, sum(m.spent_fen) AS spent
              FROM rewards_movement m JOIN rewards_redemption r ON r.id = NEW.redemption_id
              JOIN rewards_coupon c ON c.id = r.coupon_id
             WHERE m.batch_id = c.batch_id AND m.cause = 'rewards.redemption:' || NEW.redemption_id
               AND m.did IN ('spend', 'settle', 'return')
             GROUP BY 1, 2, 3, 4) m;
    IF lines IS NOT NULL THEN
        word := rewards_book(lines);
        IF word IS NOT NULL THEN RAISE EXCEPTION 'a reversal finds no money to reserve again: %', word; END IF;
    END IF;
    RETURN NULL;
END $$;
"""
# Coupons that ended unredeemed give back what was reserved for them; one that is good again (an extension) reserves
# again. By statement: a sweep of five hundred is a line for each branch, and locks in order.
ENDED = """
CREATE FUNCTION rewards_coupons_are_released() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE lines jsonb; word text;
BEGIN
    WITH turned AS (
        SELECT n.batch_id, n.branch_id, n.status IN ('void', 'expired') AS is_over, count(*) AS many
          FROM new_rows n JOIN old_rows o ON o.id = n.id
         WHERE (n.status IN ('void', 'expired')) <> (o.status IN ('void', 'expired')) GROUP BY 1, 2, 3
    )
    SELECT jsonb_agg(jsonb_build_object('batch', t.batch_id, 'branch', t.branch_id, 'payer', w.payer,
               'did', CASE WHEN t.is_over THEN 'release' ELSE 'reserve' END, 'cause', 'rewards.batch:' || t.batch_id,
               'reserved', CASE WHEN t.is_over THEN -1 ELSE 1 END * t.many * w.part, 'held', 0, 'spent', 0))
      INTO lines FROM turned t CROSS JOIN LATERAL rewards_drawn(t.batch_id, 0) w;
    IF lines IS NOT NULL THEN
        word := rewards_book(lines);
        IF word IS NOT NULL THEN
            RAISE check_violation USING MESSAGE = 'no money to reserve again: ' || word,
                CONSTRAINT = 'rewards_budget_taken_within_total';
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""
FOLLOW = """
CREATE TRIGGER rewards_redemption_is_spent AFTER INSERT ON rewards_redemption FOR EACH ROW
    EXECUTE FUNCTION rewards_redemption_is_spent();
CREATE TRIGGER rewards_reversal_is_returned AFTER INSERT ON rewards_reversal FOR EACH ROW
    EXECUTE FUNCTION rewards_reversal_is_returned();
CREATE TRIGGER rewards_coupons_are_released AFTER UPDATE ON rewards_coupon
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION rewards_coupons_are_released();
"""

# A redemption can be reversed on its own local day, so two days later what it was worth less is free.
SETTLE = """
CREATE FUNCTION settle_budgets(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE lines jsonb; freed int;
BEGIN
    -- One sweep at a time: another would find the same rows, and the unique key on movements would stop it.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('rewards.settle_budgets', 0)) THEN RETURN 0; END IF;
    SELECT jsonb_agg(jsonb_build_object('batch', d.batch_id, 'branch', d.place_id, 'payer', d.payer, 'did', 'settle',
               'cause', d.cause, 'reserved', 0, 'held', -d.held_fen, 'spent', 0)), count(*)
      INTO lines, freed
      FROM (SELECT m.* FROM rewards_reservation r
              JOIN rewards_movement m ON m.batch_id = r.batch_id AND m.place_id = r.branch_id AND m.payer = r.payer
             WHERE r.held_fen > 0 AND r.branch_pos BETWEEN app_lo() AND app_hi()
               AND m.did = 'spend' AND m.held_fen > 0 AND m.at <= app_at() - interval '2 days'
               AND NOT EXISTS (SELECT FROM rewards_movement o
                                WHERE o.batch_id = m.batch_id AND o.payer = m.payer AND o.cause = m.cause
                                  AND o.did IN ('settle', 'return'))
             LIMIT at_most) d;
    IF lines IS NOT NULL THEN PERFORM rewards_book(lines); END IF;
    RETURN freed;
END $$;
"""

# The sums in a batch that money is reserved by stay while any of it is allotted, and so do its budgets. In a trigger
# since the promise is written by services, releases before this one among them.
FIXED = """
CREATE FUNCTION rewards_batch_is_funded() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    -- Compared here: what PostgreSQL makes of rows in a WHEN it says in other words after a restore.
    IF (OLD.off_fen, OLD.payer, OLD.head_office_percent, OLD.branch_percent, OLD.merchant_percent)
       IS DISTINCT FROM (NEW.off_fen, NEW.payer, NEW.head_office_percent, NEW.branch_percent, NEW.merchant_percent)
       AND OLD.allotted > 0 AND EXISTS (SELECT FROM rewards_funding f WHERE f.batch_id = NEW.id) THEN
        RAISE check_violation USING MESSAGE = 'money is reserved for what is allotted',
            CONSTRAINT = 'rewards_batch_amounts_stay_while_money_is_reserved';
    END IF;
    RETURN NEW;
END $$;
"""
LIVE_FIXED = """
CREATE FUNCTION rewards_live_is_funded() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF EXISTS (SELECT FROM rewards_funding f JOIN rewards_batch b ON b.id = f.batch_id
                WHERE b.id = NEW.batch_id AND b.allotted > 0
                  AND (b.off_fen, b.payer, b.head_office_percent, b.branch_percent, b.merchant_percent) IS DISTINCT FROM
                      (NEW.off_fen, NEW.payer, NEW.head_office_percent, NEW.branch_percent, NEW.merchant_percent)) THEN
        RAISE check_violation USING MESSAGE = 'money is reserved for other amounts',
            CONSTRAINT = 'rewards_batch_amounts_stay_while_money_is_reserved';
    END IF;
    RETURN NEW;
END $$;
"""
FUNDED = """
CREATE FUNCTION rewards_funding_is_fixed() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE had int;
BEGIN
    -- In a row with allotments: each sees what the other did.
    SELECT b.allotted INTO had FROM rewards_batch b WHERE b.id = coalesce(NEW.batch_id, OLD.batch_id) FOR NO KEY UPDATE;
    IF had > 0 THEN
        RAISE check_violation USING MESSAGE = 'the budgets of a batch stay while any of it is allotted',
            CONSTRAINT = 'rewards_funding_is_fixed_while_allotted';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
"""
STAYS = """
CREATE TRIGGER rewards_batch_is_funded BEFORE UPDATE OF off_fen, payer, head_office_percent, branch_percent,
    merchant_percent ON rewards_batch FOR EACH ROW EXECUTE FUNCTION rewards_batch_is_funded();
CREATE TRIGGER rewards_live_is_funded BEFORE INSERT OR UPDATE OF revision_id ON rewards_livebatch FOR EACH ROW
    EXECUTE FUNCTION rewards_live_is_funded();
CREATE TRIGGER rewards_funding_is_fixed BEFORE INSERT OR DELETE OR UPDATE OF batch_id, payer, budget_id
    ON rewards_funding FOR EACH ROW EXECUTE FUNCTION rewards_funding_is_fixed();
"""

# Who asks is who acts, whatever was written; a total and what is taken of it are the verbs' alone.
ASKED = """
CREATE FUNCTION rewards_budget_is_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.asked_by_id := app_person();
    RETURN NEW;
END $$;
CREATE TRIGGER rewards_budget_is_asked BEFORE INSERT OR UPDATE OF asked_fen, asked_by_id ON rewards_budget FOR EACH ROW
    WHEN (NEW.asked_fen IS NOT NULL) EXECUTE FUNCTION rewards_budget_is_asked();
REVOKE INSERT, UPDATE, DELETE ON rewards_budget FROM fenhang_app;
GRANT INSERT (id, branch_id, branch_pos, name, campaign_id, valid_from, valid_until, asked_fen, asked_by_id),
      UPDATE (branch_id, branch_pos, name, campaign_id, valid_from, valid_until, asked_fen, asked_by_id)
   ON rewards_budget TO fenhang_app;
"""
APPROVE = """
CREATE FUNCTION approve_budget(wanted uuid, seen bigint) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_budget;
BEGIN
    IF app_person() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'budgets are approved by staff';
    END IF;
    SELECT * INTO held FROM rewards_budget g
     WHERE g.id = wanted AND g.branch_pos BETWEEN app_lo() AND app_hi() FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF held.asked_fen IS DISTINCT FROM seen OR seen IS NULL THEN RETURN 'budget_asked_anew'; END IF;
    IF held.asked_by_id = app_person() THEN RETURN 'budget_is_own'; END IF;
    IF seen < held.taken_fen THEN RETURN 'budget_below_taken'; END IF;
    UPDATE rewards_budget g
       SET total_fen = seen, asked_fen = NULL, approved_by_id = app_person(), approved_at = app_at()
     WHERE g.id = wanted;
    INSERT INTO rewards_movement (id, branch_id, branch_pos, budget_id, payer, did, total_fen, cause, at)
    VALUES (uuidv7(), held.branch_id, held.branch_pos, wanted, '', 'approve', seen - held.total_fen,
            'rewards.budget:' || wanted, app_at());
    RETURN NULL;
END $$;
"""

# The published terms carry who pays which part.
KEEP_TERMS = """
CREATE OR REPLACE FUNCTION rewards_terms_are_kept() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    INSERT INTO rewards_terms (revision_id, batch_id, branch_id, branch_pos, kind, threshold_fen, off_fen, percent,
        thing, face_value, face_unit, hours_from, hours_until, weekdays, day_rule, open_days, redeem_branches,
        redeem_names, circles, head_office_percent, branch_percent, merchant_percent)
    VALUES (NEW.revision_id, NEW.batch_id, NEW.branch_id, NEW.branch_pos, NEW.kind, NEW.threshold_fen, NEW.off_fen,
        NEW.percent, NEW.thing, NEW.face_value, NEW.face_unit, NEW.hours_from, NEW.hours_until, NEW.weekdays,
        NEW.day_rule, NEW.open_days, NEW.redeem_branches, NEW.redeem_names, NEW.circles, NEW.head_office_percent,
        NEW.branch_percent, NEW.merchant_percent)
    ON CONFLICT (revision_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
