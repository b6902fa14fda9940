"""What a revision promised, row by row; who may claim; and when, where and for how much a coupon is redeemed."""

# Of draft, published copy and terms alike: at most 20 circles, each on the globe, from 10 m to 100 km around. As text:
# what PostgreSQL keeps parsed (RETURN) it says in other words after a restore, and a backup is compared word for word.
CIRCLES = """
CREATE FUNCTION rewards_circles_hold(circles int[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT circles = '{}' OR coalesce(array_ndims(circles) = 2 AND array_length(circles, 2) = 3
        AND array_length(circles, 1) <= 20
        AND (SELECT bool_and(circles[n][1] BETWEEN -90000000 AND 90000000
                             AND circles[n][2] BETWEEN -180000000 AND 180000000
                             AND circles[n][3] BETWEEN 10 AND 100000)
               FROM generate_series(1, array_length(circles, 1)) AS n), false);
$$;
ALTER TABLE rewards_batch ADD CONSTRAINT rewards_batch_circles_hold CHECK (rewards_circles_hold(circles)) NOT VALID;
ALTER TABLE rewards_livebatch ADD CONSTRAINT rewards_livebatch_circles_hold
    CHECK (rewards_circles_hold(circles)) NOT VALID;
ALTER TABLE rewards_terms ADD CONSTRAINT rewards_terms_circles_hold CHECK (rewards_circles_hold(circles));
"""
CIRCLES_HELD = """
ALTER TABLE rewards_batch VALIDATE CONSTRAINT rewards_batch_circles_hold;
ALTER TABLE rewards_livebatch VALIDATE CONSTRAINT rewards_livebatch_circles_hold;
"""

# A trigger and no service: whoever publishes, also the release before this one, leaves the terms behind, and they are
# the published copy's to the letter. An approved revision that goes live again finds its row there.
KEEP = """
CREATE FUNCTION rewards_terms_are_kept() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    INSERT INTO rewards_terms (revision_id, batch_id, branch_id, branch_pos, kind, threshold_fen, off_fen, percent,
        thing, face_value, face_unit, hours_from, hours_until, weekdays, day_rule, open_days, redeem_branches,
        redeem_names, circles)
    VALUES (NEW.revision_id, NEW.batch_id, NEW.branch_id, NEW.branch_pos, NEW.kind, NEW.threshold_fen, NEW.off_fen,
        NEW.percent, NEW.thing, NEW.face_value, NEW.face_unit, NEW.hours_from, NEW.hours_until, NEW.weekdays,
        NEW.day_rule, NEW.open_days, NEW.redeem_branches, NEW.redeem_names, NEW.circles)
    ON CONFLICT (revision_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
KEPT = """
CREATE TRIGGER rewards_terms_are_kept AFTER INSERT OR UPDATE OF revision_id ON rewards_livebatch
    FOR EACH ROW EXECUTE FUNCTION rewards_terms_are_kept();
"""
NEVER_EDITED = """
CREATE FUNCTION rewards_terms_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'terms that were published are never edited',
        CONSTRAINT = 'rewards_terms_are_never_edited';
END $$;
CREATE TRIGGER rewards_terms_stay BEFORE UPDATE ON rewards_terms FOR EACH ROW
    WHEN (to_jsonb(NEW) - 'branch_pos' <> to_jsonb(OLD) - 'branch_pos') EXECUTE FUNCTION rewards_terms_stay();
"""
# What was live or claimed before there were terms: money off, at any time and place.
FILL = """
INSERT INTO rewards_terms (revision_id, batch_id, branch_id, branch_pos, kind, threshold_fen, off_fen)
SELECT revision_id, batch_id, branch_id, branch_pos, kind, threshold_fen, off_fen FROM rewards_livebatch
ON CONFLICT DO NOTHING;
INSERT INTO rewards_terms (revision_id, batch_id, branch_id, branch_pos, kind, threshold_fen, off_fen)
SELECT DISTINCT ON (c.revision_id) c.revision_id, c.batch_id, b.id, b.pos, c.kind, c.threshold_fen, c.off_fen
  FROM rewards_coupon c JOIN tenants_branch b ON b.id = c.issuer_id
