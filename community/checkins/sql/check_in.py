"""Checking in, for a lot of customers at once: one verb judges all, and writes what counts.

A lot is what waited together in one web process (`services/checkins.py`), each customer once; a check-in alone is a lot
of one. Locks are taken in one order: customers by id, their check-ins by key, wallets by customer, parts of budgets by
programme, and last one shard of each group's count.
"""

from campaigns.requests.rules import KEPT
from campaigns.rewards.sql.rooms_above import STEP_BACK, STEP_OUT

# What is asked comes as JSON, one object a check-in: `place` from 1, customer, group, programme (or none), day (or
# none: today), fresh (its id to be), request, key, print (fingerprint, hex), text, hint (a forbidden word it has),
# picture (one came along), answer, code, lat, lon.

# One check-in of a lot, as far as it has come: `word` says why not, and is empty while nothing speaks against it.
JUDGED = """
CREATE TYPE community_judged AS (
    place int, word text, customer uuid, tail text, home int, home_pos int, group_id uuid, branch int, pos int,
    programme uuid, revision uuid, issuer int, title text, day date, nth int, upto int, is_makeup boolean, state text,
    fresh uuid, request uuid, text text, hint text, has_picture boolean, cost int, base int, per int, per_points int,
    cap bigint, months int, ends text, goal int, streak int, units int, given int, movement uuid, burnt uuid,
    counted int, status int, headers jsonb, body bytea
);
"""

