"""The SQL under the events: one partition a month, by their ids; and the verbs, the only writers.

Months are made and dropped as the audit's are: by the owner alone, since serving roles create nothing.
"""

# The smallest UUIDv7 of a moment: 48 bits of milliseconds, the rest nought.
ID_AT = """
CREATE FUNCTION events_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
REVOKE ALL ON FUNCTION events_id_at(timestamptz) FROM PUBLIC;
"""

TABLE = """
CREATE TABLE events_event (
    branch_pos integer NOT NULL,
    branch_id integer NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    recorded_of uuid,
    kind varchar(60) NOT NULL,
    at timestamptz NOT NULL,
    told_at timestamptz,
    received_at timestamptz NOT NULL,
    source varchar(60) NOT NULL,
    subject varchar(120) NOT NULL,
    properties jsonb NOT NULL,
    CONSTRAINT events_event_pkey PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX events_event_of_customer ON events_event (customer_id, at DESC);
CREATE TABLE events_event_other PARTITION OF events_event DEFAULT;
"""

# What wall() makes beside the policies is an index by position alone: ours begins with the same column.
POSITION = """
DROP INDEX events_event_position;
CREATE INDEX events_event_position ON events_event (branch_pos, branch_id);
"""

# A partition is asked through its parent only; its own wall is for whoever should be granted it by mistake.
WALL_OFF = """
CREATE FUNCTION events_wall_off(part text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('CREATE POLICY gate ON %I AS RESTRICTIVE TO fenhang_app USING (%s) WITH CHECK (%2$s)', part,
        'branch_pos BETWEEN current_setting(''app.lo'', true)::int AND current_setting(''app.hi'', true)::int');
    EXECUTE format('CREATE POLICY owner ON %I TO fenhang_owner USING (true) WITH CHECK (true)', part);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs', part);
END $$;
REVOKE ALL ON FUNCTION events_wall_off(text) FROM PUBLIC;
"""

# Rows that had to go to the default partition, because nobody had made their month yet, move into it.
MAKE_MONTHS = """
CREATE FUNCTION events_make_months(first date, many int) RETURNS int LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    starts timestamptz; ends timestamptz; part text; low uuid; high uuid; made int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('events.months', 0));
    FOR n IN 0 .. many - 1 LOOP
        starts := (date_trunc('month', first::timestamp) + make_interval(months => n)) AT TIME ZONE 'UTC';
        ends := (date_trunc('month', first::timestamp) + make_interval(months => n + 1)) AT TIME ZONE 'UTC';
        part := 'events_event_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        low := events_id_at(starts);
        high := events_id_at(ends);
        -- Before the rows are moved: one that came in between would be lost to the default partition's new bound.
        LOCK TABLE events_event IN SHARE ROW EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE %I (LIKE events_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
        EXECUTE format('WITH stray AS (DELETE FROM events_event_other WHERE id >= %L AND id < %L RETURNING *)'
                       ' INSERT INTO %I SELECT * FROM stray', low, high, part);
        PERFORM events_wall_off(part);
        EXECUTE format('ALTER TABLE events_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, low, high);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION events_make_months(date, int) FROM PUBLIC;
"""

# Months of which nothing is kept any more.
DROP_MONTHS = """
CREATE FUNCTION events_drop_months(before date) RETURNS int LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE part text; gone int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('events.months', 0));
    FOR part IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'events_event'::regclass AND c.relname ~ '^events_event_[0-9]{4}_[0-9]{2}$'
                   AND to_date(right(c.relname, 7), 'YYYY_MM') < date_trunc('month', before::timestamp)::date LOOP
        EXECUTE format('DROP TABLE %I', part);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION events_drop_months(date) FROM PUBLIC;
"""

FIRST_MONTHS = "SELECT events_make_months(((now() AT TIME ZONE 'UTC') - interval '1 month')::date, 5);"

BANK_WIDE_GRANTS = """
REVOKE ALL ON events_hooknonce, events_drop, events_cleared
    FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, DELETE ON events_hooknonce TO fenhang_app;
GRANT SELECT, INSERT, UPDATE ON events_drop, events_cleared TO fenhang_app;
"""

HEARD_GRANTS = """
REVOKE ALL ON events_heard FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, UPDATE ON events_heard TO fenhang_app;
"""

