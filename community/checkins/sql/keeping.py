"""What happens to programmes and check-ins beside checking in: points set aside, goals, merges, erasure."""

# All that a programme may give, in eight parts; what was given already stays given. NULL: no limit, and no parts.
FUND = """
CREATE FUNCTION fund_programme(wanted uuid, total bigint) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE home record; rest bigint;
BEGIN
    SELECT d.branch_id, d.branch_pos INTO home FROM community_programme d
     WHERE d.id = wanted AND d.branch_pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND OR app_customer() IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'a programme is given its points by its branch';
    END IF;
    IF total IS NULL THEN RETURN; END IF;
    INSERT INTO community_programmebudget (id, branch_id, branch_pos, programme_id, bucket, allotted)
    SELECT uuidv7(), home.branch_id, home.branch_pos, wanted, n, 0 FROM generate_series(0, 7) AS n
    ON CONFLICT (programme_id, bucket) DO NOTHING;
    PERFORM FROM community_programmebudget b WHERE b.programme_id = wanted ORDER BY b.bucket FOR UPDATE;
    SELECT greatest(total - sum(b.given), 0) INTO rest FROM community_programmebudget b WHERE b.programme_id = wanted;
    UPDATE community_programmebudget b
       SET allotted = b.given + rest / 8 + CASE WHEN b.bucket < rest % 8 THEN 1 ELSE 0 END
     WHERE b.programme_id = wanted;
END $$;
"""

# Groups that reached their goal: everybody of them who checked in gets the points, by one movement, once. By the
# system; any number of workers side by side. Answers how many groups were paid.
PAY_GOALS = """
CREATE FUNCTION pay_due_goals(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE goal community_groupgoal; p community_liveprogramme; who uuid[]; each_ bigint; made uuid; done int := 0;
BEGIN
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'goals are paid by the system';
    END IF;
    FOR goal IN SELECT n.* FROM community_groupgoal n JOIN community_liveprogramme l ON l.programme_id = n.programme_id
                 WHERE n.paid_at IS NULL AND l.goal_count > 0
                   AND (SELECT sum(k.counted) FROM community_goalcount k
                         WHERE k.programme_id = n.programme_id AND k.group_id = n.group_id) >= l.goal_count
                 ORDER BY n.id LIMIT at_most FOR UPDATE OF n SKIP LOCKED LOOP
        SELECT * INTO p FROM community_liveprogramme l WHERE l.programme_id = goal.programme_id;
        SELECT array_agg(c.id ORDER BY c.id) INTO who FROM customers_customer c
         WHERE c.status = 'active'
           AND c.id IN (SELECT k.customer_id FROM community_checkin k
                         WHERE k.programme_id = goal.programme_id AND k.group_id = goal.group_id
                           AND k.state = 'counted');
        each_ := p.goal_points;
        made := NULL;
        IF who IS NOT NULL AND each_ > 0 THEN
            PERFORM points_hold_wallets(who);
            IF p.points_cap IS NOT NULL THEN
                each_ := community_take_budget(p.programme_id, each_ * cardinality(who), 0) / cardinality(who);
            END IF;
            IF each_ > 0 THEN
                SELECT a.movement INTO made FROM accrue_points(who, array_fill(each_, ARRAY[cardinality(who)]),
                    array_fill(NULL::uuid, ARRAY[cardinality(who)]),
                    array_fill('community.programme:' || p.programme_id, ARRAY[cardinality(who)]), goal.id, p.branch_id,
                    'accrue', p.title, '', NULL, p.months, p.ends, NULL, p.revision_id) a
                 WHERE a.movement IS NOT NULL LIMIT 1;
            END IF;
        END IF;
        UPDATE community_groupgoal n SET paid_at = app_at(), customers = coalesce(cardinality(who), 0), points = each_,
                                         movement_id = made
         WHERE n.id = goal.id AND n.paid_at IS NULL;
        done := done + 1;
    END LOOP;
    RETURN done;
END $$;
"""

