"""Finding rows by two Chinese characters, in the database: one line in a migration makes a table searchable.

    operations = [*searchable("content_item", columns=("title", "summary"))]

No operator that finds a part of a text is leakproof, so under row-level security its index lies idle. A verb
looks instead, within an interval that it cuts to the open scope, and proposes keys; the rows themselves are then
read through the policies (campaigns/tenants/search.py).
"""

from collections.abc import Sequence

from django.db.migrations import RunSQL

from campaigns.tenants.walls import verb

# SQL bodies are bound when they are made: indexes are rebuilt and analysed with a search_path that has no public.
FOLD = r"""
CREATE FUNCTION search_fold(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    -- Full width and half width, upper and lower case are the same; what separates words is a space.
    RETURN translate(lower(normalize(told, NFKC) COLLATE "pg_c_utf8"),
        E'\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015'
        '\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\u0085\u2028\u2029',
        repeat(' ', 34));
"""

# Each character, and each two neighbours; a word's first and last character have the space as neighbour.
# A high price, which it has: the planner must not try it on every row when the index would do.
BIGRAMS = r"""
CREATE FUNCTION bigrams(told text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 400 AS $$
DECLARE
    grams text := '';
    before text := ' ';
    each text;
BEGIN
    -- One text, split at the end: an array grown item by item takes twice as long.
    FOREACH each IN ARRAY string_to_array(public.search_fold(told) || ' ', NULL) LOOP
        grams := grams || before || each || E'\u001f' || each || E'\u001f';
        before := each;
    END LOOP;
    RETURN string_to_array(grams, E'\u001f');
END $$;
"""

WORDS = """
CREATE FUNCTION search_words(asked text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_remove(string_to_array(public.search_fold(asked), ' '), '');
"""

# What a row must have among its bigrams to hold all the words; true of some rows that hold a longer word not.
GRAMS_OF = """
CREATE FUNCTION search_grams(words text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT array_agg(DISTINCT CASE length(word) WHEN 1 THEN word ELSE substr(word, nth, 2) END)
      FROM unnest(words) word, generate_series(1, greatest(length(word) - 1, 1)) nth;
END;
"""

# Three looks, for rows with the phrase as a whole word, at a word's beginning, anywhere: the few first of each are
# enough to have the first of all. `OFFSET 0` keeps the planner from walking all rows in order instead of looking.
# Of a longer word only the bigrams were asked for, so rows may drop out (of pinyin many do); then more are looked at.
_SEEK = """
CREATE FUNCTION seek_{table}(asked text, lo int, hi int, at_most int)
RETURNS TABLE (key {key}, closeness int, place int)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_custom_plan SET jit = off SET max_parallel_workers_per_gather = 0
AS VERB $$
DECLARE
    words text[] := search_words(asked);
    phrase text := array_to_string(words, ' ');
    has text[] := search_grams(words);
    starts text[] := has || (' ' || left(phrase, 1));
    is_word text[] := starts || (right(phrase, 1) || ' ');
    most bigint := CASE WHEN cardinality(has) > cardinality(words) THEN greatest(at_most, 200) ELSE at_most END;
    seen bigint;
    keys {key}[];
    nears int[];
    places int[];
BEGIN
    IF phrase = '' THEN
        RETURN QUERY SELECT first.id, 2, first.place
                       FROM (SELECT t.id, t.{position} AS place FROM {table} t
                              WHERE t.{position} BETWEEN lo AND hi) first
                      ORDER BY {order} LIMIT at_most;
        RETURN;
    END IF;
    LOOP
        WITH anywhere AS MATERIALIZED (
            {anywhere}
        ), likely AS MATERIALIZED (
            SELECT * FROM anywhere UNION {nearer}
        ), told AS (
            SELECT first.id, first.place, ' ' || search_fold(first.told) || ' ' AS folded FROM likely first
        ), first AS (
            SELECT told.id, told.place, CASE WHEN strpos(told.folded, ' ' || phrase || ' ') > 0 THEN 0
                                             WHEN strpos(told.folded, ' ' || phrase) > 0 THEN 1 ELSE 2 END AS near
              FROM told WHERE NOT EXISTS (SELECT FROM unnest(words) word WHERE strpos(told.folded, word) = 0)
        ), kept AS (
            SELECT * FROM first ORDER BY first.near, {order} LIMIT at_most
        )
        SELECT array_agg(first.id ORDER BY first.near, {order}), array_agg(first.near ORDER BY first.near, {order}),
               array_agg(first.place ORDER BY first.near, {order}), (SELECT count(*) FROM likely)
          INTO keys, nears, places, seen FROM kept first;
        EXIT WHEN seen < most OR coalesce(cardinality(keys), 0) >= at_most;
        most := most * 10;
    END LOOP;
    RETURN QUERY SELECT * FROM unnest(keys, nears, places);
END $$;
"""

_LOOK = """(SELECT first.* FROM (SELECT t.id, t.{position} AS place, {told} AS told FROM {table} t
                               WHERE {when}bigrams({told}) @> {grams} AND t.{position} BETWEEN lo AND hi OFFSET 0) first
              ORDER BY {order} LIMIT most)"""
