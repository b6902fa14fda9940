"""What becomes of a coupon, as an event of who holds it: in the transaction, and by the verb, that did it."""

# As in sql.py, and one row more.
NOTE = """
CREATE OR REPLACE FUNCTION rewards_note(did text, coupon uuid, named text, place int, place_pos int, more jsonb)
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
    SELECT events_note(c.customer_id, e.code, app_at(), 'rewards', 'rewards.coupon:' || coupon,
                       jsonb_strip_nulls(more - 'reason'))
      FROM rewards_coupon c
      JOIN (VALUES ('rewards.coupon.claim', 'rewards.coupon.claimed'),
                   ('rewards.coupon.redeem', 'rewards.coupon.redeemed'),
                   ('rewards.coupon.reverse', 'rewards.coupon.reversed')) AS e (verb, code) ON e.verb = did
     WHERE c.id = coupon;
$$;
"""
