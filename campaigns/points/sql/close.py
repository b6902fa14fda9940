"""What must agree about the ledger: each check is one query for the rows that disagree.

Within positions (`pos_from` to `pos_to`) and, for what can never change again once it was written, within a day
(`day_from` to `day_to`, UTC, end exclusive). Tests ask the same texts of the whole bank and of all time.
"""

from campaigns.rewards.sql.close import asked, of_all

CHECKS = {
    "zero": """
        SELECT m.id AS movement, count(e.id) AS entries, coalesce(sum(e.points), 0) AS points
          FROM points_movement m LEFT JOIN points_entry e ON e.movement_id = m.id
         WHERE m.at >= day_from AND m.at < day_to AND m.branch_pos BETWEEN pos_from AND pos_to
         GROUP BY 1 HAVING count(e.id) < 2 OR sum(e.points) <> 0""",
    # Nothing but the verbs ties them together: the ledger has no foreign keys of its own.
    "strays": """
        SELECT e.movement_id AS movement, e.account, e.points, e.customer_id AS customer, e.lot_id AS lot
          FROM points_entry e LEFT JOIN points_movement m ON m.id = e.movement_id
          LEFT JOIN points_wallet w ON w.customer_id = e.customer_id LEFT JOIN points_lot l ON l.id = e.lot_id
         WHERE e.at >= day_from AND e.at < day_to AND e.branch_pos BETWEEN pos_from AND pos_to
           AND (m.id IS NULL OR m.kind <> e.kind OR e.customer_id IS NOT NULL AND w.customer_id IS NULL
                OR e.lot_id IS NOT NULL AND (l.id IS NULL OR l.issuer_id IS DISTINCT FROM e.issuer_id))""",
    "wallets": """
        SELECT w.customer_id AS customer, w.pending, w.usable, w.held, w.owed,
               coalesce(sum(e.points) FILTER (WHERE e.account = 'pending'), 0) AS booked_pending,
               coalesce(sum(e.points) FILTER (WHERE e.account = 'wallet'), 0) AS booked_usable,
               coalesce(sum(e.points) FILTER (WHERE e.account = 'held'), 0) AS booked_held,
               coalesce(-sum(e.points) FILTER (WHERE e.account = 'owed'), 0) AS booked_owed
          FROM points_wallet w LEFT JOIN points_entry e ON e.customer_id = w.customer_id
         WHERE w.branch_pos BETWEEN pos_from AND pos_to GROUP BY w.customer_id
        HAVING (w.pending, w.usable, w.held, w.owed)
               <> (coalesce(sum(e.points) FILTER (WHERE e.account = 'pending'), 0),
                   coalesce(sum(e.points) FILTER (WHERE e.account = 'wallet'), 0),
                   coalesce(sum(e.points) FILTER (WHERE e.account = 'held'), 0),
                   coalesce(-sum(e.points) FILTER (WHERE e.account = 'owed'), 0))""",
    # A lot that a merge moved: what its former owner had of it went out again, so the owner's entries say all.
    "lots": """
        SELECT l.id AS lot, l.customer_id AS customer, l.pending, l.rest, l.held,
               coalesce(sum(e.points) FILTER (WHERE e.account = 'pending'), 0) AS booked_pending,
               coalesce(sum(e.points) FILTER (WHERE e.account = 'wallet'), 0) AS booked_rest,
               coalesce(sum(e.points) FILTER (WHERE e.account = 'held'), 0) AS booked_held
          FROM points_lot l LEFT JOIN points_entry e ON e.customer_id = l.customer_id AND e.lot_id = l.id
         WHERE l.branch_pos BETWEEN pos_from AND pos_to GROUP BY l.id
        HAVING (l.pending, l.rest, l.held)
               <> (coalesce(sum(e.points) FILTER (WHERE e.account = 'pending'), 0),
                   coalesce(sum(e.points) FILTER (WHERE e.account = 'wallet'), 0),
                   coalesce(sum(e.points) FILTER (WHERE e.account = 'held'), 0))""",
    "shares": """
        SELECT w.customer_id AS customer, w.pending, w.usable, w.held, coalesce(sum(l.pending), 0) AS lots_pending,
               coalesce(sum(l.rest), 0) AS lots_rest, coalesce(sum(l.held), 0) AS lots_held
          FROM points_wallet w LEFT JOIN points_lot l ON l.customer_id = w.customer_id
         WHERE w.branch_pos BETWEEN pos_from AND pos_to GROUP BY w.customer_id
        HAVING (w.pending, w.usable, w.held)
               <> (coalesce(sum(l.pending), 0), coalesce(sum(l.rest), 0), coalesce(sum(l.held), 0))""",
    # Points that lapsed never come back, so a lot can lose to its end what it began with and no more.
    "lapsed": """
        SELECT l.id AS lot, l.customer_id AS customer, l.points, l.expires_at, -sum(e.points) AS lapsed,
               min(e.at) AS first_lapsed_at
          FROM points_lot l JOIN points_entry e ON e.lot_id = l.id AND e.kind = 'expire' AND e.account = 'wallet'
         WHERE l.branch_pos BETWEEN pos_from AND pos_to AND l.expires_at < day_to GROUP BY l.id
        HAVING -sum(e.points) > l.points OR min(e.at) < l.expires_at OR count(*) <> count(DISTINCT e.movement_id)""",
    # By lot: a lot may go back to who was merged while the hold stays.
    "holds": """
        SELECT l.id AS lot, l.customer_id AS customer, l.held, coalesce(h.points, 0) AS set_aside
          FROM points_lot l
          LEFT JOIN (SELECT e.lot_id, sum(e.points) AS points FROM points_hold h
                       JOIN points_entry e ON e.movement_id = h.id AND e.account = 'held'
                      WHERE h.state = 'open' GROUP BY 1) h ON h.lot_id = l.id
         WHERE l.branch_pos BETWEEN pos_from AND pos_to AND l.held <> coalesce(h.points, 0)""",
    # Two tellings of what a branch owes: the lots as they are, and the entries up to the day and through it. What was
    # written since the day's end is taken off the lots again.
    "liability": """
        SELECT coalesce(l.issuer_id, e.issuer_id) AS branch, coalesce(e.opening, 0) AS opening,
               coalesce(e.moved, 0) AS moved, coalesce(l.points, 0) - coalesce(e.since, 0) AS closing
          FROM (SELECT l.issuer_id, sum(l.pending + l.rest + l.held) AS points FROM points_lot l
                 WHERE l.pending + l.rest + l.held > 0 GROUP BY 1) l
          FULL JOIN (SELECT e.issuer_id, sum(e.points) FILTER (WHERE e.at < day_from) AS opening,
                            sum(e.points) FILTER (WHERE e.at >= day_from AND e.at < day_to) AS moved,
                            sum(e.points) FILTER (WHERE e.at >= day_to) AS since
                       FROM points_entry e WHERE e.account IN ('pending', 'wallet', 'held') GROUP BY 1) e
            ON e.issuer_id = l.issuer_id
          JOIN tenants_branch b ON b.id = coalesce(l.issuer_id, e.issuer_id)
         WHERE b.pos BETWEEN pos_from AND pos_to
           AND coalesce(e.opening, 0) + coalesce(e.moved, 0) <> coalesce(l.points, 0) - coalesce(e.since, 0)""",
    "negative": """
        SELECT t.customer, t.lot, t.points FROM (
            SELECT w.customer_id AS customer, NULL::uuid AS lot, w.branch_pos,
                   least(w.pending, w.usable, w.held, w.owed) AS points FROM points_wallet w
            UNION ALL SELECT l.customer_id, l.id, l.branch_pos, least(l.pending, l.rest, l.held) FROM points_lot l) t
         WHERE t.points < 0 AND t.branch_pos BETWEEN pos_from AND pos_to""",
}


