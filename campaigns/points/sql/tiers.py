"""Tiers: whose scheme is whose, what counts, who rises, who is told of a fall and who falls; what a tier gives."""

# The scheme of these customers (the nearest live one at or above the home branch) and the place of the tier they hold
# in it: by its code, in a scheme or a version without that code the highest one that asks for no more, else the first.
# Empty for who has no scheme, or whose branch a stop covers.
OF = """
CREATE FUNCTION points_tiers_of(who uuid[])
RETURNS TABLE (customer uuid, branch int, pos int, zone text, scheme uuid, revision uuid, title text, period text,
               months int, counts text[], steps jsonb, keep_months int, keep_ends text, notice_days int, has int,
               held_scheme uuid, held_revision uuid, held_code text, since timestamptz, kept_until timestamptz,
               noticed_at timestamptz)
LANGUAGE sql STABLE AS VERB $$
    WITH asked AS MATERIALIZED (
        SELECT c.id, c.branch_id, c.branch_pos FROM customers_customer c WHERE c.id = ANY (who) AND c.status = 'active'
    ), home AS MATERIALIZED (
        SELECT DISTINCT ON (h.id) h.id AS home, h.zone AS home_zone, l.*
          FROM tenants_branch h JOIN tenants_branch b ON h.pos BETWEEN b.pos AND b.pos_end
          JOIN points_livetiers l ON l.branch_id = b.id
         WHERE h.id IN (SELECT a.branch_id FROM asked a)
           AND NOT EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                            WHERE s.lifted_at IS NULL AND s.campaign_id IS NULL AND s.kind IN ('', 'points.tiers')
                              AND h.pos BETWEEN o.pos AND o.pos_end)
         ORDER BY h.id, b.pos DESC
    )
    SELECT a.id, a.branch_id, a.branch_pos, s.home_zone, s.scheme_id, s.revision_id, s.title, s.period, s.months,
           s.counts::text[], s.tiers, s.keep_months, s.keep_ends, s.notice_days,
           points_tier_place(s.tiers, t.code, t.threshold), t.scheme_id, t.revision_id, t.code, t.since, t.kept_until,
           t.noticed_at
      FROM asked a JOIN home s ON s.home = a.branch_id LEFT JOIN points_customertier t ON t.customer_id = a.id
$$;
"""

# Where a tier stands among others (from 1): by its code, else by what it asked for.
PLACE = """
CREATE FUNCTION points_tier_place(steps jsonb, wanted text, asked_for bigint) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(max(p.place) FILTER (WHERE p.step ->> 'code' = wanted),
                    max(p.place) FILTER (WHERE (p.step ->> 'threshold')::bigint <= coalesce(asked_for, 0)), 1)::int
      FROM jsonb_array_elements(steps) WITH ORDINALITY AS p (step, place)
$$;
"""
# The highest tier that so many points reach (from 1).
REACHED = """
CREATE FUNCTION points_tier_reached(steps jsonb, points bigint) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(max(p.place) FILTER (WHERE (p.step ->> 'threshold')::bigint <= points), 1)::int
      FROM jsonb_array_elements(steps) WITH ORDINALITY AS p (step, place)
$$;
"""

# The first moment whose points count on a local day: of the year, or n months back (31 March less one month is the
# end of February, and the day after it is the first). The same as tier_rules.counts_from.
SINCE = """
CREATE FUNCTION points_tier_since(day date, period text, months int, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (CASE period WHEN 'year' THEN date_trunc('year', day::timestamp)
                        ELSE day - make_interval(months => months) + interval '1 day' END) AT TIME ZONE zone
$$;
"""

