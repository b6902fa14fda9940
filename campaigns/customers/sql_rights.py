"""The verbs behind a customer's rights: asking for a copy, asking to be forgotten, and forgetting."""

# Bank-wide: hashes that say nothing without the installation's key.
TOMBSTONES = """
REVOKE ALL ON customers_tombstone FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, DELETE ON customers_tombstone TO fenhang_app;
"""

FORGET_GRANTS = """
GRANT SELECT (customer_id), UPDATE (lookup) ON customers_identityevent TO fenhang_verbs;
GRANT SELECT (customer_id), UPDATE (ip_prefix) ON customers_consent TO fenhang_verbs;
"""
# What history holds of them under somebody else's key.
FORGET_PARTED_GRANTS = """
GRANT SELECT (pgh_id, pgh_obj_id), UPDATE (value) ON customers_identityevent TO fenhang_verbs;
"""

# What the serving roles may not touch goes here: hashes in history, nets in consents, open sessions, and what may be
# done. Only of customers who are erased within the scope, which is what the caller has just written.
#
# While two were one, the history of what either was known by was sealed under the key of who was kept. They have
# parted, and one is erased: the other one's key stays, so the sealed value goes too. Theirs is what was theirs last.
FORGET = """
CREATE OR REPLACE FUNCTION forget_customers(customers uuid[]) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE gone uuid[] := ARRAY(SELECT c.id FROM customers_customer c
                              WHERE c.id = ANY (customers) AND c.status = 'erased'
                                AND c.branch_pos BETWEEN app_lo() AND app_hi());
BEGIN
    UPDATE customers_identityevent e SET lookup = '' WHERE e.customer_id = ANY (gone);
    UPDATE customers_identityevent e SET lookup = '', value = ''
     WHERE e.customer_id <> ALL (gone)
       AND e.pgh_obj_id IN (SELECT o.pgh_obj_id FROM customers_identityevent o WHERE o.customer_id = ANY (gone))
       AND (SELECT l.customer_id FROM customers_identityevent l
             WHERE l.pgh_obj_id = e.pgh_obj_id ORDER BY l.pgh_id DESC LIMIT 1) = ANY (gone);
    UPDATE customers_consent c SET ip_prefix = '' WHERE c.customer_id = ANY (gone);
    UPDATE customers_refreshsession s SET revoked_at = app_at()
     WHERE s.customer_id = ANY (gone) AND s.revoked_at IS NULL;
    UPDATE customers_permission p SET given = 0, guarded = 0, changed_at = app_at()
     WHERE p.customer_id = ANY (gone);
    RETURN cardinality(gone);
END $$;
"""

# Sessions that ended long ago.
PURGE_SESSIONS = """
CREATE FUNCTION purge_refresh_sessions(before timestamptz, many int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE gone int;
BEGIN
    DELETE FROM customers_refreshsession s WHERE s.id IN (
        SELECT o.id FROM customers_refreshsession o
         WHERE o.expires_at < before LIMIT many FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""
PURGE_GRANTS = """
GRANT DELETE ON customers_refreshsession TO fenhang_verbs;
"""
