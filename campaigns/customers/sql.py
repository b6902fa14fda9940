"""The SQL of this room: the wall of the customers' own table, the key that follows the home branch, the verbs."""

# A row of one customer stands where the customer stands, and moves along: no row of a foreign customer can be
# made, whatever the policies say, and no trigger has to look.
FOLLOWS_CUSTOMER = """
ALTER TABLE {table} ADD CONSTRAINT {table}_follows_its_customer FOREIGN KEY (customer_id, branch_id, branch_pos)
    REFERENCES customers_customer (id, branch_id, branch_pos) ON UPDATE CASCADE;
"""

# Every row that hangs on a customer is checked against (id, branch, branch_pos), in a plan that a session keeps. Made
# while the table is nearly empty, that plan may take the index on positions alone, and then reads a whole branch
# for each row of an import; with the id in it, any index it may take is the right one.
POSITION_WITH_ID = """
DROP INDEX customers_customer_position;
CREATE INDEX customers_customer_position ON customers_customer (branch_pos, id);
"""

OWN_CUSTOMER = """
CREATE POLICY own ON customers_customer FOR SELECT TO fenhang_customer USING (id = app_customer());
GRANT SELECT ON customers_customer TO fenhang_customer;
"""

# The same columns as open_staff_scope. The settings lo and hi stay unset: they are the staff's, and a customer's
# rows are found by the customer. Nothing opens for a blocked or erased customer.
OPEN_CUSTOMER = """
CREATE FUNCTION open_customer_scope(customer uuid, at timestamptz, request uuid, context jsonb)
RETURNS TABLE (branch_id int, branch_pos int, lo int, hi int, line int[], person_id uuid, customer_id uuid,
               role text, verbs text[], actor_name text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
#variable_conflict use_column
DECLARE held record;
BEGIN
    SELECT c.id, c.branch_id, c.branch_pos, c.number_tail INTO held
      FROM customers_customer c WHERE c.id = customer AND c.status = 'active';
    IF NOT FOUND THEN RETURN; END IF;
    line := tenants_line(held.branch_id);
    PERFORM tenants_apply(NULL, NULL, held.branch_id, held.branch_pos, line, NULL, held.id, at, request,
        context || jsonb_build_object('customer', held.id, 'branch', held.branch_id));
    RETURN QUERY SELECT held.branch_id, held.branch_pos, held.branch_pos, held.branch_pos, line, NULL::uuid, held.id,
        'customer'::text, ARRAY[]::text[], '****' || held.number_tail;
END $$;
"""

# Whom does this hash name? For log-in alone: a bank-wide question, answered before there is a scope.
CUSTOMER_BY_IDENTITY = """
CREATE FUNCTION customer_by_identity(kind text, lookup bytea)
RETURNS TABLE (customer_id uuid, status text, wrapped bytea)
LANGUAGE sql STABLE AS VERB $$
    SELECT c.id, c.status, k.wrapped
      FROM customers_identity i
      JOIN customers_customer c ON c.id = i.customer_id
      LEFT JOIN customers_customerkey k ON k.customer_id = c.id
     WHERE i.kind = $1 AND i.lookup = $2
$$;
"""

# A first log-in. Answers the home branch's id, or NULL when there is no open branch of that code that customers
# may belong to. An identity that is somebody's already violates its unique key: the caller looks it up again.
ENROL_CUSTOMER = """
CREATE FUNCTION enrol_customer(customer uuid, branch_code text, wrapped bytea, number_tail text, source text,
                               ids uuid[], kinds text[], apps text[], lookups bytea[], sealed bytea[],
                               audit_id uuid, at timestamptz, request uuid, context jsonb)
RETURNS int LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE home tenants_branch;
BEGIN
    SELECT * INTO home FROM tenants_branch b
     WHERE b.code = enrol_customer.branch_code AND b.is_open AND b.level IN ('branch', 'outlet');
    IF NOT FOUND THEN RETURN NULL; END IF;
    PERFORM set_config('pghistory.context_id', request::text, true),
            set_config('pghistory.context_metadata',
                (context || jsonb_build_object('customer', customer, 'branch', home.id))::text, true);
    INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes, source, joined_at,
                                    is_personalised, status)
    VALUES (customer, home.id, home.pos, enrol_customer.number_tail, '{}', enrol_customer.source, at, true, 'active');
    INSERT INTO customers_customerkey (customer_id, branch_id, branch_pos, wrapped)
    VALUES (customer, home.id, home.pos, enrol_customer.wrapped);
    INSERT INTO customers_identity
        (id, customer_id, branch_id, branch_pos, kind, app, lookup, value, source, verified_at)
    SELECT i.id, customer, home.id, home.pos, i.kind, i.app, i.lookup, i.value, enrol_customer.source, at
      FROM unnest(ids, kinds, apps, lookups, sealed) AS i (id, kind, app, lookup, value);
    INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail,
                             request_id)
    VALUES (audit_id, home.id, home.pos, at, 'customers.customer:' || customer, '****' || enrol_customer.number_tail,
            'customers.customer.enrol', 'customers.customer:' || customer, '****' || enrol_customer.number_tail,
            jsonb_build_object('source', enrol_customer.source), request);
    RETURN home.id;
END $$;
"""

