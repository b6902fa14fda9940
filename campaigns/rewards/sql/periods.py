"""The coupon book told day by day over any period, what was settled on each day, and the verb that answers both.

The close's own book (`rewards_coupon_book`) is the same told in one: there is one text of what came and went.
"""

# Coupons of the tree's customers that can still be redeemed: on the first day's begin, what came and went on each
# local day of `zone`, on the last day's end. In fen by what each can be worth at most. Begin and end are told from
# the coupons' history, what came and went from its own rows; only void, expired and extended have none and are
# counted as moves. Everything is joined whole: a look per coupon into its past would cost their number squared.
BOOKED = """
CREATE FUNCTION rewards_booked(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz, zone text)
RETURNS TABLE (day date, line text, many bigint, fen bigint) LANGUAGE sql STABLE AS VERB $$
    WITH held AS MATERIALIZED (
        SELECT c.id, c.off_fen, c.how, c.status, c.claimed_at, c.moved_at FROM rewards_coupon c
         WHERE c.branch_pos BETWEEN pos_from AND pos_to AND c.claimed_at < day_to
           AND (c.status IN ('held', 'claimed') OR c.moved_at >= day_from OR c.claimed_at >= day_from)
    ), past AS MATERIALIZED (
        SELECT e.pgh_obj_id AS id, e.pgh_id, e.status, e.moved_at, h.off_fen,
               lag(e.status) OVER (PARTITION BY e.pgh_obj_id ORDER BY e.pgh_id) AS before
          FROM rewards_couponevent e JOIN held h ON h.id = e.pgh_obj_id WHERE h.moved_at >= day_from
    ), opened AS (
        SELECT DISTINCT ON (p.id) p.id, p.status FROM past p
         WHERE p.moved_at IS NULL OR p.moved_at < day_from ORDER BY p.id, p.pgh_id DESC
    ), closed AS (
        SELECT DISTINCT ON (p.id) p.id, p.status FROM past p
         WHERE p.moved_at IS NULL OR p.moved_at < day_to ORDER BY p.id, p.pgh_id DESC
    ), moves AS (
        SELECT * FROM past p WHERE p.moved_at >= day_from AND p.moved_at < day_to AND p.status <> p.before
    ), lines (line, moment, off_fen) AS (
        SELECT 'opening', day_from, h.off_fen FROM held h LEFT JOIN opened o USING (id)
         WHERE h.claimed_at < day_from
           AND CASE WHEN h.moved_at >= day_from THEN o.status ELSE h.status END IN ('held', 'claimed')
        UNION ALL SELECT CASE h.how WHEN 'given' THEN 'received' ELSE h.how END, h.claimed_at, h.off_fen FROM held h
                   WHERE h.claimed_at >= day_from
        UNION ALL SELECT 'reversed', v.at, c.off_fen FROM rewards_reversal v
                    JOIN rewards_redemption r ON r.id = v.redemption_id JOIN rewards_coupon c ON c.id = r.coupon_id
                   WHERE v.at >= day_from AND v.at < day_to AND c.branch_pos BETWEEN pos_from AND pos_to
        UNION ALL SELECT 'extended', m.moved_at, m.off_fen FROM moves m
                   WHERE m.before = 'expired' AND m.status = 'claimed'
        UNION ALL SELECT 'redeemed', r.at, c.off_fen FROM rewards_redemption r
                    JOIN rewards_coupon c ON c.id = r.coupon_id
                   WHERE r.at >= day_from AND r.at < day_to AND c.branch_pos BETWEEN pos_from AND pos_to
        UNION ALL SELECT m.status, m.moved_at, m.off_fen FROM moves m WHERE m.status IN ('void', 'expired')
        UNION ALL SELECT 'given', g.accepted_at, c.off_fen FROM rewards_gift g
                    JOIN rewards_coupon c ON c.id = g.coupon_id
                   WHERE g.accepted_at >= day_from AND g.accepted_at < day_to
                     AND c.branch_pos BETWEEN pos_from AND pos_to
        UNION ALL SELECT 'closing', day_to - interval '1 microsecond', h.off_fen
                    FROM held h LEFT JOIN closed x USING (id)
                   WHERE CASE WHEN h.moved_at >= day_to THEN x.status ELSE h.status END IN ('held', 'claimed')
    )
    SELECT (l.moment AT TIME ZONE zone)::date, l.line, count(*), sum(l.off_fen)::bigint FROM lines l GROUP BY 1, 2
$$;
"""
BOOK = """
CREATE OR REPLACE FUNCTION rewards_coupon_book(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (nth int, line text, sign int, many bigint, fen bigint) LANGUAGE sql STABLE AS VERB $$
    SELECT n.nth, n.line, n.sign, coalesce(sum(l.many), 0)::bigint, coalesce(sum(l.fen), 0)::bigint
      FROM (VALUES (1, 'opening', 1), (2, 'claimed', 1), (3, 'granted', 1), (4, 'received', 1), (5, 'reversed', 1),
                   (6, 'extended', 1), (7, 'redeemed', -1), (8, 'void', -1), (9, 'expired', -1), (10, 'given', -1),
                   (11, 'closing', 1)) AS n (nth, line, sign)
      LEFT JOIN rewards_booked(pos_from, pos_to, day_from, day_to, 'UTC') l ON l.line = n.line
     GROUP BY 1, 2, 3 ORDER BY 1
$$;
"""

