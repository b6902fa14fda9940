"""A day of one branch's tree: what must agree, what moved, who owes whom; and the verb that writes it down.

Each check is one query for the rows that disagree, within positions (`pos_from` to `pos_to`) and, where rows of one day
are compared with the records made of them, within that day (`day_from` to `day_to`, UTC, end exclusive). The backup's
invariants and the tests ask the same texts of the whole bank and of all time (`asked_of_all`).
"""

import re
from collections.abc import Mapping

from campaigns.rewards.sql import life

FIRST_CHECKS = {
    "stock": """
        SELECT batch_id AS batch, branch_id AS branch, coalesce(s.claimed, 0) AS taken, coalesce(c.many, 0) AS coupons
          FROM (SELECT batch_id, branch_id, sum(claimed) AS claimed FROM rewards_stock
                 WHERE branch_pos BETWEEN pos_from AND pos_to GROUP BY 1, 2) s
          FULL JOIN (SELECT batch_id, branch_id, count(*) AS many FROM rewards_coupon
                      WHERE status <> 'given' AND branch_pos BETWEEN pos_from AND pos_to GROUP BY 1, 2) c
         USING (batch_id, branch_id)
         WHERE coalesce(s.claimed, 0) <> coalesce(c.many, 0)""",
    "allotted": """
        SELECT b.id AS batch, b.allotted, coalesce(sum(s.allotted), 0) AS buckets
          FROM rewards_batch b LEFT JOIN rewards_stock s ON s.batch_id = b.id
         WHERE b.branch_pos BETWEEN pos_from AND pos_to
         GROUP BY 1, 2 HAVING b.allotted <> coalesce(sum(s.allotted), 0)""",
    "quota": """
        SELECT b.id AS batch, b.allotted, s.received, least(b.quota, coalesce(b.approved_quota, b.quota)) AS quota
          FROM rewards_batch b LEFT JOIN rewards_share s ON s.batch_id = b.id AND s.branch_id = b.branch_id
         WHERE b.branch_pos BETWEEN pos_from AND pos_to
           AND (coalesce(s.received, 0) <> b.allotted OR s.giver_id IS NOT NULL
                OR s.received > least(b.quota, coalesce(b.approved_quota, b.quota)))""",
    "shares": """
        SELECT s.batch_id AS batch, s.branch_id AS branch, s.kept, k.buckets, s.given, c.children FROM rewards_share s
         CROSS JOIN LATERAL (SELECT coalesce(sum(k.allotted), 0) AS buckets FROM rewards_stock k
                              WHERE k.batch_id = s.batch_id AND k.branch_id = s.branch_id) k
         CROSS JOIN LATERAL (SELECT coalesce(sum(c.received), 0) AS children FROM rewards_share c
                              WHERE c.batch_id = s.batch_id AND c.giver_id = s.branch_id) c
         WHERE s.branch_pos BETWEEN pos_from AND pos_to AND (s.kept <> k.buckets OR s.given <> c.children)""",
    "buckets": """
        SELECT k.batch_id AS batch, k.branch_id AS branch, k.allotted FROM rewards_stock k
          LEFT JOIN rewards_share s USING (batch_id, branch_id)
         WHERE k.branch_pos BETWEEN pos_from AND pos_to AND s.id IS NULL""",
    "budgets": """
        SELECT g.id AS budget, g.total_fen, coalesce(m.whole, 0) AS moved_total_fen, g.taken_fen,
               coalesce(m.taken, 0) AS moved_fen
          FROM rewards_budget g
          LEFT JOIN (SELECT budget_id, sum(total_fen) AS whole, sum(reserved_fen + held_fen + spent_fen) AS taken
                       FROM rewards_movement GROUP BY 1) m ON m.budget_id = g.id
         WHERE g.branch_pos BETWEEN pos_from AND pos_to
           AND (g.total_fen <> coalesce(m.whole, 0) OR g.taken_fen <> coalesce(m.taken, 0))""",
    "reservations": """
        SELECT r.batch_id AS batch, r.branch_id AS branch, r.payer, r.reserved_fen, r.held_fen, r.spent_fen,
               coalesce(m.reserved + m.held + m.spent, 0) AS moved_fen
          FROM rewards_reservation r
          LEFT JOIN (SELECT batch_id, place_id, payer, sum(reserved_fen) AS reserved, sum(held_fen) AS held,
                            sum(spent_fen) AS spent FROM rewards_movement WHERE batch_id IS NOT NULL GROUP BY 1, 2, 3) m
            ON m.batch_id = r.batch_id AND m.place_id = r.branch_id AND m.payer = r.payer
         WHERE r.branch_pos BETWEEN pos_from AND pos_to
           AND (r.reserved_fen, r.held_fen, r.spent_fen)
               <> (coalesce(m.reserved, 0), coalesce(m.held, 0), coalesce(m.spent, 0))""",
    "reserved": """
        SELECT k.batch_id AS batch, k.branch_id AS branch, d.payer, coalesce(r.reserved_fen, 0) AS reserved_fen,
               k.open * d.part AS open_fen
          FROM (SELECT s.batch_id, s.branch_id, s.kept - (SELECT count(*) FROM rewards_coupon c
                 WHERE c.batch_id = s.batch_id AND c.branch_id = s.branch_id
                   AND c.status IN ('redeemed', 'void', 'expired')) AS open FROM rewards_share s
                 WHERE s.branch_pos BETWEEN pos_from AND pos_to) k
          JOIN rewards_batch b ON b.id = k.batch_id JOIN rewards_funding f ON f.batch_id = b.id
          CROSS JOIN LATERAL (SELECT f.payer, (rewards_parts(b.off_fen, b.payer, b.head_office_percent,
              b.branch_percent, b.merchant_percent))[array_position(ARRAY['head_office', 'branch', 'merchant'],
              f.payer::text)] AS part) d
          LEFT JOIN rewards_reservation r ON r.batch_id = k.batch_id AND r.branch_id = k.branch_id AND r.payer = d.payer
         WHERE coalesce(r.reserved_fen, 0) <> k.open * d.part""",
    # Of batches whose every payer draws on a budget.
    "spent": """
        SELECT s.batch_id AS batch, s.branch_id AS branch, s.spent AS spent_fen, coalesce(r.worth, 0) AS redeemed_fen
          FROM (SELECT batch_id, branch_id, sum(spent_fen) AS spent FROM rewards_reservation
                 WHERE branch_pos BETWEEN pos_from AND pos_to GROUP BY 1, 2) s
          JOIN rewards_batch b ON b.id = s.batch_id
          LEFT JOIN (SELECT c.batch_id, c.branch_id, sum(r.off_fen) AS worth FROM rewards_redemption r
                       JOIN rewards_coupon c ON c.id = r.coupon_id
                      WHERE NOT EXISTS (SELECT FROM rewards_reversal v WHERE v.redemption_id = r.id)
                        AND c.branch_pos BETWEEN pos_from AND pos_to GROUP BY 1, 2) r
            ON r.batch_id = s.batch_id AND r.branch_id = s.branch_id
         WHERE (SELECT count(*) FROM rewards_funding f WHERE f.batch_id = b.id) = greatest(1,
               (b.head_office_percent > 0)::int + (b.branch_percent > 0)::int + (b.merchant_percent > 0)::int)
           AND s.spent <> coalesce(r.worth, 0)""",
    "states": """
        SELECT c.id AS coupon, c.status, c.redeemed_times, count(r.id) AS redemptions, count(v.id) AS reversals
          FROM rewards_coupon c
          LEFT JOIN rewards_redemption r ON r.coupon_id = c.id LEFT JOIN rewards_reversal v ON v.redemption_id = r.id
         WHERE c.branch_pos BETWEEN pos_from AND pos_to
         GROUP BY 1, 2, 3 HAVING count(r.id) - count(v.id) <> (c.status = 'redeemed')::int
                              OR count(r.id) <> c.redeemed_times""",
    "worth": """
        SELECT r.id AS redemption, r.off_fen AS redeemed_fen, c.off_fen AS worth_fen, r.order_fen
          FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
         WHERE c.branch_pos BETWEEN pos_from AND pos_to
           AND (r.off_fen NOT BETWEEN 1 AND c.off_fen OR r.off_fen > r.order_fen AND c.kind = 'cash_off')""",
    "caps": """
        SELECT n.batch_id AS batch, n.branch_id AS branch, n.period, n.starts AS day, n.taken, k.many AS coupons,
               CASE n.period WHEN 'day' THEN l.cap_per_day ELSE l.cap_per_week END AS quota
          FROM rewards_capcount n JOIN tenants_branch b ON b.id = n.branch_id
          JOIN rewards_livebatch l ON l.batch_id = n.batch_id
         CROSS JOIN LATERAL (SELECT count(*) AS many FROM rewards_coupon c
                              WHERE c.batch_id = n.batch_id AND c.branch_id = n.branch_id
                                AND date_trunc(n.period, c.claimed_at AT TIME ZONE b.zone)::date = n.starts) k
         WHERE n.branch_pos BETWEEN pos_from AND pos_to
           AND (n.taken > k.many
                OR n.taken > CASE n.period WHEN 'day' THEN l.cap_per_day ELSE l.cap_per_week END)""",
    "origins": """
        SELECT o.batch_id AS batch, o.kind, o.claimed AS taken,
               CASE o.kind WHEN 'device' THEN l.per_device_limit ELSE l.per_address_limit END AS quota
          FROM rewards_origin o JOIN rewards_livebatch l USING (batch_id)
         WHERE o.branch_pos BETWEEN pos_from AND pos_to
           AND o.claimed > CASE o.kind WHEN 'device' THEN l.per_device_limit ELSE l.per_address_limit END""",
    "audited": """
        SELECT t.thing, t.named AS deed, coalesce(e.many, 0) AS entries FROM (
            SELECT 'rewards.coupon:' || c.id AS thing, 'rewards.coupon.claim' AS named FROM rewards_coupon c
             WHERE c.how = 'claimed' AND c.claimed_at >= day_from AND c.claimed_at < day_to
               AND c.branch_pos BETWEEN pos_from AND pos_to
            UNION ALL SELECT 'rewards.coupon:' || c.id, 'rewards.coupon.grant' FROM rewards_coupon c
             WHERE c.how = 'granted' AND c.caused_by NOT LIKE 'jobs.job:%' AND c.claimed_at >= day_from
               AND c.claimed_at < day_to AND c.branch_pos BETWEEN pos_from AND pos_to
            UNION ALL SELECT 'rewards.redemption:' || r.id, 'rewards.coupon.redeem' FROM rewards_redemption r
             WHERE r.at >= day_from AND r.at < day_to AND r.branch_pos BETWEEN pos_from AND pos_to
            UNION ALL SELECT 'rewards.reversal:' || v.id, 'rewards.coupon.reverse' FROM rewards_reversal v
             WHERE v.at >= day_from AND v.at < day_to AND v.branch_pos BETWEEN pos_from AND pos_to) t
          LEFT JOIN (
            SELECT CASE e.verb WHEN 'rewards.coupon.redeem' THEN 'rewards.redemption:' || (e.detail ->> 'redemption')
                               WHEN 'rewards.coupon.reverse' THEN 'rewards.reversal:' || (e.detail ->> 'reversal')
                               ELSE e.subject END AS thing, e.verb, count(*) AS many
              FROM audit_entry e
             WHERE e.at >= day_from AND e.at < day_to AND e.verb IN ('rewards.coupon.claim', 'rewards.coupon.grant',
                   'rewards.coupon.redeem', 'rewards.coupon.reverse') GROUP BY 1, 2) e
            ON e.thing = t.thing AND e.verb = t.named
         WHERE coalesce(e.many, 0) <> 1""",
    # A list's lots may go on for days; the file's branch has the deed.
    "lists": """
        SELECT 'rewards.batchfile:' || f.id AS thing, coalesce(e.many, 0) AS entries, coalesce(c.many, 0) AS coupons
          FROM rewards_batchfile f
          LEFT JOIN (SELECT e.subject, sum((e.detail ->> 'count')::int) AS many FROM audit_entry e
                      WHERE e.verb = 'rewards.batchfile.grant' GROUP BY 1) e ON e.subject = 'rewards.batchfile:' || f.id
          LEFT JOIN (SELECT c.caused_by, count(*) AS many FROM rewards_coupon c
                      WHERE c.how = 'granted' AND c.caused_by LIKE 'jobs.job:%' GROUP BY 1) c
            ON c.caused_by = 'jobs.job:' || f.job_id
         WHERE f.purpose = 'grant' AND f.branch_pos BETWEEN pos_from AND pos_to
           AND coalesce(e.many, 0) <> coalesce(c.many, 0)""",
    # Who was erased has no events any more.
    "events": """
        SELECT t.thing, t.named AS deed, coalesce(e.many, 0) AS entries FROM (
            SELECT 'rewards.coupon:' || c.id AS thing, c.customer_id, 'rewards.coupon.' ||
                   CASE c.how WHEN 'given' THEN 'received' ELSE c.how END AS named FROM rewards_coupon c
             WHERE c.claimed_at >= day_from AND c.claimed_at < day_to AND c.branch_pos BETWEEN pos_from AND pos_to
            UNION ALL SELECT 'rewards.redemption:' || r.id, c.customer_id, 'rewards.coupon.redeemed'
              FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
             WHERE r.at >= day_from AND r.at < day_to AND r.branch_pos BETWEEN pos_from AND pos_to
            UNION ALL SELECT 'rewards.reversal:' || v.id, c.customer_id, 'rewards.coupon.reversed'
              FROM rewards_reversal v JOIN rewards_redemption r ON r.id = v.redemption_id
              JOIN rewards_coupon c ON c.id = r.coupon_id
             WHERE v.at >= day_from AND v.at < day_to AND v.branch_pos BETWEEN pos_from AND pos_to) t
          JOIN customers_customer k ON k.id = t.customer_id AND k.status <> 'erased'
          LEFT JOIN (
            SELECT CASE e.kind WHEN 'rewards.coupon.redeemed' THEN 'rewards.redemption:'
                                    || (e.properties ->> 'redemption')
                               WHEN 'rewards.coupon.reversed' THEN 'rewards.reversal:' || (e.properties ->> 'reversal')
                               ELSE e.subject END AS thing, e.kind, count(*) AS many
              FROM events_event e
             WHERE e.at >= day_from AND e.at < day_to AND e.kind IN ('rewards.coupon.claimed',
                   'rewards.coupon.granted', 'rewards.coupon.received', 'rewards.coupon.redeemed',
                   'rewards.coupon.reversed') GROUP BY 1, 2) e
            ON e.thing = t.thing AND e.kind = t.named
         WHERE coalesce(e.many, 0) <> 1""",
}
# And since there are merchants: they take what names them and nothing else does. What was approved before names none.
CHECKS = FIRST_CHECKS | {
    "merchants": """
        SELECT r.id AS redemption, r.branch_id AS branch, m.name AS merchant, r.off_fen AS redeemed_fen
          FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
          JOIN rewards_terms t ON t.revision_id = c.revision_id LEFT JOIN rewards_merchant m ON m.id = r.merchant_id
         WHERE r.branch_pos BETWEEN pos_from AND pos_to
           AND CASE WHEN r.merchant_id IS NULL THEN cardinality(t.redeem_merchants) > 0
                    ELSE NOT r.merchant_id = ANY (t.redeem_merchants) END""",
}
# Asked of a day alone.
DAILY = {
    # What the counter's rows say happened, beside what the coupons' history says was there before and after.
    "book": """
        SELECT b.opened AS opening, b.moved, b.closed AS closing, b.opened_fen AS opening_fen, b.moved_fen,
               b.closed_fen AS closing_fen
          FROM (SELECT sum(many) FILTER (WHERE line = 'opening') AS opened,
                       sum(many * sign) FILTER (WHERE line NOT IN ('opening', 'closing')) AS moved,
                       sum(many) FILTER (WHERE line = 'closing') AS closed,
                       sum(fen) FILTER (WHERE line = 'opening') AS opened_fen,
                       sum(fen * sign) FILTER (WHERE line NOT IN ('opening', 'closing')) AS moved_fen,
                       sum(fen) FILTER (WHERE line = 'closing') AS closed_fen
                  FROM rewards_coupon_book(pos_from, pos_to, day_from, day_to)) b
         WHERE b.opened + b.moved <> b.closed OR b.opened_fen + b.moved_fen <> b.closed_fen""",
    "settlement": """
        SELECT r.id AS redemption, m.payer, m.spent_fen AS moved_fen, p.part AS settled_fen
          FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
         CROSS JOIN LATERAL rewards_parts_of(r.id) p
          JOIN rewards_movement m ON m.batch_id = c.batch_id AND m.payer = p.payer AND m.did = 'spend'
           AND m.cause = 'rewards.redemption:' || r.id
         WHERE r.at >= day_from AND r.at < day_to AND r.branch_pos BETWEEN pos_from AND pos_to
           AND m.spent_fen <> p.part""",
}
_WHOLE = {"pos_from": "0", "pos_to": "2147483647", "day_from": "'-infinity'", "day_to": "'infinity'"}


