"""Memberships when two customers turn out to be one, or two again, or one is forgotten: in groups of any branch."""

# Counting and history are written by triggers, in the name of whoever writes the row.
VERBS_WRITE = """
GRANT UPDATE (customer_id, person_key, left_at) ON community_member TO fenhang_verbs;
GRANT UPDATE (member_count) ON community_group TO fenhang_verbs;
CREATE POLICY verbs ON community_memberevent TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT INSERT ON community_memberevent TO fenhang_verbs;
GRANT USAGE ON SEQUENCE community_memberevent_pgh_id_seq TO fenhang_verbs;
"""

_MERGING = """\
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'memberships are moved by a merge of customers';
    END IF;
"""

# Twice in a group that is kept by hand, the absorbed one's spell ends; in WeCom it may be a second account of theirs.
MOVE = """
CREATE FUNCTION community_move_members(kept uuid, absorbed uuid) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE moved uuid[];
BEGIN
    -- by a merge
    UPDATE community_member m SET left_at = greatest(m.joined_at, app_at())
      FROM community_group g
     WHERE g.id = m.group_id AND g.source = 'hand' AND m.customer_id = absorbed AND m.left_at IS NULL
       AND EXISTS (SELECT FROM community_member k
                    WHERE k.group_id = m.group_id AND k.customer_id = kept AND k.left_at IS NULL);
    WITH done AS (
        UPDATE community_member m SET customer_id = kept WHERE m.customer_id = absorbed RETURNING m.id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO moved FROM done;
    RETURN moved;
END $$;
""".replace("    -- by a merge\n", _MERGING)
RETURN = """
CREATE FUNCTION community_return_members(kept uuid, absorbed uuid, moved uuid[]) RETURNS uuid[]
LANGUAGE plpgsql AS VERB $$
DECLARE back uuid[];
BEGIN
    -- by a merge
    WITH done AS (
        UPDATE community_member m SET customer_id = absorbed
         WHERE m.customer_id = kept AND m.id = ANY (moved) RETURNING m.id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO back FROM done;
    RETURN back;
END $$;
""".replace("    -- by a merge\n", _MERGING)

# A group that is kept by hand knows nobody of theirs any more. In WeCom they are in the group still: as somebody whom
# the bank does not know, by a keyed hash of what WeCom calls them.
FORGET = """
CREATE FUNCTION community_forget_members(customer uuid) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE touched uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM customers_customer c
                    WHERE c.id = customer AND c.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'memberships are forgotten by who may erase the customer';
    END IF;
    WITH done AS (
        UPDATE community_member m
           SET customer_id = NULL,
               person_key = CASE WHEN g.source = 'hand' THEN replace(uuidv7()::text, '-', '') ELSE m.person_key END,
               left_at = CASE WHEN g.source = 'hand' THEN coalesce(m.left_at, greatest(m.joined_at, app_at()))
                              ELSE m.left_at END
          FROM community_group g WHERE g.id = m.group_id AND m.customer_id = customer RETURNING m.id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO touched FROM done;
    RETURN touched;
END $$;
"""
