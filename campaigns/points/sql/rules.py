"""Rules that answer events with points: heard with the event, counted under locks, settled beside the movement."""

from campaigns.events.kinds import TAKEN_BACK

# What an event is known by, whatever its moment: the part of a UUIDv7 behind its time. Of what systems of the bank tell
# it is a hash of source and own id (campaigns/events/rules.py), so that the same id told of another moment is the same
# event, and what takes a transaction back is found by the id of that transaction. A phone's ids are known whole.
_KNOWN_BY = "CASE WHEN n.source ~ '^(hook|file):' THEN right(n.id::text, 21) ELSE n.id::text END"

# Who was merged since: what the kept one does is also theirs.
_WHOSE = """(SELECT r.*, r.customer_id AS customer FROM new_rows r UNION ALL
                SELECT r.*, g.absorbed_id FROM new_rows r
                  JOIN customers_merge g ON g.kept_id = r.customer_id AND g.undone_at IS NULL)"""

# After each statement that wrote events, whoever told them: a phone, a system of the bank, a verb of ours. What follows
# is done by others afterwards; here it is laid down alone. Most events are of kinds that no rule asks for, and cost one
# look each statement.
HEAR = (
    """
CREATE FUNCTION points_hear_events() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    IF EXISTS (SELECT FROM points_liverule l WHERE l.event_kind IN (SELECT n.kind FROM new_rows n)) THEN
        INSERT INTO points_earning (id, branch_id, branch_pos, rule_id, revision_id, customer_id, told, event_id, at,
                                    heard_at, amount, waits_for, state)
        SELECT uuidv7(), n.branch_id, n.branch_pos, l.rule_id, l.revision_id, n.customer_id, {known_by}, n.id, n.at,
               n.received_at,
               CASE WHEN jsonb_typeof(n.properties -> l.counted_by) = 'number'
                    THEN trunc((n.properties ->> l.counted_by)::numeric)::bigint END,
               l.waits_for, 'waiting'
          FROM new_rows n JOIN points_liverule l ON l.event_kind = n.kind
          JOIN tenants_branch issuer ON issuer.id = l.branch_id
         WHERE n.at >= l.runs_from AND n.at < l.runs_until
           AND (l.source = '' OR n.source IN ('hook:' || l.source, 'file:' || l.source))
           AND (n.branch_id = l.branch_id OR l.handed_down AND n.branch_pos BETWEEN issuer.pos AND issuer.pos_end)
           AND NOT EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                            WHERE s.lifted_at IS NULL AND n.branch_pos BETWEEN o.pos AND o.pos_end
                              AND s.kind IN ('', 'points.rule') AND s.campaign_id IS NULL)
         ORDER BY n.id, l.rule_id
        ON CONFLICT (rule_id, told) DO NOTHING;
    END IF;
    IF EXISTS (SELECT FROM new_rows n WHERE n.kind = '{taken_back}') THEN
        UPDATE points_earning e SET state = CASE e.state WHEN 'waiting' THEN 'refused' ELSE 'returning' END,
               word = CASE e.state WHEN 'waiting' THEN 'taken_back' ELSE e.word END
          FROM {whose} n WHERE n.kind = '{taken_back}' AND e.told = {known_by} AND e.customer_id = n.customer
           AND e.state IN ('waiting', 'earned', 'pending', 'ready');
    END IF;
    IF EXISTS (SELECT FROM points_earning e WHERE e.state = 'pending'
                  AND e.waits_for IN (SELECT n.kind FROM new_rows n)) THEN
        UPDATE points_earning e SET state = 'ready' FROM {whose} n
         WHERE e.state = 'pending' AND e.waits_for = n.kind AND e.customer_id = n.customer AND n.at >= e.at;
    END IF;
    RETURN NULL;
END $$;
""".replace("{known_by}", _KNOWN_BY)
    .replace("{whose}", _WHOSE)
    .replace("{taken_back}", TAKEN_BACK)
)
HEARD = """
CREATE TRIGGER points_events_are_heard AFTER INSERT ON events_event REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION points_hear_events();
"""

