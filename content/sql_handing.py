"""The SQL of what is handed down: originals kept as they were approved, local versions that keep to them."""

# Originals are written when their revision goes live, by this trigger alone, from what was approved.
KEEP_ORIGINAL = """
CREATE FUNCTION content_keep_original() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF NOT NEW.handed_down OR TG_OP = 'UPDATE' AND NEW.revision_id = OLD.revision_id THEN RETURN NULL; END IF;
    INSERT INTO content_original (id, branch_id, branch_pos, item_id, revision_id, number, sha256, title, payload,
                                  open_parts, handed_down, at)
    SELECT uuidv7(), NEW.branch_id, NEW.branch_pos, NEW.item_id, r.id, r.number, r.sha256, NEW.title, r.payload,
           ARRAY(SELECT jsonb_array_elements_text(r.payload -> 'open')), true, app_at()
      FROM approvals_revision r
     WHERE r.id = NEW.revision_id AND jsonb_typeof(r.payload -> 'open') = 'array'
       AND jsonb_array_length(r.payload -> 'open') > 0
    ON CONFLICT ON CONSTRAINT content_original_is_once DO NOTHING;
    RETURN NULL;
END $$;
"""
KEPT = """
CREATE TRIGGER content_liveitem_keeps_original AFTER INSERT OR UPDATE OF revision_id ON content_liveitem
    FOR EACH ROW EXECUTE FUNCTION content_keep_original();
"""

# Nobody edits them; when a branch closes they go to its successor, as what is live does.
ORIGINALS_STAY = """
REVOKE INSERT ON content_original FROM fenhang_app;
GRANT UPDATE (branch_id, branch_pos) ON content_original TO fenhang_app;
"""
# What was said stays; it is answered.
OBJECTIONS_STAY = """
REVOKE UPDATE, DELETE ON content_objection FROM fenhang_app;
GRANT UPDATE (branch_id, branch_pos, answer, answer_words, answered_by, answered_at) ON content_objection
    TO fenhang_app;
"""

# What of a payload a branch may not change: all but the open parts, its window and where it comes from.
LOCKED = """
CREATE FUNCTION content_locked(said jsonb, open_parts text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (said - open_parts - ARRAY['blocks', 'open', 'handed', 'refers', 'shown_from', 'shown_until', 'handed_down'])
           || jsonb_build_object('blocks', coalesce((
                SELECT jsonb_agg(b.block - ARRAY(
                           SELECT k FROM jsonb_object_keys(b.block) k
                            WHERE 'blocks.' || (b.block ->> 'id') || '.' || k = ANY (open_parts)) ORDER BY b.nth)
                  FROM jsonb_array_elements(said -> 'blocks') WITH ORDINALITY AS b (block, nth)), '[]'))
$$;
"""

# A local version is of a branch below, and has changed nothing but what was open to it.
KEEPS_TO_IT = """
CREATE FUNCTION content_keeps_to_original() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE basis content_original; said jsonb; wrong text;
BEGIN
    SELECT r.payload INTO said FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF (said -> 'handed') IS NULL AND NEW.basis_id IS NULL THEN RETURN NEW; END IF;
    SELECT * INTO basis FROM content_original o WHERE o.id = NEW.basis_id;
    IF NOT FOUND OR (said -> 'handed' ->> 'basis') IS DISTINCT FROM NEW.basis_id::text
       OR NEW.original_id IS DISTINCT FROM basis.item_id OR NEW.original_sha256 <> basis.sha256 THEN
        wrong := 'names_its_original';
    ELSIF NOT EXISTS (SELECT FROM tenants_branch above JOIN tenants_branch here ON here.id = NEW.branch_id
                       WHERE above.id = basis.branch_id AND here.pos > above.pos AND here.pos <= above.pos_end) THEN
        wrong := 'is_of_a_branch_below';
    ELSIF content_locked(said, basis.open_parts) <> content_locked(basis.payload, basis.open_parts) THEN
        wrong := 'changes_open_parts_alone';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a local version %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'content_local_version_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""
KEPT_TO = """
CREATE TRIGGER content_liveitem_keeps_to_original BEFORE INSERT OR UPDATE OF revision_id, basis_id, original_id,
    original_sha256 ON content_liveitem FOR EACH ROW EXECUTE FUNCTION content_keeps_to_original();
"""

# A draft names an original that its writer may see and that is of a branch above.
DRAFT = """
CREATE FUNCTION content_draft_has_original() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM content_original o
                     JOIN tenants_branch here ON here.id = NEW.branch_id
                     JOIN tenants_branch above ON above.id = o.branch_id
                    WHERE o.id = NEW.basis_id AND o.item_id = NEW.original_id
                      AND here.pos > above.pos AND here.pos <= above.pos_end) THEN
        RAISE check_violation USING MESSAGE = 'a local version is made of an original of a branch above',
            CONSTRAINT = 'content_item_is_made_of_an_original';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER content_item_has_original BEFORE INSERT OR UPDATE OF basis_id, original_id ON content_item FOR EACH ROW
    WHEN (NEW.basis_id IS NOT NULL OR NEW.original_id IS NOT NULL) EXECUTE FUNCTION content_draft_has_original();