def asked_of_all(code: str) -> str:
    """The check's query over the whole bank and all time."""
    return of_all(CHECKS[code])


# What branches owe in points: at the begin, what came and went by kind of movement, at the end.
BOOK = """
CREATE FUNCTION points_book(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (branch int, line text, many bigint, points bigint) LANGUAGE sql STABLE AS VERB $$
    SELECT t.issuer_id, l.line, sum(t.many)::bigint, sum(t.points)::bigint
      FROM (SELECT e.issuer_id, e.at < day_from AS is_before, CASE WHEN e.at >= day_from THEN e.kind END AS kind,
                   count(DISTINCT e.movement_id) FILTER (WHERE e.at >= day_from) AS many, sum(e.points) AS points
              FROM points_entry e JOIN tenants_branch b ON b.id = e.issuer_id
             WHERE e.account IN ('pending', 'wallet', 'held') AND e.at < day_to AND b.pos BETWEEN pos_from AND pos_to
             GROUP BY 1, 2, 3) t
     CROSS JOIN LATERAL (VALUES ('opening', t.is_before), (t.kind, NOT t.is_before), ('closing', true))
                        AS l (line, is_told)
     WHERE l.is_told GROUP BY 1, 2 ORDER BY 1, 2
$$;
"""
# Asked of a period alone: it goes on where the one before ended. A branch that came into the tree since is left out.
DAILY = {
    "carried": """
        SELECT k.branch, k.points AS before, coalesce(o.points, 0) AS opening
          FROM (SELECT (l ->> 'branch')::int AS branch, (l ->> 'points')::bigint AS points
                  FROM (SELECT c.figures FROM points_ledgerclose c
                         WHERE c.branch_pos = pos_from AND c.ends_at = day_from
                         ORDER BY c.closed_at DESC, c.nth DESC LIMIT 1) c
                 CROSS JOIN LATERAL jsonb_array_elements(c.figures -> 'book') l WHERE l ->> 'line' = 'closing') k
          JOIN tenants_branch b ON b.id = k.branch AND b.pos BETWEEN pos_from AND pos_to
          LEFT JOIN (SELECT o.branch, o.points FROM points_book(pos_from, pos_to, day_from, day_to) o
                      WHERE o.line = 'opening') o ON o.branch = k.branch
         WHERE k.points <> coalesce(o.points, 0)""",
}
DIFFERENCES = f"""
CREATE FUNCTION points_differences(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (code text, many bigint, rows jsonb) LANGUAGE sql STABLE AS VERB $$
{asked(CHECKS | DAILY)}
$$;
"""