# Every question of it is one row by its key, so the other ways are closed to a plan that a session keeps.
JUDGE = """
CREATE FUNCTION community_judge(route text, asks jsonb) RETURNS community_judged[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_material = off AS VERB $$
DECLARE judged community_judged[]; moment timestamptz := app_at();
BEGIN
    SELECT array_agg(ROW (
        a.place,
        CASE WHEN known.id IS NOT NULL
             THEN CASE WHEN known.fingerprint = decode(a.print, 'hex') AND known.status IS NOT NULL
                       THEN 'seen' ELSE 'key_reused' END
             WHEN c.id IS NULL THEN 'closed'
             WHEN g.id IS NULL THEN 'not_found'
             WHEN p.id IS NULL THEN 'no_programme'
             WHEN EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                           WHERE s.lifted_at IS NULL AND g.branch_pos BETWEEN o.pos AND o.pos_end
                             AND s.kind IN ('', 'community.programme') AND s.campaign_id IS NULL)
             THEN 'stopped'
             WHEN here.today < p.first_day THEN 'not_begun'
             WHEN here.today > p.last_day THEN 'over'
             WHEN want.day > here.today THEN 'day_ahead'
             WHEN want.day < here.today AND p.makeup_most = 0 THEN 'no_makeups'
             WHEN want.day < here.today AND (want.day < here.today - p.makeup_days OR want.day < p.first_day
                                             OR want.day < (g.joined_at AT TIME ZONE g.zone)::date)
             THEN 'too_far_back'
             WHEN want.nth IS NULL THEN 'day_off'
             WHEN had.has_day THEN 'done'
             WHEN want.day < here.today AND had.makeups >= p.makeup_most THEN 'makeups_used'
             WHEN p.proof = 'text' AND coalesce(a.text, '') = '' THEN 'words_missing'
             WHEN p.proof = 'picture' AND NOT a.picture THEN 'picture_missing'
             WHEN p.proof = 'quiz' AND a.answer IS NULL THEN 'answer_missing'
             WHEN p.proof = 'quiz'
                  AND (p.questions -> (want.nth % jsonb_array_length(p.questions)) ->> 'right')::int <> a.answer
             THEN 'answer_wrong'
             WHEN p.proof = 'code' AND coalesce(a.code, '') <> community_code_of(d.code_seed, g.id, here.today)
             THEN 'code_wrong'
             WHEN p.proof = 'position' AND (a.lat IS NULL OR a.lon IS NULL) THEN 'position_missing'
             -- Measured here, and kept nowhere.
             WHEN p.proof = 'position' AND rewards_metres(a.lat, a.lon, p.lat, p.lon) > p.metres THEN 'too_far' END,
        a.customer, c.number_tail, c.branch_id, c.branch_pos, g.id, g.branch_id, g.branch_pos,
        p.programme_id, p.revision_id, p.branch_id, p.title, want.day, want.nth,
        -- A streak reaches to the last counting day: today's may still come, and is not missed yet.
        community_days_before(p.first_day, p.weekdays, here.today + 1)
            - CASE WHEN community_nth_day(p.first_day, p.weekdays, here.today) IS NULL THEN 1 ELSE 2 END,
        want.day < here.today,
        CASE WHEN coalesce(a.hint, '') <> ''
                  OR p.looked = 'before' AND (p.proof IN ('text', 'picture') OR coalesce(a.text, '') <> '' OR a.picture)
             THEN 'held' ELSE 'counted' END,
        a.fresh, a.request, coalesce(a.text, ''), coalesce(a.hint, ''), a.picture,
        CASE WHEN want.day < here.today THEN p.makeup_cost ELSE 0 END, p.points,
        CASE WHEN p.streak_points > 0 THEN p.streak_days ELSE 0 END, p.streak_points, p.points_cap, p.months, p.ends,
        p.goal_count, 0, 0, 0, NULL, NULL, 0, known.status, known.headers, known.body)::community_judged
        ORDER BY a.place)
      INTO judged
      FROM jsonb_to_recordset(asks) AS a (place int, customer uuid, "group" uuid, programme uuid, day date, fresh uuid,
                                          request uuid, key text, print text, text text, hint text, picture boolean,
                                          answer int, code text, lat int, lon int)
      LEFT JOIN customers_customer c ON c.id = a.customer AND c.status = 'active'
      LEFT JOIN LATERAL (
           SELECT s.*, b.zone, m.joined_at FROM community_group s JOIN tenants_branch b ON b.id = s.branch_id
             JOIN community_member m ON m.group_id = s.id AND m.customer_id = c.id AND m.left_at IS NULL
            WHERE s.id = a."group" AND s.dissolved_at IS NULL ORDER BY m.joined_at LIMIT 1) g ON true
      LEFT JOIN LATERAL (SELECT (moment AT TIME ZONE g.zone)::date AS today) here ON true
      LEFT JOIN LATERAL (
           SELECT l.* FROM community_group s
             JOIN LATERAL (
                  WITH RECURSIVE up AS (
                      SELECT b.parent_id, b.pos, b.pos_end FROM tenants_branch b WHERE b.id = s.branch_id
                       UNION ALL SELECT b.parent_id, b.pos, b.pos_end
                        FROM up JOIN tenants_branch b ON b.id = up.parent_id)
                  SELECT * FROM up) i ON true
             JOIN community_liveprogramme l ON l.branch_pos = i.pos AND l.shown_from <= moment
                  AND (a.programme IS NULL OR l.programme_id = a.programme)
            WHERE s.id = g.id AND community_is_for(l, s, i.pos, i.pos_end)
            ORDER BY here.today BETWEEN l.first_day AND l.last_day DESC, here.today < l.first_day DESC, l.last_day,
                     l.programme_id LIMIT 1) p ON true
      LEFT JOIN community_programme d ON d.id = p.programme_id
      LEFT JOIN LATERAL (SELECT coalesce(a.day, here.today) AS day,
                                community_nth_day(p.first_day, p.weekdays, coalesce(a.day, here.today)) AS nth
                        ) want ON true
      LEFT JOIN LATERAL (
           SELECT coalesce(bool_or(k.day = want.day), false) AS has_day, count(*) FILTER (WHERE k.is_makeup) AS makeups
             FROM community_checkin k
            WHERE k.programme_id = p.programme_id AND k.customer_id = a.customer AND k.state <> 'refused') had ON true
      LEFT JOIN LATERAL (
           SELECT k.id, k.fingerprint, k.status, k.headers, k.body FROM requests_requestkey k
            WHERE a.key IS NOT NULL AND k.caller = a.customer AND k.route = community_judge.route AND k.key = a.key
              AND k.made_at > moment - interval 'KEPT days' OFFSET 0) known ON true;
    RETURN judged;
END $$;
""".replace("KEPT", str(KEPT.days))

