"""Awards: rows are judged where they stand, agreed to by one person or two, posted lot by lot, and taken back.

Whoever acts holds the award's row first, so that two jobs for one award, or a posting and a taking back, follow each
other. What was done is on lots and rows: begun again, a job goes on behind it.
"""

# A new award of the branch where its maker stands. What it says is `terms`; how it stands is not theirs to say.
LOAD = """
CREATE FUNCTION load_award(fresh uuid, terms jsonb, keeps interval) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE said points_award := jsonb_populate_record(NULL::points_award, terms);
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'points are awarded by staff';
    END IF;
    INSERT INTO points_award (id, branch_id, branch_pos, title, reason, source, name, tag_id, sha256, reading, "each",
        waits_until, months, ends, payer, state, rows, customers, points, refused, alone, loaded_at, asked_by_id,
        remark, return_reason, owes_rest, kept_until)
    VALUES (fresh, app_branch(), app_branch_pos(), said.title, said.reason, said.source, said.name, said.tag_id,
        coalesce(said.sha256, ''), coalesce(said.reading, '{}'), said."each", said.waits_until, said.months, said.ends,
        said.payer, 'judging', coalesce(said.rows, 0), 0, 0, 0, 0, app_at(), app_person(), '', '', true,
        app_at() + keeps);
END $$;
"""

# The award, held, for who may see it from here; NULL otherwise.
HOLD = """
CREATE FUNCTION points_hold_award(wanted uuid) RETURNS points_award LANGUAGE plpgsql AS VERB $$
DECLARE held points_award;
BEGIN
    SELECT * INTO held FROM points_award a
     WHERE a.id = wanted AND app_customer() IS NULL AND a.branch_pos BETWEEN app_lo() AND app_hi()
       FOR NO KEY UPDATE;
    RETURN held;
END $$;
"""

# Rows of the file or the tag: whom they mean, if anybody, and how many points (NULL: no whole number above zero). A
# customer of other branches is none, as one whom nobody knows. Answers how many were refused.
JUDGE = """
CREATE FUNCTION judge_award_rows(wanted uuid, lines int[], who uuid[], amounts bigint[]) RETURNS int
LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted); no int;
BEGIN
    IF held.id IS NULL OR held.state <> 'judging' THEN
        RAISE insufficient_privilege USING MESSAGE = 'the rows of this award are not being judged';
    END IF;
    WITH asked AS MATERIALIZED (
        SELECT a.line, a.amount, c.id AS customer, c.branch_id AS home,
               CASE WHEN a.amount IS NULL THEN 'amount'
                    WHEN c.id IS NULL OR c.status IN ('merged', 'erased') THEN 'unknown'
                    WHEN c.status <> 'active' THEN 'closed'
                    WHEN p.is_minor THEN 'minor' ELSE '' END AS word
          FROM unnest(lines, who, amounts) AS a (line, customer, amount)
          LEFT JOIN customers_customer c ON c.id = a.customer AND c.branch_pos BETWEEN app_lo() AND app_hi()
          LEFT JOIN customers_permission p ON p.customer_id = c.id
    ), told AS (
        SELECT a.*, CASE WHEN a.word = '' AND (
                             row_number() OVER (PARTITION BY a.customer, a.word = '' ORDER BY a.line) > 1
                             OR EXISTS (SELECT FROM points_awardrow r WHERE r.award_id = wanted AND r.word = ''
                                           AND r.customer_id = a.customer))
                         THEN 'twice' ELSE a.word END AS verdict FROM asked a
    ), written AS (
        INSERT INTO points_awardrow (id, branch_id, branch_pos, award_id, line, customer_id, home_id, points, word,
                                     back)
        SELECT uuidv7(), held.branch_id, held.branch_pos, wanted, t.line, t.customer, t.home, coalesce(t.amount, 0),
               t.verdict, '' FROM told t
        RETURNING word
    )
    SELECT count(*) FILTER (WHERE w.word <> '') INTO no FROM written w;
    RETURN no;
END $$;
"""

