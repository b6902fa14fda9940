"""The SQL that tenancy stands on: how the database reads the scope, and the verbs that open one."""

# Raw current_setting() inlines into policies and indexes; a sub-select around it would not.
# An unset local setting is '' and not NULL.
SETTINGS = """
CREATE FUNCTION app_lo() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.lo', true), '')::int;
CREATE FUNCTION app_hi() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.hi', true), '')::int;
CREATE FUNCTION app_branch() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.branch', true), '')::int;
CREATE FUNCTION app_branch_pos() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.branch_pos', true), '')::int;
CREATE FUNCTION app_line() RETURNS int[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.line', true), '')::int[];
CREATE FUNCTION app_ancestors() RETURNS int[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.ancestors', true), '')::int[];
CREATE FUNCTION app_customer() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.customer', true), '')::uuid;
CREATE FUNCTION app_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.person', true), '')::uuid;
CREATE FUNCTION app_at() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.at', true), '')::timestamptz;
"""

# A foreign key's own check passes by every policy, so the writer could point at a row of a foreign branch.
MUST_SEE = """
CREATE FUNCTION tenants_must_see() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE seen boolean; target text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    -- The key as a literal takes the column's own type, so that its index serves.
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id = %L)', TG_ARGV[1], target) INTO seen;
    IF NOT seen THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('%s.%s points to a row of %s that is not visible here',
                             TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1]),
            CONSTRAINT = TG_TABLE_NAME || '_sees_' || TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;
"""

# Runs at commit, so that a whole tree can be renumbered in one transaction.
TREE_IS_NESTED = """
CREATE FUNCTION tenants_branch_nests() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE this tenants_branch; above tenants_branch;
BEGIN
    SELECT * INTO this FROM tenants_branch WHERE id = NEW.id;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF this.parent_id IS NOT NULL THEN
        SELECT * INTO above FROM tenants_branch WHERE id = this.parent_id;
        IF NOT (this.pos > above.pos AND this.pos_end <= above.pos_end) THEN
            RAISE check_violation USING MESSAGE = format('branch %s lies outside its parent', this.code),
                CONSTRAINT = 'tenants_branch_lies_inside_its_parent';
        END IF;
    END IF;
    IF EXISTS (SELECT FROM tenants_branch other WHERE other.parent_id IS NOT DISTINCT FROM this.parent_id
               AND other.id <> this.id AND other.pos <= this.pos_end AND other.pos_end >= this.pos) THEN
        RAISE check_violation USING MESSAGE = format('branch %s overlaps a sibling', this.code),
            CONSTRAINT = 'tenants_branch_siblings_do_not_overlap';
    END IF;
    RETURN NULL;
END $$;
"""

TREE_TRIGGER = """
CREATE CONSTRAINT TRIGGER tenants_branch_nests AFTER INSERT OR UPDATE OF pos, pos_end, parent_id ON tenants_branch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenants_branch_nests();
"""

APPLY = """
CREATE FUNCTION tenants_apply(lo int, hi int, branch int, branch_pos int, line int[], person uuid, customer uuid,
                              at timestamptz, request uuid, context jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.lo', coalesce(lo::text, ''), true),
            set_config('app.hi', coalesce(hi::text, ''), true),
            set_config('app.branch', coalesce(branch::text, ''), true),
            set_config('app.branch_pos', coalesce(branch_pos::text, ''), true),
            set_config('app.line', coalesce(line::text, ''), true),
            set_config('app.ancestors', coalesce(line[2:]::text, '{}'), true),
            set_config('app.person', coalesce(person::text, ''), true),
            set_config('app.customer', coalesce(customer::text, ''), true),
            set_config('app.at', at::text, true),
            set_config('pghistory.context_id', request::text, true),
            set_config('pghistory.context_metadata', context::text, true);
END $$;
"""