# One statement, and so one moment: every movement is in all of its figures or in none. NULL, 'not_found' or
# 'not_over'.
CLOSE = """
CREATE FUNCTION close_points(fresh uuid, wanted int, span text, on_day date) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE here tenants_branch; begins timestamptz; ends timestamptz;
BEGIN
    SELECT * INTO here FROM tenants_branch b
     WHERE b.id = wanted AND b.pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF span = 'month' THEN on_day := date_trunc('month', on_day)::date; END IF;
    begins := on_day::timestamp AT TIME ZONE here.zone;
    ends := (on_day + CASE span WHEN 'month' THEN interval '1 month' ELSE interval '1 day' END) AT TIME ZONE here.zone;
    IF app_at() < ends THEN RETURN 'not_over'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('points.close' || wanted || ':' || span || on_day, 0));
    INSERT INTO points_ledgerclose (id, branch_id, branch_pos, period, day, nth, ends_at, closed_at, closed_by,
                                    is_green, figures, differences)
    SELECT fresh, here.id, here.pos, span, on_day,
           (SELECT coalesce(max(c.nth), 0) + 1 FROM points_ledgerclose c
             WHERE c.branch_id = wanted AND c.period = span AND c.day = on_day),
           ends, app_at(), coalesce((SELECT p.name FROM tenants_person p WHERE p.id = app_person()), ''),
           wrong.found IS NULL, jsonb_build_object('book', coalesce(book.lines, '[]'), 'owed', (
               SELECT coalesce(-sum(e.points), 0) FROM points_entry e
                WHERE e.account = 'owed' AND e.at < ends AND e.branch_pos BETWEEN here.pos AND here.pos_end)),
           coalesce(wrong.found, '[]')
      FROM (SELECT jsonb_agg(to_jsonb(d)) AS found
              FROM points_differences(here.pos, here.pos_end, begins, ends) d) wrong
     CROSS JOIN (SELECT jsonb_agg(to_jsonb(k) || jsonb_build_object('name', b.name) ORDER BY b.pos) AS lines
                   FROM points_book(here.pos, here.pos_end, begins, ends) k JOIN tenants_branch b ON b.id = k.branch
                ) book;
    RETURN NULL;
END $$;
"""
STAYS = """
CREATE FUNCTION points_close_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'a close is never changed; close the period again',
        CONSTRAINT = 'points_close_stays';
END $$;
CREATE TRIGGER points_close_stays BEFORE DELETE OR UPDATE OF id, period, day, nth, ends_at, closed_at, closed_by,
    is_green, figures, differences ON points_ledgerclose FOR EACH ROW EXECUTE FUNCTION points_close_stays();
"""