# What each day's redemptions less reversals come to, whoever pays: the parts of a redemption sum to its worth.
SETTLED_DAYS = """
CREATE FUNCTION rewards_settled_days(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz, zone text)
RETURNS TABLE (day date, redeemed bigint, reversed bigint, fen bigint) LANGUAGE sql STABLE AS VERB $$
    SELECT (m.at AT TIME ZONE zone)::date, count(*) FILTER (WHERE m.sign = 1), count(*) FILTER (WHERE m.sign = -1),
           sum(m.sign * m.off_fen)::bigint
      FROM (SELECT r.at, r.issuer_id, r.branch_pos, r.off_fen, 1 AS sign FROM rewards_redemption r
             WHERE r.at >= day_from AND r.at < day_to
            UNION ALL SELECT v.at, r.issuer_id, r.branch_pos, r.off_fen, -1 FROM rewards_reversal v
              JOIN rewards_redemption r ON r.id = v.redemption_id WHERE v.at >= day_from AND v.at < day_to) m
      JOIN tenants_branch i ON i.id = m.issuer_id
     WHERE m.branch_pos BETWEEN pos_from AND pos_to OR i.pos BETWEEN pos_from AND pos_to
     GROUP BY 1
$$;
"""

# One statement, and so one moment for all figures. They are shaped as a close keeps them.
FIGURES = """
CREATE FUNCTION period_figures(wanted int, first_day date, last_day date) RETURNS jsonb
LANGUAGE plpgsql STABLE AS VERB $$
DECLARE here tenants_branch; begins timestamptz; ends timestamptz; told jsonb;
BEGIN
    SELECT * INTO here FROM tenants_branch b
     WHERE b.id = wanted AND b.pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL;
    IF NOT FOUND THEN RETURN NULL; END IF;
    begins := first_day::timestamp AT TIME ZONE here.zone;
    ends := (last_day + 1)::timestamp AT TIME ZONE here.zone;
    SELECT jsonb_build_object('book', coalesce(book.lines, '[]'), 'days', coalesce(days.lines, '[]'),
               'settlement', coalesce(owed.lines, '[]'),
               'head_office', (SELECT b.id FROM tenants_branch b WHERE b.parent_id IS NULL))
      INTO told
      FROM (SELECT jsonb_agg(to_jsonb(b)) AS lines
              FROM rewards_booked(here.pos, here.pos_end, begins, ends, here.zone) b) book
     CROSS JOIN (SELECT jsonb_agg(to_jsonb(d)) AS lines
                   FROM rewards_settled_days(here.pos, here.pos_end, begins, ends, here.zone) d) days
     CROSS JOIN (SELECT jsonb_agg(to_jsonb(s)
                                  || jsonb_build_object('issuer_name', i.name, 'place_name', p.name,
                                                        'merchant_name', m.name)) AS lines
                   FROM rewards_settled(here.pos, here.pos_end, begins, ends) s
                   JOIN tenants_branch i ON i.id = s.issuer JOIN tenants_branch p ON p.id = s.place
                   LEFT JOIN rewards_merchant m ON m.id = s.merchant) owed;
    RETURN told;
END $$;
"""

