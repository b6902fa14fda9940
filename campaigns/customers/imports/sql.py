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

# Any customer may stand twice in a file of millions: found by sorting on the disk and not in memory.
SEEN = """
CREATE TEMPORARY TABLE import_seen (who uuid NOT NULL, place int NOT NULL) ON COMMIT DROP
"""
TWICE = """
SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY who ORDER BY place) AS nth FROM import_seen
) seen WHERE nth > 1 GROUP BY place ORDER BY place
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
)
INSERTS = (
    """
INSERT INTO customers_customer
    (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised, status)
SELECT customer_id, branch_id, branch_pos, tail, attributes, %(source)s, %(at)s, true, 'active' FROM import_made
RETURNING id, hashtextextended(attributes::text, 0)
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
# In the order of the ids, and only those that stand (order_of_locks.py): whoever was merged since the verdict gives
# no row, and is locked by nobody but under whom they became.
LOCK = """
SELECT c.id, c.branch_id, c.branch_pos, c.attributes, k.wrapped
  FROM customers_customer c LEFT JOIN customers_customerkey k ON k.customer_id = c.id
 WHERE c.id = ANY (%s) AND c.status IN ('active', 'blocked') ORDER BY c.id FOR NO KEY UPDATE OF c
"""
