"""Who had seen what was recalled: gathered from the events into a list of its own, and cut from who is erased.

No index of the events by their thing: of 5,000,000 rows it took 660 MB, more than all their other indexes together,
and more to write ahead for every event; and a list of a bank's best-read item still took a second.
"""

# A customer has seen what half of it was on the screen for a second, and what was tapped or opened.
# Reads the months of the time it was live, in seconds at size, in a worker. Rivals: two gatherers of one recall wait
# for each other at its row; an erasure waits for gatherers, or they would bring a customer back whom they read before.
GATHER = """
CREATE FUNCTION gather_sightings(asked uuid) RETURNS int LANGUAGE plpgsql SET work_mem = '64MB' AS VERB $$
DECLARE thing uuid; first int; last int; since timestamptz; until timestamptz; many int;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN NULL; END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('content.sightings', 0));
    -- Phones know a local version by what it stands in for; who met it is a customer of its branches.
    SELECT coalesce(i.original_id, r.item_id), b.pos, b.pos_end, r.live_from, r.live_until
      INTO thing, first, last, since, until
      FROM content_recall r JOIN tenants_branch b ON b.id = r.branch_id LEFT JOIN content_item i ON i.id = r.item_id
     WHERE r.id = asked AND r.branch_pos BETWEEN app_lo() AND app_hi() FOR NO KEY UPDATE OF r;
    IF NOT FOUND THEN RETURN NULL; END IF;
    DELETE FROM content_sighting s WHERE s.recall_id = asked;
    INSERT INTO content_sighting (id, branch_id, branch_pos, recall_id, customer_id, first_at, last_at, times, reads)
    SELECT uuidv7(), b.id, b.pos, asked, e.customer_id, e.first_at, e.last_at, e.times, e.reads
      FROM (SELECT o.customer_id, max(o.branch_id) AS home, min(o.at) AS first_at, max(o.at) AS last_at,
                   count(*) AS times, count(*) FILTER (WHERE o.kind = 'content.viewed') AS reads
              FROM events_event o
             WHERE o.subject = 'content.item:' || thing AND o.at >= since AND o.at < until
               AND o.branch_pos BETWEEN first AND last
               AND o.kind IN ('content.exposed', 'content.clicked', 'content.viewed')
             GROUP BY o.customer_id) e
      JOIN tenants_branch b ON b.id = e.home;
    GET DIAGNOSTICS many = ROW_COUNT;
    UPDATE content_recall r SET gathered_at = app_at() WHERE r.id = asked;
    RETURN many;
END $$;
"""

# As with the events: who saw it stays counted, under an id that is nobody's.
FORGET = """
CREATE FUNCTION forget_sightings(customer uuid) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE cut int;
BEGIN
    IF NOT events_may_reach(customer) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the customer is not within the scope';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('content.sightings', 0));
    UPDATE content_sighting s SET customer_id = gen_random_uuid() WHERE s.customer_id = customer;
    GET DIAGNOSTICS cut = ROW_COUNT;
    RETURN cut;
END $$;
"""

# What the verbs look at of a recall, and the one column that is ever written again.
GRANTS = """
CREATE POLICY verbs ON content_recall TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT (id, item_id, branch_id, branch_pos, live_from, live_until), UPDATE (gathered_at) ON content_recall
    TO fenhang_verbs;
CREATE POLICY verbs ON content_item FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT (id, original_id) ON content_item TO fenhang_verbs;
"""