# All rows are judged: what it comes to, and the lots, of one issuer each and of so many customers at most. How many
# one person may award alone is what the strictest of the branches concerned says.
FINISH = """
CREATE FUNCTION finish_judging(wanted uuid, at_most int) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted);
BEGIN
    IF held.id IS NULL OR held.state <> 'judging' THEN
        RAISE insufficient_privilege USING MESSAGE = 'the rows of this award are not being judged';
    END IF;
    WITH placed AS MATERIALIZED (
        SELECT r.id, r.points, CASE held.payer WHEN 'own' THEN held.branch_id ELSE r.home_id END AS issuer,
               (row_number() OVER (PARTITION BY CASE held.payer WHEN 'own' THEN held.branch_id ELSE r.home_id END
                                   ORDER BY r.customer_id) - 1) / at_most AS nth
          FROM points_awardrow r WHERE r.award_id = wanted AND r.word = ''
    ), lots AS MATERIALIZED (
        SELECT uuidv7() AS id, p.issuer, p.nth, count(*) AS many, sum(p.points) AS points,
               row_number() OVER (ORDER BY p.issuer, p.nth) AS number FROM placed p GROUP BY p.issuer, p.nth
    ), made AS (
        INSERT INTO points_awardlot (id, branch_id, branch_pos, award_id, number, issuer_id, customers, points)
        SELECT l.id, held.branch_id, held.branch_pos, wanted, l.number, l.issuer, l.many, l.points FROM lots l
    )
    UPDATE points_awardrow r SET lot_id = l.id FROM placed p JOIN lots l ON l.issuer = p.issuer AND l.nth = p.nth
     WHERE r.id = p.id;
    UPDATE points_award a
       SET state = 'judged', rows = s.rows, customers = s.many, points = s.points, refused = s.refused,
           alone = least(points_alone(a.branch_id),
                         (SELECT min(points_alone(h.home_id)) FROM (
                              SELECT DISTINCT r.home_id FROM points_awardrow r
                               WHERE r.award_id = wanted AND r.word = '') h))
      FROM (SELECT count(*) AS rows, count(*) FILTER (WHERE r.word = '') AS many,
                   coalesce(sum(r.points) FILTER (WHERE r.word = ''), 0) AS points,
                   count(*) FILTER (WHERE r.word <> '') AS refused
              FROM points_awardrow r WHERE r.award_id = wanted) s
     WHERE a.id = wanted;
END $$;
"""

# By who loaded it. Agreed at once while it and all that the same person gave alone within a day, by awards and by hand,
# are within the limit; else another person decides. NULL, 'not_found', 'not_judged' or 'empty'.
ASK = """
CREATE FUNCTION ask_award(wanted uuid) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_award; before bigint;
BEGIN
    -- Two asked at once by one person count one another.
    PERFORM pg_advisory_xact_lock(hashtextextended('points_award|' || coalesce(app_person()::text, ''), 0));
    held := points_hold_award(wanted);
    IF held.id IS NULL OR held.asked_by_id IS DISTINCT FROM app_person() THEN RETURN 'not_found'; END IF;
    IF held.state <> 'judged' THEN RETURN 'not_judged'; END IF;
    IF held.customers = 0 THEN RETURN 'empty'; END IF;
    SELECT coalesce(sum(a.points), 0) INTO before FROM points_award a
     WHERE a.asked_by_id IS NOT DISTINCT FROM app_person() AND a.asked_at > app_at() - interval '1 day'
       AND a.decided_by_id IS NULL AND a.state IN ('agreed', 'posted', 'returning', 'returned');
    SELECT before + coalesce(sum(abs(j.points)), 0) INTO before FROM points_adjustment j
     WHERE j.asked_by_id IS NOT DISTINCT FROM app_person() AND j.asked_at > app_at() - interval '1 day'
       AND j.decided_by_id IS NULL AND j.state = 'posted';
    UPDATE points_award a SET asked_at = app_at(),
           state = CASE WHEN before + a.points <= a.alone THEN 'agreed' ELSE 'asked' END
     WHERE a.id = wanted;
    RETURN NULL;
END $$;
"""

# By another person. NULL, 'not_found', 'decided' or 'own'.
DECIDE = """
CREATE FUNCTION decide_award(wanted uuid, is_agreed boolean, said text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted);
BEGIN
    IF held.id IS NULL OR app_person() IS NULL THEN RETURN 'not_found'; END IF;
    IF held.state <> 'asked' THEN RETURN 'decided'; END IF;
    IF held.asked_by_id = app_person() THEN RETURN 'own'; END IF;
    UPDATE points_award a SET decided_by_id = app_person(), decided_at = app_at(), remark = said,
           state = CASE WHEN is_agreed THEN 'agreed' ELSE 'refused' END
     WHERE a.id = wanted;
    RETURN NULL;
END $$;
"""