def of_all(query: str) -> str:
    """A check's query over the whole bank and all time."""
    return re.sub(r"\b(pos_from|pos_to|day_from|day_to)\b", lambda found: _WHOLE[found[0]], query)


def asked_of_all(code: str) -> str:
    """The check of this code, over the whole bank and all time."""
    return of_all(CHECKS[code])


# As in life.py, and when: so that a day's end can be told from the history, whatever the server's clock was.
MOVES = life.MOVES.replace("    RETURN NEW;", "    NEW.moved_at := app_at();\n    RETURN NEW;")

# What each payer bears of one redemption, by the terms of the coupon; the sum is what the redemption was worth.
PARTS_OF = """
CREATE FUNCTION rewards_parts_of(wanted uuid) RETURNS TABLE (payer text, part bigint) LANGUAGE sql STABLE AS VERB $$
    SELECT n.payer, p.parts[n.nth]
      FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
      JOIN rewards_terms t ON t.revision_id = c.revision_id
     CROSS JOIN LATERAL (SELECT rewards_spent(r.off_fen, rewards_parts(c.off_fen, r.payer, t.head_office_percent,
                                              t.branch_percent, t.merchant_percent)) AS parts) p
     CROSS JOIN (VALUES ('head_office', 1), ('branch', 2), ('merchant', 3)) AS n (payer, nth)
     WHERE r.id = wanted AND p.parts[n.nth] > 0
$$;
"""

