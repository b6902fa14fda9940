"""The wall around notices, and the three things that reach beyond one's own."""

# A notice belongs to a person and not to a branch. Whoever acts may write to anybody (what a service tells), now and
# unread; the person alone reads it and marks it. Without an arbiter in ON CONFLICT the writer needs no right to read.
WALL = """
ALTER TABLE notices_notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE notices_notice FORCE ROW LEVEL SECURITY;
CREATE POLICY own_read ON notices_notice FOR SELECT TO fenhang_app USING (person_id = app_person());
CREATE POLICY tell ON notices_notice FOR INSERT TO fenhang_app WITH CHECK (at = app_at() AND read_at IS NULL);
CREATE POLICY own_mark ON notices_notice FOR UPDATE TO fenhang_app
    USING (person_id = app_person()) WITH CHECK (person_id = app_person());
CREATE POLICY owner ON notices_notice TO fenhang_owner USING (true) WITH CHECK (true);
CREATE POLICY verbs ON notices_notice TO fenhang_verbs USING (true) WITH CHECK (true);
REVOKE ALL ON notices_notice FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, UPDATE (read_at) ON notices_notice TO fenhang_app;
GRANT SELECT, UPDATE (read_at), DELETE ON notices_notice TO fenhang_verbs;
"""

# What it asked for is done: nobody need open it any more. Answers how many had not.
SETTLE = """
CREATE FUNCTION settle_notices(settled text) RETURNS int LANGUAGE sql AS VERB $$
    WITH done AS (
        UPDATE notices_notice n SET read_at = app_at() WHERE n.key = settled AND n.read_at IS NULL RETURNING 1
    ) SELECT count(*)::int FROM done
$$;
"""

# The moments are its own, so that nobody empties an inbox by a wrong one. Any number may sweep side by side.
SWEEP = """
CREATE FUNCTION sweep_notices(at_most int) RETURNS int LANGUAGE sql AS VERB $$
    WITH due AS (
        SELECT n.id FROM notices_notice n
         WHERE n.at < app_at() - interval '90 days'
           AND (n.read_at < app_at() - interval '90 days' OR n.at < app_at() - interval '1 year')
         ORDER BY n.at LIMIT at_most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM notices_notice n USING due WHERE n.id = due.id RETURNING 1
    ) SELECT count(*)::int FROM gone
$$;
"""

# In which of one's own assignments one would stand above these branches; about whoever acts, and nobody else.
WAYS = """
CREATE FUNCTION ways_to(branches int[])
RETURNS TABLE (branch_id int, branch_name text, assignment_id uuid, role_code text)
LANGUAGE sql STABLE AS VERB $$
    SELECT b.id, b.name, a.id, a.role_id
      FROM tenants_assignment a
      JOIN tenants_branch top ON top.id = a.branch_id
      JOIN tenants_branch b ON b.pos BETWEEN top.pos AND top.pos_end
     WHERE a.person_id = app_person() AND a.held_from <= app_at() AND a.held_until > app_at()
       AND b.id = ANY (ways_to.branches)
     ORDER BY b.id, top.pos DESC, a.held_from, a.id
$$;
"""