ON CONFLICT DO NOTHING;
"""
# A customer reads the terms of coupons of one's own: asked by key, a page of them at a time.
HOLDS = """
CREATE FUNCTION rewards_holds(who uuid, revision uuid) RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (SELECT FROM rewards_coupon c WHERE c.customer_id = who AND c.revision_id = revision);
$$;
"""
HELD = """
CREATE POLICY held ON rewards_terms FOR SELECT TO fenhang_customer
    USING (rewards_holds(app_customer(), revision_id));
GRANT SELECT ON rewards_terms TO fenhang_customer;
"""

# Chosen branches stand for all below them, and for whoever took over one that closed. `line`: nearest first.
AMONG = """
CREATE FUNCTION rewards_among(chosen int[], line int[]) RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT chosen && line OR EXISTS (SELECT FROM tenants_branch b WHERE b.id = ANY (chosen) AND NOT b.is_open
                                        AND b.successor_id = ANY (line));
$$;
"""
FITS = """
CREATE FUNCTION rewards_fits(branches int[], any_of int[], none_of int[], stages text[], new_days int)
RETURNS boolean LANGUAGE plpgsql STABLE AS VERB $$
DECLARE standing record;
BEGIN
    IF cardinality(branches) > 0 AND NOT rewards_among(branches, app_line()) THEN RETURN false; END IF;
    IF new_days IS NOT NULL AND NOT EXISTS (
        SELECT FROM customers_customer c
         WHERE c.id = app_customer() AND c.joined_at > app_at() - make_interval(hours => 24 * new_days)) THEN
        RETURN false;
    END IF;
    IF cardinality(any_of) + cardinality(none_of) + cardinality(stages) > 0 THEN
        -- No row: no tag, and no stage yet.
        SELECT coalesce(max(p.tag_ids), '{}') AS tags, coalesce(max(p.stage), '') AS stage INTO standing
          FROM customers_profile p WHERE p.customer_id = app_customer();
        RETURN (cardinality(any_of) = 0 OR standing.tags && any_of) AND NOT standing.tags && none_of
            AND (cardinality(stages) = 0 OR standing.stage = ANY (stages));
    END IF;
    RETURN true;
END $$;
"""
# Asked only of batches that are not for everybody.
_FOR_SOME = """(cardinality({0}claim_branches) + cardinality({0}tags_any) + cardinality({0}tags_none)
    + cardinality({0}stages) > 0 OR {0}new_within_days IS NOT NULL)"""
_FITS = "rewards_fits({0}claim_branches, {0}tags_any, {0}tags_none, {0}stages::text[], {0}new_within_days)"
# The list shows a customer what the claim would not refuse as somebody else's.
FOR_ME = f"""
CREATE POLICY for_me ON rewards_livebatch AS RESTRICTIVE FOR SELECT TO fenhang_customer
    USING (branch_id = ANY (app_line()) AND (NOT {_FOR_SOME.format("")} OR {_FITS.format("")}));
