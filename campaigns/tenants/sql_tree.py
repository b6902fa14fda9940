"""The SQL of a tree that moves: who waits for whom, what follows, and what stays true at commit."""

# Whoever opens a scope holds this lock shared until the end of the transaction; whoever gives a place to another
# branch than the one that stood there holds it alone. So no statement ever reads a foreign branch's rows with the
# interval that its transaction began with. A branch that merely moves away leaves its place empty, and needs it not.
SCOPE_LOCK = 7_316_843
# One change of the tree at a time.
TREE_LOCK = 7_316_844

APPLY = f"""
CREATE OR REPLACE FUNCTION tenants_apply(lo int, hi int, branch int, branch_pos int, line int[], person uuid,
                                         customer uuid, at timestamptz, request uuid, context jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({SCOPE_LOCK}),
            set_config('app.lo', coalesce(lo::text, ''), true),
            set_config('app.hi', coalesce(hi::text, ''), true),
            set_config('app.branch', coalesce(branch::text, ''), true),
            set_config('app.branch_pos', coalesce(branch_pos::text, ''), true),
            set_config('app.line', coalesce(line::text, ''), true),
            set_config('app.ancestors', coalesce(line[2:]::text, '{{}}'), true),
            set_config('app.person', coalesce(person::text, ''), true),
            set_config('app.customer', coalesce(customer::text, ''), true),
            set_config('app.at', at::text, true),
            set_config('pghistory.context_id', request::text, true),
            set_config('pghistory.context_metadata', context::text, true);
END $$;
"""

# Neighbours are enough: where every changed branch clears the sibling before and the one behind, all of them do.
NESTS = """
CREATE OR REPLACE FUNCTION tenants_branch_nests() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE this tenants_branch; above tenants_branch; wrong text;
        ranks CONSTANT text[] := ARRAY['head_office', 'province', 'city', 'branch', 'outlet'];
BEGIN
    SELECT * INTO this FROM tenants_branch WHERE id = NEW.id;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF this.parent_id IS NOT NULL THEN
        SELECT * INTO above FROM tenants_branch WHERE id = this.parent_id;
        IF NOT (this.pos > above.pos AND this.pos_end <= above.pos_end) THEN
            wrong := 'lies_inside_its_parent';
        ELSIF this.is_open AND NOT above.is_open THEN
            wrong := 'open_one_is_not_below_a_closed_one';
        ELSIF this.is_open AND array_position(ranks, above.level::text) >= array_position(ranks, this.level::text) THEN
            wrong := 'level_is_below_its_parents';
        END IF;
    END IF;
    IF EXISTS (SELECT FROM (SELECT o.pos_end FROM tenants_branch o
                             WHERE o.parent_id IS NOT DISTINCT FROM this.parent_id AND o.pos < this.pos
                             ORDER BY o.pos DESC LIMIT 1) before WHERE before.pos_end >= this.pos)
       OR EXISTS (SELECT FROM (SELECT o.pos FROM tenants_branch o
                                WHERE o.parent_id IS NOT DISTINCT FROM this.parent_id AND o.pos >= this.pos
                                  AND o.id <> this.id
                                ORDER BY o.pos LIMIT 1) behind WHERE behind.pos <= this.pos_end) THEN
        wrong := 'siblings_do_not_overlap';
    END IF;
    IF NOT this.is_open AND EXISTS (SELECT FROM tenants_branch o WHERE o.parent_id = this.id AND o.is_open) THEN
        wrong := 'open_one_is_not_below_a_closed_one';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('branch %s: %s', this.code, replace(wrong, '_', ' ')),
            CONSTRAINT = 'tenants_branch_' || wrong;
    END IF;
    RETURN NULL;
END $$;
"""

NESTS_TRIGGER = """
DROP TRIGGER tenants_branch_nests ON tenants_branch;
CREATE CONSTRAINT TRIGGER tenants_branch_nests
    AFTER INSERT OR UPDATE OF pos, pos_end, parent_id, level, is_open ON tenants_branch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tenants_branch_nests();
"""

# A branch's history has no key to follow it by: it outlives the branch.
HISTORY_FOLLOWS = """
CREATE FUNCTION tenants_branch_history_follows() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    UPDATE tenants_branchevent SET pos = NEW.pos, pos_end = NEW.pos_end WHERE pgh_obj_id = NEW.id;
    RETURN NULL;
END $$;
"""
HISTORY_TRIGGER = """
CREATE TRIGGER tenants_branch_history_follows AFTER UPDATE OF pos ON tenants_branch FOR EACH ROW
    WHEN (OLD.pos IS DISTINCT FROM NEW.pos) EXECUTE FUNCTION tenants_branch_history_follows();
CREATE POLICY verbs ON tenants_branchevent TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (pos, pos_end) ON tenants_branchevent TO fenhang_verbs;
"""

FILLED = """
UPDATE tenants_branch b SET filled_until =
    greatest(b.pos, coalesce((SELECT max(c.pos_end) FROM tenants_branch c WHERE c.parent_id = b.id), 0));
"""

# Whether work may go from one branch to another: from a closed one to the one that took it over.
TAKES_OVER = """
CREATE FUNCTION tenants_takes_over(old_branch int, new_branch int) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM tenants_branch b
                    WHERE b.id = old_branch AND NOT b.is_open AND b.successor_id = new_branch)
$$;
"""