# From the branch up to head office, nearest first. Depth is small, so the walk by primary key is cheap.
LINE = """
CREATE FUNCTION tenants_line(start int) RETURNS int[] LANGUAGE sql STABLE AS VERB $$
    WITH RECURSIVE up (id, parent_id, depth) AS (
        SELECT id, parent_id, 0 FROM tenants_branch WHERE id = start
        UNION ALL
        SELECT b.id, b.parent_id, up.depth + 1 FROM tenants_branch b JOIN up ON b.id = up.parent_id
    )
    SELECT array_agg(id ORDER BY depth) FROM up
$$;
"""

OPEN_STAFF = """
CREATE FUNCTION open_staff_scope(login bigint, assignment uuid, stand_at int, at timestamptz, request uuid,
                                 context jsonb)
RETURNS TABLE (branch_id int, branch_pos int, lo int, hi int, line int[], person_id uuid, customer_id uuid,
               role text, verbs text[], actor_name text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
#variable_conflict use_column
DECLARE place record; held record;
BEGIN
    SELECT a.person_id, p.name, r.code, r.verbs, b.id, b.pos, b.pos_end INTO held
      FROM tenants_assignment a
      JOIN tenants_person p ON p.id = a.person_id
      JOIN tenants_login l ON l.person_id = a.person_id
      JOIN tenants_role r ON r.code = a.role_id
      JOIN tenants_branch b ON b.id = a.branch_id
     WHERE a.id = assignment AND l.id = login AND l.is_active AND a.held_from <= at AND a.held_until > at;
    IF NOT FOUND THEN RETURN; END IF;
    place := held;
    IF stand_at IS NOT NULL AND stand_at <> held.id THEN
        SELECT b.id, b.pos, b.pos_end INTO place FROM tenants_branch b
         WHERE b.id = stand_at AND b.pos BETWEEN held.pos AND held.pos_end;
        IF NOT FOUND THEN RETURN; END IF;
    END IF;
    line := tenants_line(place.id);
    PERFORM tenants_apply(place.pos, place.pos_end, place.id, place.pos, line, held.person_id, NULL, at, request,
        context || jsonb_build_object('person', held.person_id, 'branch', place.id, 'role', held.code));
    RETURN QUERY SELECT place.id, place.pos, place.pos, place.pos_end, line, held.person_id, NULL::uuid,
        held.code::text, held.verbs::text[], held.name::text;
END $$;
"""

# As above, and an access token must be younger than the moment from which the log-in's tokens count.
OPEN_STAFF_SINCE = """
CREATE FUNCTION open_staff_scope(login bigint, assignment uuid, stand_at int, at timestamptz, request uuid,
                                 context jsonb, issued timestamptz DEFAULT NULL)
RETURNS TABLE (branch_id int, branch_pos int, lo int, hi int, line int[], person_id uuid, customer_id uuid,
               role text, verbs text[], actor_name text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
#variable_conflict use_column
DECLARE place record; held record;
BEGIN
    SELECT a.person_id, p.name, r.code, r.verbs, b.id, b.pos, b.pos_end INTO held
      FROM tenants_assignment a
      JOIN tenants_person p ON p.id = a.person_id
      JOIN tenants_login l ON l.person_id = a.person_id
      JOIN tenants_role r ON r.code = a.role_id
      JOIN tenants_branch b ON b.id = a.branch_id
     WHERE a.id = assignment AND l.id = login AND l.is_active AND a.held_from <= at AND a.held_until > at
       AND (issued IS NULL OR l.tokens_from IS NULL OR issued > l.tokens_from);
    IF NOT FOUND THEN RETURN; END IF;
    place := held;
    IF stand_at IS NOT NULL AND stand_at <> held.id THEN
        SELECT b.id, b.pos, b.pos_end INTO place FROM tenants_branch b
         WHERE b.id = stand_at AND b.pos BETWEEN held.pos AND held.pos_end;
        IF NOT FOUND THEN RETURN; END IF;
    END IF;
    line := tenants_line(place.id);
    PERFORM tenants_apply(place.pos, place.pos_end, place.id, place.pos, line, held.person_id, NULL, at, request,
        context || jsonb_build_object('person', held.person_id, 'branch', place.id, 'role', held.code));
    RETURN QUERY SELECT place.id, place.pos, place.pos, place.pos_end, line, held.person_id, NULL::uuid,
        held.code::text, held.verbs::text[], held.name::text;
END $$;
"""

