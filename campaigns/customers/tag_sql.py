"""The SQL of tags: what keeps `customers_profile.tag_ids` equal to the open spells, and the verbs that count.

The triggers look once for each statement, at all its rows: a million new spells are one upsert. They write what was
added and taken away, never the whole again, so that two writers of one customer cannot lose each other's tags: the
second waits for the row, and adds to what the first has left.
"""

# Kinds keep the form of stored values.
ATTRIBUTE_KIND_IS_FIXED = """
CREATE FUNCTION customers_attribute_kind_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'an attribute keeps its kind',
        CONSTRAINT = 'customers_attribute_kind_is_fixed';
END $$;
CREATE TRIGGER customers_attribute_kind_is_fixed BEFORE UPDATE OF kind ON customers_attribute FOR EACH ROW
    WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION customers_attribute_kind_is_fixed();
REVOKE UPDATE, DELETE ON customers_attributeevent, customers_scoringtermsevent FROM fenhang_app;
REVOKE DELETE ON customers_attribute, customers_scoringterms FROM fenhang_app;
"""

# A tag that spells and arrays name is never gone, so a spell needs no foreign key of its own to it.
DEFINITIONS_STAY = """
REVOKE UPDATE, DELETE ON customers_tagcategoryevent, customers_tagevent FROM fenhang_app;
REVOKE DELETE ON customers_tagcategory, customers_tag FROM fenhang_app;
GRANT SELECT ON customers_tag TO fenhang_verbs;
"""

# A spell is read by its customer, a tag's holders by the array: no index by position is worth its upkeep.
NO_POSITIONS = """
DROP INDEX customers_tagging_position, customers_stagechange_position;
DROP INDEX customers_profile_position;
CREATE INDEX customers_profile_position ON customers_profile (branch_pos, customer_id);
"""

# fastupdate would make a search read a list of rows that nobody has sorted in yet.
TAG_INDEX = """
CREATE INDEX customers_profile_tags ON customers_profile USING gin (tag_ids) WITH (fastupdate = off);
ALTER TABLE customers_profile SET (fillfactor = 80);
"""

# A spell is given, and then only ends, is prolonged, or opens again; erasure and spells of no time delete.
SPELL_GRANTS = """
REVOKE UPDATE ON customers_tagging, customers_stagechange FROM fenhang_app;
GRANT UPDATE (until, expires_at, ended_by) ON customers_tagging TO fenhang_app;
"""

# Scores are staff's (the nightly job) to write; the array is the trigger's alone.
PROFILE_GRANTS = """
GRANT INSERT (customer_id, branch_id, branch_pos, stage, stage_since, recency, frequency, monetary, scored_at),
      UPDATE (stage, stage_since, recency, frequency, monetary, scored_at), DELETE ON customers_profile TO fenhang_app;
"""

TAGS_GIVEN = """
CREATE FUNCTION customers_tags_given() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE stranger int;
BEGIN
    SELECT a.tag_id INTO stranger FROM (SELECT DISTINCT tag_id FROM added) a
     WHERE NOT EXISTS (SELECT FROM customers_tag t WHERE t.id = a.tag_id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = format('there is no tag %s', stranger),
            CONSTRAINT = 'customers_tagging_is_of_a_known_tag';
    END IF;
    INSERT INTO customers_profile AS p (customer_id, branch_id, branch_pos, tag_ids)
    SELECT a.customer_id, min(a.branch_id), min(a.branch_pos), array_agg(a.tag_id ORDER BY a.tag_id)
      FROM added a WHERE a.until = '9999-12-31 00:00+00' GROUP BY a.customer_id
     ORDER BY a.customer_id
        ON CONFLICT (customer_id) DO UPDATE
       SET tag_ids = (SELECT array_agg(DISTINCT t ORDER BY t) FROM unnest(p.tag_ids || excluded.tag_ids) t);
    RETURN NULL;
END $$;
"""

# Ending, prolonging and opening again, and the cascade of a branch that moves, which changes no tag.
TAGS_CHANGED = """
CREATE FUNCTION customers_tags_changed() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    WITH change AS (
        SELECT customer_id, tag_id, sum(n) AS n, min(branch_id) AS branch_id, min(branch_pos) AS branch_pos
          FROM (SELECT customer_id, tag_id, branch_id, branch_pos, until, 1 AS n FROM became
                UNION ALL
                SELECT customer_id, tag_id, branch_id, branch_pos, until, -1 FROM was) both_sides
         WHERE until = '9999-12-31 00:00+00'
         GROUP BY customer_id, tag_id HAVING sum(n) <> 0
    ), delta AS (
        SELECT customer_id, array_agg(tag_id) FILTER (WHERE n > 0) AS more,
               coalesce(array_agg(tag_id) FILTER (WHERE n < 0), '{}') AS less
          FROM change GROUP BY customer_id
    )
    UPDATE customers_profile p
       SET tag_ids = ARRAY(SELECT DISTINCT t FROM unnest(p.tag_ids || d.more) t
                            WHERE NOT t = ANY (d.less) ORDER BY t)
      FROM delta d WHERE p.customer_id = d.customer_id;
    RETURN NULL;
END $$;
"""

