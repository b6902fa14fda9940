"""What the counter may know of a coupon whose home is elsewhere: what it spends, and the end of a customer number."""

# Of a redemption made at the branch one stands at, also one that will be taken back.
SPENT = """
CREATE FUNCTION rewards_spent(redemption uuid)
RETURNS TABLE (kind text, threshold_fen bigint, usable_until timestamptz, tail text)
LANGUAGE sql STABLE AS VERB $$
    SELECT c.kind, c.threshold_fen, c.usable_until, w.number_tail
      FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
      JOIN customers_customer w ON w.id = c.customer_id
     WHERE r.id = redemption AND r.branch_id = app_branch() AND app_person() IS NOT NULL;
$$;
"""
