"""The SQL of groups: which of them a customer sees, and how many are in them."""

# A customer is in a handful of groups, of whatever branch; asked by the partial index over the open spells.
CUSTOMER_SEES = """
CREATE POLICY member_of ON community_group FOR SELECT TO fenhang_customer USING (
    EXISTS (SELECT FROM community_member m
             WHERE m.group_id = community_group.id AND m.customer_id = app_customer() AND m.left_at IS NULL));
GRANT SELECT ON community_group, community_groupkind TO fenhang_customer;
REVOKE UPDATE, DELETE ON community_groupkindevent FROM fenhang_app;
REVOKE DELETE ON community_groupkind FROM fenhang_app;
"""

# What is not the member's own business to be miscounted: every way in and out counts, within the same transaction.
COUNT_MEMBERS = """
CREATE FUNCTION community_count_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.left_at IS NULL AND (TG_OP = 'DELETE' OR NEW.left_at IS NOT NULL) THEN
        UPDATE community_group SET member_count = member_count - 1 WHERE id = OLD.group_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.left_at IS NULL AND (TG_OP = 'INSERT' OR OLD.left_at IS NOT NULL) THEN
        UPDATE community_group SET member_count = member_count + 1 WHERE id = NEW.group_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER community_count_members AFTER INSERT OR DELETE OR UPDATE OF left_at ON community_member
    FOR EACH ROW EXECUTE FUNCTION community_count_members();
"""