# Not to be asked for any more, by who loaded it. NULL, 'not_found' or 'decided'.
DROP = """
CREATE FUNCTION drop_award(wanted uuid) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted);
BEGIN
    IF held.id IS NULL OR held.asked_by_id IS DISTINCT FROM app_person() THEN RETURN 'not_found'; END IF;
    IF held.state NOT IN ('judging', 'judged', 'asked') THEN RETURN 'decided'; END IF;
    UPDATE points_award a SET state = 'dropped' WHERE a.id = wanted;
    RETURN NULL;
END $$;
"""

# Which job works at it now.
WORKS = """
CREATE FUNCTION note_award_job(wanted uuid, job uuid) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted);
BEGIN
    UPDATE points_award a SET job_id = job,
           judge_job_id = CASE a.state WHEN 'judging' THEN job ELSE a.judge_job_id END WHERE a.id = held.id;
END $$;
"""

# The next lot, by the key that is its id: posted again, nothing moves. Who was merged since is who was kept, once; who
# is not active or not of these branches any more gets nothing, and stands as refused. Answers how many customers and
# points went through so far, of how many; NULLs when the award is not to be posted.
POST = """
CREATE FUNCTION post_award_lot(wanted uuid) RETURNS TABLE (is_over boolean, done int, lost int)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE held points_award := points_hold_award(wanted); lot points_awardlot; made uuid; who uuid[]; amounts bigint[];
        keys uuid[]; missing int[];
BEGIN
    IF held.id IS NULL OR held.state <> 'agreed' THEN RETURN; END IF;
    SELECT * INTO lot FROM points_awardlot l WHERE l.award_id = wanted AND l.posted_at IS NULL
     ORDER BY l.number LIMIT 1 FOR NO KEY UPDATE;
    IF FOUND THEN
        UPDATE points_awardrow r
           SET customer_id = CASE WHEN k.is_twice THEN r.customer_id ELSE k.kept END,
               word = CASE WHEN k.is_twice THEN 'twice' ELSE '' END
          FROM (SELECT r.id, g.kept, row_number() OVER (PARTITION BY g.kept ORDER BY r.line) > 1
                       OR EXISTS (SELECT FROM points_awardrow o WHERE o.award_id = wanted AND o.word = ''
                                     AND o.customer_id = g.kept) AS is_twice
                  FROM points_awardrow r
                 CROSS JOIN LATERAL (SELECT m.kept_id AS kept FROM customers_merge m
                                      WHERE m.absorbed_id = r.customer_id AND m.undone_at IS NULL
                                      ORDER BY m.id DESC LIMIT 1) g
                 WHERE r.lot_id = lot.id AND r.word = '') k
         WHERE r.id = k.id;
        SELECT array_agg(r.id ORDER BY r.customer_id), array_agg(r.customer_id ORDER BY r.customer_id),
               array_agg(r.points ORDER BY r.customer_id)
          INTO keys, who, amounts FROM points_awardrow r WHERE r.lot_id = lot.id AND r.word = '';
        IF who IS NOT NULL THEN
            SELECT (array_agg(a.movement) FILTER (WHERE a.movement IS NOT NULL))[1],
                   array_agg(a.place) FILTER (WHERE a.word = 'not_found')
              INTO made, missing
              FROM accrue_points(who, amounts, array_fill(NULL::uuid, ARRAY[cardinality(who)]),
                                 array_fill('points.award:' || wanted, ARRAY[cardinality(who)]), lot.id, lot.issuer_id,
                                 'accrue', held.title, held.reason,
                                 CASE WHEN held.waits_until > app_at() THEN held.waits_until END, held.months,
                                 held.ends, NULL, NULL) a;
            UPDATE points_awardrow r SET word = 'gone'
             WHERE r.id IN (SELECT keys[p] FROM unnest(missing) p);
        END IF;
        UPDATE points_awardlot l SET posted_at = app_at(), movement_id = made, customers = s.many, points = s.points
          FROM (SELECT count(*) AS many, coalesce(sum(r.points), 0) AS points FROM points_awardrow r
                 WHERE r.lot_id = lot.id AND r.word = '') s
         WHERE l.id = lot.id;
    END IF;
    SELECT NOT EXISTS (SELECT FROM points_awardlot l WHERE l.award_id = wanted AND l.posted_at IS NULL) INTO is_over;
    IF is_over THEN UPDATE points_award a SET state = 'posted', posted_at = app_at() WHERE a.id = wanted; END IF;
    SELECT coalesce(sum(l.customers) FILTER (WHERE l.posted_at IS NOT NULL), 0) INTO done FROM points_awardlot l
     WHERE l.award_id = wanted;
    lost := CASE WHEN is_over THEN held.customers - done
                 ELSE (SELECT count(*) FROM points_awardrow r
                        WHERE r.award_id = wanted AND r.word IN ('gone', 'twice') AND r.lot_id IS NOT NULL) END;
    RETURN NEXT;
END $$;
"""