# Takes events of any customers, column by column, which costs half of what objects cost; answers how many were new,
# which ids were known, and which customers are not active (nothing of theirs was written). One statement: all of a
# batch, or nothing of it. In the order of their ids, so that two batches with the same events wait for each other and
# never crosswise.
TAKE = """
CREATE FUNCTION take_events(ids uuid[], customers uuid[], kinds text[], moments timestamptz[],
                            told_moments timestamptz[], subjects text[], properties jsonb[], source text,
                            moment timestamptz)
RETURNS TABLE (taken int, known uuid[], closed uuid[])
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
#variable_conflict use_column
DECLARE made int;
BEGIN
    -- Nearly always all are new: a plain INSERT spares the second look at the key that ON CONFLICT takes.
    BEGIN
        INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, told_at, received_at, source,
                                  subject, properties)
        SELECT e.id, e.customer, c.branch_id, c.branch_pos, e.kind, e.at, e.told_at, moment, take_events.source,
               e.subject, e.properties
          FROM unnest(ids, customers, kinds, moments, told_moments, subjects, take_events.properties)
               AS e (id, customer, kind, at, told_at, subject, properties)
          JOIN customers_customer c ON c.id = e.customer AND c.status = 'active'
         ORDER BY e.id;
        GET DIAGNOSTICS made = ROW_COUNT;
        IF made = cardinality(ids) THEN
            RETURN QUERY SELECT made, NULL::uuid[], NULL::uuid[];
        ELSE
            RETURN QUERY SELECT made, NULL::uuid[],
                (SELECT array_agg(DISTINCT e.id) FROM unnest(customers) AS e (id)
                  WHERE NOT EXISTS (SELECT FROM customers_customer c WHERE c.id = e.id AND c.status = 'active'));
        END IF;
        RETURN;
    EXCEPTION WHEN unique_violation THEN
        made := NULL;  -- some were told before: once more, and row by row
    END;
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT e.*, c.branch_id, c.branch_pos
          FROM unnest(ids, customers, kinds, moments, told_moments, subjects, take_events.properties)
               AS e (id, customer, kind, at, told_at, subject, properties)
          LEFT JOIN customers_customer c ON c.id = e.customer AND c.status = 'active'
    ), made AS (
        INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, told_at, received_at, source,
                                  subject, properties)
        SELECT g.id, g.customer, g.branch_id, g.branch_pos, g.kind, g.at, g.told_at, moment, take_events.source,
               g.subject, g.properties
          FROM given g WHERE g.branch_id IS NOT NULL ORDER BY g.id
        ON CONFLICT (id) DO NOTHING RETURNING id
    ), counted AS (
        SELECT count(*)::int AS taken FROM made
    )
    SELECT n.taken,
           CASE WHEN n.taken < cardinality(ids) THEN
               (SELECT array_agg(g.id) FROM given g
                 WHERE g.branch_id IS NOT NULL AND NOT EXISTS (SELECT FROM made m WHERE m.id = g.id)) END,
           CASE WHEN n.taken < cardinality(ids) THEN
               (SELECT array_agg(DISTINCT g.customer) FROM given g WHERE g.branch_id IS NULL) END
      FROM counted n;
END $$;
"""

# A customer is always found by the key. Left to itself the planner read all customers for each event where it had no
# statistics yet, as on a bank's first day: 28 ms for 160 events and 500 customers instead of 3.
TAKE_BY_KEY = (
    TAKE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace(
        "SET plan_cache_mode = force_generic_plan",
        "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off",
    )
    .replace(
        "customers_customer c ON c.id = e.customer AND c.status = 'active'",
        "LATERAL (SELECT c.branch_id, c.branch_pos FROM customers_customer c"
        " WHERE c.id = e.customer AND c.status = 'active' LIMIT 1) c ON true",
    )
)

# Whom do these hashes name? For systems of the bank and files, asked before there is a scope; the places count from 1.
NAMED = """
CREATE FUNCTION events_customers(kinds text[], lookups bytea[]) RETURNS TABLE (place bigint, customer_id uuid)
LANGUAGE sql STABLE AS VERB $$
    SELECT g.place, i.customer_id
      FROM unnest(kinds, lookups) WITH ORDINALITY AS g (kind, lookup, place)
      JOIN customers_identity i ON i.kind = g.kind AND i.lookup = g.lookup
      JOIN customers_customer c ON c.id = i.customer_id AND c.status = 'active'
$$;
"""

# A claim of somebody's number brings nobody their events.
NAMED_VERIFIED = NAMED.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "AND i.lookup = g.lookup", "AND i.lookup = g.lookup AND i.state = 'verified'"
)

# One event of ours, within the transaction of the deed: for other verbs alone.
NOTE = """
CREATE FUNCTION events_note(customer uuid, did text, moment timestamptz, room text, thing text, more jsonb)
RETURNS void LANGUAGE sql AS VERB $$
    INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, received_at, source, subject,
                              properties)
    SELECT uuidv7(), c.id, c.branch_id, c.branch_pos, did, moment, moment, room, thing, more
      FROM customers_customer c WHERE c.id = customer AND c.status <> 'erased';
$$;
"""

# As many events of one kind, in one statement.
NOTE_MANY = """
CREATE FUNCTION events_note_many(did text, moment timestamptz, room text, customers uuid[], things text[],
                                 more jsonb[])
RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
BEGIN
    INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, received_at, source, subject,
                              properties)
    SELECT uuidv7(), c.id, c.branch_id, c.branch_pos, did, moment, moment, room, e.thing, e.more
      FROM unnest(customers, things, events_note_many.more) AS e (customer, thing, more)
      JOIN customers_customer c ON c.id = e.customer AND c.status <> 'erased';
END $$;
"""

