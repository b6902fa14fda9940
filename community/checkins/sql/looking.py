"""Who runs a group looks at words and pictures: accepts, or refuses, which takes back what the check-in gave."""

from campaigns.rewards.sql.rooms_above import STEP_BACK, STEP_OUT

# Asked by staff who may, within their branches. NULL, 'not_found' or 'looked'.
LOOK = """
CREATE FUNCTION look_at_check_in(wanted uuid, is_good boolean, why text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE was_ community_checkin; p community_programme; l community_liveprogramme; zone_ text; today date; undone record;
        was text[]; judged community_judged[]; no text;
BEGIN
    IF app_person() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'check-ins are looked at by staff';
    END IF;
    SELECT * INTO was_ FROM community_checkin k WHERE k.id = wanted AND k.branch_pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    -- As who checks in does, and in that order.
    PERFORM FROM customers_customer c WHERE c.id = was_.customer_id FOR KEY SHARE;
    PERFORM pg_advisory_xact_lock(hashtextextended('community.checkin' || was_.customer_id, 0));
    SELECT * INTO was_ FROM community_checkin k WHERE k.id = wanted FOR UPDATE;
    IF was_.state = 'refused' OR is_good AND was_.looked_at IS NOT NULL THEN RETURN 'looked'; END IF;
    IF is_good AND was_.state = 'counted' THEN
        UPDATE community_checkin k SET looked_at = app_at(), looked_by_id = app_person() WHERE k.id = wanted;
        RETURN NULL;
    END IF;
    SELECT * INTO p FROM community_programme d WHERE d.id = was_.programme_id;
    SELECT * INTO l FROM community_liveprogramme d WHERE d.programme_id = was_.programme_id;
    IF is_good THEN
        SELECT b.zone, (app_at() AT TIME ZONE b.zone)::date INTO zone_, today
          FROM tenants_branch b WHERE b.id = was_.branch_id;
        -- What is live says what it gives; what was taken down gives nothing any more.
        judged := ARRAY[ROW (1, NULL, was_.customer_id, '', NULL, NULL, was_.group_id, was_.branch_id, was_.branch_pos,
            was_.programme_id, l.revision_id, coalesce(l.branch_id, p.branch_id), coalesce(l.title, p.title), was_.day,
            was_.nth,
            community_days_before(coalesce(l.first_day, p.first_day), coalesce(l.weekdays, p.weekdays), today + 1)
                - CASE WHEN community_nth_day(coalesce(l.first_day, p.first_day), coalesce(l.weekdays, p.weekdays),
                                              today) IS NULL THEN 1 ELSE 2 END,
            was_.is_makeup, 'counted', was_.id, NULL, was_.text, was_.hint, was_.has_picture, was_.cost,
            coalesce(l.points, 0), CASE WHEN l.streak_points > 0 THEN l.streak_days ELSE 0 END,
            coalesce(l.streak_points, 0), l.points_cap, l.months, l.ends, coalesce(l.goal_count, 0), 0, 0, 0, NULL,
            was_.burnt_id, 0, NULL, NULL, NULL)::community_judged];
        PERFORM community_write_check_ins(judged);
        RETURN NULL;
    END IF;
    -- OUT
    -- First what a make-up cost comes back, so that nobody owes what he is about to get.
    FOR undone IN SELECT m.id, k.title, coalesce(k.customer_id, was_.paid_to) AS whose
                    FROM (VALUES (1, was_.burnt_id), (2, was_.movement_id)) AS m (nth, id)
                    JOIN points_movement k ON k.id = m.id ORDER BY m.nth LOOP
        SELECT r.word INTO no FROM reverse_points(undone.id, undone.whose, 'owe',
            md5('refused' || wanted || undone.id)::uuid, undone.title, why) r;
        -- An erased customer has nothing left to take from.
        IF no IS NOT NULL AND no NOT IN ('twice', 'not_found') THEN
            RAISE EXCEPTION 'points of check-in % are not taken back: %', wanted, no;
        END IF;
    END LOOP;
    -- BACK
    UPDATE community_checkin k SET state = 'refused', looked_at = app_at(), looked_by_id = app_person(), reason = why
     WHERE k.id = wanted;
    IF was_.state = 'counted' AND coalesce(l.goal_count, 0) > 0 THEN
        UPDATE community_goalcount k SET counted = k.counted - 1 WHERE k.id = (
            SELECT c.id FROM community_goalcount c WHERE c.programme_id = was_.programme_id
               AND c.group_id = was_.group_id ORDER BY c.counted DESC LIMIT 1);
    END IF;
    RETURN NULL;
END $$;
""".replace("    -- OUT\n", STEP_OUT.lstrip("\n")).replace("    -- BACK\n", STEP_BACK.lstrip("\n"))

# For every writer there may ever be: what somebody did on a day stays; it is looked at, follows its customer and
# branch, and its words are forgotten.
STAYS = """
CREATE FUNCTION community_checkin_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moves text[] := ARRAY['customer_id', 'branch_id', 'branch_pos', 'state', 'text', 'hint', 'has_picture',
                              'streak', 'units', 'points', 'movement_id', 'paid_to', 'looked_at',
                              'looked_by_id', 'reason'];
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(OLD) - moves <> to_jsonb(NEW) - moves
       OR OLD.state <> 'held' AND (OLD.points, OLD.units) <> (NEW.points, NEW.units) THEN
        RAISE check_violation USING MESSAGE = 'a check-in is never edited or deleted',
            CONSTRAINT = 'community_checkin_is_never_edited';
    END IF;
    IF OLD.state <> NEW.state
       AND (OLD.state, NEW.state) NOT IN (('held', 'counted'), ('held', 'refused'), ('counted', 'refused')) THEN
        RAISE check_violation USING MESSAGE = format('a check-in does not go from %s to %s', OLD.state, NEW.state),
            CONSTRAINT = 'community_checkin_moves_as_allowed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER community_checkin_stays BEFORE UPDATE OR DELETE ON community_checkin
    FOR EACH ROW EXECUTE FUNCTION community_checkin_stays();
"""
