"""Granting: coupons that staff or the system give, many by one call; and events of other systems that ask for it."""

# All of a lot by a handful of statements. Answers the places (from 1) that were refused, each with its word; whatever
# is not answered was granted.
#
# The customers are locked against everything that counts their coupons: a claim holds its customer FOR KEY SHARE from
# before it counts, and so does a merge; in the order of their ids, so that two lots never wait crosswise. The buckets
# are locked last, as by a claim: coupons, history and events are written before, in the hope that what was free when
# they were counted still is. Where a rival was quicker, the inner block undoes the lot, and the second pass locks the
# buckets first, so that it cannot fail again.
GRANT = """
CREATE FUNCTION grant_coupons(wanted uuid, who uuid[], ids uuid[], hashes bytea[], cause text, why text,
                              each_noted boolean)
RETURNS TABLE (place int, word text) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE live rewards_livebatch; issuer tenants_branch; no text; careful boolean := false; homes int[]; many int[];
        short boolean; places int[]; words text[]; fresh uuid[]; drawn int := cardinality(who); held uuid;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are granted by staff or by the system';
    END IF;
    SELECT * INTO live FROM rewards_livebatch l
     WHERE l.batch_id = wanted AND l.shown_from <= app_at()
       AND (l.branch_pos BETWEEN app_lo() AND app_hi() OR l.handed_down AND l.branch_id = ANY (app_ancestors()));
    -- Whoever may claim it makes no difference here; that it is approved for this moment does.
    no := CASE WHEN live.batch_id IS NULL THEN 'not_found' WHEN live.claim_from > app_at() THEN 'not_open_yet'
               WHEN live.claim_until <= app_at() THEN 'over' END;
    IF no IS NOT NULL THEN
        RETURN QUERY SELECT n, no FROM generate_series(1, cardinality(who)) AS n;
        RETURN;
    END IF;
    SELECT * INTO issuer FROM tenants_branch b WHERE b.id = live.branch_id;
    PERFORM FROM customers_customer c WHERE c.id = ANY (who) ORDER BY c.id FOR UPDATE;
    LOOP
        BEGIN
            IF careful THEN
                PERFORM FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id IN (
                    SELECT c.branch_id FROM customers_customer c WHERE c.id = ANY (who))
                  ORDER BY s.branch_id, s.bucket FOR UPDATE;
            END IF;
            WITH asked AS MATERIALIZED (
                SELECT a.customer, a.id, a.hash, a.place::int
                  FROM unnest(who, ids, hashes) WITH ORDINALITY AS a (customer, id, hash, place)
            ), known AS MATERIALIZED (
                SELECT a.*, c.branch_id, c.branch_pos,
                       coalesce((SELECT max(k.nth) FROM rewards_coupon k
                                  WHERE k.batch_id = wanted AND k.customer_id = a.customer), 0)
                       + row_number() OVER (PARTITION BY a.customer ORDER BY a.place) AS nth
                  FROM asked a JOIN customers_customer c ON c.id = a.customer
                 WHERE c.status = 'active' AND c.branch_pos BETWEEN app_lo() AND app_hi()
                   AND (c.branch_id = live.branch_id
                        OR live.handed_down AND c.branch_pos BETWEEN issuer.pos AND issuer.pos_end)
            ), home AS MATERIALIZED (
                SELECT h.branch_id, h.branch_pos,
                       coalesce((SELECT sum(s.allotted - s.claimed) FROM rewards_stock s
                                  WHERE s.batch_id = wanted AND s.branch_id = h.branch_id), 0) AS free,
                       EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                                WHERE s.lifted_at IS NULL AND h.branch_pos BETWEEN o.pos AND o.pos_end
                                  AND s.kind IN ('', 'rewards.batch')
                                  AND (s.campaign_id IS NULL OR s.campaign_id = live.campaign_id)) AS is_stopped,
                       CASE WHEN live.usable_days IS NULL THEN live.usable_from
                            WHEN live.usable_after_days = 0 THEN app_at()
                            ELSE ((app_at() AT TIME ZONE b.zone)::date + live.usable_after_days)::timestamp
                                 AT TIME ZONE b.zone END AS usable_from,
                       CASE WHEN live.usable_days IS NULL THEN live.usable_until
                            ELSE ((app_at() AT TIME ZONE b.zone)::date + greatest(live.usable_after_days, 1)
                                  + live.usable_days)::timestamp AT TIME ZONE b.zone END AS usable_until
                  FROM (SELECT DISTINCT branch_id, branch_pos FROM known) h
                  CROSS JOIN LATERAL (SELECT zone FROM tenants_branch WHERE id = h.branch_id LIMIT 1) b
            ), lined AS MATERIALIZED (
                -- Each branch's row stands before its customers', so that one sort tells them what is free: a join
                -- of what the planner takes for one row each compared every customer with every branch.
                SELECT u.place, u.branch_id, u.branch_pos, u.customer, u.id, u.hash, u.nth,
                       first_value(u.usable_from) OVER w AS usable_from,
                       first_value(u.usable_until) OVER w AS usable_until,
                       coalesce(u.counts AND NOT first_value(u.is_stopped) OVER w
                                     AND count(*) FILTER (WHERE u.counts) OVER w <= first_value(u.free) OVER w,
                                     false) AS is_left,
                       CASE WHEN first_value(u.is_stopped) OVER w THEN 'stopped'
                            WHEN u.nth > live.per_customer_limit THEN 'limit_reached'
                            WHEN u.place > drawn THEN 'codes_gone' ELSE 'sold_out' END AS word
                  FROM (SELECT h.branch_id, h.branch_pos, 0 AS place, h.free, h.is_stopped, h.usable_from,
                               h.usable_until, NULL::uuid AS customer, NULL::uuid AS id, NULL::bytea AS hash,
                               NULL::bigint AS nth, false AS counts
                          FROM home h
                        UNION ALL
                        SELECT k.branch_id, k.branch_pos, k.place, NULL, NULL, NULL, NULL, k.customer, k.id,
                               k.hash, k.nth, k.nth <= live.per_customer_limit AND k.place <= drawn
                          FROM known k) u
                WINDOW w AS (PARTITION BY u.branch_id ORDER BY u.place)
            ), written AS (
                INSERT INTO rewards_coupon (id, branch_id, branch_pos, batch_id, revision_id, issuer_id, customer_id,
                    nth, code_hash, title, kind, threshold_fen, off_fen, payer, claimed_at, usable_from, usable_until,
                    status, redeemed_times, how, caused_by)
                SELECT f.id, f.branch_id, f.branch_pos, wanted, live.revision_id, live.branch_id, f.customer, f.nth,
                       f.hash, live.title, live.kind, live.threshold_fen, live.off_fen, live.payer, app_at(),
                       f.usable_from, f.usable_until,
                       'claimed', 0, 'granted', cause
                  FROM lined f WHERE f.is_left
                RETURNING id, branch_id, branch_pos, customer_id, nth
            ), told AS (
                INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, received_at, source,
                    subject, properties)
                SELECT uuidv7(), w.customer_id, w.branch_id, w.branch_pos, 'rewards.coupon.granted', app_at(),
                       app_at(), 'rewards', 'rewards.coupon:' || w.id,
                       jsonb_build_object('batch', wanted, 'nth', w.nth)
                  FROM written w
            ), counted AS (
                SELECT branch_id, count(*)::int AS many FROM written GROUP BY branch_id
            ), refused AS (
                SELECT l.place, l.word FROM lined l WHERE l.place > 0 AND NOT l.is_left
                UNION ALL
                SELECT a.place, 'customer_unknown' FROM asked a WHERE a.place NOT IN (SELECT l.place FROM lined l)
            )
            SELECT (SELECT array_agg(c.branch_id ORDER BY c.branch_id) FROM counted c),
                   (SELECT array_agg(c.many ORDER BY c.branch_id) FROM counted c),
                   (SELECT array_agg(r.place ORDER BY r.place) FROM refused r),
                   (SELECT array_agg(r.word ORDER BY r.place) FROM refused r),
                   CASE WHEN each_noted THEN (SELECT array_agg(w.id) FROM written w) END
              INTO homes, many, places, words, fresh;
            IF live.draws_codes THEN
                FOR held IN SELECT a.id FROM unnest(ids) WITH ORDINALITY AS a (id, nth)
                              JOIN rewards_coupon c ON c.id = a.id ORDER BY a.nth LOOP
                    IF NOT rewards_draw_code(wanted, held) THEN
                        -- Undone, and done again up to the last place that found one.
                        drawn := array_position(ids, held) - 1;
                        RAISE EXCEPTION USING ERRCODE = 'FH002', MESSAGE = 'no third-party code is left';
                    END IF;
                END LOOP;
            END IF;
            IF homes IS NOT NULL THEN
                PERFORM FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = ANY (homes)
                  ORDER BY s.branch_id, s.bucket FOR UPDATE;
                WITH shelf AS (
                    SELECT s.id, w.many, s.allotted - s.claimed AS free,
                           coalesce(sum(s.allotted - s.claimed) OVER (PARTITION BY s.branch_id ORDER BY s.bucket
                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                      FROM rewards_stock s JOIN unnest(homes, many) AS w (branch_id, many) USING (branch_id)
                     WHERE s.batch_id = wanted
                ), taken AS (
                    UPDATE rewards_stock s SET claimed = s.claimed + least(h.free, h.many - h.before)
                      FROM shelf h WHERE h.id = s.id AND h.free > 0 AND h.many > h.before
                    RETURNING least(h.free, h.many - h.before) AS number
                )
                SELECT coalesce(sum(t.number), 0) < (SELECT sum(n) FROM unnest(many) AS n) INTO short FROM taken t;
                IF short THEN
                    RAISE EXCEPTION USING ERRCODE = 'FH001', MESSAGE = 'sold out meanwhile';
                END IF;
            END IF;
            EXIT;
        EXCEPTION WHEN SQLSTATE 'FH001' THEN
            IF careful THEN RAISE EXCEPTION 'stock of batch % changes under its lock', wanted; END IF;
            careful := true;
        WHEN SQLSTATE 'FH002' THEN
            NULL;  -- `drawn` is less than it was
        END;
    END LOOP;
    IF each_noted THEN
        PERFORM rewards_note('rewards.coupon.grant', c.id, c.title, c.branch_id, c.branch_pos,
                             jsonb_build_object('batch', wanted, 'nth', c.nth, 'reason', why))
           FROM rewards_coupon c WHERE c.id = ANY (fresh);
    END IF;
    RETURN QUERY SELECT * FROM unnest(places, words);
END $$;
"""

