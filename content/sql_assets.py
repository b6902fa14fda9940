"""Assets as the database keeps them: what uses one, what keeps it, whose rights are over, and what is swept away."""

# The ids of assets in a row: what stands under "asset" or "asset_id" anywhere in it, as a draft names one and as a
# frozen payload does (content/asset_payloads.py). With an id comes the hash that stands beside it.
USES_IN = r"""
CREATE FUNCTION content_uses_in(said jsonb) RETURNS TABLE (asset_id uuid, sha256 text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT found.id::uuid, max(found.sha256)
      FROM (SELECT o ->> 'asset' AS id, coalesce(o ->> 'sha256', '') AS sha256
              FROM jsonb_path_query(said, '$.** ? (exists (@.asset))') o
            UNION ALL
            SELECT o ->> 'asset_id', '' FROM jsonb_path_query(said, '$.** ? (exists (@.asset_id))') o) found
     WHERE found.id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
     GROUP BY found.id ORDER BY found.id
$$;
"""

# A draft's block names what it shows under the name of the part, whatever that is: every id in a block is asked for,
# and one that is no asset's is passed over. (A picture in a block of a draft could be removed from the library.)
USES_IN_BLOCKS = """
CREATE OR REPLACE FUNCTION content_uses_in(said jsonb) RETURNS TABLE (asset_id uuid, sha256 text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT found.id::uuid, max(found.sha256)
      FROM (SELECT o ->> 'asset' AS id, coalesce(o ->> 'sha256', '') AS sha256
              FROM jsonb_path_query(said, '$.** ? (exists (@.asset))') o
            UNION ALL
            SELECT o ->> 'asset_id', '' FROM jsonb_path_query(said, '$.** ? (exists (@.asset_id))') o
            UNION ALL
            SELECT o #>> '{}', '' FROM jsonb_path_query(said, '$.blocks[*].* ? (@.type() == "string")') o) found
     WHERE found.id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
     GROUP BY found.id ORDER BY found.id
$$;
"""

# Arguments: 'draft' or 'live', and the column with the thing's id. What is retired is used by nobody new: the lock on
# the asset's row makes a removal and a use wait for each other. An id that names nothing is passed over in silence.
NOTE_USES = """
CREATE FUNCTION content_note_uses() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE
    live CONSTANT boolean := TG_ARGV[0] = 'live';
    said jsonb; used record; one record;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN RETURN NULL; END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM content_use u
         WHERE u.thing_id = (to_jsonb(OLD) ->> TG_ARGV[1])::uuid AND u.is_live = live;
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
    said := to_jsonb(NEW);
    FOR used IN SELECT * FROM content_uses_in(said) LOOP
        SELECT a.retired_at, a.rights_from, a.rights_until INTO one
          FROM content_asset a WHERE a.id = used.asset_id FOR SHARE;
        CONTINUE WHEN NOT FOUND;
        IF one.retired_at IS NOT NULL THEN
            RAISE check_violation USING MESSAGE = format('asset %s was removed from the library', used.asset_id),
                CONSTRAINT = 'content_use_is_of_an_asset_that_is_there';
        END IF;
        INSERT INTO content_use (id, branch_id, branch_pos, asset_id, thing_id, is_live, sha256, rights_from,
                                 rights_until)
        VALUES (uuidv7(), NEW.branch_id, NEW.branch_pos, used.asset_id, (said ->> TG_ARGV[1])::uuid, live, used.sha256,
                one.rights_from, one.rights_until)
        ON CONFLICT ON CONSTRAINT content_use_is_noted_once DO NOTHING;
    END LOOP;
    RETURN NULL;
END $$;
"""
NOTED = """
CREATE TRIGGER content_item_notes_uses AFTER INSERT OR UPDATE OR DELETE ON content_item
    FOR EACH ROW EXECUTE FUNCTION content_note_uses('draft', 'id');
CREATE TRIGGER content_liveitem_notes_uses AFTER INSERT OR UPDATE OR DELETE ON content_liveitem
    FOR EACH ROW EXECUTE FUNCTION content_note_uses('live', 'item_id');
"""
# What was there before the triggers.
FILL_USES = """
INSERT INTO content_use (id, branch_id, branch_pos, asset_id, thing_id, is_live, sha256, rights_from, rights_until)
SELECT uuidv7(), t.branch_id, t.branch_pos, a.id, t.thing_id, t.is_live, u.sha256, a.rights_from, a.rights_until
  FROM (SELECT i.branch_id, i.branch_pos, i.id AS thing_id, false AS is_live, to_jsonb(i) AS said FROM content_item i
        UNION ALL
        SELECT l.branch_id, l.branch_pos, l.item_id, true, to_jsonb(l) FROM content_liveitem l) t
 CROSS JOIN LATERAL content_uses_in(t.said) u JOIN content_asset a ON a.id = u.asset_id
ON CONFLICT DO NOTHING;
"""

