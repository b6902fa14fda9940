"""Coupons of customers who turn out to be one, and claims beside it."""

from campaigns.rewards.sql import stops

# What a claim counts must stay true until it has written: whoever merges this customer waits, or is waited for. Taken
# before the claim's own lock, so that no claim waits for a merge that waits for the claim.
_HELD = """\
    PERFORM FROM customers_customer c WHERE c.id = app_customer() AND c.status = 'active' FOR KEY SHARE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
"""
_BEFORE = "    -- One customer's claims of one batch queue up here"
assert _BEFORE in stops.CLAIM
CLAIM = stops.CLAIM.replace(_BEFORE, _HELD + _BEFORE, 1)

# The kept one's coupons keep their numbers and the others' follow: the limit per customer counts both, so nobody gets
# more of a batch by having been two.
MOVE = """
CREATE FUNCTION move_coupons(kept uuid, absorbed uuid) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE moved uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are moved by a merge of customers';
    END IF;
    WITH numbered AS (
        SELECT c.id, row_number() OVER (PARTITION BY c.batch_id ORDER BY c.nth)
                     + coalesce((SELECT max(k.nth) FROM rewards_coupon k
                                  WHERE k.batch_id = c.batch_id AND k.customer_id = kept), 0) AS nth
          FROM rewards_coupon c WHERE c.customer_id = absorbed
    ), done AS (
        UPDATE rewards_coupon c SET customer_id = kept, nth = n.nth FROM numbered n WHERE c.id = n.id RETURNING c.id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO moved FROM done;
    RETURN moved;
END $$;
"""

# Both are numbered from one again: downwards and in order, so that no number is taken twice on the way.
RETURN = """
CREATE FUNCTION return_coupons(kept uuid, absorbed uuid, moved uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE returned uuid[]; held record;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are returned by undoing a merge of customers';
    END IF;
    WITH numbered AS (
        SELECT c.id, row_number() OVER (PARTITION BY c.batch_id ORDER BY c.nth) AS nth
          FROM rewards_coupon c WHERE c.customer_id = kept AND c.id = ANY (moved)
    ), done AS (
        UPDATE rewards_coupon c SET customer_id = absorbed, nth = n.nth FROM numbered n WHERE c.id = n.id
        RETURNING c.id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO returned FROM done;
    FOR held IN
        SELECT c.id, row_number() OVER (PARTITION BY c.batch_id ORDER BY c.nth) AS should, c.nth
          FROM rewards_coupon c
         WHERE c.customer_id = kept
           AND c.batch_id IN (SELECT r.batch_id FROM rewards_coupon r WHERE r.id = ANY (returned))
         ORDER BY c.batch_id, c.nth
    LOOP
        UPDATE rewards_coupon c SET nth = held.should WHERE c.id = held.id AND c.nth <> held.should;
    END LOOP;
    RETURN returned;
END $$;
"""

GRANTS = """
GRANT UPDATE (customer_id, nth) ON rewards_coupon TO fenhang_verbs;
"""
