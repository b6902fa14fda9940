"""What viewers do, by verbs: a beat of many at once, a like, an answer, what others said."""

from community.livestreams.rules import ABSENT_AFTER, MINUTES

# Does the scope's customer see this livestream now?
SHOWN_TO_ME = """
CREATE FUNCTION community_is_shown(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    RETURN EXISTS (SELECT FROM community_broadcast b
                    WHERE b.livestream_id = wanted AND b.shown_from <= app_at() AND b.shown_until > app_at()
                      AND b.branch_id = ANY (app_line()) AND (b.handed_down OR b.branch_id = app_branch()))
       AND NOT approvals_stops(app_line()) && ARRAY[':', 'community.livestream:'];
END $$;
"""

# Beats of many customers, each once a lot (services/watching.py): one statement, and one more for who came in.
# A beat is credited with what the phone says has passed since its last one, at most with what has passed since the
# last of any phone of that customer, and with no more than `MOST` seconds.
WATCH = (
    """
CREATE FUNCTION watch_livestreams(moment timestamptz, asks jsonb)
RETURNS TABLE (place int, word text, state text, seconds int)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET enable_material = off AS VERB $$
#variable_conflict use_column
DECLARE one record; newcomers uuid[]; things text[];
BEGIN
    IF app_branch() IS NOT NULL AND app_customer() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'livestreams are watched by customers';
    END IF;
    FOR one IN
    WITH judged AS MATERIALIZED (
        SELECT a.place, a.stream, a.seconds, a.position, c.id AS customer, c.branch_id, c.branch_pos, s.state,
               s.started_at,
               CASE WHEN c.id IS NULL OR app_customer() <> c.id THEN 'closed'
                    WHEN s.livestream_id IS NULL THEN 'not_found'
                    WHEN EXISTS (SELECT FROM approvals_stop t JOIN tenants_branch at ON at.id = t.branch_id
                                  WHERE t.lifted_at IS NULL AND c.branch_pos BETWEEN at.pos AND at.pos_end
                                    AND t.kind IN ('', 'community.livestream') AND t.campaign_id IS NULL)
                    THEN 'not_found'
                    WHEN s.state NOT IN ('live', 'replay') THEN 'not_on' END AS word
          FROM jsonb_to_recordset(asks) AS a (place int, customer uuid, stream uuid, seconds int, position int)
          LEFT JOIN customers_customer c ON c.id = a.customer AND c.status = 'active'
          LEFT JOIN LATERAL (
               SELECT h.livestream_id, h.state, h.started_at
                 FROM community_broadcast b
                 JOIN tenants_branch i ON i.id = b.branch_id
                 JOIN community_showing h ON h.livestream_id = b.livestream_id
                WHERE b.livestream_id = a.stream AND b.shown_from <= moment AND b.shown_until > moment
                  AND (b.branch_id = c.branch_id
                       OR b.handed_down AND c.branch_pos BETWEEN i.pos AND i.pos_end)) s ON true),
    beaten AS (
        INSERT INTO community_watch AS w (id, branch_id, branch_pos, customer_id, livestream_id, first_at, last_at,
                                          seconds, replay_seconds, position, minutes, likes, was_live)
        SELECT uuidv7(), j.branch_id, j.branch_pos, j.customer, j.stream, moment, moment,
               CASE WHEN j.state = 'live' THEN v.credit ELSE 0 END,
               CASE WHEN j.state = 'live' THEN 0 ELSE v.credit END, greatest(j.position, 0),
               CASE WHEN j.state = 'live' THEN set_bit(decode(repeat('00', BYTES), 'hex'), v.minute, 1)
                    ELSE decode(repeat('00', BYTES), 'hex') END,
               0, j.state = 'live'
          FROM judged j
         CROSS JOIN LATERAL (
               SELECT least(greatest(j.seconds, 0), MOST,
                            greatest(0, floor(extract(epoch FROM moment - j.started_at)))::int) AS credit,
                      least(MINUTES - 1, greatest(0, floor(extract(epoch FROM moment - j.started_at) / 60)))::int
                          AS minute) v
         WHERE j.word IS NULL ORDER BY j.stream, j.customer
        ON CONFLICT (livestream_id, customer_id) DO UPDATE
           SET seconds = w.seconds + least(EXCLUDED.seconds,
                   greatest(0, floor(extract(epoch FROM EXCLUDED.last_at - w.last_at)))::int),
               replay_seconds = w.replay_seconds + least(EXCLUDED.replay_seconds,
                   greatest(0, floor(extract(epoch FROM EXCLUDED.last_at - w.last_at)))::int),
               position = EXCLUDED.position, last_at = greatest(w.last_at, EXCLUDED.last_at),
               was_live = w.was_live OR EXCLUDED.was_live,
               minutes = CASE WHEN EXCLUDED.was_live THEN set_bit(w.minutes, (
                   SELECT least(MINUTES - 1,
                                greatest(0, floor(extract(epoch FROM EXCLUDED.last_at - h.started_at) / 60)))::int
                     FROM community_showing h WHERE h.livestream_id = EXCLUDED.livestream_id), 1)
                   ELSE w.minutes END
        RETURNING w.livestream_id, w.customer_id, w.seconds + w.replay_seconds AS total, w.xmax = 0 AS is_new)
    SELECT j.place, j.word, j.state, j.customer, j.stream, b.total, b.is_new
      FROM judged j LEFT JOIN beaten b ON b.livestream_id = j.stream AND b.customer_id = j.customer
    LOOP
        place := one.place; word := one.word; state := one.state; seconds := one.total;
        RETURN NEXT;
        IF one.is_new THEN
            newcomers := newcomers || one.customer;
            things := things || ('community.livestream:' || one.stream);
        END IF;
    END LOOP;
    IF newcomers IS NOT NULL THEN
        PERFORM events_note_many('community.livestream.joined', moment, 'community', newcomers, things,
                                 array_fill('{}'::jsonb, ARRAY[cardinality(newcomers)]));
    END IF;
END $$;
""".replace("MINUTES", str(MINUTES))
    .replace("BYTES", str((MINUTES + 7) // 8))
    .replace("MOST", str(int(ABSENT_AFTER.total_seconds())))
)

# Likes of one viewer, kept in the viewer's own row: nobody waits for anybody.
LIKE = """
CREATE FUNCTION like_livestream(wanted uuid, many int) RETURNS text LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NULL OR NOT community_is_shown(wanted) THEN RETURN 'not_found'; END IF;
    IF NOT EXISTS (SELECT FROM community_showing h
                    WHERE h.livestream_id = wanted AND h.state IN ('live', 'replay')) THEN
        RETURN 'not_on';
    END IF;
    UPDATE community_watch w SET likes = least(w.likes + greatest(many, 0), 10000)
     WHERE w.livestream_id = wanted AND w.customer_id = app_customer();
    RETURN CASE WHEN NOT FOUND THEN 'not_watching' END;
END $$;
"""

# The right answer stays on this side of the wall until one was given.
ANSWER = """
CREATE FUNCTION answer_livestream_quiz(fresh uuid, wanted uuid, asked uuid, chosen int)
RETURNS TABLE (word text, is_right boolean) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE said jsonb;
BEGIN
    IF app_customer() IS NULL OR NOT community_is_shown(wanted) THEN
        RETURN QUERY SELECT 'not_found', NULL::boolean; RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM community_showing h WHERE h.livestream_id = wanted AND h.state = 'live') THEN
        RETURN QUERY SELECT 'not_on', NULL::boolean; RETURN;
    END IF;
    SELECT q INTO said FROM community_broadcast b, jsonb_array_elements(b.quiz) q
     WHERE b.livestream_id = wanted AND q ->> 'id' = asked::text;
    IF NOT FOUND OR chosen NOT BETWEEN 0 AND jsonb_array_length(said -> 'options') - 1 THEN
        RETURN QUERY SELECT 'not_found', NULL::boolean; RETURN;
    END IF;
    INSERT INTO community_quizanswer (id, branch_id, branch_pos, customer_id, livestream_id, question, option,
                                      is_right, at)
    SELECT fresh, c.branch_id, c.branch_pos, c.id, wanted, asked, chosen, chosen = (said ->> 'right')::int, app_at()
      FROM customers_customer c WHERE c.id = app_customer() AND c.status = 'active'
    ON CONFLICT ON CONSTRAINT community_quizanswer_is_given_once DO NOTHING;
    RETURN QUERY SELECT CASE WHEN NOT FOUND THEN 'answered' END, chosen = (said ->> 'right')::int;
END $$;
"""

# What was said, newest first; of who said it the end of the customer's number.
COMMENTS = """
CREATE FUNCTION livestream_comments(wanted uuid, before uuid, many int)
RETURNS TABLE (id uuid, who text, text text, at timestamptz, is_own boolean, state text)
LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
BEGIN
    IF app_customer() IS NULL OR NOT community_is_shown(wanted) THEN RETURN; END IF;
    RETURN QUERY
    SELECT m.id, '****' || c.number_tail, m.text::text, m.at, m.customer_id = app_customer(), m.state::text
      FROM community_comment m JOIN customers_customer c ON c.id = m.customer_id
     WHERE m.livestream_id = wanted AND (before IS NULL OR m.id < before)
       AND (m.state = 'shown' OR m.state = 'held' AND m.customer_id = app_customer())
     ORDER BY m.id DESC LIMIT least(many, 100);
END $$;
"""
TAKE_BACK = """
CREATE FUNCTION take_back_comment(wanted uuid) RETURNS boolean LANGUAGE plpgsql AS VERB $$
BEGIN
    DELETE FROM community_comment m WHERE m.id = wanted AND m.customer_id = app_customer();
    RETURN FOUND;
END $$;
"""

# Who watched it live has left: told once each, when it is over, at the moment of the last beat.
LEFT = """
CREATE FUNCTION note_livestream_left(wanted uuid, at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE one record; told int := 0;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'who has left is noted by what runs';
    END IF;
    FOR one IN
        UPDATE community_watch w SET left_at = w.last_at
         WHERE w.id IN (SELECT v.id FROM community_watch v
                         WHERE v.livestream_id = wanted AND v.was_live AND v.left_at IS NULL
                           AND v.branch_pos BETWEEN app_lo() AND app_hi()
                         ORDER BY v.customer_id LIMIT at_most FOR UPDATE)
        RETURNING w.customer_id, w.last_at, w.seconds
    LOOP
        PERFORM events_note(one.customer_id, 'community.livestream.left', one.last_at, 'community',
                            'community.livestream:' || wanted,
                            jsonb_build_object('seconds', least(one.seconds, 86400)));
        told := told + 1;
    END LOOP;
    RETURN told;
END $$;
"""

# Whoever asked has looked for forbidden words (services/comments.py).
SAY = """
CREATE FUNCTION say_on_livestream(fresh uuid, wanted uuid, said text, as_state text, reason text) RETURNS text
LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NULL OR NOT community_is_shown(wanted) THEN RETURN 'not_found'; END IF;
    IF as_state NOT IN ('shown', 'held') THEN
        RAISE check_violation USING MESSAGE = 'a comment is shown or held';
    END IF;
    IF NOT EXISTS (SELECT FROM community_showing h WHERE h.livestream_id = wanted AND h.state = 'live') THEN
        RETURN 'not_on';
    END IF;
    INSERT INTO community_comment (id, branch_id, branch_pos, customer_id, livestream_id, text, state, why, at)
    SELECT fresh, c.branch_id, c.branch_pos, c.id, wanted, said, as_state, reason, app_at()
      FROM customers_customer c WHERE c.id = app_customer() AND c.status = 'active';
    RETURN NULL;
END $$;
"""
JUDGE_COMMENT = """
CREATE FUNCTION judge_comment(wanted uuid, to_state text) RETURNS uuid LANGUAGE plpgsql AS VERB $$
DECLARE stream uuid;
BEGIN
    IF app_person() IS NULL OR to_state NOT IN ('shown', 'hidden') THEN
        RAISE insufficient_privilege USING MESSAGE = 'comments are shown and hidden by staff';
    END IF;
    UPDATE community_comment m SET state = to_state
     WHERE m.id = wanted AND m.branch_pos BETWEEN app_lo() AND app_hi()
    RETURNING m.livestream_id INTO stream;
    RETURN stream;
END $$;
"""

# What an erased customer said is gone; that somebody watched and answered stays counted, under nobody's name.
FORGET = """
CREATE FUNCTION forget_viewer(who uuid) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE gone uuid[];
BEGIN
    IF app_customer() IS NOT NULL OR NOT EXISTS (
        SELECT FROM customers_customer c WHERE c.id = who AND c.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'viewers are forgotten by what erases them';
    END IF;
    WITH deleted AS (DELETE FROM community_comment m WHERE m.customer_id = who RETURNING m.id)
    SELECT coalesce(array_agg(id), '{}') INTO gone FROM deleted;
    RETURN gone;
END $$;
"""

# Two customers are one, or two again: what one did becomes the other's. Where both did the same (watched, answered),
# each keeps their own row, since a viewer is one row. Answers the rows that moved.
MOVE = """
CREATE FUNCTION move_viewer(source uuid, target uuid, those uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE home record; moved uuid[] := '{}'; few uuid[];
BEGIN
    SELECT c.branch_id, c.branch_pos INTO home FROM customers_customer c
     WHERE c.id = target AND c.branch_pos BETWEEN app_lo() AND app_hi();
    IF app_customer() IS NOT NULL OR NOT FOUND THEN
        RAISE insufficient_privilege USING MESSAGE = 'viewers are moved by what merges them';
    END IF;
    WITH gone AS (UPDATE community_comment m
                     SET customer_id = target, branch_id = home.branch_id, branch_pos = home.branch_pos
                   WHERE m.customer_id = source AND (those IS NULL OR m.id = ANY (those)) RETURNING m.id)
    SELECT coalesce(array_agg(id), '{}') INTO few FROM gone;
    moved := moved || few;
    WITH gone AS (UPDATE community_quizanswer a
                     SET customer_id = target, branch_id = home.branch_id, branch_pos = home.branch_pos
                   WHERE a.customer_id = source AND (those IS NULL OR a.id = ANY (those))
                     AND NOT EXISTS (SELECT FROM community_quizanswer o
                                      WHERE o.livestream_id = a.livestream_id AND o.question = a.question
                                        AND o.customer_id = target) RETURNING a.id)
    SELECT coalesce(array_agg(id), '{}') INTO few FROM gone;
    moved := moved || few;
    WITH gone AS (UPDATE community_watch w
                     SET customer_id = target, branch_id = home.branch_id, branch_pos = home.branch_pos
                   WHERE w.customer_id = source AND (those IS NULL OR w.id = ANY (those))
                     AND NOT EXISTS (SELECT FROM community_watch o
                                      WHERE o.livestream_id = w.livestream_id AND o.customer_id = target)
               RETURNING w.id)
    SELECT coalesce(array_agg(id), '{}') INTO few FROM gone;
    RETURN moved || few;
END $$;
"""