# The first book; periods.py has the latest. Coupons of the tree's customers that can still be redeemed: at the day's
# begin, what came and went, at its end. In fen by what each can be worth at most. Begin and end are told from the
# coupons' history, what came and went from its own rows; only void, expired and extended have none and are counted as
# moves.
BOOK = """
CREATE FUNCTION rewards_coupon_book(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (nth int, line text, sign int, many bigint, fen bigint) LANGUAGE sql STABLE AS VERB $$
    WITH held AS MATERIALIZED (
        SELECT c.id, c.off_fen, c.how, c.status, c.claimed_at, c.moved_at FROM rewards_coupon c
         WHERE c.branch_pos BETWEEN pos_from AND pos_to AND c.claimed_at < day_to
           AND (c.status IN ('held', 'claimed') OR c.moved_at >= day_from OR c.claimed_at >= day_from)
    ), past AS MATERIALIZED (
        SELECT e.pgh_obj_id AS id, e.pgh_id, e.status, e.moved_at, h.off_fen,
               lag(e.status) OVER (PARTITION BY e.pgh_obj_id ORDER BY e.pgh_id) AS before
          FROM rewards_couponevent e JOIN held h ON h.id = e.pgh_obj_id WHERE h.moved_at >= day_from
    ), moves AS (
        SELECT * FROM past p WHERE p.moved_at >= day_from AND p.moved_at < day_to AND p.status <> p.before
    ), stood AS (
        SELECT h.id, h.off_fen, h.claimed_at, s.opening, s.closing FROM held h CROSS JOIN LATERAL (
            SELECT CASE WHEN h.moved_at >= day_from THEN (
                       SELECT p.status FROM past p WHERE p.id = h.id AND (p.moved_at IS NULL OR p.moved_at < day_from)
                        ORDER BY p.pgh_id DESC LIMIT 1) ELSE h.status END AS opening,
                   CASE WHEN h.moved_at >= day_to THEN (
                       SELECT p.status FROM past p WHERE p.id = h.id AND (p.moved_at IS NULL OR p.moved_at < day_to)
                        ORDER BY p.pgh_id DESC LIMIT 1) ELSE h.status END AS closing) s
    ), lines (line, off_fen) AS (
        SELECT 'opening', s.off_fen FROM stood s WHERE s.claimed_at < day_from AND s.opening IN ('held', 'claimed')
        UNION ALL SELECT CASE h.how WHEN 'given' THEN 'received' ELSE h.how END, h.off_fen FROM held h
                   WHERE h.claimed_at >= day_from
        UNION ALL SELECT 'reversed', c.off_fen FROM rewards_reversal v
                    JOIN rewards_redemption r ON r.id = v.redemption_id JOIN rewards_coupon c ON c.id = r.coupon_id
                   WHERE v.at >= day_from AND v.at < day_to AND c.branch_pos BETWEEN pos_from AND pos_to
        UNION ALL SELECT 'extended', m.off_fen FROM moves m WHERE m.before = 'expired' AND m.status = 'claimed'
        UNION ALL SELECT 'redeemed', c.off_fen FROM rewards_redemption r JOIN rewards_coupon c ON c.id = r.coupon_id
                   WHERE r.at >= day_from AND r.at < day_to AND c.branch_pos BETWEEN pos_from AND pos_to
        UNION ALL SELECT m.status, m.off_fen FROM moves m WHERE m.status IN ('void', 'expired')
        UNION ALL SELECT 'given', c.off_fen FROM rewards_gift g JOIN rewards_coupon c ON c.id = g.coupon_id
                   WHERE g.accepted_at >= day_from AND g.accepted_at < day_to
                     AND c.branch_pos BETWEEN pos_from AND pos_to
        UNION ALL SELECT 'closing', s.off_fen FROM stood s WHERE s.closing IN ('held', 'claimed')
    )
    SELECT n.nth, n.line, n.sign, count(l.line), coalesce(sum(l.off_fen), 0)::bigint
      FROM (VALUES (1, 'opening', 1), (2, 'claimed', 1), (3, 'granted', 1), (4, 'received', 1), (5, 'reversed', 1),
                   (6, 'extended', 1), (7, 'redeemed', -1), (8, 'void', -1), (9, 'expired', -1), (10, 'given', -1),
                   (11, 'closing', 1)) AS n (nth, line, sign)
      LEFT JOIN lines l ON l.line = n.line GROUP BY 1, 2, 3 ORDER BY 1
$$;
"""

