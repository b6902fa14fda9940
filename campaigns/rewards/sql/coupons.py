"""The verbs of coupons. Each is one call, decides by guarded writes and unique keys, and answers a word for its
"no" (campaigns/rewards/refusals/coupons.py, BY_WORD) or NULL when it is done.
"""

# One deed into the audit, by whoever the scope says acts.
NOTE = """
CREATE FUNCTION rewards_note(did text, coupon uuid, named text, place int, place_pos int, more jsonb)
RETURNS void LANGUAGE sql AS VERB $$
    INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail,
                             request_id)
    VALUES (uuidv7(), place, place_pos, app_at(),
            CASE WHEN app_customer() IS NOT NULL THEN 'customers.customer:' || app_customer()
                 WHEN app_person() IS NOT NULL THEN 'tenants.person:' || app_person() ELSE 'system' END,
            coalesce((SELECT p.name FROM tenants_person p WHERE p.id = app_person()),
                     (SELECT '****' || c.number_tail FROM customers_customer c WHERE c.id = app_customer()), ''),
            did, 'rewards.coupon:' || coupon, named, more,
            nullif(current_setting('pghistory.context_id', true), '')::uuid);
$$;
"""

# The moves of rules.MOVES, for every writer there may ever be.
MOVES = """
CREATE FUNCTION rewards_coupon_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (('claimed', 'redeemed'), ('claimed', 'void'), ('claimed', 'expired'),
                                        ('redeemed', 'claimed')) THEN
        RAISE check_violation USING MESSAGE = format('a coupon does not go from %s to %s', OLD.status, NEW.status),
            CONSTRAINT = 'rewards_coupon_moves_as_allowed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rewards_coupon_moves BEFORE UPDATE OF status ON rewards_coupon FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION rewards_coupon_moves();
"""

# The CHECK that keeps allotments under the approved quota reads one row: this keeps that row honest.
APPROVED_QUOTA = """
CREATE FUNCTION rewards_batch_quota_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM rewards_livebatch l WHERE l.batch_id = NEW.id AND l.quota = NEW.approved_quota) THEN
        RAISE check_violation USING MESSAGE = 'the approved quota is not the published one',
            CONSTRAINT = 'rewards_batch_approved_quota_is_the_published_one';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rewards_batch_quota_is_approved BEFORE INSERT OR UPDATE OF approved_quota ON rewards_batch
    FOR EACH ROW WHEN (NEW.approved_quota IS NOT NULL) EXECUTE FUNCTION rewards_batch_quota_is_approved();
"""

# Staff change shares; only claims change what is claimed. Customers see what is left at their own branch.
STOCK_GRANTS = """
REVOKE INSERT, UPDATE, DELETE ON rewards_stock FROM fenhang_app;
GRANT INSERT (id, batch_id, branch_id, branch_pos, bucket, allotted), UPDATE (allotted) ON rewards_stock TO fenhang_app;
CREATE POLICY own_branch ON rewards_stock FOR SELECT TO fenhang_customer USING (branch_id = app_branch());
GRANT SELECT ON rewards_stock TO fenhang_customer;
"""

# The bucket is the hot row, so it is locked last: coupon, history and audit are written before it, and undone by
# the inner block when no bucket has one left. First a bucket nobody holds, from a place of its own; when all with
# something left are held, wait for each in turn: skipping them would say "sold out" while a rival still may
# roll back.
CLAIM = """
CREATE FUNCTION claim_coupon(wanted uuid, fresh uuid, hash bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE live rewards_livebatch; had int; starts timestamptz; ends timestamptz; tz text; turn int; spot uuid;
BEGIN
    IF app_customer() IS NULL OR app_branch() IS NULL THEN RETURN 'not_found'; END IF;
    SELECT * INTO live FROM rewards_livebatch l
     WHERE l.batch_id = wanted AND l.shown_from <= app_at() AND l.branch_id = ANY (app_line())
       AND (l.handed_down OR l.branch_id = app_branch());
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF live.claim_from > app_at() THEN RETURN 'not_open_yet'; END IF;
    IF live.claim_until <= app_at() THEN RETURN 'over'; END IF;
    -- One customer's claims of one batch queue up here, so that the count below is true; the unique key stands
    -- behind it.
    PERFORM pg_advisory_xact_lock(hashtextextended('rewards.claim' || wanted || app_customer(), 0));
    SELECT coalesce(max(c.nth), 0) INTO had FROM rewards_coupon c
     WHERE c.batch_id = wanted AND c.customer_id = app_customer();
    IF had >= live.per_customer_limit THEN RETURN 'limit_reached'; END IF;
    -- Spares the writing when all is gone; decides nothing.
    IF NOT EXISTS (SELECT FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = app_branch()
                   AND s.claimed < s.allotted) THEN
        RETURN 'sold_out';
    END IF;
    IF live.usable_days IS NULL THEN
        starts := live.usable_from; ends := live.usable_until;
    ELSE
        SELECT b.zone INTO tz FROM tenants_branch b WHERE b.id = app_branch();
        starts := app_at();
        ends := ((app_at() AT TIME ZONE tz)::date + live.usable_days + 1)::timestamp AT TIME ZONE tz;
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

REDEEM = """
CREATE FUNCTION redeem_coupon(fresh uuid, hash bytea, known uuid, times int, spent bigint) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE target uuid; held rewards_coupon; last uuid;
BEGIN
    IF app_person() IS NULL OR app_branch() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are redeemed by staff';
    END IF;
    SELECT c.id INTO target FROM rewards_coupon c WHERE c.id = known OR (known IS NULL AND c.code_hash = hash);
    IF target IS NULL THEN RETURN 'code_unknown'; END IF;
    UPDATE rewards_coupon c
       SET status = 'redeemed', redeemed_times = c.redeemed_times + 1, redeemed_at = app_at(),
           redeemed_place_id = app_branch()
     WHERE c.id = target AND c.status = 'claimed' AND c.usable_from <= app_at() AND c.usable_until > app_at()
       AND (times IS NULL OR c.redeemed_times = times) AND (spent IS NULL OR spent >= c.threshold_fen)
    RETURNING c.* INTO held;
    IF NOT FOUND THEN
        SELECT * INTO held FROM rewards_coupon c WHERE c.id = target;
        RETURN CASE WHEN held.status = 'redeemed' THEN 'already_redeemed'
                    WHEN held.status = 'void' THEN 'void'
                    WHEN held.status = 'expired' OR held.usable_until <= app_at() THEN 'expired'
                    WHEN held.usable_from > app_at() THEN 'not_usable_yet'
                    WHEN times IS NOT NULL AND held.redeemed_times <> times THEN 'token_spent'
                    ELSE 'order_too_small' END;
    END IF;
    SELECT v.id INTO last FROM rewards_reversal v JOIN rewards_redemption r ON r.id = v.redemption_id
     WHERE r.coupon_id = target AND NOT EXISTS (SELECT FROM rewards_redemption n WHERE n.follows_id = v.id);
    INSERT INTO rewards_redemption (id, branch_id, branch_pos, coupon_id, follows_id, home_id, issuer_id, person_id,
        at, title, off_fen, order_fen, payer)
    VALUES (fresh, app_branch(), app_branch_pos(), target, last, held.branch_id, held.issuer_id, app_person(),
        app_at(), held.title, held.off_fen, spent, held.payer);
    PERFORM rewards_note('rewards.coupon.redeem', target, held.title, app_branch(), app_branch_pos(),
        jsonb_build_object('redemption', fresh, 'off_fen', held.off_fen, 'order_fen', spent));
    RETURN NULL;
