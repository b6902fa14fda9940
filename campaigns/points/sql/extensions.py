"""Points extended by staff: within the limit by one person, above it by two; of many customers lot by lot."""

# How many points one person may extend alone here: what is left of a day's limit, after what the same person extended
# alone. The same limit as adjustments have; it counts all customers together.
_BEFORE = """
    PERFORM pg_advisory_xact_lock(hashtextextended('points_extension|' || coalesce(app_person()::text, ''), 0));
    SELECT coalesce(sum(x.points), 0) INTO before FROM points_extension x
     WHERE x.asked_by_id IS NOT DISTINCT FROM app_person() AND x.asked_at > app_at() - interval '1 day'
       AND x.decided_by_id IS NULL AND x.state IN ('agreed', 'posted');
"""

# Of one customer: what is usable and lapses before. NULL, or the ledger's word.
POST = """
CREATE FUNCTION points_post_extension(wanted uuid) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE asked points_extension; made uuid; no text;
BEGIN
    SELECT * INTO asked FROM points_extension x WHERE x.id = wanted FOR NO KEY UPDATE;
    SELECT e.word, e.movement INTO no, made FROM extend_points(
        coalesce((SELECT g.kept_id FROM customers_merge g
                   WHERE g.absorbed_id = asked.customer_id AND g.undone_at IS NULL ORDER BY g.id DESC LIMIT 1),
                 asked.customer_id), NULL, asked.until, asked.id, '积分延期', asked.reason) e;
    IF no IS NOT NULL THEN RETURN no; END IF;
    UPDATE points_extension x SET state = 'posted', movement_id = made, done = 1 WHERE x.id = wanted;
    RETURN NULL;
END $$;
"""

# NULL, 'not_found', 'nothing' (that lapses before), or posted at once within the limit.
ASK = """
CREATE FUNCTION ask_extension(fresh uuid, who uuid, ends_at timestamptz, why text) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE home record; before bigint; amount bigint; most bigint;
BEGIN
    SELECT c.branch_id, c.branch_pos INTO home FROM customers_customer c
     WHERE c.id = who AND c.status = 'active' AND c.branch_pos BETWEEN app_lo() AND app_hi()
       AND app_customer() IS NULL;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    {before}
    PERFORM points_ready(who, 0);
    SELECT coalesce(sum(l.rest), 0) INTO amount FROM points_lot l
     WHERE l.customer_id = who AND l.rest > 0 AND l.expires_at > app_at() AND l.expires_at < ends_at;
    IF amount = 0 THEN RETURN 'nothing'; END IF;
    most := points_alone(home.branch_id);
    INSERT INTO points_extension (id, branch_id, branch_pos, customer_id, until, reason, points, customers, state,
                                  alone, asked_at, asked_by_id)
    VALUES (fresh, home.branch_id, home.branch_pos, who, ends_at, why, amount, 1, 'asked', most, app_at(),
            app_person());
    RETURN CASE WHEN before + amount <= most THEN points_post_extension(fresh) END;
END $$;
""".replace("{before}", _BEFORE)

# Of all customers of the scope whose usable points lapse within these moments. NULL, 'nothing' or 'days'.
ASK_MANY = """
CREATE FUNCTION ask_extensions(fresh uuid, ends_from timestamptz, ends_until timestamptz, ends_at timestamptz, why text)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE before bigint; amount bigint; many int; most bigint;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'points are extended by staff';
    END IF;
    IF ends_from >= ends_until OR ends_until > ends_at OR ends_until <= app_at() THEN RETURN 'days'; END IF;
    {before}
    SELECT coalesce(sum(l.rest), 0), count(DISTINCT l.customer_id) INTO amount, many FROM points_lot l
     WHERE l.rest > 0 AND l.expires_at >= greatest(ask_extensions.ends_from, app_at())
       AND l.expires_at < ask_extensions.ends_until AND l.branch_pos BETWEEN app_lo() AND app_hi();
    IF amount = 0 THEN RETURN 'nothing'; END IF;
    most := points_alone(app_branch());
    INSERT INTO points_extension (id, branch_id, branch_pos, ends_from, ends_until, until, reason, points, customers,
                                  state, alone, asked_at, asked_by_id)
    VALUES (fresh, app_branch(), app_branch_pos(), ask_extensions.ends_from, ask_extensions.ends_until, ends_at, why,
            amount, many, CASE WHEN before + amount <= most THEN 'agreed' ELSE 'asked' END, most, app_at(),
            app_person());
    RETURN NULL;
END $$;
""".replace("{before}", _BEFORE)

