"""The verbs of the mall. Wallets are locked first (`points_hold_wallets`), then the order, the stock last."""

# One deed into the audit, by whoever the scope says acts.
NOTE = """
CREATE FUNCTION points_note(did text, subject text, named text, place int, place_pos int, more jsonb)
RETURNS void LANGUAGE sql AS VERB $$
    INSERT INTO audit_entry (id, branch_id, branch_pos, at, actor, actor_name, verb, subject, subject_name, detail,
                             request_id)
    VALUES (uuidv7(), place, place_pos, app_at(),
            CASE WHEN app_customer() IS NOT NULL THEN 'customers.customer:' || app_customer()
                 WHEN app_person() IS NOT NULL THEN 'tenants.person:' || app_person() ELSE 'system' END,
            coalesce((SELECT p.name FROM tenants_person p WHERE p.id = app_person()),
                     (SELECT '****' || c.number_tail FROM customers_customer c WHERE c.id = app_customer()), ''),
            did, subject, named, more, nullif(current_setting('pghistory.context_id', true), '')::uuid);
$$;
"""

# The moves of an order, for every writer there may ever be.
MOVES = """
CREATE FUNCTION points_mallorder_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('ordered', 'paid'), ('ordered', 'off'), ('paid', 'sent'), ('paid', 'given'),
                                      ('paid', 'off'), ('sent', 'given'))
       AND NOT (OLD.kind = 'coupon' AND (OLD.state, NEW.state) = ('given', 'off')) THEN
        RAISE check_violation USING MESSAGE = format('an order does not go from %s to %s', OLD.state, NEW.state),
            CONSTRAINT = 'points_mallorder_moves_as_allowed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER points_mallorder_moves BEFORE UPDATE OF state ON points_mallorder FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION points_mallorder_moves();
"""

# Staff say how many there are; orders alone change what is taken. Customers see what is left of what they are shown.
STOCK_GRANTS = """
REVOKE INSERT, UPDATE, DELETE ON points_goodstock FROM fenhang_app;
GRANT INSERT (good_id, branch_id, branch_pos, total, taken), UPDATE (total, branch_id, branch_pos) ON points_goodstock
    TO fenhang_app;
"""

# The key that the customer's address is sealed under; nobody's but one's own.
OWN_KEY = """
CREATE FUNCTION points_own_key() RETURNS bytea LANGUAGE sql STABLE AS VERB $$
    SELECT k.wrapped FROM customers_customerkey k WHERE k.customer_id = app_customer()
$$;
"""