END $$;
"""

REVERSE = """
CREATE FUNCTION reverse_redemption(fresh uuid, wanted uuid, why text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE done rewards_redemption; tz text;
BEGIN
    IF app_person() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'redemptions are reversed by staff';
    END IF;
    SELECT * INTO done FROM rewards_redemption r WHERE r.id = wanted AND r.branch_id = app_branch();
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    SELECT b.zone INTO tz FROM tenants_branch b WHERE b.id = app_branch();
    IF (done.at AT TIME ZONE tz)::date <> (app_at() AT TIME ZONE tz)::date THEN RETURN 'too_late'; END IF;
    INSERT INTO rewards_reversal (id, branch_id, branch_pos, redemption_id, person_id, at, reason)
    VALUES (fresh, app_branch(), app_branch_pos(), wanted, app_person(), app_at(), why)
    ON CONFLICT (redemption_id) DO NOTHING;
    IF NOT FOUND THEN RETURN 'already_reversed'; END IF;
    UPDATE rewards_coupon c SET status = 'claimed', redeemed_at = NULL, redeemed_place_id = NULL
     WHERE c.id = done.coupon_id AND c.status = 'redeemed';
    IF NOT FOUND THEN RAISE EXCEPTION 'coupon % of an open redemption is not redeemed', done.coupon_id; END IF;
    PERFORM rewards_note('rewards.coupon.reverse', done.coupon_id, done.title, app_branch(), app_branch_pos(),
        jsonb_build_object('redemption', wanted, 'reversal', fresh, 'reason', why));
    RETURN NULL;
END $$;
"""

VOID = """
CREATE FUNCTION void_coupon(wanted uuid, why text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_coupon;
BEGIN
    UPDATE rewards_coupon c SET status = 'void'
     WHERE c.id = wanted AND c.branch_pos BETWEEN app_lo() AND app_hi() AND c.status = 'claimed'
    RETURNING c.* INTO held;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT FROM rewards_coupon c
                                  WHERE c.id = wanted AND c.branch_pos BETWEEN app_lo() AND app_hi())
                    THEN 'not_voidable' ELSE 'not_found' END;
    END IF;
    PERFORM rewards_note('rewards.coupon.void', wanted, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('reason', why));
    RETURN NULL;
END $$;
"""

# Any number of workers may sweep together: each takes rows that no other holds.
EXPIRE = """
CREATE FUNCTION expire_due_coupons(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE gone int;
BEGIN
    UPDATE rewards_coupon SET status = 'expired' WHERE id IN (
        SELECT c.id FROM rewards_coupon c
         WHERE c.status = 'claimed' AND c.usable_until <= app_at() AND c.branch_pos BETWEEN app_lo() AND app_hi()
         ORDER BY c.usable_until LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""

# What customers did with coupons, as campaigns/customers/activities.py asks it: an order's amount counts when the
# coupon was redeemed and not reversed; a claim is a sign of life.
REDEEMED = """
SELECT c.customer_id, r.at, coalesce(r.order_fen, 0) AS amount_fen
  FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
 WHERE r.at >= %(since)s AND NOT EXISTS (SELECT FROM rewards_reversal v WHERE v.redemption_id = r.id)
"""
CLAIMED = (
    "SELECT customer_id, claimed_at, 0 FROM rewards_coupon WHERE claimed_at >= %(since)s AND how = 'claimed'"
)