# The nearer ones are among the others unless those were too many.
_TOO_MANY = "(SELECT count(*) FROM anywhere) >= most AND "

_SEARCH = """
CREATE FUNCTION search_{table}(asked text, lo int, hi int, at_most int)
RETURNS TABLE (key {key}, closeness int)
LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    IF app_lo() IS NULL OR app_hi() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'search_{table} was asked outside a scope';
    END IF;
    -- The interval may be narrower than the scope, never wider.
    RETURN QUERY SELECT found.key, found.closeness
                   FROM seek_{table}(asked, greatest(lo, app_lo()), least(hi, app_hi()), at_most) found;
END $$;
"""

# Before there is a scope, about the log-in itself: where may it stand that answers to these words, and as what?
PLACES_OF = """
CREATE FUNCTION places_of(login bigint, at timestamptz, asked text, at_most int)
RETURNS TABLE (assignment_id uuid, role text, branch_id int, code text, name text, pinyin text, level text,
               is_open boolean, path text[])
LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH held AS (
        SELECT a.id, a.role_id, b.pos, b.pos_end
          FROM tenants_assignment a
          JOIN tenants_login l ON l.person_id = a.person_id
          JOIN tenants_branch b ON b.id = a.branch_id
         WHERE l.id = login AND l.is_active AND a.held_from <= at AND a.held_until > at
    ), found AS (
        SELECT held.id, held.role_id, held.pos, seek.*
          FROM held, seek_tenants_branch(asked, held.pos, held.pos_end, at_most) seek
         ORDER BY seek.closeness, seek.place, held.pos, held.id LIMIT at_most
    )
    SELECT found.id, found.role_id::text, b.id, b.code::text, b.name::text, b.pinyin::text, b.level::text, b.is_open,
           (SELECT array_agg(up.name::text ORDER BY up.pos) FROM tenants_branch up
             WHERE up.id = ANY (tenants_line(b.parent_id)))
      FROM found JOIN tenants_branch b ON b.id = found.key
     ORDER BY found.closeness, found.place, found.pos, found.id;
END $$;
"""


def searchable(
    table: str,
    *,
    columns: Sequence[str],
    key: str = "uuid",
    position: str = "branch_pos",
    in_tree_order: bool = False,
) -> list[RunSQL]:
    """The index over the bigrams of `columns` (texts, never null) and the verb `search_<table>`.

    `key` is the type of its id, `position` the column with the branch's position. What is equally close comes
    newest first (ids are in order of time), or with `in_tree_order` as it stands in the tree.
    """
    names = _names(table, columns, key, position, in_tree_order)
    return [
        RunSQL(f"CREATE INDEX {table}_bigrams ON {table} USING gin (bigrams({names['told']}));", RunSQL.noop),
        RunSQL(
            f"CREATE POLICY searched ON {table} FOR SELECT TO fenhang_verbs USING (true);\n"
            f"GRANT SELECT (id, {position}, {', '.join(columns)}) ON {table} TO fenhang_verbs;",
            RunSQL.noop,
        ),
        *_verbs(names, "CREATE FUNCTION"),
    ]


def searched_anew(
    table: str,
    *,
    columns: Sequence[str],
    key: str = "uuid",
    position: str = "branch_pos",
    in_tree_order: bool = False,
) -> list[RunSQL]:
    """As `searchable`, for a table that is searchable by other columns; its index is there (`bigrams_index`)."""
    return [
        RunSQL(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO fenhang_verbs;", RunSQL.noop),
        *_verbs(_names(table, columns, key, position, in_tree_order), "CREATE OR REPLACE FUNCTION"),
    ]


def bigrams_index(table: str, *, columns: Sequence[str], name: str) -> str:
    """The statement that builds the index for `searched_anew` while the table is in use."""
    told = _names(table, columns, "", "", False)["told"]
    return f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} USING gin (bigrams({told}));"


def _names(
    table: str, columns: Sequence[str], key: str, position: str, in_tree_order: bool
) -> dict[str, str]:
    told = " || ' ' || ".join(columns) if len(columns) > 1 else f"{columns[0]}::text"
    order = "first.place, first.id" if in_tree_order else "first.id DESC"
    return {"table": table, "key": key, "position": position, "order": order, "told": told}


def _verbs(names: dict[str, str], create: str) -> list[RunSQL]:
    table, key = names["table"], names["key"]
    anywhere = _LOOK.format(grams="has", when="", **names)
    nearer = " UNION ".join(_LOOK.format(grams=g, when=_TOO_MANY, **names) for g in ("is_word", "starts"))
    return [
        *verb(
            f"seek_{table}(text, int, int, int)",
            _SEEK.format(anywhere=anywhere, nearer=nearer, **names).replace("CREATE FUNCTION", create),
            execute=["fenhang_verbs"],
        ),
        *verb(
            f"search_{table}(text, int, int, int)",
            _SEARCH.format(table=table, key=key).replace("CREATE FUNCTION", create),
        ),
    ]
