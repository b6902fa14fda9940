"""Claiming, for a lot of customers at once: one verb judges all, and writes what it grants.

A lot is what waited together in one web process (`services/claims.py`), each customer once; a claim alone is a lot of
one. Locks are taken in one order: customers by id, each customer's claims of the batch by key, and last the stock.
"""

from campaigns.requests.rules import KEPT
from campaigns.rewards.sql import terms

# For whom: the customer's facts are given, so that claims of many are judged in one query, and the policy of the
# published copy asks the same of one. `pos`: where the home branch stands.
FITS = """
CREATE FUNCTION rewards_fits_whom(whom uuid, home int, home_pos int, moment timestamptz, branches int[],
                                  any_of int[], none_of int[], stages text[], new_days int)
RETURNS boolean LANGUAGE plpgsql STABLE AS VERB $$
DECLARE standing record;
BEGIN
    -- Chosen branches stand for all below them, and for whoever took over one that closed.
    IF cardinality(branches) > 0 AND NOT EXISTS (
        SELECT FROM tenants_branch b
          LEFT JOIN tenants_branch heir ON heir.id = b.successor_id AND NOT b.is_open
         WHERE b.id = ANY (branches) AND (home_pos BETWEEN b.pos AND b.pos_end
                                          OR home_pos BETWEEN heir.pos AND heir.pos_end)) THEN
        RETURN false;
    END IF;
    IF new_days IS NOT NULL AND NOT EXISTS (
        SELECT FROM customers_customer c
         WHERE c.id = whom AND c.joined_at > moment - make_interval(hours => 24 * new_days)) THEN
        RETURN false;
    END IF;
    IF cardinality(any_of) + cardinality(none_of) + cardinality(stages) > 0 THEN
        -- No row: no tag, and no stage yet.
        SELECT coalesce(max(p.tag_ids), '{}') AS tags, coalesce(max(p.stage), '') AS stage INTO standing
          FROM customers_profile p WHERE p.customer_id = whom;
        RETURN (cardinality(any_of) = 0 OR standing.tags && any_of) AND NOT standing.tags && none_of
            AND (cardinality(stages) = 0 OR standing.stage = ANY (stages));
    END IF;
    RETURN true;
END $$;
"""
FITS_ME = """
CREATE OR REPLACE FUNCTION rewards_fits(branches int[], any_of int[], none_of int[], stages text[], new_days int)
RETURNS boolean LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    RETURN rewards_fits_whom(app_customer(), app_branch(), app_branch_pos(), app_at(), branches, any_of, none_of,
                             stages, new_days);
END $$;
"""

# What is asked comes as JSON, one object a claim: `place` from 1, customer, batch, coupon (its id to be), hash (of its
# code), request, key, print (fingerprint), ticket (a good one came along), device, address, code to claim (hashes);
# bytes in hex.

# One claim of a lot, as far as it has come: `word` says why not, and is empty while nothing speaks against it. The
# last columns are the answer that was given before under its request key.
JUDGED = """
CREATE TYPE rewards_judged AS (
    place int, word text, state text, is_careful boolean, customer uuid, tail text, branch int, pos int,
    zone text, request uuid, code bytea, claims_by text, draws_codes boolean,
    batch uuid, revision uuid, issuer int, nth int, coupon uuid, hash bytea, title text, kind text,
    threshold_fen bigint, off_fen bigint, payer text, usable_from timestamptz, usable_until timestamptz,
    device bytea, device_limit int, address bytea, address_limit int, holds_excess boolean,
    status int, headers jsonb, body bytea
);
"""

