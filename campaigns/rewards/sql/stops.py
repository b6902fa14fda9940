"""Claims under an emergency stop."""

# As in sql.py but for what stands first: a batch that is over and gone, and one that is stopped.
CLAIM = """
CREATE OR REPLACE FUNCTION claim_coupon(wanted uuid, fresh uuid, hash bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE live rewards_livebatch; had int; starts timestamptz; ends timestamptz; tz text; turn int; spot uuid;
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
    IF EXISTS (SELECT FROM approvals_stop s
                WHERE s.lifted_at IS NULL AND s.branch_id = ANY (app_line())
                  AND s.kind IN ('', 'rewards.batch')
                  AND (s.campaign_id IS NULL OR s.campaign_id = live.campaign_id)) THEN
        RETURN 'stopped';
    END IF;
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

# Copies from before know their campaign by their revision alone; the guard would take the filling for an edit.
FILL_CAMPAIGN = """
ALTER TABLE rewards_livebatch DISABLE TRIGGER rewards_livebatch_was_approved;
UPDATE rewards_livebatch l SET campaign_id = split_part(r.payload ->> 'campaign', ':', 2)::uuid
  FROM approvals_revision r WHERE r.id = l.revision_id AND r.payload ->> 'campaign' IS NOT NULL;
ALTER TABLE rewards_livebatch ENABLE TRIGGER rewards_livebatch_was_approved;
"""