# The whole line of positions, so that it stands before there is a head office.
OPEN_SYSTEM = """
CREATE FUNCTION open_system_scope(at timestamptz, request uuid, context jsonb)
RETURNS TABLE (branch_id int, branch_pos int, lo int, hi int, line int[], person_id uuid, customer_id uuid,
               role text, verbs text[], actor_name text)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE root tenants_branch;
BEGIN
    SELECT * INTO root FROM tenants_branch WHERE parent_id IS NULL ORDER BY pos LIMIT 1;
    PERFORM tenants_apply(0, 2147483647, root.id, root.pos, ARRAY[root.id], NULL, NULL, at, request, context);
    RETURN QUERY SELECT root.id, root.pos, 0, 2147483647, ARRAY[root.id], NULL::uuid, NULL::uuid,
        'system'::text, ARRAY[]::text[], ''::text;
END $$;
"""

# What the switcher and the log-in ask before there is a scope; only about the log-in itself.
ASSIGNMENTS_OF = """
CREATE FUNCTION assignments_of(login bigint, at timestamptz)
RETURNS TABLE (assignment_id uuid, role text, branch_id int, branch_code text, branch_name text, path text[])
LANGUAGE sql STABLE AS VERB $$
    SELECT a.id, a.role_id, b.id, b.code, b.name,
           (SELECT array_agg(up.name ORDER BY up.pos) FROM tenants_branch up WHERE up.id = ANY (tenants_line(b.id)))
      FROM tenants_assignment a
      JOIN tenants_login l ON l.person_id = a.person_id
      JOIN tenants_branch b ON b.id = a.branch_id
     WHERE l.id = login AND l.is_active AND a.held_from <= at AND a.held_until > at
     ORDER BY b.pos, a.held_from, a.id
$$;
"""

BRANCH_WALL = """
ALTER TABLE tenants_branch ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants_branch FORCE ROW LEVEL SECURITY;
CREATE POLICY gate ON tenants_branch AS RESTRICTIVE TO fenhang_app
    USING (pos BETWEEN current_setting('app.lo', true)::int AND current_setting('app.hi', true)::int
           OR id = ANY (app_ancestors()))
    WITH CHECK (pos >= current_setting('app.lo', true)::int AND pos_end <= current_setting('app.hi', true)::int);
CREATE POLICY app_select ON tenants_branch FOR SELECT TO fenhang_app USING (true);
CREATE POLICY app_insert ON tenants_branch FOR INSERT TO fenhang_app WITH CHECK (true);
CREATE POLICY app_update ON tenants_branch FOR UPDATE TO fenhang_app
    USING (pos BETWEEN current_setting('app.lo', true)::int AND current_setting('app.hi', true)::int);
CREATE POLICY app_delete ON tenants_branch FOR DELETE TO fenhang_app
    USING (pos BETWEEN current_setting('app.lo', true)::int AND current_setting('app.hi', true)::int);
CREATE POLICY owner ON tenants_branch TO fenhang_owner USING (true) WITH CHECK (true);
CREATE POLICY verbs ON tenants_branch TO fenhang_verbs USING (true) WITH CHECK (true);
CREATE POLICY line ON tenants_branch FOR SELECT TO fenhang_customer USING (id = ANY (app_line()));
REVOKE ALL ON tenants_branch FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_branch TO fenhang_app;
GRANT SELECT ON tenants_branch TO fenhang_customer, fenhang_verbs;
GRANT SELECT ON tenants_role, tenants_login TO fenhang_verbs;
"""

# Every tracked table's trigger asks this before it writes its row of history, and django-pgtrigger's own answer looks
# for a setting, in a block that catches the error where there is none. The block is a subtransaction that is undone,
# once for each row: time that grows with the square of the rows of a transaction, since undoing one looks through all
# that is deferred. And the setting would let whoever may speak to the database as the app write without history.
# Said anew after migrating, because each migration with such a trigger brings the other one back.
HISTORY_IS_KEPT = """
CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT false $$;
"""