# Days that nobody closed, oldest first and of each day head office last (rewards/sql/periods.py says why), and then
# months whose days were closed. Branches are those whose points moved on the day, those above them, and head office.
DUE = """
WITH RECURSIVE head AS (
    SELECT b.id, ((%(at)s - interval '10 minutes') AT TIME ZONE b.zone)::date AS today FROM tenants_branch b
     WHERE b.parent_id IS NULL
), since AS MATERIALIZED (
    SELECT greatest(coalesce((SELECT max(c.day) FROM points_ledgerclose c
                               WHERE c.branch_id = h.id AND c.period = 'day' AND c.closed_by = ''), h.today - 1),
                    h.today - %(most)s) AS day, h.today FROM head h
), lively (branch_id, moment) AS (
    SELECT DISTINCT e.issuer_id, date_bin('15 minutes', e.at, '2000-01-01') FROM points_entry e, since s
     WHERE e.issuer_id IS NOT NULL AND e.at >= (s.day - 1)::timestamp AT TIME ZONE 'UTC'
    UNION
    SELECT b.parent_id, l.moment FROM lively l JOIN tenants_branch b ON b.id = l.branch_id
     WHERE b.parent_id IS NOT NULL
), days (branch_id, day) AS (
    SELECT l.branch_id, (l.moment AT TIME ZONE b.zone)::date FROM lively l JOIN tenants_branch b ON b.id = l.branch_id
    UNION SELECT h.id, g::date FROM head h, since s, generate_series(s.day, s.today - 1, interval '1 day') g
), due (branch_id, period, day, nth) AS (
    SELECT d.branch_id, 'day', d.day, d.day FROM days d, since s WHERE d.day >= s.day
    UNION ALL
    SELECT DISTINCT c.branch_id, 'month', date_trunc('month', c.day)::date,
           (date_trunc('month', c.day) + interval '1 month - 1 day')::date
      FROM points_ledgerclose c, since s WHERE c.period = 'day' AND c.day >= s.today - 62
)
SELECT d.branch_id, d.period, d.day FROM due d JOIN tenants_branch b ON b.id = d.branch_id
 WHERE b.closed_at IS NULL AND d.nth < ((%(at)s - interval '10 minutes') AT TIME ZONE b.zone)::date
   AND NOT EXISTS (SELECT FROM points_ledgerclose c
                    WHERE c.branch_id = b.id AND c.period = d.period AND c.day = d.day)
 ORDER BY d.nth, d.period, b.parent_id IS NULL, b.pos LIMIT %(limit)s
"""