"""

# What local versions of a line stand for nothing any more: their original is not shown, or what they were made of was
# recalled. Computed when it is asked, as content_lapsed is. Nobody asks about a line that is not theirs.
ORPHANS = """
CREATE FUNCTION content_orphans(line int[]) RETURNS uuid[] LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    IF NOT EXISTS (SELECT FROM content_liveitem l WHERE l.original_id IS NOT NULL AND l.branch_id = ANY (line)) THEN
        RETURN '{}';
    END IF;
    RETURN coalesce((
        SELECT array_agg(l.item_id) FROM content_liveitem l
         WHERE l.original_id IS NOT NULL AND l.branch_id = ANY (line)
           AND (l.branch_id = ANY (app_line()) OR l.branch_pos BETWEEN app_lo() AND app_hi())
           AND (NOT EXISTS (SELECT FROM content_liveitem o WHERE o.item_id = l.original_id AND o.handed_down
                               AND o.shown_from <= app_at() AND o.shown_until > app_at())
                OR EXISTS (SELECT FROM content_original b JOIN content_recall r ON r.revision_id = b.revision_id
                            WHERE b.id = l.basis_id))), '{}');
END $$;
"""
POLICY = """
CREATE POLICY stands ON content_liveitem AS RESTRICTIVE FOR SELECT TO fenhang_customer
    USING (original_id IS NULL OR NOT (SELECT content_orphans(app_line())) @> ARRAY[item_id]);
"""
GRANTS = """
GRANT SELECT (item_id, original_id, basis_id, branch_pos, handed_down, shown_until) ON content_liveitem
    TO fenhang_verbs;
CREATE POLICY handed ON content_recall FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT (revision_id) ON content_recall TO fenhang_verbs;
GRANT SELECT (id, number, sha256, payload) ON approvals_revision TO fenhang_verbs;
"""
INDEXES = (
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS content_liveitem_local ON content_liveitem (original_id)"
    " WHERE original_id IS NOT NULL",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS content_liveitem_local_branch ON content_liveitem (branch_id)"
    " WHERE original_id IS NOT NULL",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS content_item_local ON content_item (original_id, branch_pos)"
    " WHERE original_id IS NOT NULL",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS content_recall_revision ON content_recall (revision_id)",
)

# As in sql_delivery: an original that comes, goes or changes makes the pages old of those who localised it too.
OF_BRANCH = """
CREATE OR REPLACE FUNCTION content_stir_of_branch() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE item uuid;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO content_stir (kind, branch_id, at) VALUES ('branch', OLD.branch_id, clock_timestamp());
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND NEW.branch_id <> OLD.branch_id THEN
        INSERT INTO content_stir (kind, branch_id, at) VALUES ('branch', NEW.branch_id, clock_timestamp());
    END IF;
    IF TG_TABLE_NAME = 'content_liveitem' THEN
        item := CASE WHEN TG_OP = 'DELETE' THEN (to_jsonb(OLD) ->> 'item_id')::uuid
                     ELSE (to_jsonb(NEW) ->> 'item_id')::uuid END;
        INSERT INTO content_stir (kind, branch_id, at)
        SELECT 'branch', l.branch_id, clock_timestamp() FROM content_liveitem l WHERE l.original_id = item;
    END IF;
    RETURN NULL;
END $$;
"""
# As in sql_delivery, and when the original of a local version begins or ends.
NEXT = """
CREATE OR REPLACE FUNCTION content_next() RETURNS TABLE (branch_id int, begins timestamptz) LANGUAGE sql STABLE
AS VERB $$
    SELECT n.branch_id, min(n.shown_from) FROM (
        SELECT i.branch_id, i.shown_from FROM content_liveitem i
         WHERE i.branch_id = ANY (app_line()) AND i.shown_from > app_at()
        UNION ALL SELECT p.branch_id, p.shown_from FROM content_liveplacement p
         WHERE p.branch_id = ANY (app_line()) AND p.shown_from > app_at()
        UNION ALL SELECT b.branch_id, b.shown_from FROM rewards_livebatch b
         WHERE b.branch_id = ANY (app_line()) AND b.shown_from > app_at()
        UNION ALL SELECT u.branch_id, u.rights_until FROM content_use u
         WHERE u.is_live AND u.branch_id = ANY (app_line()) AND u.rights_until > app_at()
        UNION ALL SELECT u.branch_id, u.rights_from FROM content_use u
         WHERE u.is_live AND u.branch_id = ANY (app_line()) AND u.rights_from > app_at()
        UNION ALL SELECT l.branch_id, turn.at
          FROM content_liveitem l JOIN content_liveitem o ON o.item_id = l.original_id
         CROSS JOIN LATERAL (VALUES (o.shown_from), (o.shown_until)) AS turn (at)
         WHERE l.original_id IS NOT NULL AND l.branch_id = ANY (app_line()) AND turn.at > app_at()) n GROUP BY 1
$$;
"""