TAGS_TAKEN = """
CREATE FUNCTION customers_tags_taken() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    UPDATE customers_profile p
       SET tag_ids = ARRAY(SELECT t FROM unnest(p.tag_ids) t WHERE NOT t = ANY (d.less) ORDER BY t)
      FROM (SELECT customer_id, array_agg(tag_id) AS less FROM was
             WHERE until = '9999-12-31 00:00+00' GROUP BY customer_id) d
     WHERE p.customer_id = d.customer_id;
    RETURN NULL;
END $$;
"""

TAGS_KEPT = """
CREATE TRIGGER customers_tags_given AFTER INSERT ON customers_tagging REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION customers_tags_given();
CREATE TRIGGER customers_tags_changed AFTER UPDATE ON customers_tagging
    REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION customers_tags_changed();
CREATE TRIGGER customers_tags_taken AFTER DELETE ON customers_tagging REFERENCING OLD TABLE AS was
    FOR EACH STATEMENT EXECUTE FUNCTION customers_tags_taken();
"""

# Customers of the open scope ($4 to $5) who have all of $1, one of $2 (unless empty), none of $3. The index of the
# arrays knows no branches: it reads every holder in the bank, and was slower than rows at a branch of some hundreds.
# So a scope of few customers is read by position, and their arrays looked at: "= ANY" and IS TRUE are in no index's
# language. The planner is not asked, since it takes the array's index for cheap at every size.
# From here on the array's index is the quicker one, for common tags and rare ones; 'app.few' may say otherwise.
FEW = 4_000
_IN_SCOPE = """
    IF NOT EXISTS (SELECT FROM customers_profile p WHERE p.branch_pos BETWEEN app_lo() AND app_hi()
                   OFFSET coalesce(nullif(current_setting('app.few', true), ''), '{few}')::int) THEN
        tagged := coalesce((SELECT string_agg(format(' AND $1[%s] = ANY (p.tag_ids)', nth), '')
                              FROM generate_series(1, cardinality(all_of)) nth), '')
            || CASE WHEN cardinality(one_of) > 0 THEN ' AND (p.tag_ids && $2) IS TRUE' ELSE '' END;
    ELSE
        tagged := CASE WHEN cardinality(all_of) > 0 THEN ' AND p.tag_ids @> $1' ELSE '' END
            || CASE WHEN cardinality(one_of) > 0 THEN ' AND p.tag_ids && $2' ELSE '' END;
    END IF;
    tagged := ' FROM customers_profile p WHERE p.branch_pos BETWEEN $4 AND $5' || tagged
        || CASE WHEN cardinality(none_of) > 0 THEN ' AND NOT p.tag_ids && $3' ELSE '' END;
""".replace("{few}", str(FEW))

# How many they are; by branch where that is asked.
# Array operators are not leakproof, so that under the policies no index of them is used: this one looks past the
# policies, within the scope that the settings say, and answers numbers.
COUNT_TAGGED = """
CREATE OR REPLACE FUNCTION count_tagged(all_of int[], one_of int[], none_of int[], by_branch boolean)
RETURNS TABLE (branch_id int, customers bigint) LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
DECLARE tagged text;
BEGIN{in_scope}
    RETURN QUERY EXECUTE
        'SELECT ' || CASE WHEN by_branch THEN 'p.branch_id' ELSE 'NULL::int' END || ', count(*)' || tagged
        || CASE WHEN by_branch THEN ' GROUP BY 1' ELSE '' END
        USING all_of, one_of, none_of, app_lo(), app_hi();
END $$;
""".replace("{in_scope}", _IN_SCOPE)

# Whom: ids in their order after `after`, at most `many`. The reader's policies look at the rows again.
TAGGED_CUSTOMERS = """
CREATE OR REPLACE FUNCTION tagged_customers(all_of int[], one_of int[], none_of int[], after uuid, many int)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
DECLARE tagged text;
BEGIN{in_scope}
    RETURN QUERY EXECUTE
        'SELECT p.customer_id' || tagged
        || CASE WHEN after IS NULL THEN '' ELSE ' AND p.customer_id > $6' END
        || ' ORDER BY p.customer_id LIMIT $7'
        USING all_of, one_of, none_of, app_lo(), app_hi(), after, many;
END $$;
""".replace("{in_scope}", _IN_SCOPE)

# The one row of terms, with the defaults of the model.
FIRST_TERMS = """
INSERT INTO customers_scoringterms
    (id, window_days, new_days, asleep_days, lost_days, won_back_days, loyal_deeds) VALUES (1, 365, 30, 90, 365, 60, 6);
"""
