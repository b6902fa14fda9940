"""The statements that bring a lot of rows in, and the verb that says whom a file names."""

# Whom do these hashes name, in the whole bank? Only who holds the installation's key can ask it anything. The answer
# says no more of customers elsewhere than that they are.
OWNERS_OF = """
CREATE FUNCTION customers_owners_of(kinds text[], lookups bytea[])
RETURNS TABLE (nth int, customer_id uuid, status text, branch_pos int)
LANGUAGE sql STABLE AS VERB $$
    SELECT asked.nth::int, c.id, c.status, c.branch_pos
      FROM unnest($1, $2) WITH ORDINALITY AS asked (kind, lookup, nth)
      JOIN customers_identity i ON i.kind = asked.kind AND i.lookup = asked.lookup AND i.state = 'verified'
      JOIN customers_customer c ON c.id = i.customer_id
$$;
"""

# The same question by the row of a file: whom do the names of each place name, how many of them anybody, how many
# there are; `one` and `other` differ where they name two. Of the customers nothing is said, and nothing is read: that
# was a third of the time of an unchanged file. One by one, by the key: for many, a planner would read all identities.
NAMED_BY = """
CREATE FUNCTION customers_named_by(places int[], kinds text[], lookups bytea[])
RETURNS TABLE (place int, names bigint, many bigint, one uuid, other uuid)
LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT asked.place, count(*), count(i.customer_id), min(i.customer_id::text)::uuid, max(i.customer_id::text)::uuid
      FROM unnest($1, $2, $3) AS asked (place, kind, lookup)
      LEFT JOIN LATERAL (
          SELECT x.customer_id FROM customers_identity x
           WHERE x.kind = asked.kind AND x.lookup = asked.lookup AND x.state = 'verified' LIMIT 1
      ) i ON true
     GROUP BY asked.place;
END $$;
"""

# Any customer may stand twice in a file of millions: found by sorting on the disk and not in memory.
SEEN = """
CREATE TEMPORARY TABLE import_seen (who uuid NOT NULL, place int NOT NULL) ON COMMIT DROP
"""
TWICE = """
SELECT DISTINCT s.place FROM import_seen s JOIN (
    SELECT who, min(place) AS first FROM import_seen GROUP BY who HAVING min(place) < max(place)
) again ON again.who = s.who AND s.place > again.first ORDER BY s.place
"""

# Thousands of values go over as one text each: an array of bytes is quoted value by value, which took longer than all
# the rest of a lot together.
OWNERS = """
WITH asked AS MATERIALIZED (
    SELECT decode(h, 'hex') AS lookup, n::int AS nth
      FROM unnest(string_to_array(%(lookups)s, ',')) WITH ORDINALITY u (h, n)
)
SELECT nth, customer_id, status, branch_pos
  FROM customers_owners_of(string_to_array(%(kinds)s, ','), ARRAY(SELECT lookup FROM asked ORDER BY nth))
UNION ALL
-- Whoever was erased is nobody's any more, and comes back by no file.
SELECT a.nth, NULL, 'erased', 0 FROM asked a JOIN customers_tombstone t USING (lookup)
"""

# A letter for each row that is plain: "n" where nobody is known by any of its names, "s" where all of them name one
# customer who already is what the row says, "?" for every other, which is looked at more closely. Most rows of most
# files are plain, and for them this is all that is asked. Where {seen} is
# NOTE_SEEN, whom the plain rows name is noted.
PLAIN = """
WITH asked AS MATERIALIZED (
    SELECT u.place::int, decode(u.hash, 'hex') AS lookup, u.nth::int
      FROM unnest(string_to_array(%(of)s, ','), string_to_array(%(hashes)s, ','))
           WITH ORDINALITY u (place, hash, nth)
), buried AS (
    SELECT DISTINCT a.place FROM asked a JOIN customers_tombstone t USING (lookup)
), judged AS (
    SELECT k.place, k.one,
           CASE WHEN b.place IS NOT NULL THEN '?'
                WHEN k.many = 0 THEN 'n'
                WHEN k.many = k.names AND k.one = k.other
                     AND c.attributes @> said.attributes AND c.tag_ids @> said.tags::int[] THEN 's'
                ELSE '?' END AS letter
      FROM customers_named_by(string_to_array(%(of)s, ',')::int[], string_to_array(%(kinds)s, ','),
                              ARRAY(SELECT lookup FROM asked ORDER BY nth)) k
      JOIN unnest(string_to_array(%(said_at)s, ',')::int[], string_to_array(%(said_attributes)s, chr(31))::jsonb[],
                  string_to_array(%(said_tags)s, chr(31))) AS said (place, attributes, tags) ON said.place = k.place
      LEFT JOIN buried b ON b.place = k.place
      -- One by one, by their keys: the planner takes them for few, and would read all customers instead.
      LEFT JOIN LATERAL (
          SELECT c.attributes, coalesce(p.tag_ids, '{}') AS tag_ids
            FROM customers_customer c LEFT JOIN customers_profile p ON p.customer_id = c.id
           WHERE c.id = k.one AND c.status NOT IN ('merged', 'erased') LIMIT 1
      ) c ON true
){seen}
SELECT string_agg(letter, '' ORDER BY place) FROM judged
"""
NOTE_SEEN = """, seen AS (
    INSERT INTO import_seen
    SELECT one, %(first)s + place FROM judged WHERE letter = 's'
    UNION ALL
    SELECT encode(substr(a.lookup, 1, 16), 'hex')::uuid, %(first)s + a.place
      FROM asked a JOIN judged j USING (place) WHERE j.letter = 'n'
)"""

