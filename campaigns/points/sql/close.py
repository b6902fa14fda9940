"""What must agree about the ledger: each check is one query for the rows that disagree.

Within positions (`pos_from` to `pos_to`) and, for what can never change again once it was written, within a day
(`day_from` to `day_to`, UTC, end exclusive). Tests ask the same texts of the whole bank and of all time (`asked_of_all`).
"""

from campaigns.rewards.sql.close import of_all

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