# What counts of one customer since two moments: entries of accruals and of adjustments, as the scheme says, of all whom
# the customer was merged with. What was taken back does not count, of whatever day it was. Always by the index of the
# customer's entries: a plan made while tables were small read all of them for everybody.
COUNTED = """
CREATE FUNCTION points_tier_counted(customer uuid, now_from timestamptz, keep_from timestamptz, counting text[])
RETURNS TABLE (counted bigint, kept bigint) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS VERB $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE own AS (
        SELECT customer AS was
        UNION SELECT g.absorbed_id FROM own o JOIN customers_merge g ON g.kept_id = o.was AND g.undone_at IS NULL
    )
    SELECT coalesce(sum(e.points) FILTER (WHERE e.at >= now_from), 0)::bigint,
           coalesce(sum(e.points) FILTER (WHERE e.at >= keep_from), 0)::bigint
      FROM own o JOIN points_entry e ON e.customer_id = o.was AND e.at >= least(now_from, keep_from)
       AND e.at <= app_at() AND e.kind IN ('accrue', 'adjust')
      JOIN points_movement m ON m.id = e.movement_id
     WHERE CASE WHEN e.kind = 'adjust' THEN 'adjust' WHEN m.rule_id IS NULL THEN 'award' ELSE 'rule' END
           = ANY (counting)
       AND NOT EXISTS (SELECT FROM points_movement r
                        WHERE r.follows_id = e.movement_id AND r.customer_id = e.customer_id AND r.kind = 'reverse');
END $$;
"""

# How these customers stand: `counted` now, and `kept`: what counts towards keeping the tier, from the first day of the
# period as it will be on the last day on which the tier is kept.
STANDINGS = """
CREATE FUNCTION points_tier_standings(who uuid[])
RETURNS TABLE (customer uuid, branch int, pos int, zone text, scheme uuid, revision uuid, title text, steps jsonb,
               keep_months int, keep_ends text, notice_days int, has int, held_scheme uuid, held_revision uuid,
               held_code text, since timestamptz, kept_until timestamptz, noticed_at timestamptz, counted bigint,
               kept bigint)
LANGUAGE sql STABLE AS VERB $$
    SELECT t.customer, t.branch, t.pos, t.zone, t.scheme, t.revision, t.title, t.steps, t.keep_months, t.keep_ends,
           t.notice_days, t.has, t.held_scheme, t.held_revision, t.held_code, t.since, t.kept_until, t.noticed_at,
           s.counted, s.kept
      FROM points_tiers_of(who) t
     CROSS JOIN LATERAL points_tier_counted(
               t.customer, points_tier_since((app_at() AT TIME ZONE t.zone)::date, t.period, t.months, t.zone),
               points_tier_since((coalesce(t.kept_until - interval '1 microsecond', app_at())
                                  AT TIME ZONE t.zone)::date, t.period, t.months, t.zone), t.counts) s
$$;
"""