# What known customers are already. Those outside the scope give no row.
STANDING = """
SELECT asked.nth, c.attributes @> asked.attributes AND coalesce(p.tag_ids, '{}') @> asked.tags::int[]
  FROM unnest(string_to_array(%s, chr(31))::int[], string_to_array(%s, chr(31))::uuid[],
              string_to_array(%s, chr(31))::jsonb[], string_to_array(%s, chr(31)))
       AS asked (nth, customer_id, attributes, tags)
  JOIN customers_customer c ON c.id = asked.customer_id
  LEFT JOIN customers_profile p ON p.customer_id = c.id
"""

STAGES = (
    """
CREATE TEMPORARY TABLE import_made (
    customer_id uuid NOT NULL, branch_id int NOT NULL, branch_pos int NOT NULL, tail text NOT NULL,
    attributes jsonb NOT NULL, wrapped bytea NOT NULL
) ON COMMIT DROP
""",
    """
CREATE TEMPORARY TABLE import_names (
    id uuid NOT NULL, customer_id uuid NOT NULL, branch_id int NOT NULL, branch_pos int NOT NULL, kind text NOT NULL,
    app text NOT NULL, lookup bytea NOT NULL, value bytea NOT NULL
) ON COMMIT DROP
""",
    """
CREATE TEMPORARY TABLE import_tags (
    customer_id uuid NOT NULL, branch_id int NOT NULL, branch_pos int NOT NULL, tag_id int NOT NULL
) ON COMMIT DROP
""",
    """
CREATE TEMPORARY TABLE import_done (customer_id uuid NOT NULL, print bigint NOT NULL) ON COMMIT DROP
""",
)
INSERTS = (
    """
WITH made AS (
    INSERT INTO customers_customer
        (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised, status)
    SELECT customer_id, branch_id, branch_pos, tail, attributes, %(source)s, %(at)s, true, 'active' FROM import_made
    RETURNING id, hashtextextended(attributes::text, 0) AS print
)
INSERT INTO import_done SELECT id, print FROM made
""",
    """
INSERT INTO customers_customerkey (customer_id, branch_id, branch_pos, wrapped)
SELECT customer_id, branch_id, branch_pos, wrapped FROM import_made
""",
)
INSERT_NAMES = """
INSERT INTO customers_identity
    (id, customer_id, branch_id, branch_pos, kind, app, lookup, value, source, verified_at)
SELECT id, customer_id, branch_id, branch_pos, kind, app, lookup, value, %(source)s, %(at)s FROM import_names
"""
CHANGE = """
UPDATE customers_customer c SET attributes = c.attributes || asked.attributes
  FROM unnest(%s::uuid[], %s::jsonb[]) AS asked (customer_id, attributes) WHERE c.id = asked.customer_id
"""
# Who was made stays in the database: as arrays to and fro they took a tenth of a lot's time.
NOTE_MADE = """
UPDATE customers_filelot l SET made = done.ids, prints = done.prints
  FROM (SELECT coalesce(array_agg(customer_id ORDER BY customer_id), '{}') AS ids,
               coalesce(array_agg(print ORDER BY customer_id), '{}') AS prints FROM import_done) done
 WHERE l.id = %s
"""
# What is staged of tags: code, and how many customers get it.
TAGS_OF_LOT = """
SELECT t.code, count(DISTINCT i.customer_id) FROM import_tags i JOIN customers_tag t ON t.id = i.tag_id
 GROUP BY t.code ORDER BY t.code
"""
# Was anybody erased since the file was judged? A day more, as clocks differ and transactions take their time.
ERASED_SINCE = """
SELECT EXISTS (SELECT FROM customers_tombstone WHERE erased_at > %s::timestamptz - interval '1 day')
"""
# In the order of the ids, and only those that stand (order_of_locks.py): whoever was merged since the verdict gives
# no row, and is locked by nobody but under whom they became.
LOCK = """
SELECT c.id, c.branch_id, c.branch_pos, c.attributes, k.wrapped
  FROM customers_customer c LEFT JOIN customers_customerkey k ON k.customer_id = c.id
 WHERE c.id = ANY (%s) AND c.status IN ('active', 'blocked') ORDER BY c.id FOR NO KEY UPDATE OF c
"""
