"""The SQL of plans: what a post may become, who sees it, and members whose joining is told to the plans of a group."""

# Written once when it is decided, and then only moved; what is planned may be moved about and taken away.
POST_MOVES = """
CREATE FUNCTION community_post_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong text;
        place CONSTANT text[] := ARRAY['branch_id', 'branch_pos'];
        task CONSTANT text[] := ARRAY['branch_id', 'branch_pos', 'assignee_id', 'reminded', 'remind_at', 'state', 'why',
                                      'result', 'ended_at', 'ended_by_id'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'planned' THEN wrong := 'begins_planned'; END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'planned' THEN wrong := 'is_kept_once_decided'; END IF;
    ELSIF to_jsonb(NEW) - place = to_jsonb(OLD) - place THEN
        RETURN NEW;
    ELSIF (OLD.run_id, OLD.group_id, OLD.card_id, OLD.occasion, OLD.member_id)
          IS DISTINCT FROM (NEW.run_id, NEW.group_id, NEW.card_id, NEW.occasion, NEW.member_id) THEN
        wrong := 'stays_what_it_is';
    ELSIF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
        ('planned', 'due'), ('planned', 'refused'), ('planned', 'back'), ('due', 'sent'), ('due', 'skipped'),
        ('due', 'failed'), ('due', 'back'), ('sent', 'failed')) THEN
        wrong := 'moves_along_its_table';
    ELSIF OLD.state <> 'planned' AND to_jsonb(NEW) - task <> to_jsonb(OLD) - task THEN
        wrong := 'is_never_edited';
    ELSIF app_person() IS NOT NULL AND OLD.state = 'due' AND NEW.state IN ('sent', 'skipped', 'failed')
          AND (OLD.assignee_id IS DISTINCT FROM app_person() OR NEW.ended_by_id IS DISTINCT FROM app_person()) THEN
        wrong := 'is_confirmed_by_whose_task_it_is';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('a post %s', replace(wrong, '_', ' ')),
            CONSTRAINT = 'community_post_' || wrong;
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER community_post_moves BEFORE INSERT OR UPDATE OR DELETE ON community_post
    FOR EACH ROW EXECUTE FUNCTION community_post_moves();
"""

# The next moment of asking WeCom moves like the task does.
POST_MOVES_ASKED = POST_MOVES.partition("CREATE TRIGGER")[0].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
POST_MOVES_ASKED = POST_MOVES_ASKED.replace("'ended_by_id'];", "'ended_by_id', 'ask_at'];")

# Run and group at once, as the writer sees them, by a plan that the session keeps: posts come by the hundred thousand,
# and the walls' own trigger asks for each column by a question made anew.
OF_ITS_RUN = """
CREATE FUNCTION community_post_of_its_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM community_planrun r WHERE r.id = NEW.run_id AND r.group_id = NEW.group_id
                      AND r.branch_id = NEW.branch_id) THEN
        RAISE foreign_key_violation USING MESSAGE = 'a post is of a run that is visible here, of its group and branch',
            CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER community_post_sees_run_id BEFORE INSERT OR UPDATE OF run_id ON community_post
    FOR EACH ROW EXECUTE FUNCTION community_post_of_its_run();
CREATE TRIGGER community_post_sees_group_id BEFORE UPDATE OF group_id ON community_post
    FOR EACH ROW EXECUTE FUNCTION community_post_of_its_run();
"""

# Members read what was sent to their group, and to themselves alone; under an emergency stop nobody does. The stops
# are asked once for a query, as approvals does for published copies.
CUSTOMER_SEES = """
CREATE POLICY member_of ON community_post FOR SELECT TO fenhang_customer USING (
    state = 'sent' AND EXISTS (
        SELECT FROM community_member m
         WHERE m.group_id = community_post.group_id AND m.customer_id = app_customer() AND m.left_at IS NULL
           AND (community_post.member_id IS NULL OR community_post.member_id = m.id)));
CREATE POLICY served ON community_post AS RESTRICTIVE FOR SELECT TO fenhang_customer
    USING (NOT (SELECT approvals_stops(app_line())) && ARRAY[':', 'community.plan:']);
GRANT SELECT (id, group_id, member_id, title, day, due_at, state, text, material, asks_check_in, ended_at, branch_id,
              branch_pos) ON community_post TO fenhang_customer;
"""

# Whoever comes or goes: a plan that counts from joining is looked at again at once. The row of the run is the group's
# branch's, and so in the writer's sight.
MEMBERS_DAYS = """
CREATE FUNCTION community_lay_for_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE community_planrun SET lay_at = app_at()
     WHERE group_id = NEW.group_id AND state = 'running' AND has_members_days AND lay_at > app_at();
    RETURN NULL;
END $$;
CREATE TRIGGER community_lay_for_members AFTER INSERT OR UPDATE OF left_at, joined_at ON community_member
    FOR EACH ROW EXECUTE FUNCTION community_lay_for_members();
"""

KEPT = """
REVOKE DELETE ON community_plan, community_planrun FROM fenhang_app;
"""
