"""The SQL under the audit: entries in one partition a month, by their ids."""

# The smallest UUIDv7 of a moment: 48 bits of milliseconds, the rest nought.
ID_AT = """
CREATE FUNCTION audit_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
REVOKE ALL ON FUNCTION audit_id_at(timestamptz) FROM PUBLIC;
"""

# For the owner alone: serving roles create nothing. Rows that had to go to the default partition, because nobody
# had made their month yet, move into it. A partition is asked through its parent only; its own wall is for whoever
# should be granted it by mistake.
MAKE_MONTHS = """
CREATE FUNCTION audit_make_months(first date, many int) RETURNS int LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    starts timestamptz; ends timestamptz; part text; low uuid; high uuid; made int := 0;
BEGIN
    FOR n IN 0 .. many - 1 LOOP
        starts := (date_trunc('month', first::timestamp) + make_interval(months => n)) AT TIME ZONE 'UTC';
        ends := (date_trunc('month', first::timestamp) + make_interval(months => n + 1)) AT TIME ZONE 'UTC';
        part := 'audit_entry_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        low := audit_id_at(starts);
        high := audit_id_at(ends);
        EXECUTE format('CREATE TABLE %I (LIKE audit_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
        EXECUTE format('WITH stray AS (DELETE FROM audit_entry_other WHERE id >= %L AND id < %L RETURNING *)'
                       ' INSERT INTO %I SELECT * FROM stray', low, high, part);
        PERFORM audit_wall_off(part);
        EXECUTE format('ALTER TABLE audit_entry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part, low, high);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION audit_make_months(date, int) FROM PUBLIC;
"""

WALL_OFF = """
CREATE FUNCTION audit_wall_off(part text) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
    EXECUTE format('CREATE POLICY gate ON %I AS RESTRICTIVE TO fenhang_app USING (%s) WITH CHECK (%2$s)', part,
        'branch_pos BETWEEN current_setting(''app.lo'', true)::int AND current_setting(''app.hi'', true)::int');
    EXECUTE format('CREATE POLICY owner ON %I TO fenhang_owner USING (true) WITH CHECK (true)', part);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs', part);
END $$;
REVOKE ALL ON FUNCTION audit_wall_off(text) FROM PUBLIC;
"""

# The old table's rows move into the months they were written in.
PARTITION = """
ALTER TABLE audit_entry RENAME TO audit_entry_before;
ALTER INDEX audit_entry_pkey RENAME TO audit_entry_before_pkey;
CREATE TABLE audit_entry (LIKE audit_entry_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (id);
ALTER TABLE audit_entry ADD CONSTRAINT audit_entry_pkey PRIMARY KEY (id);
CREATE TABLE audit_entry_other PARTITION OF audit_entry DEFAULT;
SELECT audit_wall_off('audit_entry_other');
INSERT INTO audit_entry SELECT * FROM audit_entry_before;
DROP TABLE audit_entry_before;
"""

# The months of the rows that there are, and some ahead; `migrate` goes on from there.
FIRST_MONTHS = """
DO $$
DECLARE first date; today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    SELECT least((uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date, today) INTO first FROM audit_entry_other
     WHERE uuid_extract_version(id) = 7 ORDER BY id LIMIT 1;
    first := coalesce(first, today);
    PERFORM audit_make_months(first, ((extract(year FROM today) - extract(year FROM first)) * 12
        + extract(month FROM today) - extract(month FROM first))::int + 4);
END $$;
"""

# Sealed rows are read by everybody who serves, and changed by nobody. Bank-wide: one chain goes through all
# branches, and a seal tells of a day only how much was written.
SEAL_GRANTS = """
REVOKE ALL ON audit_seal FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT ON audit_seal TO fenhang_app;
"""