# Redemptions less reversals that touch the tree, as place or as issuer, by who pays. Asked within the scope alone.
SETTLEMENT = """
CREATE FUNCTION rewards_settlement(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (issuer int, place int, payer text, redeemed bigint, reversed bigint, fen bigint)
LANGUAGE sql STABLE AS VERB $$
    SELECT m.issuer_id, m.branch_id, p.payer, count(*) FILTER (WHERE m.sign = 1), count(*) FILTER (WHERE m.sign = -1),
           sum(m.sign * p.part)::bigint
      FROM (SELECT r.id, r.issuer_id, r.branch_id, r.branch_pos, 1 AS sign FROM rewards_redemption r
             WHERE r.at >= day_from AND r.at < day_to
            UNION ALL SELECT r.id, r.issuer_id, r.branch_id, r.branch_pos, -1 FROM rewards_reversal v
              JOIN rewards_redemption r ON r.id = v.redemption_id WHERE v.at >= day_from AND v.at < day_to) m
      JOIN tenants_branch i ON i.id = m.issuer_id CROSS JOIN LATERAL rewards_parts_of(m.id) p
     WHERE (m.branch_pos BETWEEN pos_from AND pos_to OR i.pos BETWEEN pos_from AND pos_to)
       AND pos_from >= app_lo() AND pos_to <= app_hi()
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
$$;
"""