_SYSTEM_ALONE = """
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'events are answered by the system';
    END IF;
"""

# Rows of one version of one rule, the one that waits longest: any number of workers side by side.
WAITING = """
CREATE FUNCTION waiting_earnings(at_most int)
RETURNS TABLE (id uuid, rule_id uuid, revision_id uuid, customer_id uuid, told text, at timestamptz, amount bigint,
               waits_for text, pos int, zone text, tags int[])
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
BEGIN
    {system_alone}
    RETURN QUERY
    SELECT e.id, e.rule_id, e.revision_id, c.id, e.told::text, e.at, e.amount, e.waits_for::text,
           c.branch_pos, b.zone::text, coalesce(p.tag_ids, '{}')
      FROM points_earning e
      -- Who was merged since: the points are the kept one's.
      JOIN customers_customer c ON c.id = coalesce(
           (SELECT g.kept_id FROM customers_merge g WHERE g.absorbed_id = e.customer_id AND g.undone_at IS NULL
             ORDER BY g.id DESC LIMIT 1), e.customer_id)
      JOIN tenants_branch b ON b.id = c.branch_id LEFT JOIN customers_profile p ON p.customer_id = c.id
     WHERE e.state = 'waiting' AND e.revision_id = (SELECT w.revision_id FROM points_earning w
                                                     WHERE w.state = 'waiting' ORDER BY w.id LIMIT 1)
     ORDER BY e.id LIMIT at_most FOR UPDATE OF e SKIP LOCKED;
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# What waited for an event that came, and what a system has taken back.
DUE = """
CREATE FUNCTION due_earnings(at_most int)
RETURNS TABLE (id uuid, rule_id uuid, revision_id uuid, state text, customer_id uuid, at timestamptz, points bigint,
               movement_id uuid, zone text)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
BEGIN
    {system_alone}
    RETURN QUERY
    SELECT e.id, e.rule_id, e.revision_id, e.state::text, m.customer_id, e.at, e.points, e.movement_id, b.zone::text
      FROM points_earning e JOIN points_movement m ON m.id = e.movement_id JOIN tenants_branch b ON b.id = e.branch_id
     WHERE e.state IN ('ready', 'returning') ORDER BY e.id LIMIT at_most FOR UPDATE OF e SKIP LOCKED;
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# The counts of these customers in these periods, made where there are none and held until the transaction ends; in
# the order of their key, so that two workers wait for each other and never crosswise.
HOLD = """
CREATE FUNCTION hold_rule_counts(wanted uuid, who uuid[], spans text[], firsts date[])
RETURNS TABLE (customer_id uuid, period text, starts date, points bigint, times int)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
BEGIN
    {system_alone}
    INSERT INTO points_rulecount (id, branch_id, branch_pos, rule_id, customer_id, period, starts)
    SELECT uuidv7(), r.branch_id, r.branch_pos, r.id, w.customer, w.span, w.first
      FROM (SELECT DISTINCT a.customer, a.span, a.first FROM unnest(who, spans, firsts) AS a (customer, span, first)
             ORDER BY 1, 2, 3) w
      JOIN points_rule r ON r.id = wanted
     ORDER BY w.customer, w.span, w.first
    ON CONFLICT (rule_id, customer_id, period, starts) DO NOTHING;
    RETURN QUERY
    SELECT c.customer_id, c.period::text, c.starts, c.points, c.times FROM points_rulecount c
     WHERE c.rule_id = wanted AND (c.customer_id, c.period, c.starts) IN (
               SELECT a.customer, a.span, a.first FROM unnest(who, spans, firsts) AS a (customer, span, first))
     ORDER BY c.customer_id, c.period, c.starts FOR UPDATE;
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# So much more of each count, each named once; no further than its cap, whatever was read before. Below zero: given
# back.
COUNT = """
CREATE FUNCTION count_rule_points(wanted uuid, who uuid[], spans text[], firsts date[], given bigint[], many int[],
                                  caps bigint[], most int[])
RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE done int;
BEGIN
    {system_alone}
    UPDATE points_rulecount c SET points = c.points + a.given, times = c.times + a.many
      FROM unnest(who, spans, firsts, count_rule_points.given, count_rule_points.many, caps,
                  count_rule_points.most) AS a (customer, span, first, given, many, cap, most)
     WHERE c.rule_id = wanted AND c.customer_id = a.customer AND c.period = a.span AND c.starts = a.first
       AND (a.cap IS NULL OR a.given <= 0 OR c.points + a.given <= a.cap)
       AND (a.most IS NULL OR a.many <= 0 OR c.times + a.many <= a.most);
    GET DIAGNOSTICS done = ROW_COUNT;
    IF done <> cardinality(who) THEN
        RAISE check_violation USING MESSAGE = 'a rule gives no more than its caps',
            CONSTRAINT = 'points_rulecount_stays_within_its_caps';
    END IF;
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

SETTLE = """
CREATE FUNCTION settle_earnings(keys uuid[], states text[], asked bigint[], given bigint[], words text[],
                                movements uuid[])
RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    {system_alone}
    UPDATE points_earning e SET state = s.state, asked = s.asked, points = s.given, word = s.word,
                                movement_id = s.movement
      FROM unnest(keys, states, settle_earnings.asked, settle_earnings.given, words, movements)
           AS s (id, state, asked, given, word, movement)
     WHERE e.id = s.id AND e.state = 'waiting';
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# What was due is done: in force, or taken back.
SETTLE_DUE = """
CREATE FUNCTION settle_due_earnings(keys uuid[]) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    {system_alone}
    UPDATE points_earning e SET state = CASE e.state WHEN 'ready' THEN 'earned' ELSE 'returned' END
     WHERE e.id = ANY (keys) AND e.state IN ('ready', 'returning');
END $$;
""".replace("{system_alone}", _SYSTEM_ALONE)

# What customers of the scope did that a rule of this branch would have answered, oldest first: for trial runs.
PAST = """
CREATE FUNCTION past_deeds(issuer int, below boolean, did text, told_by text, number text, since timestamptz,
                           until timestamptz, at_most int)
RETURNS TABLE (customer_id uuid, at timestamptz, amount bigint, pos int, zone text, tags int[])
LANGUAGE plpgsql STABLE AS VERB $$
#variable_conflict use_column
DECLARE home tenants_branch;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN; END IF;
    SELECT * INTO home FROM tenants_branch b WHERE b.id = issuer AND b.pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND THEN RETURN; END IF;
    RETURN QUERY
    SELECT e.customer_id, e.at,
           CASE WHEN jsonb_typeof(e.properties -> number) = 'number'
                THEN trunc((e.properties ->> number)::numeric)::bigint END,
           c.branch_pos, b.zone::text, coalesce(p.tag_ids, '{}')
      FROM events_event e JOIN customers_customer c ON c.id = e.customer_id
      JOIN tenants_branch b ON b.id = c.branch_id LEFT JOIN customers_profile p ON p.customer_id = c.id
     WHERE e.kind = did AND e.at >= since AND e.at < until AND c.status = 'active'
       AND (told_by = '' OR e.source IN ('hook:' || told_by, 'file:' || told_by))
       AND c.branch_pos BETWEEN home.pos AND CASE WHEN below THEN home.pos_end ELSE home.pos END
     ORDER BY e.at, e.id LIMIT at_most;
END $$;
"""

# Asked before there is a scope, by whoever has just written events.
WAIT = """
CREATE FUNCTION earnings_wait() RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (SELECT FROM points_earning e WHERE e.state IN ('waiting', 'ready', 'returning'))
$$;
"""