# Every question of it is one row by its key. A plan that a session keeps must be that from the first claim on, also
# where it is made while the tables are nearly empty: so the other ways are closed to it.
# The counts in time are asked of batches that have such a limit, by the unique key (batch, customer, nth); void and
# expired coupons count: they were claimed.
JUDGE = """
CREATE FUNCTION rewards_judge_claims(route text, asks jsonb)
RETURNS rewards_judged[] LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
SET enable_sort = off AS VERB $$
DECLARE judged rewards_judged[]; moment timestamptz := app_at();
BEGIN
    SELECT array_agg(ROW (
        a.place,
        CASE WHEN known.id IS NOT NULL
             THEN CASE WHEN known.fingerprint = decode(a.print, 'hex') AND known.status IS NOT NULL
                       THEN 'seen' ELSE 'key_reused' END
             WHEN c.id IS NULL THEN 'closed'
             -- The published copy of what is over was taken away; who still has the page open hears why.
             WHEN l.id IS NULL
             THEN CASE WHEN EXISTS (SELECT FROM rewards_batch b JOIN tenants_branch i ON i.id = b.branch_id
                                     WHERE b.id = a.batch AND b.approved_quota IS NOT NULL AND b.claim_until <= moment
                                       AND (b.branch_id = home.id
                                            OR b.handed_down AND home.pos BETWEEN i.pos AND i.pos_end))
                       THEN 'over' ELSE 'not_found' END
             -- First, so that who it is not for learns nothing else.
             WHEN (cardinality(l.claim_branches) + cardinality(l.tags_any) + cardinality(l.tags_none)
                   + cardinality(l.stages) > 0 OR l.new_within_days IS NOT NULL)
                  AND NOT rewards_fits_whom(c.id, home.id, home.pos, moment, l.claim_branches, l.tags_any,
                                            l.tags_none, l.stages::text[], l.new_within_days)
             THEN 'not_for_you'
             WHEN EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch at ON at.id = s.branch_id
                           WHERE s.lifted_at IS NULL AND home.pos BETWEEN at.pos AND at.pos_end
                             AND s.kind IN ('', 'rewards.batch')
                             AND (s.campaign_id IS NULL OR s.campaign_id = l.campaign_id))
             THEN 'stopped'
             WHEN l.claim_from > moment THEN 'not_open_yet'
             WHEN l.claim_until <= moment THEN 'over'
             WHEN l.needs_ticket AND NOT a.ticket THEN 'ticket_missing'
             WHEN l.per_device_limit IS NOT NULL AND a.device IS NULL THEN 'device_missing'
             WHEN NOT l.staff_may_claim AND EXISTS (
                  SELECT FROM customers_staffcustomer w JOIN tenants_assignment t ON t.person_id = w.person_id
                   WHERE w.customer_id = c.id AND t.branch_id IN (home.id, l.branch_id)
                     AND t.held_from <= moment AND t.held_until > moment)
             THEN 'staff_of_branch'
             WHEN had.many >= l.per_customer_limit THEN 'limit_reached'
             WHEN lately.by_month >= l.per_month_limit THEN 'month_limit_reached'
             WHEN lately.by_week >= l.per_week_limit THEN 'week_limit_reached'
             WHEN lately.by_day >= l.per_day_limit THEN 'day_limit_reached'
             -- Spares the writing when all is gone; decides nothing.
             WHEN NOT EXISTS (SELECT FROM rewards_stock s WHERE s.batch_id = a.batch AND s.branch_id = home.id
                                 AND s.claimed < s.allotted)
             THEN 'sold_out' END,
        'claimed',
        coalesce(l.per_device_limit, l.per_address_limit, l.cap_per_day, l.cap_per_week) IS NOT NULL
            OR l.claims_by <> '' OR l.draws_codes,
        a.customer, c.number_tail, home.id, home.pos, home.zone, a.request,
        decode(a.code, 'hex'), l.claims_by, l.draws_codes,
        a.batch, l.revision_id, l.branch_id, had.many + 1, a.coupon, decode(a.hash, 'hex'), l.title, l.kind,
        l.threshold_fen, l.off_fen, l.payer,
        CASE WHEN l.usable_days IS NULL THEN l.usable_from
             WHEN l.usable_after_days = 0 THEN moment
             ELSE (here.today + l.usable_after_days)::timestamp AT TIME ZONE home.zone END,
        CASE WHEN l.usable_days IS NULL THEN l.usable_until
             ELSE (here.today + greatest(l.usable_after_days, 1) + l.usable_days)::timestamp
                  AT TIME ZONE home.zone END,
        decode(a.device, 'hex'), l.per_device_limit, decode(a.address, 'hex'), l.per_address_limit, l.holds_excess,
        known.status, known.headers, known.body)::rewards_judged ORDER BY a.place)
      INTO judged
      FROM jsonb_to_recordset(asks) AS a (place int, customer uuid, batch uuid, coupon uuid, hash text, request uuid,
                                          key text, print text, ticket boolean, device text, address text, code text)
      LEFT JOIN customers_customer c ON c.id = a.customer AND c.status = 'active'
      LEFT JOIN tenants_branch home ON home.id = c.branch_id
      LEFT JOIN LATERAL (
           SELECT p.* FROM rewards_livebatch p JOIN tenants_branch i ON i.id = p.branch_id
            WHERE p.batch_id = a.batch AND p.shown_from <= moment
              AND (p.branch_id = home.id OR p.handed_down AND home.pos BETWEEN i.pos AND i.pos_end)) l ON true
      LEFT JOIN LATERAL (SELECT (moment AT TIME ZONE home.zone)::date AS today) here ON true
      LEFT JOIN LATERAL (
           SELECT coalesce((SELECT p.nth FROM rewards_coupon p
                             WHERE p.batch_id = a.batch AND p.customer_id = a.customer
                             ORDER BY p.nth DESC LIMIT 1), 0) AS many) had ON true
      LEFT JOIN LATERAL (
           SELECT count(*) FILTER (WHERE p.claimed_at >= here.today::timestamp AT TIME ZONE home.zone) AS by_day,
                  count(*) FILTER (WHERE p.claimed_at >= date_trunc('week', here.today::timestamp)
                                                         AT TIME ZONE home.zone) AS by_week,
                  count(*) FILTER (WHERE p.claimed_at >= date_trunc('month', here.today::timestamp)
                                                         AT TIME ZONE home.zone) AS by_month
             FROM rewards_coupon p
            WHERE coalesce(l.per_day_limit, l.per_week_limit, l.per_month_limit) IS NOT NULL AND had.many > 0
              AND p.batch_id = a.batch AND p.customer_id = a.customer) lately ON true
      LEFT JOIN LATERAL (
           SELECT k.id, k.fingerprint, k.status, k.headers, k.body FROM requests_requestkey k
            WHERE k.caller = a.customer AND k.route = rewards_judge_claims.route AND k.key = a.key
              AND k.made_at > moment - interval 'KEPT days' OFFSET 0) known ON true;
    RETURN judged;
END $$;
""".replace("KEPT", str(KEPT.days))