# What a customer did, wherever it was their home then: for whoever may see the customer, and for the customer.
OF_CUSTOMER = """
CREATE FUNCTION events_of_customer(customer uuid, before timestamptz, below uuid, many int)
RETURNS TABLE (id uuid, kind text, at timestamptz, received_at timestamptz, source text, subject text,
               properties jsonb)
LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
BEGIN
    IF NOT events_may_reach(customer) THEN RETURN; END IF;
    RETURN QUERY
    SELECT e.id, e.kind::text, e.at, e.received_at, e.source::text, e.subject::text, e.properties
      FROM events_event e
     WHERE e.customer_id = customer AND (e.at, e.id) < (before, below)
     ORDER BY e.at DESC, e.id DESC LIMIT many;
END $$;
"""

REACH = """
CREATE FUNCTION events_may_reach(customer uuid) RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT CASE WHEN app_customer() IS NOT NULL THEN app_customer() = customer
                ELSE EXISTS (SELECT FROM customers_customer c
                              WHERE c.id = customer AND c.branch_pos BETWEEN app_lo() AND app_hi()) END
$$;
"""

# Two customers are one, or two again: of whom an event was told stays beside it. Answers those of whom it was told.
MERGE = """
CREATE FUNCTION merge_events(kept uuid, absorbed uuid) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE moved uuid[];
BEGIN
    IF app_customer() IS NOT NULL OR NOT events_may_reach(kept) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the customers are not within the scope';
    END IF;
    WITH gone AS (
        UPDATE events_event e SET customer_id = kept, recorded_of = coalesce(e.recorded_of, absorbed)
         WHERE e.customer_id = absorbed RETURNING recorded_of)
    SELECT array_agg(DISTINCT g.recorded_of) INTO moved FROM gone g;
    RETURN coalesce(moved, '{}');
END $$;
"""

UNMERGE = """
CREATE FUNCTION unmerge_events(kept uuid, absorbed uuid, told_of uuid[]) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE moved int;
BEGIN
    IF app_customer() IS NOT NULL OR NOT events_may_reach(kept) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the customers are not within the scope';
    END IF;
    UPDATE events_event e SET customer_id = absorbed, recorded_of = nullif(e.recorded_of, absorbed)
     WHERE e.customer_id = kept AND e.recorded_of = ANY (told_of);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END $$;
"""

# Nothing leads from the person to these rows any more: the id that they carry now was never anybody's, and is kept
# nowhere else. What was done stays counted.
FORGET = """
CREATE FUNCTION forget_events(customer uuid) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE cut int; nobody uuid := gen_random_uuid();
BEGIN
    IF NOT events_may_reach(customer) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the customer is not within the scope';
    END IF;
    UPDATE events_event e SET customer_id = nobody, recorded_of = NULL
     WHERE e.customer_id = customer;
    GET DIAGNOSTICS cut = ROW_COUNT;
    RETURN cut;
END $$;
"""

# Each pair of branch and position there is, by jumps over the index and not by a walk over the rows; rewritten is what
# stands where its branch does not stand.
PLACES = """
CREATE FUNCTION place_events() RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE pair record; moved int := 0; many int;
BEGIN
    FOR pair IN
        WITH RECURSIVE jump AS (
            (SELECT e.branch_pos, e.branch_id FROM events_event e ORDER BY e.branch_pos, e.branch_id LIMIT 1)
            UNION ALL
            SELECT n.branch_pos, n.branch_id FROM jump j CROSS JOIN LATERAL (
                SELECT e.branch_pos, e.branch_id FROM events_event e
                 WHERE (e.branch_pos, e.branch_id) > (j.branch_pos, j.branch_id)
                 ORDER BY e.branch_pos, e.branch_id LIMIT 1) n)
        SELECT j.branch_id, j.branch_pos AS was, b.pos AS stands
          FROM jump j JOIN tenants_branch b ON b.id = j.branch_id AND b.pos <> j.branch_pos
    LOOP
        UPDATE events_event e SET branch_pos = pair.stands
         WHERE e.branch_pos = pair.was AND e.branch_id = pair.branch_id;
        GET DIAGNOSTICS many = ROW_COUNT;
        moved := moved + many;
    END LOOP;
    RETURN moved;
END $$;
"""

# Rows of a kind whose time is over, from an id on; answers how many and the last one, to go on from.
CLEAR = """
CREATE FUNCTION clear_events(over text, since uuid, until uuid, at_most int)
RETURNS TABLE (gone int, last uuid) LANGUAGE sql AS VERB $$
    WITH old AS (
        SELECT e.id FROM events_event e WHERE e.id >= since AND e.id < until AND e.kind = over
         ORDER BY e.id LIMIT at_most
    ), cut AS (
        DELETE FROM events_event e USING old WHERE e.id = old.id AND e.id >= since AND e.id < until RETURNING e.id
    )
    SELECT count(*)::int, (SELECT c.id FROM cut c ORDER BY c.id DESC LIMIT 1) FROM cut
$$;
"""
