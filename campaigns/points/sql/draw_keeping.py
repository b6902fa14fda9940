"""Around the tries of a draw: its seed promised and shown, stock, handing over, merges, and the auditor's record."""

# Nobody who serves sees a row of it, in no scope. Customers are granted nothing.
KEPT_FROM_ALL = """
CREATE POLICY sealed ON points_drawseed AS RESTRICTIVE FOR SELECT TO fenhang_app USING (false);
"""

# A draw goes live until a moment: its open pledge goes on, or a fresh one is made from 32 random bytes of the database
# and the installation's half. The pledge that counts.
PLEDGE = """
CREATE FUNCTION pledge_draw(wanted uuid, fresh uuid, ours bytea, over_at timestamptz) RETURNS uuid
LANGUAGE plpgsql AS VERB $$
DECLARE held uuid; drawn bytea;
BEGIN
    PERFORM FROM points_draw d WHERE d.id = wanted AND d.branch_pos BETWEEN app_lo() AND app_hi()
        AND app_customer() IS NULL;
    IF NOT FOUND THEN RAISE insufficient_privilege USING MESSAGE = 'a seed is promised where its draw is'; END IF;
    UPDATE points_drawpledge p SET ends_at = over_at WHERE p.draw_id = wanted AND p.revealed_at IS NULL
    RETURNING p.id INTO held;
    IF FOUND THEN RETURN held; END IF;
    -- Of the strong source that UUIDs come from: 122 random bits each, and six of them hashed to 32 bytes.
    SELECT sha256(string_agg(uuid_send(gen_random_uuid()), ''::bytea)) INTO drawn FROM generate_series(1, 6);
    INSERT INTO points_drawpledge (id, branch_id, branch_pos, draw_id, sha256, made_at, ends_at)
    SELECT fresh, d.branch_id, d.branch_pos, wanted, encode(sha256(drawn || ours), 'hex'), app_at(), over_at
      FROM points_draw d WHERE d.id = wanted;
    INSERT INTO points_drawseed (pledge_id, branch_id, branch_pos, half)
    SELECT p.id, p.branch_id, p.branch_pos, drawn FROM points_drawpledge p WHERE p.id = fresh;
    RETURN fresh;
END $$;
"""

# A draw is taken down: its tries end now, if they had not before.
END = """
CREATE FUNCTION end_draw(wanted uuid) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    UPDATE points_drawpledge p SET ends_at = least(p.ends_at, app_at())
     WHERE p.draw_id = wanted AND p.revealed_at IS NULL AND p.branch_pos BETWEEN app_lo() AND app_hi()
       AND app_customer() IS NULL;
END $$;
"""

# The seed is shown, ten minutes after the tries ended: by then nothing is under way that began before. NULL,
# 'not_found', 'not_over', or 'other_key' where the installation's half is not the one that was promised.
REVEAL = """
CREATE FUNCTION reveal_draw(wanted uuid, ours bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_drawpledge; whole bytea;
BEGIN
    SELECT p.* INTO held FROM points_drawpledge p
     WHERE p.id = wanted AND p.revealed_at IS NULL AND p.branch_pos BETWEEN app_lo() AND app_hi()
       AND app_customer() IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF held.ends_at + interval '10 minutes' > app_at() THEN RETURN 'not_over'; END IF;
    SELECT s.half || ours INTO whole FROM points_drawseed s WHERE s.pledge_id = wanted;
    IF encode(sha256(whole), 'hex') <> held.sha256 THEN RETURN 'other_key'; END IF;
    UPDATE points_drawpledge p SET seed = whole, revealed_at = app_at() WHERE p.id = wanted;
    PERFORM points_note('points.draw.reveal', 'points.draw:' || held.draw_id, d.title, held.branch_id, held.branch_pos,
        jsonb_build_object('sha256', held.sha256)) FROM points_draw d WHERE d.id = held.draw_id;
    RETURN NULL;
END $$;
"""

# How many of a prize there are in all, noted with its place among the tries. NULL, 'not_found' or 'below_taken'.
STOCK = """
CREATE FUNCTION stock_prize(wanted uuid, whole int) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held record; place bigint;
BEGIN
    SELECT p.draw_id, p.title, d.branch_id, d.branch_pos INTO held
      FROM points_drawprize p JOIN points_draw d ON d.id = p.draw_id
     WHERE p.id = wanted AND d.branch_pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL;
    IF NOT FOUND OR whole < 0 THEN RETURN 'not_found'; END IF;
    INSERT INTO points_drawstock (prize_id, branch_id, branch_pos, total) VALUES (wanted, held.branch_id,
        held.branch_pos, 0) ON CONFLICT (prize_id) DO NOTHING;
    UPDATE points_drawstock s SET total = whole, serial = s.serial + 1 WHERE s.prize_id = wanted AND s.taken <= whole
    RETURNING s.serial INTO place;
    IF NOT FOUND THEN RETURN 'below_taken'; END IF;
    INSERT INTO points_drawstockchange (id, branch_id, branch_pos, prize_id, serial, total, at, person_id)
    VALUES (uuidv7(), held.branch_id, held.branch_pos, wanted, place, whole, app_at(), app_person());
    PERFORM points_note('points.draw.stock', 'points.draw:' || held.draw_id, held.title, held.branch_id,
        held.branch_pos, jsonb_build_object('prize', held.title, 'total', whole));
    RETURN NULL;
END $$;
"""