# Coupon, audit and event of each, in one statement a table; history is written by its trigger.
WRITE = """
CREATE FUNCTION rewards_write_claims(judged rewards_judged[]) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
BEGIN
    INSERT INTO rewards_coupon (id, branch_id, branch_pos, batch_id, revision_id, issuer_id, customer_id, nth,
        code_hash, title, kind, threshold_fen, off_fen, payer, claimed_at, usable_from, usable_until, status,
        redeemed_times)
    SELECT j.coupon, j.branch, j.pos, j.batch, j.revision, j.issuer, j.customer, j.nth, j.hash, j.title, j.kind,
           j.threshold_fen, j.off_fen, j.payer, app_at(), j.usable_from, j.usable_until, j.state, 0
      FROM unnest(judged) j WHERE j.word IS NULL;
    INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail,
                             request_id)
    SELECT uuidv7(), j.branch, j.pos, app_at(), 'customers.customer:' || j.customer, '****' || j.tail,
           'rewards.coupon.claim', 'rewards.coupon:' || j.coupon, j.title,
           jsonb_build_object('batch', j.batch, 'nth', j.nth)
               || CASE WHEN j.state = 'held' THEN '{"held": true}'::jsonb ELSE '{}' END, j.request
      FROM unnest(judged) j WHERE j.word IS NULL;
    PERFORM events_note_many('rewards.coupon.claimed', app_at(), 'rewards',
                             (SELECT array_agg(j.customer ORDER BY j.place) FROM unnest(judged) j WHERE j.word IS NULL),
                             (SELECT array_agg('rewards.coupon:' || j.coupon ORDER BY j.place)
                                FROM unnest(judged) j WHERE j.word IS NULL),
                             (SELECT array_agg(jsonb_build_object('batch', j.batch, 'nth', j.nth) ORDER BY j.place)
                                FROM unnest(judged) j WHERE j.word IS NULL));
END $$;
"""

