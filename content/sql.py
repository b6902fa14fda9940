"""The SQL of this room: the scope of everybody at a branch."""

# The same columns as open_staff_scope. Whom the branch shows something to without asking who it is: the policies
# that compare with a customer find nobody, those that compare with the branch's line find what is shown now.
OPEN_PUBLIC = """
CREATE FUNCTION open_public_scope(branch int, at timestamptz, request uuid, context jsonb)
RETURNS TABLE (branch_id int, branch_pos int, lo int, hi int, line int[], person_id uuid, customer_id uuid,
               role text, verbs text[], actor_name text)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS VERB $$
#variable_conflict use_column
DECLARE place record;
BEGIN
    SELECT b.id, b.pos INTO place FROM tenants_branch b WHERE b.id = branch;
    IF NOT FOUND THEN RETURN; END IF;
    line := tenants_line(place.id);
    PERFORM tenants_apply(NULL, NULL, place.id, place.pos, line, NULL, NULL, at, request,
        context || jsonb_build_object('branch', place.id));
    RETURN QUERY SELECT place.id, place.pos, place.pos, place.pos, line, NULL::uuid, NULL::uuid,
        'public'::text, ARRAY[]::text[], ''::text;
END $$;
"""