# One piece of a good for the scope's customer: points taken (or, with money to pay, held) in the same transaction, the
# coupon handed out, the stock taken last. `seen`: the price in points that the customer was shown. NULL and the order;
# or why not: not_found, not_open_yet, over, stopped, price_changed, place_unknown, limit_reached, short, sold_out, or
# what the batch says ('coupon_gone').
ORDER = """
CREATE FUNCTION order_good(wanted uuid, fresh uuid, wanted_key uuid, seen int, pickup text, receiver bytea,
                           coupon uuid, hash bytea)
RETURNS TABLE (word text, made uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE live points_livegood; who uuid := app_customer(); no text; twin uuid; posted record; ends timestamptz;
        spot int;
BEGIN
    SELECT l.* INTO live FROM points_livegood l
     WHERE l.good_id = wanted AND l.shown_from <= app_at() AND l.branch_id = ANY (app_line())
       AND (l.handed_down OR l.branch_id = app_branch());
    -- Where it is picked up: at home, or at another branch within whoever sells it.
    SELECT b.id INTO spot FROM tenants_branch b JOIN tenants_branch s ON s.id = live.branch_id
     WHERE (b.code = pickup OR pickup = '' AND b.id = app_branch()) AND b.is_open AND b.pos BETWEEN s.pos AND s.pos_end;
    no := CASE WHEN who IS NULL OR live.good_id IS NULL THEN 'not_found'
               WHEN live.open_from > app_at() THEN 'not_open_yet'
               WHEN live.open_until <= app_at() THEN 'over'
               WHEN EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                             WHERE s.lifted_at IS NULL AND s.campaign_id IS NULL AND s.kind IN ('', 'points.good')
                               AND app_branch_pos() BETWEEN o.pos AND o.pos_end) THEN 'stopped'
               WHEN live.price_points <> seen THEN 'price_changed'
               WHEN live.kind = 'pickup' AND spot IS NULL THEN 'place_unknown'
               WHEN live.kind = 'parcel' AND receiver IS NULL THEN 'address_missing' END;
    IF no IS NOT NULL THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    -- As strongly as the grant of a coupon will: to ask for more later is how two wait for each other.
    IF live.kind = 'coupon' THEN PERFORM FROM customers_customer c WHERE c.id = who FOR UPDATE; END IF;
    -- One customer's orders queue up here, so that the count below is true.
    PERFORM points_hold_wallets(ARRAY[who]);
    SELECT o.id INTO twin FROM points_mallorder o WHERE o.key = wanted_key AND o.customer_id = who;
    IF FOUND THEN RETURN QUERY SELECT 'twice', twin; RETURN; END IF;
    IF (SELECT count(*) FROM points_mallorder o WHERE o.good_id = wanted AND o.customer_id = who AND o.state <> 'off')
       >= live.per_customer_limit THEN
        RETURN QUERY SELECT 'limit_reached', NULL::uuid;
        RETURN;
    END IF;
    -- Spares the writing when all is gone; decides nothing.
    IF NOT EXISTS (SELECT FROM points_goodstock s WHERE s.good_id = wanted AND s.taken < s.total) THEN
        RETURN QUERY SELECT 'sold_out', NULL::uuid;
        RETURN;
    END IF;
    -- Points stay held for a while longer, so that money told of in time is in time whenever it is settled.
    ends := CASE WHEN live.cash_fen > 0 THEN app_at() + interval '15 minutes' END;
    BEGIN
        IF ends IS NULL THEN
            SELECT * INTO posted FROM burn_points(who, live.price_points, 'burn', 'mall', live.branch_id, NULL,
                wanted_key, live.title, '', 'points.mallorder:' || fresh);
        ELSE
            SELECT * INTO posted FROM hold_points(who, live.price_points, ends + interval '15 minutes', wanted_key,
                live.title, 'points.mallorder:' || fresh);
        END IF;
        IF posted.word IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = 'FH003', MESSAGE = posted.word; END IF;
        INSERT INTO points_mallorder (id, branch_id, branch_pos, customer_id, good_id, revision_id, seller_id,
            ordered_by, key, title, kind, points, cash_fen, state, hold_id, movement_id, coupon_id, place_id, address,
            ordered_at, pay_until, paid_at, payment, sent_by, ended_at, reason)
        VALUES (fresh, app_branch(), app_branch_pos(), who, wanted, live.revision_id, live.branch_id, who, wanted_key,
            live.title, live.kind, live.price_points, live.cash_fen,
            CASE WHEN ends IS NOT NULL THEN 'ordered' WHEN live.kind = 'coupon' THEN 'given' ELSE 'paid' END,
            CASE WHEN ends IS NOT NULL THEN posted.movement END, CASE WHEN ends IS NULL THEN posted.movement END,
            CASE WHEN live.kind = 'coupon' THEN coupon END, CASE WHEN live.kind = 'pickup' THEN spot END,
            CASE WHEN live.kind = 'parcel' THEN receiver END, app_at(), ends, CASE WHEN ends IS NULL THEN app_at() END,
            '', '', CASE WHEN live.kind = 'coupon' THEN app_at() END, '');
        IF live.kind = 'coupon' THEN
            no := rewards_give(live.batch_id, who, coupon, hash, 'points.mallorder:' || fresh, live.title);
            IF no IS NOT NULL THEN RAISE EXCEPTION USING ERRCODE = 'FH003', MESSAGE = 'coupon_gone'; END IF;
        END IF;
        PERFORM points_note('points.mallorder.order', 'points.mallorder:' || fresh, live.title, app_branch(),
            app_branch_pos(), jsonb_build_object('good', wanted, 'points', live.price_points,
                                                 'cash_fen', live.cash_fen));
        UPDATE points_goodstock s SET taken = s.taken + 1 WHERE s.good_id = wanted AND s.taken < s.total;
        IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = 'FH003', MESSAGE = 'sold_out'; END IF;
    EXCEPTION WHEN SQLSTATE 'FH003' THEN
        RETURN QUERY SELECT SQLERRM, NULL::uuid;
        RETURN;
    END;
    RETURN QUERY SELECT NULL::text, fresh;
END $$;
"""

# The order under its lock, wallets before it; the row as it is until the end. Empty for whoever may not see it.
LOCK = """
CREATE FUNCTION points_hold_order(wanted uuid) RETURNS points_mallorder LANGUAGE plpgsql AS VERB $$
DECLARE held points_mallorder;
BEGIN
    SELECT o.* INTO held FROM points_mallorder o
     WHERE o.id = wanted AND CASE WHEN app_customer() IS NOT NULL THEN o.customer_id = app_customer()
                                  ELSE o.branch_pos BETWEEN app_lo() AND app_hi() END;
    IF NOT FOUND THEN RETURN NULL; END IF;
    PERFORM points_hold_wallets(ARRAY[held.customer_id, held.ordered_by]);
    SELECT o.* INTO held FROM points_mallorder o WHERE o.id = wanted FOR NO KEY UPDATE;
    RETURN held;
END $$;
"""