# First all at once: what everybody gets is written, and last of all one bucket of each branch that nobody holds and
# that has enough for the branch's part of the lot gives as many. Where one of the branches has no such bucket, all of
# it is undone by the inner block, and the claims are taken one by one, each from the first bucket that has one left,
# waiting for whoever holds it: skipping held ones would say "sold out" while a rival still may roll back. Those who go
# one by one follow each other, batch by batch, so that none waits crosswise; those who take all at once never wait.
CLAIM = """
CREATE FUNCTION claim_coupons(lot uuid, moment timestamptz, route text, asks jsonb)
RETURNS SETOF rewards_judged LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
DECLARE judged rewards_judged[]; one rewards_judged; wanted int; got int; turn int; careful boolean;
        customers uuid[] := (SELECT array_agg(a.customer) FROM jsonb_to_recordset(asks) AS a (customer uuid));
BEGIN
    IF app_customer() IS NOT NULL THEN
        IF customers <> ARRAY[app_customer()] THEN
            RAISE insufficient_privilege USING MESSAGE = 'a customer claims for nobody else';
        END IF;
    ELSIF app_branch() IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are claimed by customers';
    ELSE
        PERFORM tenants_apply(NULL, NULL, NULL, NULL, NULL, NULL, NULL, moment, lot,
                              '{"kind": "customer", "cause": "rewards.coupon.claim"}');
    END IF;
    -- What a claim counts must stay true until it has written: whoever merges one of these customers waits, or is
    -- waited for. Taken before the claims' own locks, so that no claim waits for a merge that waits for the claim.
    PERFORM FROM customers_customer c WHERE c.id = ANY (customers) AND c.status = 'active' ORDER BY c.id FOR KEY SHARE;
    -- One customer's claims queue up here, so that the counts and the answers given before are true; unique keys stand
    -- behind both.
    PERFORM pg_advisory_xact_lock(k.at)
       FROM (SELECT DISTINCT hashtextextended('rewards.claim' || customer, 0) AS at
               FROM unnest(customers) AS a (customer) ORDER BY 1) k;
    judged := rewards_judge_claims(route, asks);
    SELECT count(DISTINCT (j.batch, j.branch)), coalesce(bool_or(j.is_careful), false) INTO wanted, careful
      FROM unnest(judged) j WHERE j.word IS NULL;
    IF wanted > 0 THEN
        turn := abs(hashtext(lot::text) % 64);
        BEGIN
            IF careful THEN RAISE EXCEPTION USING ERRCODE = 'FH001', MESSAGE = 'one by one'; END IF;
            PERFORM rewards_write_claims(judged);
            WITH share AS (SELECT j.batch, j.branch, count(*)::int AS many FROM unnest(judged) j
                            WHERE j.word IS NULL GROUP BY 1, 2),
                 chosen AS (SELECT b.id, share.many FROM share CROSS JOIN LATERAL (
                     SELECT s.id FROM rewards_stock s
                      WHERE s.batch_id = share.batch AND s.branch_id = share.branch
                        AND s.allotted - s.claimed >= share.many
                      ORDER BY (s.bucket + turn) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED) b)
            UPDATE rewards_stock s SET claimed = s.claimed + chosen.many FROM chosen WHERE s.id = chosen.id;
            GET DIAGNOSTICS got = ROW_COUNT;
            IF got < wanted THEN RAISE EXCEPTION USING ERRCODE = 'FH001', MESSAGE = 'one by one'; END IF;
        EXCEPTION WHEN SQLSTATE 'FH001' THEN
            PERFORM pg_advisory_xact_lock(k.at)
               FROM (SELECT DISTINCT hashtextextended('rewards.one by one' || j.batch, 0) AS at
                       FROM unnest(judged) j WHERE j.word IS NULL ORDER BY 1) k;
            FOR one IN SELECT j.* FROM unnest(judged) j WHERE j.word IS NULL ORDER BY j.batch, j.branch, j.place LOOP
                one := rewards_claim_one(one);
                judged[one.place].word := one.word;
                judged[one.place].state := one.state;
            END LOOP;
        END;
    END IF;
    RETURN QUERY SELECT j.* FROM unnest(judged) j;
END $$;
"""