# The one verb that judges: up at once, kept anew at its end where points are enough, told of a fall in time, down when
# the notice is old enough. Any number may judge the same customers: their wallets are held, and what was done is not
# done again. Answers how many of each.
RATE = """
CREATE FUNCTION rate_tiers(who uuid[]) RETURNS jsonb LANGUAGE plpgsql AS VERB $$
DECLARE told jsonb; heard record;
BEGIN
    {system_alone}
    PERFORM points_hold_wallets(who);
    WITH stands AS MATERIALIZED (
        SELECT s.*, (s.steps -> (s.has - 1) ->> 'threshold')::bigint AS asks,
               points_tier_reached(s.steps, s.counted) AS up, points_tier_reached(s.steps, s.kept) AS down,
               -- The lowest is kept for good; who has an end in a tier that has become the lowest has none any more.
               CASE WHEN s.has > 1 THEN coalesce(s.kept_until,
                    points_expires_at(app_at(), s.keep_months, s.keep_ends, s.zone)) END AS ends,
               s.steps -> (s.has - 1) ->> 'code' AS code
          FROM points_tier_standings(who) s
    ), judged AS MATERIALIZED (
        SELECT s.*, CASE
               WHEN s.up > s.has THEN 'reached'
               WHEN s.has > 1 AND s.kept >= s.asks AND s.ends <= app_at() THEN 'renewed'
               WHEN s.has > 1 AND s.kept >= s.asks AND s.noticed_at IS NOT NULL THEN 'withdrawn'
               WHEN s.has > 1 AND s.kept < s.asks AND s.noticed_at IS NULL
                    AND s.ends - make_interval(days => s.notice_days) <= app_at() THEN 'notice'
               WHEN s.has > 1 AND s.kept < s.asks AND s.ends <= app_at()
                    AND s.noticed_at + make_interval(days => s.notice_days) <= app_at() THEN 'not_kept'
               WHEN s.held_code IS NOT NULL AND (s.held_scheme <> s.scheme OR s.held_code <> s.code) THEN 'scheme'
               WHEN s.held_code IS NOT NULL AND s.held_revision <> s.revision THEN 'version' END AS why
          FROM stands s
    ), became AS MATERIALIZED (
        SELECT j.*, x.place, j.steps -> (x.place - 1) ->> 'code' AS fresh,
               (j.steps -> (x.place - 1) ->> 'threshold')::int AS asks_now,
               CASE WHEN x.place = 1 THEN NULL
                    WHEN j.why = 'reached' THEN points_expires_at(app_at(), j.keep_months, j.keep_ends, j.zone)
                    WHEN j.why IN ('renewed', 'not_kept') THEN coalesce(
                        -- As if it had been reached on the last day of the former term, unless that is over as well.
                        (SELECT e.ends FROM points_expires_at(j.ends - interval '1 microsecond', j.keep_months,
                                                              j.keep_ends, j.zone) AS e (ends) WHERE e.ends > app_at()),
                        points_expires_at(app_at(), j.keep_months, j.keep_ends, j.zone))
                    ELSE j.ends END AS ends_now,
               CASE WHEN j.why = 'notice' THEN app_at()
                    WHEN j.why IN ('scheme', 'version') AND x.place > 1 THEN j.noticed_at END AS noticed
          FROM judged j
         CROSS JOIN LATERAL (SELECT CASE j.why WHEN 'reached' THEN j.up WHEN 'not_kept' THEN j.down ELSE j.has END
                                    AS place) x
         WHERE j.why IS NOT NULL
    ), written AS (
        INSERT INTO points_customertier AS c (customer_id, branch_id, branch_pos, scheme_id, revision_id, code,
                                              threshold, since, kept_until, noticed_at)
        SELECT b.customer, b.branch, b.pos, b.scheme, b.revision, b.fresh, b.asks_now,
               CASE WHEN b.why IN ('reached', 'not_kept') OR b.since IS NULL THEN app_at() ELSE b.since END, b.ends_now,
               b.noticed
          FROM became b ORDER BY b.customer
        ON CONFLICT (customer_id) DO UPDATE
           SET scheme_id = excluded.scheme_id, revision_id = excluded.revision_id, code = excluded.code,
               threshold = excluded.threshold, since = excluded.since, kept_until = excluded.kept_until,
               noticed_at = excluded.noticed_at
    ), changed AS (
        INSERT INTO points_tierchange (id, branch_id, branch_pos, customer_id, scheme_id, revision_id, was, became,
                                       threshold, why, at, points, missing, until, kept_until)
        SELECT uuidv7(), b.branch, b.pos, b.customer, b.scheme, b.revision, coalesce(b.held_code, b.code), b.fresh,
               b.asks_now, b.why, app_at(), CASE b.why WHEN 'reached' THEN b.counted ELSE b.kept END,
               CASE b.why WHEN 'notice' THEN b.asks - b.kept END,
               CASE b.why WHEN 'notice' THEN greatest(b.ends, app_at() + make_interval(days => b.notice_days)) END,
               b.ends_now
          FROM became b WHERE b.why <> 'version'
        RETURNING id, customer_id, was, became, why, missing, until
    )
    SELECT coalesce((SELECT jsonb_object_agg(w.why, w.many)
                       FROM (SELECT b.why, count(*) AS many FROM became b GROUP BY 1) w), '{}') AS words,
           array_agg(c.customer_id) FILTER (WHERE c.why = 'notice') AS warned,
           array_agg('points.tierchange:' || c.id) FILTER (WHERE c.why = 'notice') AS warned_of,
           array_agg(jsonb_build_object('tier', c.became, 'missing', c.missing, 'until',
                                        ((c.until - interval '1 microsecond') AT TIME ZONE b.zone)::date))
               FILTER (WHERE c.why = 'notice') AS warning,
           array_agg(c.customer_id) FILTER (WHERE c.was <> c.became AND c.why IN ('reached', 'not_kept')) AS moved,
           array_agg('points.tierchange:' || c.id)
               FILTER (WHERE c.was <> c.became AND c.why IN ('reached', 'not_kept')) AS moved_of,
           array_agg(jsonb_build_object('was', c.was, 'became', c.became, 'rises', c.why = 'reached'))
               FILTER (WHERE c.was <> c.became AND c.why IN ('reached', 'not_kept')) AS moving
      INTO heard FROM changed c JOIN became b ON b.customer = c.customer_id;
    told := heard.words;
    IF heard.warned IS NOT NULL THEN
        PERFORM events_note_many('points.tier_notice', app_at(), 'points', heard.warned, heard.warned_of,
                                 heard.warning);
    END IF;
    IF heard.moved IS NOT NULL THEN
        PERFORM events_note_many('points.tier_changed', app_at(), 'points', heard.moved, heard.moved_of, heard.moving);
    END IF;
    RETURN told;
END $$;
"""
_SYSTEM_ALONE = """IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'tiers are judged by the system';
    END IF;"""