# The money has come, at a moment: what was held is spent. By staff or the system. NULL, 'not_found', 'not_to_pay' or
# 'pay_over'.
PAY = """
CREATE FUNCTION pay_order(wanted uuid, paid_by text, moment timestamptz) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_mallorder; no text;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN 'not_found'; END IF;
    held := points_hold_order(wanted);
    IF held.id IS NULL THEN RETURN 'not_found'; END IF;
    IF held.state <> 'ordered' THEN RETURN 'not_to_pay'; END IF;
    IF held.pay_until <= moment THEN RETURN 'pay_over'; END IF;
    no := settle_hold(held.hold_id, 'mall', held.seller_id, NULL, NULL);
    IF no IS NOT NULL THEN RETURN CASE no WHEN 'not_found' THEN no ELSE 'pay_over' END; END IF;
    UPDATE points_mallorder o SET state = 'paid', paid_at = app_at(), payment = paid_by,
           movement_id = (SELECT m.id FROM points_movement m WHERE m.follows_id = held.hold_id AND m.kind = 'commit')
     WHERE o.id = wanted;
    PERFORM points_note('points.mallorder.pay', 'points.mallorder:' || wanted, held.title, held.branch_id,
        held.branch_pos, jsonb_build_object('cash_fen', held.cash_fen, 'payment', paid_by));
    RETURN NULL;
END $$;
"""

# Points, stock and an unused coupon go back, once. By the customer before it is sent, or by staff. NULL, 'not_found',
# 'not_to_cancel', 'coupon_used'.
CANCEL = """
CREATE FUNCTION cancel_mall_order(wanted uuid, wanted_key uuid, said text, why text) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE held points_mallorder; posted record; no text;
BEGIN
    held := points_hold_order(wanted);
    IF held.id IS NULL THEN RETURN 'not_found'; END IF;
    IF held.state NOT IN ('ordered', 'paid') AND NOT (held.kind = 'coupon' AND held.state = 'given') THEN
        RETURN 'not_to_cancel';
    END IF;
    IF held.coupon_id IS NOT NULL THEN
        no := rewards_take_back(held.coupon_id, why);
        IF no IS NOT NULL THEN RETURN 'coupon_used'; END IF;
    END IF;
    IF held.state = 'ordered' THEN
        -- Set free already, where its time has passed.
        no := settle_hold(held.hold_id, NULL, NULL, NULL, said);
        IF no NOT IN ('settled') THEN
            RAISE EXCEPTION 'hold % of order % is %', held.hold_id, wanted, no;
        END IF;
    ELSE
        SELECT * INTO posted FROM reverse_points(held.movement_id, held.ordered_by, 'owe', wanted_key, said, why);
        IF posted.word IS NOT NULL THEN
            RAISE EXCEPTION 'points of order % are not given back: %', wanted, posted.word;
        END IF;
    END IF;
    UPDATE points_mallorder o SET state = 'off', ended_at = app_at(), reason = why WHERE o.id = wanted;
    PERFORM points_note('points.mallorder.cancel', 'points.mallorder:' || wanted, held.title, held.branch_id,
        held.branch_pos, jsonb_build_object('reason', why, 'points', held.points, 'cash_fen', held.cash_fen));
    UPDATE points_goodstock s SET taken = s.taken - 1 WHERE s.good_id = held.good_id;
    RETURN NULL;
END $$;
"""

# On its way, or handed over. By staff. NULL, 'not_found' or 'not_to_send'.
MOVE = """
CREATE FUNCTION move_mall_order(wanted uuid, target text, carrier text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held points_mallorder;
BEGIN
    IF app_customer() IS NOT NULL THEN RETURN 'not_found'; END IF;
    held := points_hold_order(wanted);
    IF held.id IS NULL THEN RETURN 'not_found'; END IF;
    IF (held.kind, held.state, target) NOT IN (('parcel', 'paid', 'sent'), ('parcel', 'sent', 'given'),
                                               ('pickup', 'paid', 'given')) THEN
        RETURN 'not_to_send';
    END IF;
    UPDATE points_mallorder o
       SET state = target, sent_at = CASE target WHEN 'sent' THEN app_at() ELSE o.sent_at END,
           sent_by = CASE target WHEN 'sent' THEN carrier ELSE o.sent_by END,
           ended_at = CASE target WHEN 'given' THEN app_at() END
     WHERE o.id = wanted;
    PERFORM points_note(CASE target WHEN 'sent' THEN 'points.mallorder.send' ELSE 'points.mallorder.hand_over' END,
        'points.mallorder:' || wanted, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('carrier', carrier));
    RETURN NULL;
END $$;
"""