# How many of `wanted` points a programme still gives: from one part that nobody holds, or from all, in their order.
TAKE_BUDGET = """
CREATE FUNCTION community_take_budget(wanted uuid, points bigint, turn int) RETURNS bigint LANGUAGE plpgsql AS VERB $$
DECLARE one community_programmebudget; rest bigint := points; part bigint;
BEGIN
    UPDATE community_programmebudget b SET given = b.given + points WHERE b.id = (
        SELECT f.id FROM community_programmebudget f WHERE f.programme_id = wanted AND f.allotted - f.given >= points
         ORDER BY (f.bucket + turn) % 8 LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF FOUND THEN RETURN points; END IF;
    FOR one IN SELECT * FROM community_programmebudget f WHERE f.programme_id = wanted ORDER BY f.bucket FOR UPDATE LOOP
        part := least(rest, one.allotted - one.given);
        UPDATE community_programmebudget b SET given = b.given + part WHERE b.id = one.id;
        rest := rest - part;
    END LOOP;
    RETURN points - rest;
END $$;
"""

# What counts is booked and written: points of make-ups taken, streaks looked at, points given, rows, count of the
# group, audit and event. Rows that were held become what they are now. As the system: nobody gives himself points.
WRITE = """
CREATE FUNCTION community_write_check_ins(judged community_judged[]) RETURNS community_judged[]
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
DECLARE one community_judged; was text[]; no text; made uuid; told record; spot int; left_ bigint; turn int; part int;
        mover uuid := app_person();
BEGIN
    -- OUT
    -- Where wallets are asked for more than once: all of them first, in their order.
    IF EXISTS (SELECT FROM unnest(judged) j WHERE j.word IS NULL
               HAVING count(DISTINCT j.programme) > 1 OR sum(j.cost) > 0) THEN
        PERFORM points_hold_wallets(ARRAY(SELECT j.customer FROM unnest(judged) j
                                           WHERE j.word IS NULL AND (j.cost > 0 OR j.base > 0 OR j.per > 0)));
    END IF;
    FOR one IN SELECT j.* FROM unnest(judged) j WHERE j.word IS NULL AND j.cost > 0 AND j.burnt IS NULL LOOP
        SELECT b.word, b.movement INTO no, made FROM burn_points(one.customer, one.cost, 'burn', 'issued', one.issuer,
            NULL, md5('cost' || one.fresh)::uuid, one.title, '', 'community.checkin:' || one.fresh) b;
        IF no IS NULL THEN judged[one.place].burnt := made; ELSE judged[one.place].word := no; END IF;
    END LOOP;
    -- As `community_runs`, for all of the lot in one statement.
    FOR told IN
        SELECT j.place, j.state = 'counted' AS counts, j.base, j.per_points, r.streak,
               greatest(r.due - r.paid, 0) AS units
          FROM unnest(judged) j CROSS JOIN LATERAL (
               SELECT coalesce(max(i.many) FILTER (WHERE i.last >= j.upto), 0)::int AS streak,
                      coalesce(sum(i.many / nullif(j.per, 0)), 0)::int AS due, coalesce(sum(i.units), 0)::int AS paid
                 FROM (SELECT count(*) AS many, max(e.nth) AS last, sum(e.units) AS units
                         FROM (SELECT d.nth, d.units, d.nth - row_number() OVER (ORDER BY d.nth) AS island
                                 FROM (SELECT k.nth, k.units FROM community_checkin k
                                        WHERE k.programme_id = j.programme AND k.customer_id = j.customer
                                          AND k.state = 'counted'
                                        UNION ALL SELECT j.nth, 0 WHERE j.state = 'counted') d) e
                        GROUP BY e.island) i) r
         WHERE j.word IS NULL LOOP
        judged[told.place].streak := told.streak;
        IF told.counts THEN
            -- What was paid for already stays paid, whatever was refused in between.
            judged[told.place].units := told.units;
            judged[told.place].given := told.base + told.units * told.per_points;
        END IF;
    END LOOP;
    turn := abs(hashtext(judged[1].fresh::text)) % 16;
    FOR told IN SELECT j.programme, sum(j.given) AS points FROM unnest(judged) j
               WHERE j.word IS NULL AND j.given > 0 AND j.cap IS NOT NULL GROUP BY 1 ORDER BY 1 LOOP
        left_ := community_take_budget(told.programme, told.points, turn);
        IF left_ < told.points THEN
            FOR one IN SELECT j.* FROM unnest(judged) j
                        WHERE j.word IS NULL AND j.programme = told.programme ORDER BY j.place LOOP
                part := least(one.given, left_);
                judged[one.place].given := part;
                left_ := left_ - part;
            END LOOP;
        END IF;
    END LOOP;
    -- One movement for all of a lot in one programme: half the rows of a movement each.
    FOR told IN SELECT j.programme, j.revision, j.issuer, j.title, j.months, j.ends, min(j.fresh::text) AS first,
                       array_agg(j.place ORDER BY j.place) AS places, array_agg(j.customer ORDER BY j.place) AS who,
                       array_agg(j.given::bigint ORDER BY j.place) AS points
                  FROM unnest(judged) j WHERE j.word IS NULL AND j.given > 0
                 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1 LOOP
        FOR spot, no, made IN
            SELECT a.place, a.word, a.movement FROM accrue_points(told.who, told.points,
                array_fill(NULL::uuid, ARRAY[cardinality(told.who)]),
                array_fill('community.programme:' || told.programme, ARRAY[cardinality(told.who)]),
                md5('given' || told.first)::uuid, told.issuer, 'accrue', told.title, '', NULL, told.months, told.ends,
                NULL, told.revision) a LOOP
            IF no IS NOT NULL THEN RAISE EXCEPTION 'points of a check-in are not given: %', no; END IF;
            judged[told.places[spot]].movement := made;
        END LOOP;
    END LOOP;
    -- BACK
    INSERT INTO community_checkin AS k (id, branch_id, branch_pos, programme_id, group_id, customer_id, day, nth, at,
        is_makeup, state, text, hint, has_picture, streak, units, points, cost, movement_id, burnt_id, paid_to,
        looked_at, looked_by_id)
    SELECT j.fresh, j.branch, j.pos, j.programme, j.group_id, j.customer, j.day, j.nth, app_at(), j.is_makeup, j.state,
           j.text, j.hint, j.has_picture, j.streak, j.units, j.given, j.cost, j.movement, j.burnt,
           CASE WHEN j.movement IS NOT NULL THEN j.customer END,
           CASE WHEN mover IS NOT NULL OR j.text = '' AND NOT j.has_picture THEN app_at() END, mover
      FROM unnest(judged) j WHERE j.word IS NULL
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, streak = excluded.streak, units = excluded.units,
        points = excluded.points, movement_id = excluded.movement_id, paid_to = excluded.paid_to,
        looked_at = excluded.looked_at, looked_by_id = excluded.looked_by_id;
    INSERT INTO community_goalcount AS k (id, branch_id, branch_pos, programme_id, group_id, shard, counted)
    SELECT uuidv7(), j.branch, j.pos, j.programme, j.group_id, turn, count(*)
      FROM unnest(judged) j WHERE j.word IS NULL AND j.state = 'counted' AND j.goal > 0
     GROUP BY 2, 3, 4, 5 ORDER BY 4, 5
    ON CONFLICT (programme_id, group_id, shard) DO UPDATE SET counted = k.counted + excluded.counted;
    -- Rivals who have not committed are not seen here: near it, a group is noted, and the sweep looks again.
    FOR told IN SELECT j.programme, j.group_id, j.branch, j.pos, j.goal,
                     (SELECT sum(k.counted)::int FROM community_goalcount k
                       WHERE k.programme_id = j.programme AND k.group_id = j.group_id) AS counted
                FROM unnest(judged) j WHERE j.word IS NULL AND j.goal > 0 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2 LOOP
        IF told.counted >= told.goal - 500 THEN
            INSERT INTO community_groupgoal (id, branch_id, branch_pos, programme_id, group_id, noticed_at)
            SELECT uuidv7(), told.branch, told.pos, told.programme, told.group_id, app_at()
             WHERE NOT EXISTS (SELECT FROM community_groupgoal n
                                WHERE n.programme_id = told.programme AND n.group_id = told.group_id)
            ON CONFLICT (programme_id, group_id) DO NOTHING;
        END IF;
        FOR one IN SELECT j.* FROM unnest(judged) j
                    WHERE j.programme = told.programme AND j.group_id = told.group_id LOOP
            judged[one.place].counted := told.counted;
        END LOOP;
    END LOOP;
    IF mover IS NULL THEN
        INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail,
                                 request_id)
        SELECT uuidv7(), j.branch, j.pos, app_at(), 'customers.customer:' || j.customer, '****' || j.tail,
               'community.checkin.add', 'community.checkin:' || j.fresh, j.title,
               jsonb_build_object('day', j.day, 'points', j.given)
                   || CASE WHEN j.state = 'held' THEN '{"held": true}'::jsonb ELSE '{}' END, j.request
          FROM unnest(judged) j WHERE j.word IS NULL;
    END IF;
    PERFORM events_note_many('community.group.checked_in', app_at(), 'community', e.customers, e.things, e.more)
       FROM (SELECT array_agg(j.customer ORDER BY j.place) AS customers,
                    array_agg('community.group:' || j.group_id ORDER BY j.place) AS things,
                    array_agg('{}'::jsonb ORDER BY j.place) AS more
               FROM unnest(judged) j WHERE j.word IS NULL AND j.state = 'counted') e
      WHERE e.customers IS NOT NULL;
    RETURN judged;
END $$;
""".replace("    -- OUT\n", STEP_OUT.lstrip("\n")).replace("    -- BACK\n", STEP_BACK.lstrip("\n"))