# The rules that answer an event, bank-wide and before there is a scope: one row for a batch and an id of the source's,
# whatever is told again. Nothing hot is touched here, so that who tells never waits for a counter.
HEAR = """
CREATE FUNCTION hear_events(from_source text, kinds text[], own_ids text[], events uuid[], customers uuid[],
                            products text[], moment timestamptz)
RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE laid int;
BEGIN
    INSERT INTO rewards_eventgrant (id, branch_id, branch_pos, rule_id, batch_id, source, told, event_id, customer_id,
        at, state)
    SELECT DISTINCT ON (r.batch_id, e.told) uuidv7(), c.branch_id, c.branch_pos, r.id, r.batch_id, from_source, e.told,
           e.event, c.id, moment, 'waiting'
      FROM unnest(kinds, own_ids, events, customers, products) AS e (kind, told, event, customer, product)
      JOIN rewards_grantrule r ON r.is_open AND r.source = from_source AND r.event_kind = e.kind
                              AND r.product IN ('', e.product)
      JOIN customers_customer c ON c.id = e.customer
     ORDER BY r.batch_id, e.told, r.product DESC, r.id
    ON CONFLICT (batch_id, source, told) DO NOTHING;
    GET DIAGNOSTICS laid = ROW_COUNT;
    RETURN laid;
END $$;
"""

