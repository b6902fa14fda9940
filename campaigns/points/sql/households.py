"""What customers do about their household on the phone: who is in it, joining by another's word, leaving, passing
points on. Customers see no other customer's rows, so all of it is asked of verbs.
"""

# Members of the customer's own household: nobody's name, but the end of the customer number.
OWN = """
CREATE FUNCTION own_household() RETURNS TABLE (member uuid, tail text, since timestamptz, is_me boolean, name text)
LANGUAGE sql STABLE AS VERB $$
    SELECT o.id, c.number_tail, o.since, o.customer_id = app_customer(), h.name
      FROM points_member m JOIN points_household h ON h.id = m.household_id
      JOIN points_member o ON o.household_id = m.household_id AND o.until IS NULL
      JOIN customers_customer c ON c.id = o.customer_id
     WHERE m.customer_id = app_customer() AND m.until IS NULL ORDER BY o.since, o.id
$$;
"""

# The customer joins the household of who gave the word; where that one has none, it begins with both of them. NULL,
# 'invitation' (no such active customer, or oneself), 'member_already' or 'full'.
JOIN = """
CREATE FUNCTION join_household(host uuid, home uuid, host_member uuid, own_member uuid, most int) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE me uuid := app_customer(); theirs uuid;
BEGIN
    IF me IS NULL OR host = me THEN RETURN 'invitation'; END IF;
    -- Whoever joins, leaves or passes points on holds these; two who invite each other do not make two households.
    PERFORM points_hold_wallets(ARRAY[me, host]);
    IF NOT EXISTS (SELECT FROM customers_customer c WHERE c.id = host AND c.status = 'active') THEN
        RETURN 'invitation';
    END IF;
    IF EXISTS (SELECT FROM points_member m WHERE m.customer_id = me AND m.until IS NULL) THEN
        RETURN 'member_already';
    END IF;
    SELECT m.household_id INTO theirs FROM points_member m WHERE m.customer_id = host AND m.until IS NULL;
    IF NOT FOUND THEN
        INSERT INTO points_household (id, branch_id, branch_pos, name, opened_at)
        SELECT home, c.branch_id, c.branch_pos, '家庭', app_at() FROM customers_customer c WHERE c.id = host;
        INSERT INTO points_member (id, branch_id, branch_pos, customer_id, household_id, evidence, since)
        SELECT host_member, c.branch_id, c.branch_pos, c.id, home, '手机端邀请', app_at()
          FROM customers_customer c WHERE c.id = host;
        theirs := home;
    END IF;
    -- Several may join one household at once.
    PERFORM FROM points_household h WHERE h.id = theirs FOR NO KEY UPDATE;
    IF (SELECT count(*) FROM points_member m WHERE m.household_id = theirs AND m.until IS NULL) >= most THEN
        RETURN 'full';
    END IF;
    INSERT INTO points_member (id, branch_id, branch_pos, customer_id, household_id, evidence, since)
    SELECT own_member, c.branch_id, c.branch_pos, c.id, theirs, '手机端接受邀请', app_at()
      FROM customers_customer c WHERE c.id = me;
    PERFORM points_note('points.household.join', 'points.household:' || theirs, '家庭', app_branch(), app_branch_pos(),
                        jsonb_build_object('member', own_member));
    RETURN NULL;
END $$;
"""

# NULL or 'not_member'.
LEAVE = """
CREATE FUNCTION leave_household() RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE left_home uuid;
BEGIN
    UPDATE points_member m SET until = app_at() WHERE m.customer_id = app_customer() AND m.until IS NULL
    RETURNING m.household_id INTO left_home;
    IF NOT FOUND THEN RETURN 'not_member'; END IF;
    PERFORM points_note('points.household.leave', 'points.household:' || left_home, '家庭', app_branch(),
                        app_branch_pos(), '{}');
    RETURN NULL;
END $$;
"""

# To a member of the own household, so many within a day at most. A twin of the key answers with what it made.
HAND_ON = """
CREATE FUNCTION pass_points(wanted uuid, amount bigint, wanted_key uuid, said text, most bigint)
RETURNS TABLE (word text, movement uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE me uuid := app_customer(); receiver uuid; passed bigint;
BEGIN
    SELECT o.customer_id INTO receiver FROM points_member m JOIN points_member o ON o.household_id = m.household_id
     WHERE m.customer_id = me AND m.until IS NULL AND o.id = wanted AND o.until IS NULL AND o.customer_id <> me;
    IF NOT FOUND THEN RETURN QUERY SELECT 'not_household', NULL::uuid; RETURN; END IF;
    PERFORM points_hold_wallets(ARRAY[me, receiver]);
    IF NOT EXISTS (SELECT FROM points_movement m WHERE m.key = wanted_key) THEN
        SELECT coalesce(-sum(e.points), 0) INTO passed FROM points_entry e
         WHERE e.customer_id = me AND e.kind = 'transfer' AND e.account = 'wallet' AND e.points < 0
           AND e.at > app_at() - interval '1 day';
        IF passed + amount > most THEN RETURN QUERY SELECT 'day_over', NULL::uuid; RETURN; END IF;
    END IF;
    RETURN QUERY SELECT t.word, t.movement FROM transfer_points(me, receiver, amount, wanted_key, said) t;
END $$;
"""