def asked(checks: Mapping[str, str]) -> str:
    """Every check, with at most 50 of its rows and how many there are."""
    return "\n    UNION ALL\n".join(
        f"    SELECT '{code}', max(d.whole), jsonb_agg(d.row)"  # noqa: S608
        f" FROM (SELECT to_jsonb(q) AS row, count(*) OVER () AS whole FROM ({query}) q LIMIT 50) d HAVING count(*) > 0"
        for code, query in checks.items()
    )


def differences_of(checks: Mapping[str, str]) -> str:
    """The verb that asks these checks."""
    return f"""
CREATE FUNCTION rewards_differences(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (code text, many bigint, rows jsonb) LANGUAGE sql STABLE AS VERB $$
{asked(checks)}
$$;
"""


DIFFERENCES = differences_of(FIRST_CHECKS | DAILY)

# One statement, and so one moment: every deed is in all of its figures or in none.
CLOSE = """
CREATE FUNCTION close_day(fresh uuid, wanted int, on_day date) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE here tenants_branch; begins timestamptz; ends timestamptz;
BEGIN
    SELECT * INTO here FROM tenants_branch b
     WHERE b.id = wanted AND b.pos BETWEEN app_lo() AND app_hi() AND app_customer() IS NULL;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    begins := on_day::timestamp AT TIME ZONE here.zone;
    ends := (on_day + 1)::timestamp AT TIME ZONE here.zone;
    IF app_at() < ends THEN RETURN 'day_not_over'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('rewards.close' || wanted || ':' || on_day, 0));
    INSERT INTO rewards_close (id, branch_id, branch_pos, day, nth, closed_at, closed_by, is_green, figures,
                               differences)
    SELECT fresh, here.id, here.pos, on_day,
           (SELECT coalesce(max(c.nth), 0) + 1 FROM rewards_close c WHERE c.branch_id = wanted AND c.day = on_day),
           app_at(), coalesce((SELECT p.name FROM tenants_person p WHERE p.id = app_person()), ''),
           wrong.found IS NULL, jsonb_build_object('book', book.lines, 'settlement', coalesce(owed.lines, '[]'),
               'head_office', (SELECT b.id FROM tenants_branch b WHERE b.parent_id IS NULL)),
           coalesce(wrong.found, '[]')
      FROM (SELECT jsonb_agg(to_jsonb(d)) AS found
              FROM rewards_differences(here.pos, here.pos_end, begins, ends) d) wrong
     CROSS JOIN (SELECT jsonb_agg(to_jsonb(b) - 'nth' ORDER BY b.nth) AS lines
                   FROM rewards_coupon_book(here.pos, here.pos_end, begins, ends) b) book
     CROSS JOIN (SELECT jsonb_agg(to_jsonb(s)
                                  || jsonb_build_object('issuer_name', i.name, 'place_name', p.name)) AS lines
                   FROM rewards_settlement(here.pos, here.pos_end, begins, ends) s
                   JOIN tenants_branch i ON i.id = s.issuer JOIN tenants_branch p ON p.id = s.place) owed;
    RETURN NULL;
END $$;
"""
STAYS = """
CREATE FUNCTION rewards_close_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'a close is never changed; close the day again',
        CONSTRAINT = 'rewards_close_stays';
END $$;
CREATE TRIGGER rewards_close_stays BEFORE DELETE OR UPDATE OF id, day, nth, closed_at, closed_by, is_green, figures,
    differences ON rewards_close FOR EACH ROW EXECUTE FUNCTION rewards_close_stays();
"""