# Days that nobody closed, the oldest first, and of each day head office last: so its own last day, where the timetable
# closed it, says how far all were closed, and what was missed since is made up for, a month at most (`%(most)s`).
# A bank that never closed a day begins with yesterday. A day is over ten minutes past its midnight, when what began
# before it has ended; it counts at each open branch in whose tree anything happened on it, and at head office always.
# Moments by the quarter of an hour, which is as finely as zones of the earth differ.
DUE = """
WITH RECURSIVE head AS (
    SELECT b.id, ((%(at)s - interval '10 minutes') AT TIME ZONE b.zone)::date AS today FROM tenants_branch b
     WHERE b.parent_id IS NULL
), since AS MATERIALIZED (
    SELECT greatest(coalesce((SELECT max(c.day) FROM rewards_close c WHERE c.branch_id = h.id AND c.closed_by = ''),
                             h.today - 1), h.today - %(most)s) AS day, h.today FROM head h
), span AS MATERIALIZED (
    SELECT (s.day - 1)::timestamp AT TIME ZONE 'UTC' AS begins FROM since s
), moved (branch_id, home_id, issuer_id, moment) AS (
    SELECT c.branch_id, c.branch_id, c.issuer_id, c.claimed_at FROM rewards_coupon c, span
     WHERE c.claimed_at >= span.begins
    UNION ALL SELECT c.branch_id, c.branch_id, c.issuer_id, c.moved_at FROM rewards_coupon c, span
               WHERE c.moved_at >= span.begins
    UNION ALL SELECT r.branch_id, r.home_id, r.issuer_id, r.at FROM rewards_redemption r, span WHERE r.at >= span.begins
    UNION ALL SELECT r.branch_id, r.home_id, r.issuer_id, v.at FROM rewards_reversal v
                JOIN rewards_redemption r ON r.id = v.redemption_id, span WHERE v.at >= span.begins
), lively (branch_id, moment) AS (
    SELECT p.branch_id, date_bin('15 minutes', m.moment, '2000-01-01') FROM moved m
     CROSS JOIN LATERAL (VALUES (m.branch_id), (m.home_id), (m.issuer_id)) AS p (branch_id)
    UNION
    SELECT b.parent_id, l.moment FROM lively l JOIN tenants_branch b ON b.id = l.branch_id
     WHERE b.parent_id IS NOT NULL
), days (branch_id, day) AS (
    SELECT l.branch_id, (l.moment AT TIME ZONE b.zone)::date FROM lively l JOIN tenants_branch b ON b.id = l.branch_id
    UNION SELECT h.id, g::date FROM head h, since s, generate_series(s.day, s.today - 1, interval '1 day') g
)
SELECT d.branch_id, d.day
  FROM days d JOIN tenants_branch b ON b.id = d.branch_id, since s
 WHERE b.closed_at IS NULL AND d.day >= s.day
   AND d.day < ((%(at)s - interval '10 minutes') AT TIME ZONE b.zone)::date
   AND NOT EXISTS (SELECT FROM rewards_close c WHERE c.branch_id = b.id AND c.day = d.day)
 ORDER BY d.day, b.parent_id IS NULL, b.pos LIMIT %(limit)s
"""