# Of two customers who are one: the absorbed one's days are the kept one's, but those on which both checked in. Chosen:
# what had moved, back again. Answers what moved.
FOLLOW_MERGE = """
CREATE FUNCTION move_check_ins(kept uuid, absorbed uuid, chosen uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE moved uuid[]; giver uuid := CASE WHEN chosen IS NULL THEN absorbed ELSE kept END;
        target uuid := CASE WHEN chosen IS NULL THEN kept ELSE absorbed END;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'check-ins are moved by a merge of customers';
    END IF;
    WITH done AS (
        UPDATE community_checkin k SET customer_id = target
         WHERE k.customer_id = giver AND (chosen IS NULL OR k.id = ANY (chosen))
           AND (k.state = 'refused' OR NOT EXISTS (
                SELECT FROM community_checkin o WHERE o.programme_id = k.programme_id AND o.customer_id = target
                   AND o.day = k.day AND o.state <> 'refused'))
        RETURNING k.id
    )
    SELECT coalesce(array_agg(d.id), '{}') INTO moved FROM done d;
    RETURN moved;
END $$;
"""

# Words and pictures of a customer who is to be forgotten; the days stay, for the ledger's sake.
FORGET = """
CREATE FUNCTION forget_check_ins(who uuid) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    IF app_customer() IS NOT NULL OR NOT EXISTS (SELECT FROM customers_customer c
        WHERE c.id = who AND c.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'customers are forgotten by staff of their branches';
    END IF;
    DELETE FROM community_checkinpicture p USING community_checkin k
     WHERE k.id = p.check_in_id AND k.customer_id = who;
    UPDATE community_checkin k SET text = '', hint = '', has_picture = false, reason = ''
     WHERE k.customer_id = who AND (k.text <> '' OR k.has_picture OR k.reason <> '');
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""

# Check-ins of the groups of a branch that closed are its successor's, with what was counted of them.
HAND_OVER = """
CREATE FUNCTION hand_over_check_ins(closed int, heir int) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE place int;
BEGIN
    SELECT b.pos INTO place FROM tenants_branch b JOIN tenants_branch c ON c.successor_id = b.id AND NOT c.is_open
     WHERE b.id = heir AND c.id = closed AND b.pos BETWEEN app_lo() AND app_hi()
       AND c.pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND OR app_customer() IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'check-ins are passed on from a closed branch to its successor';
    END IF;
    UPDATE community_checkin k SET branch_id = heir, branch_pos = place WHERE k.branch_id = closed;
    UPDATE community_checkinpicture k SET branch_id = heir, branch_pos = place WHERE k.branch_id = closed;
    UPDATE community_goalcount k SET branch_id = heir, branch_pos = place WHERE k.branch_id = closed;
    UPDATE community_groupgoal k SET branch_id = heir, branch_pos = place WHERE k.branch_id = closed;
END $$;
"""

# Pictures older than a moment; nobody looks at them any more.
LET_GO = """
CREATE FUNCTION let_go_of_pictures(before timestamptz, at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE many int;
BEGIN
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'old pictures are let go of by the system';
    END IF;
    WITH gone AS (
        DELETE FROM community_checkinpicture p WHERE p.check_in_id IN (
            SELECT o.check_in_id FROM community_checkinpicture o WHERE o.at < before ORDER BY o.at LIMIT at_most)
        RETURNING p.check_in_id
    )
    UPDATE community_checkin k SET has_picture = false FROM gone g WHERE k.id = g.check_in_id;
    GET DIAGNOSTICS many = ROW_COUNT;
    RETURN many;
END $$;
"""

# Whether a customer is seen on leader boards.
CHOOSE = """
CREATE FUNCTION choose_board(is_hidden boolean) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'a customer chooses for himself';
    END IF;
    INSERT INTO community_boardchoice AS b (customer_id, branch_id, branch_pos, is_hidden, chosen_at)
    VALUES (app_customer(), app_branch(), app_branch_pos(), choose_board.is_hidden, app_at())
    ON CONFLICT (customer_id) DO UPDATE SET is_hidden = excluded.is_hidden, chosen_at = excluded.chosen_at;
END $$;
"""
