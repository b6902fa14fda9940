"""Adjustments by hand: one person alone up to a limit, and above it another person."""

# What one person may adjust alone at a branch: what the nearest branch at or above it says.
ALONE = """
CREATE FUNCTION points_alone(place int) RETURNS bigint LANGUAGE sql STABLE AS VERB $$
    SELECT coalesce((SELECT l.points FROM tenants_branch h
                       JOIN tenants_branch b ON h.pos BETWEEN b.pos AND b.pos_end
                       JOIN points_adjustlimit l ON l.branch_id = b.id
                      WHERE h.id = place ORDER BY b.pos DESC LIMIT 1), 1000)
$$;
"""

# Posts what is agreed, once: its key is the adjustment's id. Who was merged since is who was kept.
POST = """
CREATE FUNCTION points_post_adjustment(wanted uuid) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE asked points_adjustment; home record; no text; made uuid; said text := '积分调整';
BEGIN
    SELECT * INTO asked FROM points_adjustment a WHERE a.id = wanted FOR NO KEY UPDATE;
    SELECT c.id, c.branch_id INTO home FROM customers_customer c
     WHERE c.id = coalesce((SELECT g.kept_id FROM customers_merge g
                             WHERE g.absorbed_id = asked.customer_id AND g.undone_at IS NULL
                             ORDER BY g.id DESC LIMIT 1), asked.customer_id);
    IF asked.points > 0 THEN
        SELECT a.word, a.movement INTO no, made
          FROM accrue_points(ARRAY[home.id], ARRAY[asked.points], ARRAY[wanted], ARRAY['points.adjustment:' || wanted],
                             NULL, home.branch_id, 'adjust', said, asked.reason, NULL, 12, 'year', NULL, NULL) a;
    ELSE
        SELECT b.word, b.movement INTO no, made
          FROM burn_points(home.id, -asked.points, 'adjust', 'issued', home.branch_id, NULL, wanted, said,
                           asked.reason, 'points.adjustment:' || wanted) b;
    END IF;
    IF no IS NOT NULL THEN RETURN no; END IF;
    UPDATE points_adjustment a SET state = 'posted', movement_id = made WHERE a.id = wanted;
    RETURN NULL;
END $$;
"""

# Within the limit it is posted at once, else it waits. The limit counts what the same person gave and took the same
# customer alone within a day, by hand and by awards: ten small ones are a large one. NULL, 'not_found' or 'short'.
ADJUST = """
CREATE OR REPLACE FUNCTION adjust_points(fresh uuid, who uuid, amount bigint, why text) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE home record; before bigint; most bigint;
BEGIN
    SELECT c.branch_id, c.branch_pos INTO home FROM customers_customer c
     WHERE c.id = who AND c.status = 'active' AND c.branch_pos BETWEEN app_lo() AND app_hi()
       AND app_customer() IS NULL;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    -- Two at once by the same person count one another, and awards too (awards.ASK takes the same lock).
    PERFORM pg_advisory_xact_lock(hashtextextended('points_award|' || coalesce(app_person()::text, ''), 0));
    PERFORM points_hold_wallets(ARRAY[who]);
    most := points_alone(home.branch_id);
    SELECT coalesce(sum(abs(a.points)), 0) INTO before FROM points_adjustment a
     WHERE a.customer_id = who AND a.asked_by_id IS NOT DISTINCT FROM app_person() AND a.state = 'posted'
       AND a.decided_by_id IS NULL AND a.asked_at > app_at() - interval '1 day';
    SELECT before + coalesce(sum(r.points), 0) INTO before
      FROM points_award a JOIN points_awardrow r ON r.award_id = a.id AND r.word = '' AND r.customer_id = who
     WHERE a.asked_by_id IS NOT DISTINCT FROM app_person() AND a.asked_at > app_at() - interval '1 day'
       AND a.decided_by_id IS NULL AND a.state IN ('agreed', 'posted', 'returning', 'returned');
    INSERT INTO points_adjustment (id, branch_id, branch_pos, customer_id, points, reason, alone, asked_at, asked_by_id)
    VALUES (fresh, home.branch_id, home.branch_pos, who, amount, why, most, app_at(), app_person());
    RETURN CASE WHEN before + abs(amount) <= most THEN points_post_adjustment(fresh) END;
END $$;
"""

# By another person. NULL, 'not_found', 'decided', 'own', or why it cannot be posted.
DECIDE = """
CREATE FUNCTION decide_adjustment(wanted uuid, is_agreed boolean, said text) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE asked points_adjustment;
BEGIN
    SELECT * INTO asked FROM points_adjustment a
     WHERE a.id = wanted AND a.branch_pos BETWEEN app_lo() AND app_hi() AND app_person() IS NOT NULL
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF asked.state <> 'asked' THEN RETURN 'decided'; END IF;
    IF asked.asked_by_id = app_person() THEN RETURN 'own'; END IF;
    UPDATE points_adjustment a
       SET decided_by_id = app_person(), decided_at = app_at(), remark = said,
           state = CASE WHEN is_agreed THEN a.state ELSE 'refused' END
     WHERE a.id = wanted;
    RETURN CASE WHEN is_agreed THEN points_post_adjustment(wanted) END;
END $$;
"""

# By who stands at head office. NULL, 'not_found' or 'not_head_office'.
LIMIT = """
CREATE FUNCTION set_adjust_limit(place int, most bigint) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE here tenants_branch;
BEGIN
    IF app_customer() IS NOT NULL
       OR NOT EXISTS (SELECT FROM tenants_branch b WHERE b.parent_id IS NULL AND b.pos = app_lo()) THEN
        RETURN 'not_head_office';
    END IF;
    SELECT * INTO here FROM tenants_branch b WHERE b.id = place;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    INSERT INTO points_adjustlimit (id, branch_id, branch_pos, points, changed_at)
    VALUES (uuidv7(), here.id, here.pos, most, app_at())
    ON CONFLICT (branch_id) DO UPDATE SET points = excluded.points, changed_at = excluded.changed_at;
    RETURN NULL;
END $$;
"""