CARRY_RIGHTS = """
CREATE FUNCTION content_carry_rights() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    UPDATE content_use u SET rights_from = NEW.rights_from, rights_until = NEW.rights_until WHERE u.asset_id = NEW.id;
    RETURN NULL;
END $$;
"""
# Looks past the writer's scope: a thing of a branch above may show it.
GUARD_RETIRED = """
CREATE FUNCTION content_guard_retired() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE wrong text;
BEGIN
    IF EXISTS (SELECT FROM content_use u WHERE u.asset_id = NEW.id AND u.is_live) THEN wrong := 'in_live_use';
    ELSIF EXISTS (SELECT FROM content_use u WHERE u.asset_id = NEW.id) THEN wrong := 'in_a_draft';
    ELSIF EXISTS (SELECT FROM approvals_revision r
                   WHERE r.state IN ('submitted', 'scheduled') AND r.kind LIKE 'content.%'
                     AND jsonb_path_exists(r.payload, '$.**.asset ? (@ == $id)', jsonb_build_object('id', NEW.id)))
        THEN wrong := 'in_review';
    ELSIF EXISTS (SELECT FROM content_asset a WHERE a.cover_id = NEW.id AND a.retired_at IS NULL)
        THEN wrong := 'as_cover';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('asset %s is kept: it is %s', NEW.id, replace(wrong, '_', ' ')),
            CONSTRAINT = 'content_asset_' || wrong || '_is_kept';
    END IF;
    RETURN NEW;
END $$;
"""
ASSET_TRIGGERS = """
CREATE TRIGGER content_asset_carries_rights AFTER UPDATE OF rights_from, rights_until ON content_asset FOR EACH ROW
    WHEN (OLD.rights_from <> NEW.rights_from OR OLD.rights_until <> NEW.rights_until)
    EXECUTE FUNCTION content_carry_rights();
CREATE TRIGGER content_asset_is_not_retired_in_use BEFORE UPDATE OF retired_at ON content_asset FOR EACH ROW
    WHEN (OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL) EXECUTE FUNCTION content_guard_retired();
"""
# A poster's own picture has pixels, whichever kinds a block may show.
ITEM_SHOWS_PICTURE = """
CREATE FUNCTION content_item_shows_a_picture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM content_asset a WHERE a.id = NEW.asset_id AND a.kind = 'picture') THEN
        RAISE check_violation USING MESSAGE = 'the picture of a content item is a picture',
            CONSTRAINT = 'content_item_shows_a_picture';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER content_item_shows_a_picture BEFORE INSERT OR UPDATE OF asset_id ON content_item FOR EACH ROW
    WHEN (NEW.asset_id IS NOT NULL) EXECUTE FUNCTION content_item_shows_a_picture();
"""

# Published things along a line of branches that show something whose rights have ended, or not begun. Computed when it
# is asked: no sweep can be late. Nobody asks about a line that is not theirs.
LAPSED = """
CREATE FUNCTION content_lapsed(line int[]) RETURNS uuid[] LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    IF NOT EXISTS (SELECT FROM content_use u
                    WHERE u.is_live AND u.branch_id = ANY (line) AND u.rights_until <= app_at())
       AND NOT EXISTS (SELECT FROM content_use u
                        WHERE u.is_live AND u.branch_id = ANY (line) AND u.rights_from > app_at()) THEN
        RETURN '{}';
    END IF;
    RETURN coalesce((SELECT array_agg(DISTINCT u.thing_id) FROM content_use u
                      WHERE u.is_live AND u.branch_id = ANY (line)
                        AND (u.rights_until <= app_at() OR u.rights_from > app_at())
                        AND (u.branch_id = ANY (app_line()) OR u.branch_pos BETWEEN app_lo() AND app_hi())), '{}');
END $$;
"""
RIGHTS = """
CREATE POLICY rights ON content_liveitem AS RESTRICTIVE FOR SELECT TO fenhang_customer
    USING (NOT (SELECT content_lapsed(app_line())) @> ARRAY[item_id]);
"""

# Thirty days after it was removed, and when nothing that was ever in review names it: those pictures are evidence.
PURGE = """
CREATE FUNCTION purge_assets(at_most int) RETURNS TABLE (rendition_id uuid, format text)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE gone uuid[];
BEGIN
    SELECT array_agg(old.id) INTO gone FROM (
        SELECT a.id FROM content_asset a
         WHERE a.retired_at < app_at() - interval '30 days' AND a.branch_pos BETWEEN app_lo() AND app_hi()
           AND NOT EXISTS (SELECT FROM content_use u WHERE u.asset_id = a.id)
           AND NOT EXISTS (SELECT FROM approvals_revision r WHERE r.kind LIKE 'content.%'
                             AND jsonb_path_exists(r.payload, '$.**.asset ? (@ == $id)',
                                                   jsonb_build_object('id', a.id)))
         ORDER BY a.id LIMIT at_most FOR UPDATE SKIP LOCKED) old;
    IF gone IS NULL THEN RETURN; END IF;
    UPDATE content_asset a SET cover_id = NULL WHERE a.cover_id = ANY (gone);
    DELETE FROM content_renderwork w WHERE w.asset_id = ANY (gone);
    RETURN QUERY DELETE FROM content_rendition r WHERE r.asset_id = ANY (gone) RETURNING r.id, r.format::text;
    DELETE FROM content_asset a WHERE a.id = ANY (gone);
END $$;
"""

# Takes the work that waits longest and moves its next try ahead, so that a worker that dies leaves it to another.
TAKE_WORK = """
UPDATE content_renderwork w SET ready_at = %(until)s, tries = tries + 1
 WHERE w.id = (SELECT id FROM content_renderwork
                WHERE ready_at <= %(at)s AND branch_pos BETWEEN %(lo)s AND %(hi)s
                ORDER BY ready_at, id FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING w.id
"""