# Orders whose money did not come in time are off; any number of workers side by side. Answers how many.
SWEEP = """
CREATE FUNCTION sweep_mall_orders(at_most int, said text) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE each record; many int := 0;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'what is not paid is called off by the system';
    END IF;
    FOR each IN SELECT o.id, o.customer_id FROM points_mallorder o
                 WHERE o.state = 'ordered' AND o.pay_until <= app_at() AND o.branch_pos BETWEEN app_lo() AND app_hi()
                   AND NOT EXISTS (SELECT FROM points_mallpayment p WHERE p.order_id = o.id AND p.state = 'waiting')
                 ORDER BY o.pay_until LIMIT at_most LOOP
        PERFORM FROM points_wallet w WHERE w.customer_id = each.customer_id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        -- Paid or called off meanwhile: answered with a word, and well.
        IF cancel_mall_order(each.id, NULL, said, said) IS NULL THEN many := many + 1; END IF;
    END LOOP;
    RETURN many;
END $$;
"""

# What systems of the bank tell of money, bank-wide and before there is a scope. Laid down, and settled by the sweep.
HEAR = """
CREATE FUNCTION hear_mall_payments(from_source text, own_ids text[], orders uuid[], moment timestamptz) RETURNS int
LANGUAGE plpgsql AS VERB $$
DECLARE laid int;
BEGIN
    INSERT INTO points_mallpayment (id, branch_id, branch_pos, customer_id, order_id, source, told, at, word)
    SELECT uuidv7(), o.branch_id, o.branch_pos, o.customer_id, o.id, from_source, e.told, moment, ''
      FROM (SELECT DISTINCT told, id FROM unnest(own_ids, orders) AS e (told, id)) e
      JOIN points_mallorder o ON o.id = e.id
    ON CONFLICT (order_id, source, told) DO NOTHING;
    GET DIAGNOSTICS laid = ROW_COUNT;
    RETURN laid;
END $$;
"""

SETTLE = """
CREATE FUNCTION settle_mall_payments(at_most int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE each record; no text; many int := 0;
BEGIN
    IF app_customer() IS NOT NULL OR app_person() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'payments are settled by the system';
    END IF;
    FOR each IN SELECT p.id, p.order_id, p.source, p.told, p.at, o.customer_id FROM points_mallpayment p
                  JOIN points_mallorder o ON o.id = p.order_id
                 WHERE p.state = 'waiting' ORDER BY p.id LIMIT at_most LOOP
        PERFORM FROM points_wallet w WHERE w.customer_id = each.customer_id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM FROM points_mallpayment p WHERE p.id = each.id AND p.state = 'waiting' FOR NO KEY UPDATE;
        CONTINUE WHEN NOT FOUND;
        no := pay_order(each.order_id, left(each.source || ' ' || each.told, 64), each.at);
        UPDATE points_mallpayment p SET state = CASE WHEN no IS NULL THEN 'settled' ELSE 'refused' END,
               word = coalesce(no, '') WHERE p.id = each.id;
        many := many + 1;
    END LOOP;
    RETURN many;
END $$;
"""

# A merge of customers: orders and payments are the kept one's; back again by the ids that had moved.
FOLLOW_MERGE = """
CREATE FUNCTION move_mall_orders(kept uuid, absorbed uuid, chosen uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE moved uuid[]; target customers_customer;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'orders are moved by a merge of customers';
    END IF;
    SELECT * INTO target FROM customers_customer c WHERE c.id = CASE WHEN chosen IS NULL THEN kept ELSE absorbed END;
    WITH done AS (
        UPDATE points_mallorder o SET customer_id = target.id, branch_id = target.branch_id,
                                      branch_pos = target.branch_pos
         WHERE o.customer_id = CASE WHEN chosen IS NULL THEN absorbed ELSE kept END
           AND (chosen IS NULL OR o.id = ANY (chosen)) RETURNING o.id
    ), paid AS (
        UPDATE points_mallpayment p SET customer_id = target.id, branch_id = target.branch_id,
                                        branch_pos = target.branch_pos
         WHERE p.order_id IN (SELECT o.id FROM points_mallorder o
                               WHERE o.customer_id = CASE WHEN chosen IS NULL THEN absorbed ELSE kept END
                                 AND (chosen IS NULL OR o.id = ANY (chosen)))
    )
    SELECT coalesce(array_agg(d.id), '{}') INTO moved FROM done d;
    RETURN moved;
END $$;
"""
