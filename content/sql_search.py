"""The SQL of what customers look for: live content by words, at their own branch and those above it."""

# What people read of a published copy. As text: an index is rebuilt with a search_path that has no public.
TOLD = r"""
CREATE FUNCTION content_told(title text, summary text, body text, disclosure text, blocks jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE found text := title || ' ' || summary || ' ' || body || ' ' || disclosure;
    part record;
BEGIN
    FOR part IN SELECT each.value FROM jsonb_array_elements(blocks) block, jsonb_each_text(block) each
                 WHERE jsonb_typeof(block -> each.key) = 'string'
                   AND NOT each.key = ANY (ARRAY['id', 'kind', 'batch', 'link', 'until'])
    LOOP
        found := found || ' ' || part.value;
    END LOOP;
    RETURN regexp_replace(found, '<[^>]*>', ' ', 'g');
END $$;
"""

INDEX = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS content_liveitem_told ON content_liveitem
    USING gin (public.bigrams(public.content_told(title, summary, body, disclosure, blocks)))
"""

GRANTS = """
CREATE POLICY searched ON content_liveitem FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT (id, branch_id, handed_down, shown_from, shown_until, title, summary, body, disclosure, blocks)
    ON content_liveitem TO fenhang_verbs;
"""

# The operators are not leakproof, so the index lies idle under the policies: a verb looks, for whom it is asked by,
# and the rows themselves are read through the policies. What has the first word in its title comes first.
SEARCH = """
CREATE FUNCTION search_content(asked text, at_most int) RETURNS TABLE (key uuid)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS VERB $$
DECLARE
    words text[] := search_words(asked);
    has text[] := search_grams(words);
BEGIN
    IF app_line() IS NULL OR app_branch() IS NULL OR app_at() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'search_content was asked outside a scope';
    END IF;
    IF cardinality(words) = 0 THEN RETURN; END IF;
    RETURN QUERY
    SELECT first.id FROM (
        SELECT t.id, search_fold(t.title) AS name,
               search_fold(content_told(t.title, t.summary, t.body, t.disclosure, t.blocks)) AS told
          FROM content_liveitem t
         WHERE bigrams(content_told(t.title, t.summary, t.body, t.disclosure, t.blocks)) @> has
           AND t.branch_id = ANY (app_line()) AND (t.handed_down OR t.branch_id = app_branch())
           AND t.shown_from <= app_at() AND t.shown_until > app_at() OFFSET 0
    ) first
     WHERE NOT EXISTS (SELECT FROM unnest(words) word WHERE strpos(first.told, word) = 0)
     ORDER BY strpos(first.name, words[1]) = 0, first.id DESC
     LIMIT at_most;
END $$;
"""
