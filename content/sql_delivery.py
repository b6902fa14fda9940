"""The SQL of delivery: what changed of all that a home page is made of, and who the customer is that asks.

Web processes keep prepared pages in memory. Every statement that changes what they are made of writes a row into
content_stir in its own transaction, so that the publish itself is what makes them old. Processes ask for new rows twice
a second (content/delivery/stirs.py); no channel is needed that a pooler in transaction mode would cut.
"""

# A transaction's number tells who has seen what: rows of transactions that were under way when one last asked may come
# to light later, with smaller ids.
TABLE = """
ALTER TABLE content_stir ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX content_stir_xid ON content_stir (xid);
REVOKE ALL ON content_stir FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, DELETE ON content_stir TO fenhang_verbs;
GRANT USAGE ON SEQUENCE content_stir_id_seq TO fenhang_verbs;
CREATE POLICY verbs ON content_liveitem FOR SELECT TO fenhang_verbs USING (true);
CREATE POLICY verbs ON content_liveplacement FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT (branch_id, shown_from) ON content_liveitem, content_liveplacement TO fenhang_verbs;
"""

# A published copy came, went or was moved: of the branch whose it is.
OF_BRANCH = """
CREATE FUNCTION content_stir_of_branch() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO content_stir (kind, branch_id, at) VALUES ('branch', OLD.branch_id, clock_timestamp());
    END IF;
    IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND NEW.branch_id <> OLD.branch_id THEN
        INSERT INTO content_stir (kind, branch_id, at) VALUES ('branch', NEW.branch_id, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
"""
# What is shown comes under rights, or out of them, at other times than before.
OF_USE = """
CREATE FUNCTION content_stir_of_use() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF NEW.is_live THEN
        INSERT INTO content_stir (kind, branch_id, at) VALUES ('branch', NEW.branch_id, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
"""
# Names, zones and the tree itself; emergency stops of a kind or a campaign. Rare, and of everybody.
OF_ALL = """
CREATE FUNCTION content_stir_of_all() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    INSERT INTO content_stir (kind, at) VALUES ('all', clock_timestamp());
    RETURN NULL;
END $$;
"""
# Where a customer is at home, whether one still is a customer, and the switch for personal recommendation.
OF_CUSTOMER = """
CREATE FUNCTION content_stir_of_customer() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    INSERT INTO content_stir (kind, customer_id, at) VALUES ('customer', NEW.id, clock_timestamp());
    RETURN NULL;
END $$;
"""
TRIGGERS = (
    "".join(
        f"CREATE TRIGGER content_stirs AFTER INSERT OR UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION content_stir_of_branch();\n"
        for table in ("content_liveitem", "content_liveplacement", "rewards_livebatch")
    )
    + """
CREATE TRIGGER content_stirs AFTER INSERT OR UPDATE ON content_use
    FOR EACH ROW EXECUTE FUNCTION content_stir_of_use();
CREATE TRIGGER content_stirs AFTER INSERT OR UPDATE OR DELETE ON tenants_branch
    FOR EACH STATEMENT EXECUTE FUNCTION content_stir_of_all();
CREATE TRIGGER content_stirs AFTER INSERT OR UPDATE OR DELETE ON approvals_stop
    FOR EACH STATEMENT EXECUTE FUNCTION content_stir_of_all();
CREATE TRIGGER content_stirs AFTER UPDATE OF status, branch_id, is_personalised ON customers_customer FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.branch_id <> NEW.branch_id
          OR OLD.is_personalised <> NEW.is_personalised)
    EXECUTE FUNCTION content_stir_of_customer();
"""
)

# What changed in transactions from this one on. One row without a kind says from which one to ask the next time: all
# before it are over and in this answer or an earlier one. Rows may come again; their ids tell.
STIRS = """
CREATE FUNCTION content_stirs(since xid8)
RETURNS TABLE (id bigint, kind text, branch_id int, customer_id uuid, xid xid8) LANGUAGE sql STABLE AS VERB $$
    SELECT s.id, s.kind, s.branch_id, s.customer_id, s.xid FROM content_stir s WHERE s.xid >= since
    UNION ALL
    SELECT NULL::bigint, NULL::text, NULL::int, NULL::uuid, pg_snapshot_xmin(pg_current_snapshot())
$$;
"""
# Who asks last waits at most a minute (stirs.py); what is older nobody asks for any more.
FORGET = """
CREATE FUNCTION content_forget_stirs() RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    DELETE FROM content_stir s WHERE s.at < clock_timestamp() - interval '10 minutes';
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""

# What is known of the scope's own customer for choosing what to show: tags, stage, the switch; and how often what is
# limited was shown, today and in 180 days, as the phone told it.
VIEWER = """
CREATE FUNCTION content_viewer(day_from timestamptz, items text[])
RETURNS TABLE (is_personalised boolean, tag_ids int[], stage text, subject text, today bigint, ever bigint)
LANGUAGE sql STABLE AS VERB $$
    SELECT c.is_personalised, coalesce(p.tag_ids, '{}'), coalesce(p.stage, ''), s.subject, s.today, s.ever
      FROM customers_customer c LEFT JOIN customers_profile p ON p.customer_id = c.id
      LEFT JOIN LATERAL (
          SELECT e.subject, count(*) FILTER (WHERE e.at >= day_from) AS today, count(*) AS ever FROM events_event e
           WHERE e.customer_id = c.id AND e.at >= app_at() - interval '180 days'
             AND e.kind = 'content.exposed' AND e.subject = ANY (items) GROUP BY 1) s ON true
     WHERE c.id = app_customer()
$$;
"""

# When the next of what is approved already begins to be shown, or comes under rights or out of them, by branch of the
# scope's line. A customer's role sees no row before its time; this says when to look again, and nothing of what comes.
NEXT = """
CREATE FUNCTION content_next() RETURNS TABLE (branch_id int, begins timestamptz) LANGUAGE sql STABLE AS VERB $$
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
         WHERE u.is_live AND u.branch_id = ANY (app_line()) AND u.rights_from > app_at()) n GROUP BY 1
$$;
"""

# How many coupons are left, by branch and batch. No scope is open when pages are brought up to date; the numbers stand
# on every customer's home page.
LEFT = """
CREATE FUNCTION content_left(branches int[], batches uuid[]) RETURNS TABLE (branch_id int, batch_id uuid, many bigint)
LANGUAGE sql STABLE AS VERB $$
    SELECT s.branch_id, s.batch_id, sum(s.allotted - s.claimed) FROM rewards_stock s
     WHERE (s.branch_id, s.batch_id) IN (SELECT * FROM unnest(branches, batches)) GROUP BY 1, 2
$$;
"""
