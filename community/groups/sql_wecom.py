"""The SQL of what comes from WeCom: whose a user id is, and who joined."""

# A policy asks no sub-query: this is asked once for a query, by the key of the groups.
GROUPS_OF = """
CREATE FUNCTION community_groups_of(customer uuid) RETURNS uuid[] LANGUAGE sql STABLE AS VERB $$
    SELECT coalesce(array_agg(m.group_id), '{}') FROM community_member m
     WHERE m.customer_id = customer AND customer = app_customer() AND m.left_at IS NULL
$$;
"""
CUSTOMER_SEES = """
DROP POLICY member_of ON community_group;
CREATE POLICY member_of ON community_group FOR SELECT TO fenhang_customer
    USING (id = ANY (community_groups_of(app_customer())));
"""

VERBS_READ = """
CREATE POLICY verbs ON community_group TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT ON community_group TO fenhang_verbs;
CREATE POLICY verbs ON community_member TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT ON community_member TO fenhang_verbs;
"""

# Every way in, and also the day on which it becomes known whom WeCom's member is: told with the moment of joining.
NOTE_JOINING = """
CREATE FUNCTION community_note_joining() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    PERFORM events_note(NEW.customer_id, 'community.group.joined', NEW.joined_at, 'community',
                        'community.group:' || NEW.group_id, '{}');
    RETURN NULL;
END $$;
"""
NOTES_JOINING = """
CREATE TRIGGER community_note_joining AFTER INSERT ON community_member FOR EACH ROW
    WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION community_note_joining();
CREATE TRIGGER community_note_knowing AFTER UPDATE OF customer_id ON community_member FOR EACH ROW
    WHEN (OLD.customer_id IS NULL AND NEW.customer_id IS NOT NULL) EXECUTE FUNCTION community_note_joining();
"""

# A user id is one person's in the whole bank. Who may not see that person is told that it is taken, and no more.
BIND = """
CREATE FUNCTION bind_wecom_account(who uuid, named text, place int, fresh uuid)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE spot record;
BEGIN
    SELECT b.id, b.pos INTO spot FROM tenants_branch b
     WHERE b.id = place AND b.is_open AND b.pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND OR NOT EXISTS (SELECT FROM tenants_person p
                                 WHERE p.id = who AND p.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RETURN 'not_found';
    END IF;
    UPDATE community_wecomaccount a SET ended_at = app_at() WHERE a.person_id = who AND a.ended_at IS NULL;
    INSERT INTO community_wecomaccount (id, branch_id, branch_pos, person_id, userid)
    VALUES (fresh, spot.id, spot.pos, who, named);
    RETURN '';
EXCEPTION WHEN unique_violation THEN
    RETURN 'taken';
END $$;
"""
END = """
CREATE FUNCTION end_wecom_account(account uuid) RETURNS boolean LANGUAGE plpgsql AS VERB $$
BEGIN
    UPDATE community_wecomaccount a SET ended_at = app_at()
     WHERE a.id = account AND a.ended_at IS NULL AND a.branch_pos BETWEEN app_lo() AND app_hi();
    RETURN FOUND;
END $$;
"""
# A branch that closes: its groups' owners serve the successor, who encloses it by then.
HAND_OVER = """
CREATE FUNCTION hand_over_wecom_accounts(closed int, heir int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    UPDATE community_wecomaccount a SET branch_id = b.id, branch_pos = b.pos
      FROM tenants_branch b, tenants_branch c
     WHERE a.branch_id = closed AND a.ended_at IS NULL AND b.id = heir AND c.id = closed
       AND c.successor_id = heir AND NOT c.is_open AND b.pos BETWEEN app_lo() AND app_hi();
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""