# All of it is to be taken back, posted or half posted; nothing more of it is posted. NULL, 'not_found' or 'not_posted'.
RETURN = """
CREATE FUNCTION return_award(wanted uuid, why text, owes boolean) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted);
BEGIN
    IF held.id IS NULL THEN RETURN 'not_found'; END IF;
    IF held.state NOT IN ('agreed', 'posted') OR held.gone_at IS NOT NULL AND held.kept_until <= app_at() THEN
        RETURN 'not_posted';
    END IF;
    UPDATE points_award a SET state = 'returning', returned_at = app_at(), returned_by_id = app_person(),
           return_reason = why, owes_rest = owes WHERE a.id = wanted;
    RETURN NULL;
END $$;
"""

# Customer after customer in the order of their ids, each by a key of award and customer. Who was taken back by hand
# before, or is not of these branches any more, stays as is and is noted.
RETURN_ROWS = """
CREATE FUNCTION return_award_rows(wanted uuid, at_most int) RETURNS TABLE (is_over boolean, done int, lost int)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE held points_award := points_hold_award(wanted); each record; no text;
BEGIN
    IF held.id IS NULL OR held.state <> 'returning' THEN RETURN; END IF;
    FOR each IN SELECT r.id, r.customer_id, l.movement_id
                  FROM points_awardrow r JOIN points_awardlot l ON l.id = r.lot_id
                 WHERE l.award_id = wanted AND l.movement_id IS NOT NULL AND r.word = '' AND r.back = ''
                 ORDER BY r.customer_id LIMIT at_most LOOP
        SELECT b.word INTO no
          FROM reverse_points(each.movement_id, each.customer_id, CASE WHEN held.owes_rest THEN 'owe' ELSE 'waive' END,
                              md5('points.award.return|' || wanted || '|' || each.customer_id)::uuid,
                              left('冲正：' || held.title, 80), held.return_reason) b;
        UPDATE points_awardrow r SET back = CASE WHEN no IS NULL OR no = 'twice' THEN 'done'
                                                 WHEN no = 'reversed' THEN 'before' ELSE 'gone' END
         WHERE r.id = each.id;
    END LOOP;
    SELECT count(*) FILTER (WHERE r.back = '') = 0, count(*) FILTER (WHERE r.back = 'done'),
           count(*) FILTER (WHERE r.back IN ('before', 'gone')) INTO is_over, done, lost
      FROM points_awardrow r JOIN points_awardlot l ON l.id = r.lot_id
     WHERE l.award_id = wanted AND l.movement_id IS NOT NULL AND r.word = '';
    IF is_over THEN UPDATE points_award a SET state = 'returned' WHERE a.id = wanted; END IF;
    RETURN NEXT;
END $$;
"""

# What was loaded is deleted in due course, by the system: the rows, or (`at_most` 0) only the note that the sealed
# content is gone. Answers how many rows.
FORGET = """
CREATE FUNCTION forget_award_rows(wanted uuid, at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE held points_award := points_hold_award(wanted); many int := 0;
BEGIN
    IF held.id IS NULL THEN RETURN 0; END IF;
    UPDATE points_award a SET gone_at = app_at() WHERE a.id = wanted AND a.gone_at IS NULL;
    IF app_person() IS NULL AND held.kept_until <= app_at() AND held.state NOT IN ('agreed', 'returning') THEN
        DELETE FROM points_awardrow r WHERE r.id IN (
            SELECT o.id FROM points_awardrow o WHERE o.award_id = wanted ORDER BY o.line LIMIT at_most);
        GET DIAGNOSTICS many = ROW_COUNT;
    END IF;
    RETURN many;
END $$;
"""

# What events before a moment came to, where nothing waits any more; by the system.
LET_GO = """
CREATE FUNCTION let_go_of_earnings(before timestamptz, at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'what is old is let go by the system';
    END IF;
    DELETE FROM points_earning e WHERE e.id IN (
        SELECT o.id FROM points_earning o
         WHERE o.at < before AND o.heard_at < before AND o.state IN ('earned', 'refused', 'returned')
           AND o.branch_pos BETWEEN app_lo() AND app_hi()
         ORDER BY o.id LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""