# By another person. Of one customer it is posted at once. NULL, 'not_found', 'decided', 'own', or the ledger's word.
DECIDE = """
CREATE FUNCTION decide_extension(wanted uuid, is_agreed boolean, said text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE asked points_extension;
BEGIN
    SELECT * INTO asked FROM points_extension x
     WHERE x.id = wanted AND x.branch_pos BETWEEN app_lo() AND app_hi() AND app_person() IS NOT NULL
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF asked.state <> 'asked' THEN RETURN 'decided'; END IF;
    IF asked.asked_by_id = app_person() THEN RETURN 'own'; END IF;
    UPDATE points_extension x
       SET decided_by_id = app_person(), decided_at = app_at(), remark = said,
           state = CASE WHEN NOT is_agreed THEN 'refused' WHEN x.customer_id IS NULL THEN 'agreed' ELSE x.state END
     WHERE x.id = wanted;
    RETURN CASE WHEN is_agreed AND asked.customer_id IS NOT NULL THEN points_post_extension(wanted) END;
END $$;
"""

WORKS = """
CREATE FUNCTION note_extension_job(wanted uuid, job uuid) RETURNS void LANGUAGE sql AS VERB $$
    UPDATE points_extension x SET job_id = job
     WHERE x.id = wanted AND x.branch_pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL
$$;
"""

# The next customers behind `after`, each by a key of extension and customer; of the extension's branch and below, as
# far as the scope sees. Answers who was last (NULL: nobody is left), how many were looked at and how many not extended.
POST_LOT = """
CREATE FUNCTION post_extension_lot(wanted uuid, after uuid, at_most int)
RETURNS TABLE (last uuid, many int, lost int) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE asked points_extension; place tenants_branch; who record; no text; gone int := 0; seen int := 0; newest uuid;
BEGIN
    SELECT * INTO asked FROM points_extension x
     WHERE x.id = wanted AND x.branch_pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND OR asked.state <> 'agreed' OR asked.customer_id IS NOT NULL THEN RETURN; END IF;
    SELECT * INTO place FROM tenants_branch b WHERE b.id = asked.branch_id;
    FOR who IN SELECT l.customer_id AS id, array_agg(l.id) AS lots FROM points_lot l
                WHERE l.rest > 0 AND l.expires_at >= asked.ends_from AND l.expires_at < asked.ends_until
                  AND l.expires_at > app_at() AND l.branch_pos BETWEEN place.pos AND place.pos_end
                  AND (after IS NULL OR l.customer_id > after)
                GROUP BY 1 ORDER BY 1 LIMIT at_most LOOP
        SELECT e.word INTO no FROM extend_points(who.id, who.lots, asked.until,
            md5('points.extension|' || wanted || '|' || who.id)::uuid, '积分延期', asked.reason) e;
        seen := seen + 1;
        newest := who.id;
        IF no IS NOT NULL AND no <> 'twice' THEN gone := gone + 1; END IF;
    END LOOP;
    UPDATE points_extension x SET done = x.done + seen - gone,
           state = CASE WHEN seen < at_most THEN 'posted' ELSE x.state END WHERE x.id = wanted;
    RETURN QUERY SELECT CASE WHEN seen = at_most THEN newest END, seen, gone;
END $$;
"""