RATE = RATE.replace("{system_alone}", _SYSTEM_ALONE)

# After each statement that wrote movements: those that may change what counts wait for their customers to be judged.
# One row for a movement, however many customers it has; without any live scheme one look.
HEAR = """
CREATE FUNCTION points_tiers_hear() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF EXISTS (SELECT FROM points_livetiers) THEN
        INSERT INTO points_tierdue (movement_id, branch_id, branch_pos, customer_id)
        SELECT n.id, n.branch_id, n.branch_pos, n.customer_id FROM new_rows n
         WHERE n.kind IN ('accrue', 'adjust', 'reverse');
    END IF;
    RETURN NULL;
END $$;
"""
HEARD = """
CREATE TRIGGER points_tiers_hear AFTER INSERT ON points_movement REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION points_tiers_hear();
"""

# Customers of movements that wait, taken off the list in this transaction: of one movement of many, or of so many of
# one each. Who was merged since is who was kept. Answers how many customers were judged; NULL when nothing waits.
RATE_DUE = """
CREATE FUNCTION rate_due_tiers(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE first points_tierdue; who uuid[];
BEGIN
    {system_alone}
    SELECT * INTO first FROM points_tierdue d ORDER BY d.movement_id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF first.customer_id IS NULL THEN
        SELECT array_agg(DISTINCT e.customer_id) INTO who FROM points_entry e
         WHERE e.movement_id = first.movement_id AND e.customer_id IS NOT NULL;
        DELETE FROM points_tierdue d WHERE d.movement_id = first.movement_id;
    ELSE
        WITH taken AS (
            DELETE FROM points_tierdue d WHERE d.movement_id IN (
                SELECT n.movement_id FROM points_tierdue n WHERE n.customer_id IS NOT NULL
                 ORDER BY n.movement_id LIMIT at_most FOR UPDATE SKIP LOCKED)
            RETURNING d.customer_id)
        SELECT array_agg(DISTINCT t.customer_id) INTO who FROM taken t;
    END IF;
    SELECT array_agg(DISTINCT coalesce((SELECT g.kept_id FROM customers_merge g
                                         WHERE g.absorbed_id = w AND g.undone_at IS NULL
                                         ORDER BY g.id DESC LIMIT 1), w))
      INTO who FROM unnest(who) w;
    PERFORM rate_tiers(who);
    RETURN cardinality(who);
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# What the tier of each gives, and its name: one's own, or of customers within the scope.
BENEFITS = """
CREATE FUNCTION points_benefits(who uuid[])
RETURNS TABLE (customer uuid, code text, name text, multiplier int, discount int) LANGUAGE sql STABLE AS VERB $$
    SELECT t.customer, h.step ->> 'code', h.step ->> 'name', (h.step ->> 'multiplier')::int,
           (h.step ->> 'discount')::int
      FROM points_tiers_of(who) t CROSS JOIN LATERAL (SELECT t.steps -> (t.has - 1) AS step) h
     WHERE CASE WHEN app_customer() IS NOT NULL THEN t.customer = app_customer()
                ELSE t.pos BETWEEN app_lo() AND app_hi() END
