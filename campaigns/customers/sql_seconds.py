"""Who may be the second person, as the database answers it: people and roles may lie outside the scope."""

# Everybody who may do all of it from one assignment at the branch or above it, and has a log-in that opens. Asked about
# branches of the open scope alone; who acts is nobody's second person.
SECONDS = """
CREATE FUNCTION customers_seconds(verbs text[], branch int) RETURNS SETOF uuid
LANGUAGE sql STABLE ROWS 10 AS VERB $$
    SELECT DISTINCT a.person_id
      FROM tenants_assignment a
      JOIN tenants_role r ON r.code = a.role_id
     WHERE a.branch_id = ANY ((SELECT tenants_line(b.id) FROM tenants_branch b
                                WHERE b.id = customers_seconds.branch AND b.pos BETWEEN app_lo() AND app_hi())::int[])
       AND a.held_from <= app_at() AND a.held_until > app_at() AND a.person_id IS DISTINCT FROM app_person()
       AND NOT EXISTS (SELECT FROM unnest(customers_seconds.verbs) v WHERE NOT tenants_may(r.verbs::text[], v))
       AND EXISTS (SELECT FROM tenants_login l WHERE l.person_id = a.person_id AND l.is_active)
$$;
"""
