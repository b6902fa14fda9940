"""Who may sign, as the database answers it: definer functions, since people and roles may lie outside the scope.

They answer about things within the open scope alone, and about the person who acts.
"""

# Everybody who may decide at the thing's branch or above it, narrowed by role, branch and person where given. A person
# without a log-in that opens cannot sign.
CANDIDATES = """
CREATE FUNCTION approvals_candidates(role text, at_branch int, person uuid, thing_branch int, at timestamptz)
RETURNS TABLE (person_id uuid, person_name text, branch_id int, role_code text)
LANGUAGE sql STABLE ROWS 10 AS VERB $$
    SELECT a.person_id, p.name::text, a.branch_id, a.role_id::text
      FROM tenants_assignment a
      JOIN tenants_role r ON r.code = a.role_id
      JOIN tenants_person p ON p.id = a.person_id
     WHERE a.branch_id = ANY ((SELECT tenants_line(b.id) FROM tenants_branch b
                                WHERE b.id = thing_branch AND b.pos BETWEEN app_lo() AND app_hi())::int[])
       AND a.held_from <= at AND a.held_until > at
       AND (approvals_candidates.role = '' OR a.role_id = approvals_candidates.role)
       AND (at_branch IS NULL OR a.branch_id = at_branch)
       AND (person IS NULL OR a.person_id = person)
       AND tenants_may(r.verbs::text[], 'approvals.revision.decide')
       AND EXISTS (SELECT FROM tenants_login l WHERE l.person_id = a.person_id AND l.is_active)
$$;
"""

# The chairs from which the acting person may sign: the assignment he acts in, and those of the people whose deputy he
# is. What a delegation covers is its branch and below.
CHAIRS = """
CREATE FUNCTION approvals_chairs(assignment uuid, at timestamptz)
RETURNS TABLE (person_id uuid, person_name text, role text, branch_id int, lo int, hi int, is_own boolean)
LANGUAGE sql STABLE ROWS 3 AS VERB $$
    SELECT a.person_id, p.name::text, a.role_id::text, a.branch_id, b.pos, b.pos_end, true
      FROM tenants_assignment a
      JOIN tenants_role r ON r.code = a.role_id
      JOIN tenants_person p ON p.id = a.person_id
      JOIN tenants_branch b ON b.id = a.branch_id
     WHERE a.id = assignment AND a.person_id = app_person() AND a.held_from <= at AND a.held_until > at
       AND tenants_may(r.verbs::text[], 'approvals.revision.decide')
    UNION ALL
    SELECT a.person_id, p.name::text, a.role_id::text, a.branch_id, b.pos, b.pos_end, false
      FROM approvals_delegation d
      JOIN tenants_assignment a ON a.id = d.assignment_id AND a.person_id = d.person_id
      JOIN tenants_role r ON r.code = a.role_id
      JOIN tenants_person p ON p.id = a.person_id
      JOIN tenants_branch b ON b.id = d.branch_id
     WHERE d.deputy_id = app_person() AND d.held_from <= at AND d.held_until > at
       AND a.held_from <= at AND a.held_until > at
       AND tenants_may(r.verbs::text[], 'approvals.revision.decide')
       AND NOT approvals_excluded(d.deputy_id, d.person_id, at)
$$;
"""

# Whether roles of a deputy exclude those from which the other decides: who audits does not stand in for who decides.
EXCLUDED = """
CREATE FUNCTION approvals_excluded(deputy uuid, person uuid, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (
        SELECT FROM tenants_assignment d
          JOIN tenants_assignment a ON a.person_id = person AND a.held_from <= at AND a.held_until > at
          JOIN tenants_roleexclusion x ON (x.role_id, x.excludes_id) IN ((d.role_id, a.role_id), (a.role_id, d.role_id))
         WHERE d.person_id = deputy AND d.held_from <= at AND d.held_until > at)
$$;
"""

# Whether one person may act for another at a branch: a delegation runs, and stands on an assignment that still does.
STANDS_IN = """
CREATE FUNCTION approvals_stands_in(deputy uuid, person uuid, thing_branch int, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (
        SELECT FROM approvals_delegation d
          JOIN tenants_assignment a ON a.id = d.assignment_id AND a.person_id = d.person_id
         WHERE d.deputy_id = deputy AND d.person_id = person AND d.held_from <= at AND d.held_until > at
           AND a.held_from <= at AND a.held_until > at AND d.branch_id = ANY (tenants_line(thing_branch)))
       AND NOT approvals_excluded(deputy, person, at)
$$;
"""

# Whether a person may take a seat in his own right.
FILLS = """
CREATE FUNCTION approvals_fills(seat approvals_seat, person uuid, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN (seat).person_id IS NULL THEN
            EXISTS (SELECT FROM approvals_candidates((seat).role, (seat).at_branch_id, person, (seat).branch_id, at))
        ELSE (seat).person_id = person
            AND EXISTS (SELECT FROM approvals_candidates('', NULL, person, (seat).branch_id, at)) END
$$;
"""

# Whether the acting person may take a seat, himself or as a deputy.
MAY_TAKE = """
CREATE FUNCTION approvals_may_take(seat approvals_seat, at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT approvals_fills(seat, app_person(), at) OR EXISTS (
        SELECT FROM approvals_delegation d
         WHERE d.deputy_id = app_person() AND approvals_stands_in(app_person(), d.person_id, (seat).branch_id, at)
           AND approvals_fills(seat, d.person_id, at))
$$;
"""

# Whether a delegation may be made: by somebody who may decide, to somebody who sees the branch.
MAY_DELEGATE = """
CREATE FUNCTION approvals_may_delegate(assignment uuid, branch int, deputy uuid, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (SELECT FROM tenants_assignment a JOIN tenants_role r ON r.code = a.role_id
                    WHERE a.id = assignment AND a.person_id = app_person() AND a.held_from <= at AND a.held_until > at
                      AND a.branch_id = ANY (tenants_line(branch))
                      AND tenants_may(r.verbs::text[], 'approvals.revision.decide'))
       AND EXISTS (SELECT FROM approvals_onlookers(branch, at) d WHERE d.person_id = deputy)
       AND NOT approvals_excluded(deputy, app_person(), at)
$$;
"""

# Who else may look at the reviews of a branch: they are copied, and made deputies.
ONLOOKERS = """
CREATE FUNCTION approvals_onlookers(branch int, at timestamptz)
RETURNS TABLE (person_id uuid, person_name text, branch_id int, role_code text)
LANGUAGE sql STABLE AS VERB $$
    SELECT a.person_id, p.name::text, a.branch_id, a.role_id::text
      FROM tenants_assignment a
      JOIN tenants_role r ON r.code = a.role_id
      JOIN tenants_person p ON p.id = a.person_id
     WHERE a.branch_id = ANY ((SELECT tenants_line(b.id) FROM tenants_branch b
                                WHERE b.id = branch AND b.pos BETWEEN app_lo() AND app_hi())::int[])
       AND a.held_from <= at AND a.held_until > at AND a.person_id IS DISTINCT FROM app_person()
       AND tenants_may(r.verbs::text[], 'approvals.revision.view')
       AND EXISTS (SELECT FROM tenants_login l WHERE l.person_id = a.person_id AND l.is_active)
$$;
"""