# Of a lot that goes one by one: the claim as it came out. In the order in which grants take the same things, so that
# neither waits for the other crosswise: codes, then stock.
CLAIM_ONE = """
CREATE FUNCTION rewards_claim_one(one rewards_judged) RETURNS rewards_judged LANGUAGE plpgsql AS VERB $$
DECLARE spot uuid; no text;
BEGIN
    BEGIN
        no := rewards_count_origin(one, 'device', one.device, one.device_limit);
        no := coalesce(no, rewards_count_origin(one, 'address', one.address, one.address_limit));
        IF no IS NOT NULL THEN
            IF NOT one.holds_excess THEN RAISE EXCEPTION USING ERRCODE = 'FH002', MESSAGE = no; END IF;
            one.state := 'held';
        END IF;
        IF one.is_careful AND rewards_take_caps(one.batch, one.branch, 1) = 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'FH002', MESSAGE = 'cap_reached';
        END IF;
        IF one.claims_by <> '' THEN
            no := rewards_spend_code(one.batch, one.coupon, one.code);
            IF no IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = 'FH002', MESSAGE = no; END IF;
        END IF;
        PERFORM rewards_write_claims(ARRAY[one]);
        IF one.draws_codes AND NOT rewards_draw_code(one.batch, one.coupon) THEN
            RAISE EXCEPTION USING ERRCODE = 'FH002', MESSAGE = 'codes_gone';
        END IF;
        FOR spot IN SELECT s.id FROM rewards_stock s WHERE s.batch_id = one.batch AND s.branch_id = one.branch
                       AND s.claimed < s.allotted ORDER BY s.bucket LOOP
            UPDATE rewards_stock SET claimed = claimed + 1 WHERE id = spot AND claimed < allotted;
            IF FOUND THEN RETURN one; END IF;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'FH002', MESSAGE = 'sold_out';
    EXCEPTION WHEN SQLSTATE 'FH002' THEN
        one.word := SQLERRM;
        RETURN one;
    END;
END $$;
"""

# One guarded row for each device and each range of addresses of a batch; nothing where there is no limit, or where
# nobody knows the address. The word of the limit that is reached; then nothing is counted.
COUNT_ORIGIN = """
CREATE FUNCTION rewards_count_origin(one rewards_judged, sort text, hash bytea, most int) RETURNS text
LANGUAGE plpgsql AS VERB $$
BEGIN
    IF most IS NULL OR hash IS NULL THEN RETURN NULL; END IF;
    INSERT INTO rewards_origin AS o (id, branch_id, branch_pos, batch_id, kind, origin_hash, claimed)
    SELECT uuidv7(), b.branch_id, b.branch_pos, b.id, sort, hash, 1 FROM rewards_batch b WHERE b.id = one.batch
    ON CONFLICT (batch_id, kind, origin_hash) DO UPDATE SET claimed = o.claimed + 1 WHERE o.claimed < most;
    RETURN CASE WHEN NOT FOUND THEN sort || '_limit_reached' END;
END $$;
"""

# One claim within the customer's own scope, and no request key: whoever asked has taken it (`services/coupons.py`).
CLAIM_ALONE = """
CREATE FUNCTION claim_coupon(wanted uuid, fresh uuid, hash bytea, code bytea) RETURNS text
LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NULL OR app_branch() IS NULL THEN RETURN 'not_found'; END IF;
    -- Merged or blocked while the claim waited: as if there were no batch.
    RETURN (SELECT CASE c.word WHEN 'closed' THEN 'not_found' ELSE c.word END
              FROM claim_coupons(NULL, NULL, '', jsonb_build_array(jsonb_build_object(
        'place', 1, 'customer', app_customer(), 'batch', wanted, 'coupon', fresh, 'hash', encode(hash, 'hex'),
        'request', nullif(current_setting('pghistory.context_id', true), ''), 'ticket', true,
        'code', encode(code, 'hex')))) c);
END $$;
"""
# For the release that still serves while this one is brought in: it knows of no code.
CLAIM_WITHOUT_CODE = """
CREATE OR REPLACE FUNCTION claim_coupon(wanted uuid, fresh uuid, hash bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
BEGIN
    RETURN claim_coupon(wanted, fresh, hash, NULL);
END $$;
"""