# One more thing that an active customer is known by, verified by the log-in that found the customer.
BIND_IDENTITY = """
CREATE FUNCTION bind_identity(identity uuid, customer uuid, kind text, app text, lookup bytea, sealed bytea,
                              source text, at timestamptz, request uuid, context jsonb)
RETURNS boolean LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('pghistory.context_id', request::text, true),
            set_config('pghistory.context_metadata', (context || jsonb_build_object('customer', customer))::text, true);
    INSERT INTO customers_identity
        (id, customer_id, branch_id, branch_pos, kind, app, lookup, value, source, verified_at)
    SELECT identity, c.id, c.branch_id, c.branch_pos, bind_identity.kind, bind_identity.app, bind_identity.lookup,
           bind_identity.sealed, bind_identity.source, at
      FROM customers_customer c WHERE c.id = bind_identity.customer AND c.status = 'active'
    ON CONFLICT (kind, lookup) DO NOTHING;
    RETURN FOUND;
END $$;
"""

# Take the next refresh token. A client that lost the answer may ask again for `grace` while the next one is
# unused; any other second use of a token means that two parties hold it, and ends the whole family.
ROTATE_REFRESH = """
CREATE FUNCTION rotate_refresh(old_hash bytea, next_hash bytea, next_id uuid, at timestamptz, expires timestamptz,
                               grace interval)
RETURNS TABLE (outcome text, customer_id uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE old customers_refreshsession;
BEGIN
    SELECT * INTO old FROM customers_refreshsession s WHERE s.token_hash = old_hash FOR UPDATE;
    IF NOT FOUND THEN RETURN QUERY SELECT 'unknown', NULL::uuid; RETURN; END IF;
    IF old.revoked_at IS NOT NULL THEN RETURN QUERY SELECT 'revoked', old.customer_id; RETURN; END IF;
    IF old.rotated_at IS NOT NULL THEN
        IF old.rotated_at > at - grace AND EXISTS (SELECT FROM customers_refreshsession s
                WHERE s.token_hash = next_hash AND s.rotated_at IS NULL AND s.revoked_at IS NULL) THEN
            RETURN QUERY SELECT 'repeated', old.customer_id; RETURN;
        END IF;
        UPDATE customers_refreshsession s SET revoked_at = at WHERE s.family = old.family AND s.revoked_at IS NULL;
        RETURN QUERY SELECT 'reused', old.customer_id; RETURN;
    END IF;
    IF old.expires_at <= at THEN RETURN QUERY SELECT 'expired', old.customer_id; RETURN; END IF;
    IF NOT EXISTS (SELECT FROM customers_customer c WHERE c.id = old.customer_id AND c.status = 'active') THEN
        RETURN QUERY SELECT 'closed', old.customer_id; RETURN;
    END IF;
    UPDATE customers_refreshsession s SET rotated_at = at WHERE s.id = old.id;
    INSERT INTO customers_refreshsession
        (id, customer_id, branch_id, branch_pos, family, token_hash, issued_at, expires_at)
    SELECT next_id, c.id, c.branch_id, c.branch_pos, old.family, next_hash, at, expires
      FROM customers_customer c WHERE c.id = old.customer_id;
    RETURN QUERY SELECT 'rotated', old.customer_id;
END $$;
"""

# A share of the customer first, then the session, as whoever merges or moves a customer has them (order_of_locks.py).
# The other way round it held the session while the next one's key waited for the customer, whose merge waited for the
# session. What was read before the lock is read again.
ROTATE_REFRESH_IN_ORDER = ROTATE_REFRESH.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "    SELECT * INTO old FROM",
    "    PERFORM FROM customers_customer c"
    " WHERE c.id = (SELECT s.customer_id FROM customers_refreshsession s WHERE s.token_hash = old_hash)"
    " FOR KEY SHARE;\n"
    "    SELECT * INTO old FROM",
)

# Log out: the family of this token is over. Says nothing about whether there was one.
REVOKE_REFRESH = """
CREATE FUNCTION revoke_refresh(old_hash bytea, at timestamptz) RETURNS void LANGUAGE sql AS VERB $$
    UPDATE customers_refreshsession s SET revoked_at = $2
     WHERE s.family = (SELECT f.family FROM customers_refreshsession f WHERE f.token_hash = $1) AND s.revoked_at IS NULL
$$;
"""
