"""What a member sees of a group's programmes: own days, streak, the group's goal, and who leads."""

# NULL: not a member of such a group, or there is none. One JSON: groups are small, and a phone asks once.
BOARD = """
CREATE FUNCTION check_in_board(wanted uuid, month date) RETURNS jsonb LANGUAGE plpgsql STABLE AS VERB $$
DECLARE g community_group; p community_liveprogramme; who uuid := app_customer(); today date; shown jsonb := '[]';
        today_nth int; own record; run record; mine jsonb; counted int; reached timestamptz; asked jsonb;
        is_hidden boolean;
BEGIN
    SELECT s.* INTO g FROM community_group s
     WHERE s.id = wanted AND s.dissolved_at IS NULL
       AND EXISTS (SELECT FROM community_member m
                    WHERE m.group_id = s.id AND m.customer_id = who AND m.left_at IS NULL);
    IF NOT FOUND OR who IS NULL THEN RETURN NULL; END IF;
    SELECT (app_at() AT TIME ZONE b.zone)::date INTO today FROM tenants_branch b WHERE b.id = g.branch_id;
    month := date_trunc('month', coalesce(month, today))::date;
    is_hidden := coalesce((SELECT b.is_hidden FROM community_boardchoice b WHERE b.customer_id = who), false);
    FOR p IN SELECT l.* FROM community_liveprogramme l JOIN tenants_branch i ON i.id = l.branch_id
              WHERE l.shown_from <= app_at() AND community_is_for(l, g, i.pos, i.pos_end)
                AND l.last_day >= today - 31
                AND NOT EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                                 WHERE s.lifted_at IS NULL AND g.branch_pos BETWEEN o.pos AND o.pos_end
                                   AND s.kind IN ('', 'community.programme') AND s.campaign_id IS NULL)
              ORDER BY today BETWEEN l.first_day AND l.last_day DESC, l.last_day, l.programme_id LOOP
        today_nth := community_nth_day(p.first_day, p.weekdays, today);
        SELECT count(*) FILTER (WHERE k.state = 'counted') AS days, coalesce(sum(k.points) FILTER (
                   WHERE k.state = 'counted'), 0) AS points,
               count(*) FILTER (WHERE k.is_makeup AND k.state <> 'refused') AS makeups,
               coalesce(bool_or(k.day = today AND k.state <> 'refused'), false) AS is_done INTO own
          FROM community_checkin k WHERE k.programme_id = p.programme_id AND k.customer_id = who;
        SELECT * INTO run FROM community_runs(p.programme_id, who, NULL,
            community_days_before(p.first_day, p.weekdays, least(today, p.last_day) + 1)
                - CASE WHEN today_nth IS NULL OR today > p.last_day THEN 1 ELSE 2 END, 0);
        SELECT coalesce(jsonb_agg(jsonb_build_object('day', k.day, 'state', k.state, 'is_makeup', k.is_makeup,
                                                     'points', k.points, 'reason', k.reason)
                                  ORDER BY k.day, k.at), '[]')
          INTO mine FROM community_checkin k
         WHERE k.programme_id = p.programme_id AND k.customer_id = who AND k.day >= month
           AND k.day < month + interval '1 month'
           AND (k.state <> 'refused' OR NOT EXISTS (
                SELECT FROM community_checkin o WHERE o.programme_id = k.programme_id AND o.customer_id = who
                   AND o.day = k.day AND o.at > k.at));
        SELECT coalesce(sum(k.counted), 0) INTO counted FROM community_goalcount k
         WHERE k.programme_id = p.programme_id AND k.group_id = wanted;
        SELECT n.paid_at INTO reached FROM community_groupgoal n
         WHERE n.programme_id = p.programme_id AND n.group_id = wanted;
        asked := NULL;
        IF p.proof = 'quiz' AND today_nth IS NOT NULL THEN
            asked := (p.questions -> (today_nth % jsonb_array_length(p.questions))) - 'right';
        END IF;
        shown := shown || jsonb_build_array(jsonb_build_object(
            'id', p.programme_id, 'title', p.title, 'text', p.text, 'first_day', p.first_day, 'last_day', p.last_day,
            'weekdays', p.weekdays, 'today', today, 'counts_today', today_nth IS NOT NULL AND today <= p.last_day,
            'is_done', own.is_done, 'proof', p.proof, 'question', asked,
            'place', CASE WHEN p.proof = 'position' THEN jsonb_build_object('name', p.place, 'lat', p.lat / 1e6,
                                                                           'lon', p.lon / 1e6, 'metres', p.metres) END,
            'points', p.points, 'streak_days', p.streak_days, 'streak_points', p.streak_points,
            'makeups_left', greatest(p.makeup_most - own.makeups, 0), 'makeup_days', p.makeup_days,
            'makeup_cost', p.makeup_cost, 'streak', run.streak, 'days', own.days, 'points_given', own.points,
            'dots', mine,
            'goal', CASE WHEN p.goal_count > 0 THEN jsonb_build_object('needed', p.goal_count, 'counted', counted,
                'points', p.goal_points, 'reached_at', reached) END,
            'week', community_leaders(p.programme_id, wanted, who, date_trunc('week', today)::date, today),
            'whole', community_leaders(p.programme_id, wanted, who, p.first_day, today)));
    END LOOP;
    RETURN jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'is_hidden', is_hidden, 'programmes', shown);
END $$;
"""

# Ten who checked in most, and the one who asks; who chose so is not named, nor counted among the others' ranks' names.
LEADERS = """
CREATE FUNCTION community_leaders(programme uuid, wanted uuid, who uuid, first date, last date) RETURNS jsonb
LANGUAGE sql STABLE AS VERB $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('rank', r.rank, 'who', '****' || r.tail, 'days', r.days,
                                                 'is_me', r.customer_id = who)
                              ORDER BY r.rank, r.customer_id = who DESC, r.customer_id), '[]')
      FROM (SELECT k.customer_id, c.number_tail AS tail, k.days,
                   rank() OVER (ORDER BY k.days DESC) AS rank,
                   row_number() OVER (ORDER BY k.days DESC, k.customer_id) AS place
              FROM (SELECT d.customer_id, count(*) AS days FROM community_checkin d
                     WHERE d.programme_id = programme AND d.group_id = wanted AND d.day BETWEEN first AND last
                       AND d.state = 'counted' GROUP BY 1) k
              JOIN customers_customer c ON c.id = k.customer_id
             WHERE NOT EXISTS (SELECT FROM community_boardchoice b WHERE b.customer_id = k.customer_id AND b.is_hidden)
                OR k.customer_id = who) r
     WHERE r.place <= 10 OR r.customer_id = who
$$;
"""