# The customer says who receives what was won. NULL, 'not_found' or 'not_to_send'.
RECEIVE = """
CREATE FUNCTION receive_prize(wanted uuid, receiver bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
BEGIN
    PERFORM FROM points_drawtry t WHERE t.id = wanted AND t.customer_id = app_customer() FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    UPDATE points_drawtry t SET address = receiver, sealed_for = app_customer()
     WHERE t.id = wanted AND t.kind = 'parcel' AND t.state = 'won';
    RETURN CASE WHEN NOT FOUND THEN 'not_to_send' END;
END $$;
"""

# Sent, handed over, or never collected ('off'). By staff. NULL, 'not_found', 'not_to_send' or 'address_missing'.
MOVE = """
CREATE FUNCTION move_prize(wanted uuid, target text, remark text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_drawtry;
BEGIN
    SELECT t.* INTO held FROM points_drawtry t
     WHERE t.id = wanted AND t.branch_pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF (held.kind, held.state, target) NOT IN (('parcel', 'won', 'sent'), ('parcel', 'sent', 'given'),
                                               ('pickup', 'won', 'given'), ('parcel', 'won', 'off'),
                                               ('pickup', 'won', 'off')) THEN
        RETURN 'not_to_send';
    END IF;
    IF target = 'sent' AND held.address IS NULL THEN RETURN 'address_missing'; END IF;
    UPDATE points_drawtry t
       SET state = target, sent_at = CASE target WHEN 'sent' THEN app_at() ELSE t.sent_at END,
           sent_by = CASE target WHEN 'sent' THEN remark ELSE t.sent_by END,
           ended_at = CASE WHEN target <> 'sent' THEN app_at() END
     WHERE t.id = wanted;
    PERFORM points_note('points.drawtry.' || CASE target WHEN 'sent' THEN 'send' WHEN 'given' THEN 'hand_over'
                                                         ELSE 'forgo' END,
        'points.drawtry:' || wanted, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('remark', remark));
    RETURN NULL;
END $$;
"""

# A merge of customers: tries are the kept one's; back again by the ids that had moved. Numbers stay as they were drawn.
FOLLOW_MERGE = """
CREATE FUNCTION move_draw_tries(kept uuid, absorbed uuid, chosen uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE moved uuid[]; target customers_customer;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'tries are moved by a merge of customers';
    END IF;
    SELECT * INTO target FROM customers_customer c WHERE c.id = CASE WHEN chosen IS NULL THEN kept ELSE absorbed END;
    WITH done AS (
        UPDATE points_drawtry t SET customer_id = target.id, branch_id = target.branch_id,
                                    branch_pos = target.branch_pos
         WHERE t.customer_id = CASE WHEN chosen IS NULL THEN absorbed ELSE kept END
           AND (chosen IS NULL OR t.id = ANY (chosen)) RETURNING t.id
    )
    SELECT coalesce(array_agg(d.id), '{}') INTO moved FROM done d;
    RETURN moved;
END $$;
"""

# All tries of a draw of the scope's branches, wherever their customers are at home now: who drew when, and what the
# ledger says was taken and given. No personal column is among them.
RECORD = """
CREATE FUNCTION draw_record(wanted uuid)
RETURNS TABLE (try uuid, pledge uuid, revision uuid, tried_by uuid, nth int, number int, prize uuid, serial bigint,
               missed text, kind text, title text, price int, won int, paid bigint, given bigint, coupon uuid)
LANGUAGE sql STABLE AS VERB $$
    SELECT t.id, t.pledge_id, t.revision_id, t.tried_by, t.nth, t.number, t.prize_id, t.serial, t.missed, t.kind,
           t.title, t.price_points, t.won_points,
           coalesce((SELECT sum(e.points) FROM points_entry e
                      WHERE e.movement_id = t.burnt_id AND e.account = 'draw'), 0),
           coalesce((SELECT -sum(e.points) FROM points_entry e
                      WHERE e.movement_id = t.given_id AND e.account = 'issued'), 0), t.coupon_id
      FROM points_drawtry t JOIN points_draw d ON d.id = t.draw_id
     WHERE t.draw_id = wanted AND d.branch_pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL
     ORDER BY t.tried_by, t.nth
$$;
"""

# How often each prize was drawn and given, by revision; prize empty: the fallback.
COUNTS = """
CREATE FUNCTION draw_counts(wanted uuid)
RETURNS TABLE (revision uuid, prize uuid, many bigint, given bigint, price bigint, won bigint)
LANGUAGE sql STABLE AS VERB $$
    SELECT t.revision_id, t.prize_id, count(*), count(*) FILTER (WHERE t.missed = ''), sum(t.price_points),
           sum(t.won_points)
      FROM points_drawtry t JOIN points_draw d ON d.id = t.draw_id
     WHERE t.draw_id = wanted AND d.branch_pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL
     GROUP BY 1, 2
$$;
"""
