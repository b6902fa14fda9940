"""Codes to claim and third-party codes: spent, drawn, shown, given back."""

# NULL: good, and spent by this coupon if it is good once; else the word of the refusal. Another's claim by it
# waits here, and hears that it is spent, or has it when the first one is undone.
SPEND = """
CREATE FUNCTION rewards_spend_code(batch uuid, coupon uuid, hash bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE code rewards_claimcode;
BEGIN
    IF hash IS NULL THEN RETURN 'claim_code_missing'; END IF;
    SELECT c.* INTO code FROM rewards_claimcode c JOIN rewards_coderun r ON r.id = c.run_id
     WHERE c.batch_id = batch AND c.code_hash = hash AND r.closed_at IS NULL;
    IF NOT FOUND THEN RETURN 'claim_code_wrong'; END IF;
    IF code.is_shared THEN RETURN NULL; END IF;
    UPDATE rewards_claimcode c SET coupon_id = coupon WHERE c.id = code.id AND c.coupon_id IS NULL;
    RETURN CASE WHEN NOT FOUND THEN 'claim_code_spent' END;
END $$;
"""

# First one that nobody holds; where all that are left are held, each is waited for, as for a bucket: skipping them
# would say that none is left while a rival still may give one back.
DRAW = """
CREATE FUNCTION rewards_draw_code(batch uuid, coupon uuid) RETURNS boolean LANGUAGE plpgsql AS VERB $$
DECLARE spot uuid;
BEGIN
    UPDATE rewards_partnercode p SET coupon_id = coupon, drawn_at = app_at() WHERE p.id = (
        SELECT f.id FROM rewards_partnercode f WHERE f.batch_id = batch AND f.coupon_id IS NULL
         ORDER BY f.id LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF FOUND THEN RETURN true; END IF;
    FOR spot IN
        SELECT f.id FROM rewards_partnercode f WHERE f.batch_id = batch AND f.coupon_id IS NULL ORDER BY f.id
    LOOP
        UPDATE rewards_partnercode p SET coupon_id = coupon, drawn_at = app_at()
         WHERE p.id = spot AND p.coupon_id IS NULL;
        IF FOUND THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
"""

# What was never shown goes back when its coupon is void; what was shown is spent.
GIVE_BACK = """
CREATE FUNCTION rewards_give_code_back(coupon uuid) RETURNS void LANGUAGE sql AS VERB $$
    UPDATE rewards_partnercode SET coupon_id = NULL, drawn_at = NULL WHERE coupon_id = coupon AND shown_at IS NULL;
$$;
"""

# To its holder alone. From here on it is spent, so the first look is noted.
SHOW = """
CREATE FUNCTION show_partner_code(coupon uuid) RETURNS TABLE (id uuid, sealed bytea) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
BEGIN
    IF app_customer() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'third-party codes are shown to their holders';
    END IF;
    -- Locked against a void, which would give it back.
    PERFORM FROM rewards_coupon c WHERE c.id = coupon AND c.customer_id = app_customer()
        AND (c.status = 'redeemed' OR c.status = 'claimed' AND c.usable_until > app_at()) FOR UPDATE;
    IF NOT FOUND THEN RETURN; END IF;
    RETURN QUERY UPDATE rewards_partnercode p SET shown_at = coalesce(p.shown_at, app_at())
                  WHERE p.coupon_id = coupon RETURNING p.id, p.sealed;
END $$;
"""

# Answers the places whose code the batch has already.
ADD_PARTNER = """
CREATE FUNCTION add_partner_codes(wanted uuid, file uuid, ids uuid[], hashes bytea[], sealed bytea[])
RETURNS TABLE (place int) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE owned rewards_batch;
BEGIN
    SELECT * INTO owned FROM rewards_batch b WHERE b.id = wanted AND b.branch_pos BETWEEN app_lo() AND app_hi();
    IF owned.id IS NULL OR app_customer() IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'third-party codes are added by the batch''s branch';
    END IF;
    RETURN QUERY
    WITH made AS (
        INSERT INTO rewards_partnercode (id, branch_id, branch_pos, batch_id, file_id, code_hash, sealed)
        SELECT a.id, owned.branch_id, owned.branch_pos, wanted, file, a.hash, a.sealed
          FROM unnest(ids, hashes, sealed) WITH ORDINALITY AS a (id, hash, sealed, nth) ORDER BY a.nth
        ON CONFLICT (batch_id, code_hash) DO NOTHING RETURNING id
    )
    SELECT a.nth::int FROM unnest(ids) WITH ORDINALITY AS a (id, nth)
     WHERE NOT EXISTS (SELECT FROM made m WHERE m.id = a.id);
END $$;
"""

# Answers the places whose code the batch has already.
ADD_CLAIM = """
CREATE FUNCTION add_claim_codes(run uuid, hashes bytea[], shared boolean) RETURNS TABLE (place int)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE held rewards_coderun;
BEGIN
    SELECT * INTO held FROM rewards_coderun r WHERE r.id = run AND r.branch_pos BETWEEN app_lo() AND app_hi();
    IF held.id IS NULL OR app_customer() IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'codes to claim are made by the batch''s branch';
    END IF;
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT uuidv7() AS id, a.hash, a.nth FROM unnest(hashes) WITH ORDINALITY AS a (hash, nth)
    ), made AS (
        INSERT INTO rewards_claimcode (id, branch_id, branch_pos, run_id, batch_id, code_hash, is_shared)
        SELECT a.id, held.branch_id, held.branch_pos, run, held.batch_id, a.hash, shared FROM asked a ORDER BY a.nth
        ON CONFLICT (batch_id, code_hash) DO NOTHING RETURNING id
    )
    SELECT a.nth::int FROM asked a WHERE NOT EXISTS (SELECT FROM made m WHERE m.id = a.id);
END $$;
"""