# The terms that answers to claims are told by: of revisions, which never change.
PROMISED = """
CREATE FUNCTION rewards_terms_promised(revisions uuid[]) RETURNS SETOF rewards_terms LANGUAGE sql STABLE AS VERB $$
    SELECT * FROM rewards_terms t WHERE t.revision_id = ANY (revisions);
$$;
"""

# What is held for review: let go, or refused for good. `RELEASE` is asked by staff who may, within their branches.
RELEASE = """
CREATE FUNCTION release_coupon(wanted uuid, is_good boolean, why text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_coupon;
BEGIN
    IF app_person() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'what is held is decided by staff';
    END IF;
    UPDATE rewards_coupon c SET status = CASE WHEN is_good THEN 'claimed' ELSE 'void' END
     WHERE c.id = wanted AND c.branch_pos BETWEEN app_lo() AND app_hi() AND c.status = 'held'
    RETURNING c.* INTO held;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT FROM rewards_coupon c
                                  WHERE c.id = wanted AND c.branch_pos BETWEEN app_lo() AND app_hi())
                    THEN 'not_held' ELSE 'not_found' END;
    END IF;
    PERFORM rewards_note(CASE WHEN is_good THEN 'rewards.coupon.release' ELSE 'rewards.coupon.refuse' END, wanted,
        held.title, held.branch_id, held.branch_pos, jsonb_build_object('reason', why));
    RETURN NULL;
END $$;
"""

# As in sql.py, and what is held.
MOVES = """
CREATE OR REPLACE FUNCTION rewards_coupon_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (('held', 'claimed'), ('held', 'void'), ('held', 'expired'),
                                        ('claimed', 'redeemed'), ('claimed', 'void'), ('claimed', 'expired'),
                                        ('redeemed', 'claimed')) THEN
        RAISE check_violation USING MESSAGE = format('a coupon does not go from %s to %s', OLD.status, NEW.status),
            CONSTRAINT = 'rewards_coupon_moves_as_allowed';
    END IF;
    RETURN NEW;
END $$;
"""

# As in terms.py, and what is held is not redeemed.
REDEEM = terms.REDEEM.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "WHEN held.status = 'void' THEN 'void'\n",
    "WHEN held.status = 'void' THEN 'void'\n"
    "                    WHEN held.status = 'held' AND held.usable_until > app_at() THEN 'held'\n",
)

# As in coupons.py, and what nobody decided in time: void, since what expired can be extended, past the review. Its
# money is let go of like any other's.
EXPIRE = """
CREATE OR REPLACE FUNCTION expire_due_coupons(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE gone int; late rewards_coupon;
BEGIN
    UPDATE rewards_coupon SET status = 'expired' WHERE id IN (
        SELECT c.id FROM rewards_coupon c
         WHERE c.status = 'claimed' AND c.usable_until <= app_at() AND c.branch_pos BETWEEN app_lo() AND app_hi()
         ORDER BY c.usable_until LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    FOR late IN
        UPDATE rewards_coupon SET status = 'void' WHERE id IN (
            SELECT c.id FROM rewards_coupon c
             WHERE c.status = 'held' AND c.usable_until <= app_at() AND c.branch_pos BETWEEN app_lo() AND app_hi()
             ORDER BY c.branch_pos, c.id LIMIT at_most - gone FOR UPDATE SKIP LOCKED)
        RETURNING *
    LOOP
        PERFORM rewards_note('rewards.coupon.refuse', late.id, late.title, late.branch_id, late.branch_pos,
                             jsonb_build_object('undecided_until', late.usable_until));
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;
"""
