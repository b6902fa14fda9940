"""How many a branch may hand out in a day or week; and branches whose share is nearly gone."""

# One guarded row a branch and period, kept by the claims and never counted. As many as the narrower cap has room for;
# all that is wanted where the published copy has none. Locks the day before the week. Less than none gives back what
# was taken in the same transaction and then not handed out.
TAKE_CAPS = """
CREATE FUNCTION rewards_take_caps(batch uuid, branch int, wanted int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE live record; here date; held record; room int := wanted; places uuid[] := '{}';
BEGIN
    SELECT l.cap_per_day, l.cap_per_week, b.zone, b.pos INTO live FROM rewards_livebatch l, tenants_branch b
     WHERE l.batch_id = rewards_take_caps.batch AND b.id = rewards_take_caps.branch;
    IF live.cap_per_day IS NULL AND live.cap_per_week IS NULL THEN RETURN wanted; END IF;
    here := (app_at() AT TIME ZONE live.zone)::date;
    FOR held IN
        SELECT p.period, p.starts, p.most FROM (VALUES
            ('day', here, live.cap_per_day), ('week', date_trunc('week', here)::date, live.cap_per_week)
        ) AS p (period, starts, most) WHERE p.most IS NOT NULL ORDER BY p.period
    LOOP
        INSERT INTO rewards_capcount AS c (id, branch_id, branch_pos, batch_id, period, starts)
        VALUES (uuidv7(), rewards_take_caps.branch, live.pos, rewards_take_caps.batch, held.period, held.starts)
        ON CONFLICT (batch_id, branch_id, period, starts) DO NOTHING;
        SELECT least(room, CASE WHEN wanted < 0 THEN room ELSE held.most - c.taken END), places || c.id
          INTO room, places FROM rewards_capcount c
         WHERE c.batch_id = rewards_take_caps.batch AND c.branch_id = rewards_take_caps.branch
           AND c.period = held.period AND c.starts = held.starts FOR NO KEY UPDATE;
    END LOOP;
    IF room < 1 AND wanted >= 0 THEN RETURN 0; END IF;
    UPDATE rewards_capcount c SET taken = c.taken + room WHERE c.id = ANY (places);
    RETURN room;
END $$;
"""

# Set-based, and each fall once: a node is marked while it is low. Who hears is the nearest above (at the issuer: there
# or above) who may allot; their people ride along, since whoever sweeps has no list of them.
MARK_LOW = """
CREATE FUNCTION mark_low_shares() RETURNS TABLE (share uuid, batch uuid, branch int, name text, title text, rest bigint,
                                                 people uuid[])
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH low AS (
        SELECT s.id, l.title, l.branch_id AS issuer, k.rest, k.rest * 100 <= s.kept::bigint * l.low_percent AS is_low
          FROM rewards_livebatch l
          JOIN rewards_share s ON s.batch_id = l.batch_id AND s.kept > 0
         CROSS JOIN LATERAL (SELECT sum(k.allotted - k.claimed) AS rest FROM rewards_stock k
                              WHERE k.batch_id = s.batch_id AND k.branch_id = s.branch_id) k
         WHERE l.claim_from <= app_at() AND l.claim_until > app_at() AND s.branch_pos BETWEEN app_lo() AND app_hi()
    ), risen AS (
        UPDATE rewards_share s SET low_since = NULL FROM low w
         WHERE w.id = s.id AND NOT w.is_low AND s.low_since IS NOT NULL
    ), fallen AS (
        UPDATE rewards_share s SET low_since = app_at() FROM low w
         WHERE w.id = s.id AND w.is_low AND s.low_since IS NULL
        RETURNING s.id, s.batch_id, s.branch_id, w.issuer, w.title, w.rest
    )
    SELECT f.id, f.batch_id, f.branch_id, b.name::text, f.title::text, f.rest,
           coalesce((SELECT array_agg(DISTINCT a.person_id)
              FROM tenants_assignment a JOIN tenants_role r ON r.code = a.role_id
             WHERE a.held_from <= app_at() AND a.held_until > app_at()
               AND tenants_may(r.verbs::text[], 'rewards.stock.allot')
               AND a.branch_id = (
                   SELECT up.id FROM unnest(tenants_line(f.branch_id)) WITH ORDINALITY AS up (id, nth)
                    WHERE (up.nth > 1 OR up.id = f.issuer) AND EXISTS (
                        SELECT FROM tenants_assignment h JOIN tenants_role o ON o.code = h.role_id
                         WHERE h.branch_id = up.id AND h.held_from <= app_at() AND h.held_until > app_at()
                           AND tenants_may(o.verbs::text[], 'rewards.stock.allot'))
                    ORDER BY up.nth LIMIT 1)), '{}')
      FROM fallen f JOIN tenants_branch b ON b.id = f.branch_id;
END $$;
"""
