"""Orders of a shop's system: which coupons fit one, paying a part of it with one, and taking that back."""

# Where an order is placed: at a merchant, at a branch, or at the customer's own. A merchant's id finds it anywhere, its
# code along the customer's line, the nearest first. `is_open`: a merchant that takes coupons no more is none.
PLACE = """
CREATE FUNCTION rewards_order_place(merchant_said text, branch_said text, is_open boolean, OUT place int,
                                    OUT merchant uuid, OUT word text)
LANGUAGE plpgsql STABLE AS VERB $$
DECLARE shop rewards_merchant;
BEGIN
    IF merchant_said <> '' THEN
        IF merchant_said ~ '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$' THEN
            SELECT * INTO shop FROM rewards_merchant m WHERE m.id = merchant_said::uuid;
        ELSE
            SELECT m.* INTO shop FROM rewards_merchant m
             WHERE m.code = merchant_said AND m.branch_id = ANY (app_line())
               AND (m.handed_down OR m.branch_id = app_branch())
             ORDER BY array_position(app_line(), m.branch_id) LIMIT 1;
        END IF;
        word := CASE WHEN shop.id IS NULL THEN 'merchant_unknown'
                     WHEN is_open AND shop.state = 'closed' THEN 'merchant_closed' END;
        place := shop.branch_id; merchant := shop.id;
    ELSIF branch_said <> '' THEN
        SELECT b.id INTO place FROM tenants_branch b WHERE b.code = branch_said AND b.is_open;
        IF NOT FOUND THEN word := 'branch_unknown'; END IF;
    ELSE
        place := app_branch();
    END IF;
END $$;
"""

# Each coupon that the customer can still use, and what redeeming it for this order would say. Writes nothing.
EVALUATE = """
CREATE FUNCTION evaluate_order(named text, spent bigint, merchant_said text, branch_said text, lat int, lon int)
RETURNS TABLE (coupon uuid, title text, worth bigint, word text) LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
DECLARE spot record;
BEGIN
    SELECT * INTO spot FROM rewards_order_place(merchant_said, branch_said, true);
    IF spot.word IS NOT NULL THEN
        RETURN QUERY SELECT NULL::uuid, NULL::text, NULL::bigint, spot.word;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.id, c.title::text, CASE WHEN w.word IS NULL THEN g.gives END, w.word
      FROM rewards_coupon c JOIN rewards_terms t ON t.revision_id = c.revision_id
     CROSS JOIN LATERAL (SELECT rewards_worth(t.kind, t.threshold_fen, t.off_fen, t.percent, spent) AS gives) g
     CROSS JOIN LATERAL (SELECT rewards_hindered(c, NULL, named,
                             rewards_not_at(t, g.gives, lat, lon, spot.place, spot.merchant)) AS word) w
     WHERE c.customer_id = app_customer() AND c.status = 'claimed' AND c.usable_until > app_at()
     ORDER BY w.word IS NOT NULL, g.gives DESC NULLS LAST, c.usable_until, c.id LIMIT 200;
END $$;
"""

# The shop's system vouched for the order (campaigns/rewards/services/orders.py); here it is paid once. Two at once for
# one order follow each other, and the unique key stands behind that.
PAY = """
CREATE FUNCTION redeem_order(fresh uuid, wanted uuid, named text, spent bigint, merchant_said text, branch_said text,
                             lat int, lon int)
RETURNS TABLE (word text, redemption uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE spot record; paid rewards_redemption; no text;
BEGIN
    IF app_customer() IS NULL OR named = '' THEN
        RAISE insufficient_privilege USING MESSAGE = 'orders are paid by customers';
    END IF;
    SELECT * INTO spot FROM rewards_order_place(merchant_said, branch_said, true);
    IF spot.word IS NOT NULL THEN RETURN QUERY SELECT spot.word, NULL::uuid; RETURN; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(
        'rewards.order' || spot.place || ':' || coalesce(spot.merchant::text, '') || ':' || named, 0));
    SELECT r.* INTO paid FROM rewards_redemption r
     WHERE r.branch_id = spot.place AND r.merchant_id IS NOT DISTINCT FROM spot.merchant AND r.order_key = named;
    IF FOUND THEN
        RETURN QUERY SELECT CASE WHEN NOT EXISTS (SELECT FROM rewards_coupon c
                                     WHERE c.id = paid.coupon_id AND c.customer_id = app_customer()) THEN 'order_paid'
                                 WHEN EXISTS (SELECT FROM rewards_reversal v WHERE v.redemption_id = paid.id)
                                     THEN 'order_cancelled'
                                 WHEN paid.coupon_id <> wanted OR paid.order_fen <> spent THEN 'order_paid' END,
                            paid.id;
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM rewards_coupon c WHERE c.id = wanted AND c.customer_id = app_customer()) THEN
        RETURN QUERY SELECT 'not_found', NULL::uuid;
        RETURN;
    END IF;
    no := rewards_redeem(fresh, wanted, NULL, spent, lat, lon, named, spot.place, spot.merchant, named);
    RETURN QUERY SELECT no, CASE WHEN no IS NULL THEN fresh END;
END $$;
"""

# As at the counter: on the local day of the place, once. Only what this customer redeemed for this order.
CANCEL = """
CREATE FUNCTION cancel_order(fresh uuid, named text, merchant_said text, branch_said text)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE spot record; done rewards_redemption; tz text;
BEGIN
    IF app_customer() IS NULL OR named = '' THEN
        RAISE insufficient_privilege USING MESSAGE = 'orders are cancelled by customers';
    END IF;
    SELECT * INTO spot FROM rewards_order_place(merchant_said, branch_said, false);
    IF spot.word IS NOT NULL THEN RETURN spot.word; END IF;
    SELECT r.* INTO done FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
     WHERE r.branch_id = spot.place AND r.merchant_id IS NOT DISTINCT FROM spot.merchant AND r.order_key = named
       AND c.customer_id = app_customer();
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    SELECT b.zone INTO tz FROM tenants_branch b WHERE b.id = done.branch_id;
    IF (done.at AT TIME ZONE tz)::date <> (app_at() AT TIME ZONE tz)::date THEN RETURN 'too_late'; END IF;
    INSERT INTO rewards_reversal (id, branch_id, branch_pos, redemption_id, person_id, at, reason)
    VALUES (fresh, done.branch_id, done.branch_pos, done.id, NULL, app_at(), named)
    ON CONFLICT (redemption_id) DO NOTHING;
    IF NOT FOUND THEN RETURN 'already_reversed'; END IF;
    UPDATE rewards_coupon c SET status = 'claimed', redeemed_at = NULL, redeemed_place_id = NULL
     WHERE c.id = done.coupon_id AND c.status = 'redeemed';
    IF NOT FOUND THEN RAISE EXCEPTION 'coupon % of an open redemption is not redeemed', done.coupon_id; END IF;
    PERFORM rewards_note('rewards.coupon.reverse', done.coupon_id, done.title, done.branch_id, done.branch_pos,
        jsonb_build_object('redemption', done.id, 'reversal', fresh, 'reason', named));
    RETURN NULL;
END $$;
"""
# What was paid, told to who paid it.
PAID = """
CREATE FUNCTION rewards_paid(wanted uuid) RETURNS TABLE (coupon uuid, off_fen bigint, at timestamptz)
LANGUAGE sql STABLE AS VERB $$
    SELECT c.id, r.off_fen, r.at FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
     WHERE r.id = wanted AND c.customer_id = app_customer();
$$;
"""