$$;
"""
# Whoever posts to the same customers several times in one transaction holds their wallets first, or two workers wait
# for each other crosswise.
HOLD = """
CREATE FUNCTION hold_wallets(who uuid[]) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    {system_alone}
    PERFORM points_hold_wallets(who);
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# A price less so many percent, rounded up, one point at least. The same as tier_rules.own_price.
LESS = """
CREATE FUNCTION points_less(price int, percent int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT greatest(1, ceil(price::bigint * (100 - percent) / 100.0))::int
$$;
"""
# What a good costs this customer.
PRICE = """
CREATE FUNCTION points_own_price(customer uuid, price int) RETURNS int LANGUAGE sql STABLE AS VERB $$
    SELECT points_less(price, coalesce(
               (SELECT b.discount FROM points_benefits(ARRAY[points_own_price.customer]) b), 0))
$$;
"""

# How one customer stands, for the customer or for staff of the home branch and above; all the tiers with it.
STANDING = """
CREATE FUNCTION tier_standing(wanted uuid)
RETURNS TABLE (title text, zone text, steps jsonb, has int, since timestamptz, kept_until timestamptz,
               noticed_at timestamptz, notice_days int, counted bigint, kept bigint) LANGUAGE sql STABLE AS VERB $$
    SELECT s.title, s.zone, s.steps, s.has, s.since, s.kept_until, s.noticed_at, s.notice_days, s.counted, s.kept
      FROM points_tier_standings(ARRAY[wanted]) s
     WHERE CASE WHEN app_customer() IS NOT NULL THEN s.customer = app_customer()
                ELSE s.pos BETWEEN app_lo() AND app_hi() END
$$;
"""

# What a draft would do to customers as they stand today, who have points, at most so many: by the place in the draft
# of the tier that they hold now and of the one that their points reach. Those whom a nearer scheme is for are left out.
TRIAL = """
CREATE FUNCTION tier_trial(place int, span text, so_many int, counting text[], steps jsonb, at_most int)
RETURNS TABLE (holds int, reaches int, many bigint) LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
DECLARE home tenants_branch;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN; END IF;
    SELECT * INTO home FROM tenants_branch b WHERE b.id = place AND b.pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND THEN RETURN; END IF;
    RETURN QUERY
    SELECT t.has, points_tier_reached(steps, s.counted), count(*)
      FROM (SELECT w.customer_id AS customer, points_tier_place(steps, c.code, c.threshold) AS has,
                   points_tier_since((app_at() AT TIME ZONE b.zone)::date, span, so_many, b.zone) AS now_from
              FROM points_wallet w JOIN tenants_branch b ON b.id = w.branch_id
              JOIN customers_customer k ON k.id = w.customer_id AND k.status = 'active'
              LEFT JOIN points_customertier c ON c.customer_id = w.customer_id
             WHERE w.branch_pos BETWEEN home.pos AND home.pos_end
               AND NOT EXISTS (SELECT FROM points_livetiers l JOIN tenants_branch n ON n.id = l.branch_id
                                WHERE w.branch_pos BETWEEN n.pos AND n.pos_end
                                  AND n.pos > home.pos AND n.pos <= home.pos_end)
             LIMIT at_most) t
     CROSS JOIN LATERAL points_tier_counted(t.customer, t.now_from, t.now_from, counting) s
     GROUP BY 1, 2;
END $$;
"""