# What became of some that waited. They are locked by who asks.
SETTLE = """
CREATE FUNCTION settle_event_grants(keys uuid[], coupons uuid[], words text[]) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'events are answered by the system';
    END IF;
    UPDATE rewards_eventgrant g
       SET state = CASE WHEN w.word = '' THEN 'granted' ELSE 'refused' END, word = w.word,
           coupon_id = CASE WHEN w.word = '' THEN w.coupon END
      FROM unnest(keys, coupons, words) AS w (id, coupon, word)
     WHERE g.id = w.id AND g.state = 'waiting';
END $$;
"""

WAITING = """
CREATE FUNCTION waiting_event_grants(at_most int) RETURNS TABLE (id uuid, batch_id uuid, customer_id uuid, reason text)
LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'events are answered by the system';
    END IF;
    -- One batch at a time, the one that waits longest: any number of workers side by side.
    RETURN QUERY
    SELECT g.id, g.batch_id, g.customer_id, r.reason::text
      FROM rewards_eventgrant g JOIN rewards_grantrule r ON r.id = g.rule_id
     WHERE g.state = 'waiting' AND g.batch_id = (SELECT w.batch_id FROM rewards_eventgrant w WHERE w.state = 'waiting'
                                                  ORDER BY w.id LIMIT 1)
     ORDER BY g.id LIMIT at_most FOR UPDATE OF g SKIP LOCKED;
END $$;
"""

# Once more, what was refused of a batch: the stock may have grown, a stop been lifted. By whoever may grant.
AGAIN = """
CREATE FUNCTION answer_events_again(wanted uuid) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE asked int;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'events are answered by staff or by the system';
    END IF;
    UPDATE rewards_eventgrant g SET state = 'waiting', word = ''
     WHERE g.batch_id = wanted AND g.state = 'refused' AND g.branch_pos BETWEEN app_lo() AND app_hi();
    GET DIAGNOSTICS asked = ROW_COUNT;
    RETURN asked;
END $$;
"""