CHECK_IN = """
CREATE FUNCTION check_in(lot uuid, moment timestamptz, route text, asks jsonb)
RETURNS SETOF community_judged LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
DECLARE judged community_judged[];
        customers uuid[] := (SELECT array_agg(a.customer) FROM jsonb_to_recordset(asks) AS a (customer uuid));
BEGIN
    IF app_customer() IS NOT NULL THEN
        IF customers <> ARRAY[app_customer()] THEN
            RAISE insufficient_privilege USING MESSAGE = 'a customer checks in for nobody else';
        END IF;
    ELSIF app_branch() IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'customers check in themselves';
    ELSE
        PERFORM tenants_apply(NULL, NULL, NULL, NULL, NULL, NULL, NULL, moment, lot,
                              '{"kind": "customer", "cause": "community.checkin.add"}');
    END IF;
    -- Whoever merges or erases one of these customers waits, or is waited for; before the locks of check-ins.
    PERFORM FROM customers_customer c WHERE c.id = ANY (customers) AND c.status = 'active' ORDER BY c.id FOR KEY SHARE;
    -- One customer's check-ins queue up here, so that days, streaks and make-ups are true; a unique key stands behind.
    PERFORM pg_advisory_xact_lock(k.at)
       FROM (SELECT DISTINCT hashtextextended('community.checkin' || customer, 0) AS at
               FROM unnest(customers) AS a (customer) ORDER BY 1) k;
    judged := community_judge(route, asks);
    IF EXISTS (SELECT FROM unnest(judged) j WHERE j.word IS NULL) THEN
        judged := community_write_check_ins(judged);
    END IF;
    RETURN QUERY SELECT j.* FROM unnest(judged) j;
END $$;
"""

# The picture that came along, written anew by us; in the transaction of the check-in, and by its customer alone.
KEEP_PICTURE = """
CREATE FUNCTION keep_check_in_picture(wanted uuid, who uuid, picture bytea) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_person() IS NOT NULL OR app_customer() <> who THEN
        RAISE insufficient_privilege USING MESSAGE = 'pictures come with the check-in of their customer';
    END IF;
    INSERT INTO community_checkinpicture (check_in_id, branch_id, branch_pos, jpeg, at)
    SELECT k.id, k.branch_id, k.branch_pos, picture, k.at FROM community_checkin k
     WHERE k.id = wanted AND k.customer_id = who AND k.has_picture AND k.at = app_at();
    IF NOT FOUND THEN RAISE EXCEPTION 'no check-in % waits for its picture', wanted; END IF;
END $$;
"""