"""

# As before but for what is not for everybody, limits in time, and days that begin later. Nothing more is written, and
# the count in time is asked of batches that have such a limit: by the unique key (batch, customer, nth).
_CLAIM = """
CREATE OR REPLACE FUNCTION claim_coupon(wanted uuid, fresh uuid, hash bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE live rewards_livebatch; had int; starts timestamptz; ends timestamptz; tz text; turn int; spot uuid;
        here timestamp; today date; by_day int; by_week int; by_month int;
BEGIN
    IF app_customer() IS NULL OR app_branch() IS NULL THEN RETURN 'not_found'; END IF;
    SELECT * INTO live FROM rewards_livebatch l
     WHERE l.batch_id = wanted AND l.shown_from <= app_at() AND l.branch_id = ANY (app_line())
       AND (l.handed_down OR l.branch_id = app_branch());
    IF NOT FOUND THEN
        -- The published copy of what is over was taken away; who still has the page open hears why.
        RETURN CASE WHEN EXISTS (SELECT FROM rewards_batch b
                                  WHERE b.id = wanted AND b.approved_quota IS NOT NULL AND b.claim_until <= app_at()
                                    AND b.branch_id = ANY (app_line())
                                    AND (b.handed_down OR b.branch_id = app_branch()))
                    THEN 'over' ELSE 'not_found' END;
    END IF;
    -- First, so that who it is not for learns nothing else.
    IF FOR_SOME AND NOT FITS THEN
        RETURN 'not_for_you';
    END IF;
    IF EXISTS (SELECT FROM approvals_stop s
                WHERE s.lifted_at IS NULL AND s.branch_id = ANY (app_line())
                  AND s.kind IN ('', 'rewards.batch')
                  AND (s.campaign_id IS NULL OR s.campaign_id = live.campaign_id)) THEN
        RETURN 'stopped';
    END IF;
    IF live.claim_from > app_at() THEN RETURN 'not_open_yet'; END IF;
    IF live.claim_until <= app_at() THEN RETURN 'over'; END IF;
    -- What a claim counts must stay true until it has written: whoever merges this customer waits, or is waited for.
    -- Taken before the claim's own lock, so that no claim waits for a merge that waits for the claim.
    PERFORM FROM customers_customer c WHERE c.id = app_customer() AND c.status = 'active' FOR KEY SHARE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    -- One customer's claims of one batch queue up here, so that the counts below are true; the unique key stands
    -- behind the first.
    PERFORM pg_advisory_xact_lock(hashtextextended('rewards.claim' || wanted || app_customer(), 0));
    SELECT coalesce(max(c.nth), 0) INTO had FROM rewards_coupon c
     WHERE c.batch_id = wanted AND c.customer_id = app_customer();
    IF had >= live.per_customer_limit THEN RETURN 'limit_reached'; END IF;
    IF live.usable_days IS NOT NULL OR live.per_day_limit IS NOT NULL OR live.per_week_limit IS NOT NULL
       OR live.per_month_limit IS NOT NULL THEN
        SELECT b.zone INTO tz FROM tenants_branch b WHERE b.id = app_branch();
        here := app_at() AT TIME ZONE tz;
        today := here::date;
    END IF;
    -- Void and expired ones count: they were claimed.
    IF had > 0 AND (live.per_day_limit IS NOT NULL OR live.per_week_limit IS NOT NULL
                    OR live.per_month_limit IS NOT NULL) THEN
        SELECT count(*) FILTER (WHERE c.claimed_at >= date_trunc('day', here) AT TIME ZONE tz),
               count(*) FILTER (WHERE c.claimed_at >= date_trunc('week', here) AT TIME ZONE tz),
               count(*) FILTER (WHERE c.claimed_at >= date_trunc('month', here) AT TIME ZONE tz)
          INTO by_day, by_week, by_month FROM rewards_coupon c
         WHERE c.batch_id = wanted AND c.customer_id = app_customer();
        IF by_month >= live.per_month_limit THEN RETURN 'month_limit_reached'; END IF;
        IF by_week >= live.per_week_limit THEN RETURN 'week_limit_reached'; END IF;
        IF by_day >= live.per_day_limit THEN RETURN 'day_limit_reached'; END IF;
    END IF;
    -- Spares the writing when all is gone; decides nothing.
    IF NOT EXISTS (SELECT FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = app_branch()
                   AND s.claimed < s.allotted) THEN
        RETURN 'sold_out';
    END IF;
    IF live.usable_days IS NULL THEN
        starts := live.usable_from; ends := live.usable_until;
    ELSE
        starts := CASE WHEN live.usable_after_days = 0 THEN app_at()
                       ELSE (today + live.usable_after_days)::timestamp AT TIME ZONE tz END;
        ends := (today + greatest(live.usable_after_days, 1) + live.usable_days)::timestamp AT TIME ZONE tz;
    END IF;
    BEGIN
        INSERT INTO rewards_coupon (id, branch_id, branch_pos, batch_id, revision_id, issuer_id, customer_id, nth,
            code_hash, title, kind, threshold_fen, off_fen, payer, claimed_at, usable_from, usable_until, status,
            redeemed_times)
        VALUES (fresh, app_branch(), app_branch_pos(), wanted, live.revision_id, live.branch_id, app_customer(),
            had + 1, hash, live.title, live.kind, live.threshold_fen, live.off_fen, live.payer, app_at(), starts,
            ends, 'claimed', 0);
        PERFORM rewards_note('rewards.coupon.claim', fresh, live.title, app_branch(), app_branch_pos(),
            jsonb_build_object('batch', wanted, 'nth', had + 1));
        turn := abs(hashtext(fresh::text) % 64);
        UPDATE rewards_stock SET claimed = claimed + 1 WHERE id = (
            SELECT s.id FROM rewards_stock s
             WHERE s.batch_id = wanted AND s.branch_id = app_branch() AND s.claimed < s.allotted
             ORDER BY (s.bucket + turn) % 64 LIMIT 1 FOR UPDATE SKIP LOCKED);
        IF FOUND THEN RETURN NULL; END IF;
        FOR spot IN SELECT s.id FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = app_branch()
                    AND s.claimed < s.allotted ORDER BY s.bucket LOOP
            UPDATE rewards_stock SET claimed = claimed + 1 WHERE id = spot AND claimed < allotted;
            IF FOUND THEN RETURN NULL; END IF;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'FH001', MESSAGE = 'sold out';
    EXCEPTION WHEN SQLSTATE 'FH001' THEN
        RETURN 'sold_out';
    END;
END $$;
"""
CLAIM = _CLAIM.replace("FOR_SOME", _FOR_SOME.format("live."), 1).replace("FITS", _FITS.format("live."), 1)

# The same sum as rules.worth. NULL: nobody can say without the order; 0: the order is too small.
WORTH = """
CREATE FUNCTION rewards_worth(kind text, threshold bigint, off bigint, percent int, spent bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN kind NOT IN ('cash_off', 'percent_off') THEN off
            WHEN spent IS NULL THEN CASE WHEN kind = 'cash_off' THEN off END
            WHEN spent < threshold THEN 0
            WHEN kind = 'cash_off' THEN least(off, spent)
            -- Half a fen is the payer's.
            ELSE least(off, (spent * percent + 49) / 100) END;
"""

# Metres along a great circle; latitude and longitude in millionths of a degree.
APART = """
CREATE FUNCTION rewards_metres(lat1 int, lon1 int, lat2 int, lon2 int) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 2 * 6371008.8 * asin(least(1, sqrt(
    power(sind((lat2 - lat1) / 2e6), 2)
    + cosd(lat1 / 1e6) * cosd(lat2 / 1e6) * power(sind((lon2::bigint - lon1) / 2e6), 2))));
"""

# `here`: what the clock at the place shows. Past midnight it is still the night of the day before.
NOT_NOW = """
CREATE FUNCTION rewards_not_now(first time, last time, weekdays int[], day_rule text, open_days date[], here timestamp)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE clock time := here::time; today date := here::date;
BEGIN
    IF first < last AND (clock < first OR clock >= last) OR first > last AND clock < first AND clock >= last THEN
        RETURN 'not_at_this_hour';
    END IF;
    IF first > last AND clock < last THEN today := today - 1; END IF;
    IF cardinality(weekdays) > 0 AND NOT extract(isodow FROM today)::int = ANY (weekdays)
       OR day_rule <> '' AND NOT today = ANY (open_days) THEN
        RETURN 'not_on_this_day';
    END IF;
    RETURN NULL;
END $$;
"""

# Why it is not redeemed at this moment and place; NULL: it is.
NOT_HERE = """
CREATE FUNCTION rewards_not_here(terms rewards_terms, lat int, lon int) RETURNS text LANGUAGE plpgsql STABLE AS VERB $$
DECLARE tz text; no text;
BEGIN
    IF terms.hours_from IS NOT NULL OR cardinality(terms.weekdays) > 0 OR terms.day_rule <> '' THEN
        SELECT b.zone INTO tz FROM tenants_branch b WHERE b.id = app_branch();
        no := rewards_not_now(terms.hours_from, terms.hours_until, terms.weekdays, terms.day_rule, terms.open_days,
                              app_at() AT TIME ZONE tz);
        IF no IS NOT NULL THEN RETURN no; END IF;
    END IF;
    IF cardinality(terms.redeem_branches) > 0 AND NOT rewards_among(terms.redeem_branches, app_line()) THEN
        RETURN 'not_here';
    END IF;
    IF cardinality(terms.circles) > 0 THEN
        IF lat IS NULL OR lon IS NULL THEN RETURN 'position_missing'; END IF;
        IF NOT EXISTS (SELECT FROM generate_series(1, array_length(terms.circles, 1)) AS n
                        WHERE rewards_metres(lat, lon, terms.circles[n][1], terms.circles[n][2])
                              <= terms.circles[n][3]) THEN
            RETURN 'too_far';
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""

REDEEM = """
CREATE FUNCTION redeem_coupon(fresh uuid, hash bytea, known uuid, times int, spent bigint, lat int, lon int)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE target uuid; promised uuid; terms rewards_terms; gives bigint; no text; held rewards_coupon; last uuid;
BEGIN
    IF app_person() IS NULL OR app_branch() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are redeemed by staff';
    END IF;
    SELECT c.id, c.revision_id INTO target, promised FROM rewards_coupon c
     WHERE c.id = known OR (known IS NULL AND c.code_hash = hash);
    IF target IS NULL THEN RETURN 'code_unknown'; END IF;
    -- Neither the coupon's revision nor its terms ever change, so they may be asked before the coupon is locked.
    SELECT * INTO terms FROM rewards_terms t WHERE t.revision_id = promised;
    IF NOT FOUND THEN RAISE EXCEPTION 'coupon % has no terms', target; END IF;
    gives := rewards_worth(terms.kind, terms.threshold_fen, terms.off_fen, terms.percent, spent);
    no := CASE WHEN gives = 0 THEN 'order_too_small'
               ELSE coalesce(rewards_not_here(terms, lat, lon), CASE WHEN gives IS NULL THEN 'order_missing' END) END;
    UPDATE rewards_coupon c
       SET status = 'redeemed', redeemed_times = c.redeemed_times + 1, redeemed_at = app_at(),
           redeemed_place_id = app_branch()
     WHERE c.id = target AND c.status = 'claimed' AND c.usable_from <= app_at() AND c.usable_until > app_at()
       AND (times IS NULL OR c.redeemed_times = times) AND no IS NULL
    RETURNING c.* INTO held;
    IF NOT FOUND THEN
        SELECT * INTO held FROM rewards_coupon c WHERE c.id = target;
        RETURN CASE WHEN held.status = 'redeemed' THEN 'already_redeemed'
                    WHEN held.status = 'void' THEN 'void'
                    WHEN held.status = 'expired' OR held.usable_until <= app_at() THEN 'expired'
                    WHEN held.usable_from > app_at() THEN 'not_usable_yet'
                    WHEN times IS NOT NULL AND held.redeemed_times <> times THEN 'token_spent'
                    -- Good again by now: a rival redeemed it, and took that back before this look.
                    ELSE coalesce(no, 'already_redeemed') END;
    END IF;
    SELECT v.id INTO last FROM rewards_reversal v JOIN rewards_redemption r ON r.id = v.redemption_id
     WHERE r.coupon_id = target AND NOT EXISTS (SELECT FROM rewards_redemption n WHERE n.follows_id = v.id);
    INSERT INTO rewards_redemption (id, branch_id, branch_pos, coupon_id, follows_id, home_id, issuer_id, person_id,
        at, title, off_fen, order_fen, payer)
    VALUES (fresh, app_branch(), app_branch_pos(), target, last, held.branch_id, held.issuer_id, app_person(),
        app_at(), held.title, gives, spent, held.payer);
    PERFORM rewards_note('rewards.coupon.redeem', target, held.title, app_branch(), app_branch_pos(),
        jsonb_build_object('redemption', fresh, 'off_fen', gives, 'order_fen', spent));
    RETURN NULL;
END $$;
"""
# For the release that still serves while this one is brought in: it knows of no position.
REDEEM_WITHOUT_POSITION = """
CREATE OR REPLACE FUNCTION redeem_coupon(fresh uuid, hash bytea, known uuid, times int, spent bigint) RETURNS text
LANGUAGE plpgsql AS VERB $$
BEGIN
    RETURN redeem_coupon(fresh, hash, known, times, spent, NULL, NULL);
END $$;
"""
