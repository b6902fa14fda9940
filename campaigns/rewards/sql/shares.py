"""The tree of a batch's quota: what each branch received, gave on and kept, moved by verbs alone.

Whoever moves quota locks in one order: the batch (when the issuer's own quota changes), the nodes from the top of the
tree down, the buckets by number, the budgets, the reservations by branch. So nobody waits crosswise.
"""

# Until now the serving role wrote stock itself. From here on only these verbs do, and the release that still serves
# is refused an allotment for the minutes until it is replaced; claims and the counter go on.
VERBS_ALONE = """
DROP TRIGGER rewards_stock_is_passed_on ON rewards_stock;
REVOKE INSERT, UPDATE ON rewards_stock FROM fenhang_app;
REVOKE INSERT (id, batch_id, branch_id, branch_pos, bucket, allotted), UPDATE (allotted) ON rewards_stock
  FROM fenhang_app;
"""

# A node's sums, compared when a transaction ends: whoever wrote, and however.
AGREES = """
CREATE FUNCTION rewards_share_agrees() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE node rewards_share; stock bigint; below bigint;
BEGIN
    SELECT * INTO node FROM rewards_share s WHERE s.batch_id = NEW.batch_id AND s.branch_id = NEW.branch_id;
    SELECT coalesce(sum(k.allotted), 0) INTO stock FROM rewards_stock k
     WHERE k.batch_id = NEW.batch_id AND k.branch_id = NEW.branch_id;
    IF coalesce(node.kept, 0) <> stock THEN
        RAISE check_violation USING MESSAGE = format('branch %s keeps %s of a batch and has %s in its buckets',
            NEW.branch_id, coalesce(node.kept, 0), stock), CONSTRAINT = 'rewards_share_keeps_what_is_in_its_buckets';
    END IF;
    IF TG_TABLE_NAME = 'rewards_share' THEN
        SELECT coalesce(sum(c.received), 0) INTO below FROM rewards_share c
         WHERE c.batch_id = NEW.batch_id AND c.giver_id = NEW.branch_id;
        IF node.given <> below THEN
            RAISE check_violation USING MESSAGE = format('branch %s gave %s of a batch and its children received %s',
                NEW.branch_id, node.given, below), CONSTRAINT = 'rewards_share_gave_what_its_children_received';
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""
# The issuer's node received what the batch allotted, which CHECKs on the batch hold under its quota, and under the
# approved one.
ROOT_AGREES = """
CREATE FUNCTION rewards_root_agrees() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE wanted uuid := (to_jsonb(NEW) ->> CASE TG_TABLE_NAME WHEN 'rewards_batch' THEN 'id' ELSE 'batch_id' END)::uuid;
        batch rewards_batch; root int;
BEGIN
    SELECT * INTO batch FROM rewards_batch b WHERE b.id = wanted;
    SELECT s.received INTO root FROM rewards_share s WHERE s.batch_id = wanted AND s.branch_id = batch.branch_id;
    IF batch.allotted <> coalesce(root, 0) THEN
        RAISE check_violation USING MESSAGE = format('a batch allotted %s and its issuer received %s', batch.allotted,
            coalesce(root, 0)), CONSTRAINT = 'rewards_batch_allotted_is_what_its_issuer_received';
    END IF;
    RETURN NULL;
END $$;
"""
AGREED = """
CREATE CONSTRAINT TRIGGER rewards_batch_root_agrees AFTER UPDATE OF allotted ON rewards_batch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_root_agrees();
CREATE CONSTRAINT TRIGGER rewards_share_root_agrees AFTER INSERT OR UPDATE OF received, giver_id ON rewards_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.giver_id IS NULL) EXECUTE FUNCTION rewards_root_agrees();
CREATE CONSTRAINT TRIGGER rewards_stock_agrees AFTER INSERT OR UPDATE OF allotted ON rewards_stock
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_share_agrees();
CREATE CONSTRAINT TRIGGER rewards_share_agrees
    AFTER INSERT OR UPDATE OF received, given, kept, giver_id ON rewards_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rewards_share_agrees();
"""

# The whole tree of a batch from its buckets and the branches as they stand: after a branch moved or closed, and once
# for what was allotted before there was a tree. What lies outside the issuer's branches since a move hangs at the
# issuer.
SETTLE = """
CREATE FUNCTION rewards_settle_shares(wanted uuid) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE issuer tenants_branch;
BEGIN
    SELECT b.* INTO issuer FROM rewards_batch r JOIN tenants_branch b ON b.id = r.branch_id WHERE r.id = wanted;
    INSERT INTO rewards_share (id, batch_id, branch_id, branch_pos)
    SELECT uuidv7(), wanted, n.id, n.pos FROM tenants_branch n
     WHERE n.id = issuer.id OR n.id IN (SELECT s.branch_id FROM rewards_stock s WHERE s.batch_id = wanted)
        OR (n.pos BETWEEN issuer.pos AND issuer.pos_end
            AND EXISTS (SELECT FROM rewards_stock s
                         WHERE s.batch_id = wanted AND s.branch_pos BETWEEN n.pos AND n.pos_end))
     ORDER BY n.pos ON CONFLICT DO NOTHING;
    PERFORM FROM rewards_share s WHERE s.batch_id = wanted ORDER BY s.branch_pos FOR NO KEY UPDATE;
    WITH stock AS (
        SELECT s.branch_id, s.branch_pos AS pos, sum(s.allotted)::int AS kept FROM rewards_stock s
         WHERE s.batch_id = wanted GROUP BY 1, 2
    ), node AS (
        SELECT b.id, b.parent_id, b.pos BETWEEN issuer.pos AND issuer.pos_end AS inside,
               coalesce((SELECT k.kept FROM stock k WHERE k.branch_id = b.id), 0) AS kept,
               coalesce((SELECT sum(k.kept) FROM stock k WHERE k.pos BETWEEN b.pos AND b.pos_end), 0)::int AS below,
               coalesce((SELECT sum(k.kept) FROM stock k), 0)::int AS whole
          FROM rewards_share s JOIN tenants_branch b ON b.id = s.branch_id WHERE s.batch_id = wanted
    ), should AS (
        SELECT id, kept, CASE WHEN id = issuer.id THEN whole WHEN inside THEN below ELSE kept END AS received,
               CASE WHEN id = issuer.id THEN NULL WHEN inside THEN parent_id ELSE issuer.id END AS giver_id
          FROM node
    )
    UPDATE rewards_share s
       SET giver_id = n.giver_id, received = n.received, given = n.received - n.kept, kept = n.kept
      FROM should n
     WHERE s.batch_id = wanted AND s.branch_id = n.id
       AND (s.received, s.kept, s.giver_id) IS DISTINCT FROM (n.received, n.kept, n.giver_id);
END $$;
"""
# Each batch's row is locked first: an allotment of the release before has been committed, or is refused by now.
FILL = """
SELECT FROM rewards_batch ORDER BY id FOR NO KEY UPDATE;
SELECT rewards_settle_shares(b.id) FROM rewards_batch b
 WHERE EXISTS (SELECT FROM rewards_stock s WHERE s.batch_id = b.id) ORDER BY b.id;
"""

# The nodes from the issuer to a branch, made where there were none, and locked from the top down, from `top` on.
READY = """
CREATE FUNCTION rewards_ready_shares(wanted uuid, target int, top int) RETURNS void LANGUAGE plpgsql AS VERB $$
DECLARE issuer tenants_branch; way int[] := tenants_line(target);
BEGIN
    SELECT b.* INTO issuer FROM rewards_batch r JOIN tenants_branch b ON b.id = r.branch_id WHERE r.id = wanted;
    INSERT INTO rewards_share (id, batch_id, branch_id, branch_pos, giver_id)
    SELECT uuidv7(), wanted, n.id, n.pos, CASE WHEN n.id <> issuer.id THEN n.parent_id END FROM tenants_branch n
     WHERE n.id = ANY (way) AND n.pos BETWEEN issuer.pos AND issuer.pos_end
     ORDER BY n.pos ON CONFLICT DO NOTHING;
    PERFORM FROM rewards_share s
     WHERE s.batch_id = wanted AND s.branch_pos >= top AND (s.branch_id = ANY (way) OR s.branch_id = issuer.id)
     ORDER BY s.branch_pos FOR NO KEY UPDATE;
END $$;
"""

# What changed in the buckets, into the nodes on the way up: one statement, so that each node's sums are true
# throughout, and a node above both ends of a move, whose sums stay, is not written.
CARRY = """
CREATE FUNCTION rewards_carry_shares(wanted uuid, branches int[], deltas int[]) RETURNS void
LANGUAGE plpgsql AS VERB $$
DECLARE issuer tenants_branch;
BEGIN
    SELECT b.* INTO issuer FROM rewards_batch r JOIN tenants_branch b ON b.id = r.branch_id WHERE r.id = wanted;
    WITH delta AS (
        SELECT branch, sum(moved)::int AS moved FROM unnest(branches, deltas) AS d (branch, moved) GROUP BY 1
    ), way AS (
        SELECT DISTINCT d.branch, d.moved, n.id AS node FROM delta d
          JOIN tenants_branch f ON f.id = d.branch
         CROSS JOIN LATERAL unnest(tenants_line(d.branch) || issuer.id) AS up (id)
          JOIN tenants_branch n ON n.id = up.id
         WHERE n.id = d.branch OR n.id = issuer.id
            OR (n.pos BETWEEN issuer.pos AND issuer.pos_end AND f.pos BETWEEN issuer.pos AND issuer.pos_end)
    ), sums AS (
        SELECT node, sum(moved)::int AS whole, coalesce(sum(moved) FILTER (WHERE node = branch), 0)::int AS own
          FROM way GROUP BY node
    )
    UPDATE rewards_share s
       SET received = s.received + c.whole, given = s.given + c.whole - c.own, kept = s.kept + c.own
      FROM sums c WHERE s.batch_id = wanted AND s.branch_id = c.node AND (c.whole <> 0 OR c.own <> 0);
END $$;
"""

# So many more in a branch's buckets, as level as they can be: the low ones are filled up to a common height. One
# bucket serves 200 coupons, up to 64; measured contention begins well above, and small shares stay one row.
GIVE = """
CREATE FUNCTION rewards_give_stock(wanted uuid, target int, quantity int) RETURNS void LANGUAGE plpgsql AS VERB $$
BEGIN
    PERFORM FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = target ORDER BY s.bucket FOR UPDATE;
    WITH own AS (
        SELECT s.bucket, s.allotted::bigint AS held FROM rewards_stock s
         WHERE s.batch_id = wanted AND s.branch_id = target
    ), wide AS (
        SELECT greatest(least(64, div((SELECT coalesce(sum(held), 0) FROM own) + quantity, 200)), 1,
                        (SELECT coalesce(max(bucket) + 1, 0) FROM own)) AS many
    ), ranked AS (
        SELECT g.bucket, coalesce(o.held, 0) AS held,
               row_number() OVER (ORDER BY coalesce(o.held, 0), g.bucket) AS nth,
               sum(coalesce(o.held, 0)) OVER (ORDER BY coalesce(o.held, 0), g.bucket) AS upto
          FROM wide, generate_series(0, wide.many::int - 1) AS g (bucket) LEFT JOIN own o USING (bucket)
    ), level AS (
        SELECT nth AS many, div(upto + quantity, nth) AS height, (upto + quantity) % nth AS rest FROM ranked
         WHERE nth * held - upto <= quantity ORDER BY nth DESC LIMIT 1
    )
    INSERT INTO rewards_stock (id, batch_id, branch_id, branch_pos, bucket, allotted)
    SELECT uuidv7(), wanted, b.id, b.pos, r.bucket,
           CASE WHEN r.nth <= l.many THEN l.height + (r.nth <= l.rest)::int ELSE r.held END
      FROM ranked r CROSS JOIN level l JOIN tenants_branch b ON b.id = target
    ON CONFLICT (batch_id, branch_id, bucket) DO UPDATE SET allotted = excluded.allotted
     WHERE rewards_stock.allotted <> excluded.allotted;
END $$;
"""
# So many unclaimed ones out of a branch's buckets, the fullest first; all of them for NULL. How many, or NULL when
# there are too few.
TAKE = """
CREATE FUNCTION rewards_take_stock(wanted uuid, target int, quantity int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE unused int;
BEGIN
    PERFORM FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = target ORDER BY s.bucket FOR UPDATE;
    SELECT coalesce(sum(s.allotted - s.claimed), 0) INTO unused FROM rewards_stock s
     WHERE s.batch_id = wanted AND s.branch_id = target;
    IF unused < quantity THEN RETURN NULL; END IF;
    WITH ranked AS (
        SELECT s.id, s.allotted - s.claimed AS rest,
               sum(s.allotted - s.claimed) OVER (ORDER BY s.allotted - s.claimed DESC, s.bucket) AS upto
          FROM rewards_stock s WHERE s.batch_id = wanted AND s.branch_id = target
    )
    UPDATE rewards_stock s SET allotted = s.allotted - least(r.rest, coalesce(quantity, unused) - (r.upto - r.rest))
      FROM ranked r WHERE s.id = r.id AND r.rest > 0 AND r.upto - r.rest < coalesce(quantity, unused);
    RETURN coalesce(quantity, unused);
END $$;
"""

# Where quota comes from: who stands at the issuer or above moves the batch's own; who stands below it, once the batch
# is published and handed down, what the own branch keeps. The branch, 0 for the batch's own, NULL for no such batch.
SOURCE = """
CREATE FUNCTION rewards_source_of(wanted uuid) RETURNS int LANGUAGE sql STABLE AS VERB $$
    SELECT CASE WHEN b.branch_pos BETWEEN app_lo() AND app_hi() THEN 0 ELSE app_branch() END FROM rewards_batch b
     WHERE b.id = wanted AND app_customer() IS NULL
       AND (b.branch_pos BETWEEN app_lo() AND app_hi()
            OR (b.branch_id = ANY (app_ancestors())
                AND EXISTS (SELECT FROM rewards_livebatch l WHERE l.batch_id = b.id AND l.handed_down)))
$$;
"""

ALLOT = """
CREATE FUNCTION allot_stock(wanted uuid, target int, quantity int) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE source int := rewards_source_of(wanted); goal tenants_branch; top int;
BEGIN
    IF source IS NULL THEN RETURN 'not_found'; END IF;
    IF quantity < 1 THEN RETURN 'quantity_is_not_positive'; END IF;
    SELECT g.* INTO goal FROM tenants_branch g, rewards_batch b JOIN tenants_branch i ON i.id = b.branch_id
     WHERE b.id = wanted AND g.id = target AND g.id <> source AND g.pos BETWEEN app_lo() AND app_hi()
       AND (g.id = i.id OR (b.handed_down AND g.pos BETWEEN i.pos AND i.pos_end));
    IF NOT FOUND THEN RETURN 'branch_elsewhere'; END IF;
    IF source = 0 THEN
        -- The guard and the lock in one: allotments of a batch follow each other from here on.
        UPDATE rewards_batch b SET allotted = b.allotted + quantity
         WHERE b.id = wanted AND b.allotted <= b.quota::bigint - quantity
           AND (b.approved_quota IS NULL OR b.allotted <= b.approved_quota::bigint - quantity);
        IF NOT FOUND THEN RETURN 'above_quota'; END IF;
        top := 0;
    ELSE
        top := app_branch_pos();
    END IF;
    PERFORM rewards_ready_shares(wanted, target, top);
    IF source <> 0 AND rewards_take_stock(wanted, source, quantity) IS NULL THEN RETURN 'share_too_small'; END IF;
    PERFORM rewards_give_stock(wanted, target, quantity);
    PERFORM rewards_carry_shares(wanted, ARRAY[target, source], ARRAY[quantity, -quantity]);
    RETURN rewards_reserve(wanted, ARRAY[target, source], ARRAY[quantity, -quantity]);
END $$;
"""

# `quantity` NULL: all that nobody claimed, of the branch and everything below it.
DRAW_BACK = """
CREATE FUNCTION draw_back_stock(wanted uuid, target int, quantity int, OUT word text, OUT moved int)
LANGUAGE plpgsql AS VERB $$
DECLARE source int := rewards_source_of(wanted); goal tenants_branch; places int[]; taken int[] := '{}'; one int;
BEGIN
    moved := 0;
    IF source IS NULL THEN word := 'not_found'; RETURN; END IF;
    IF quantity < 1 THEN word := 'quantity_is_not_positive'; RETURN; END IF;
    SELECT g.* INTO goal FROM tenants_branch g
     WHERE g.id = target AND g.id <> source AND g.pos BETWEEN app_lo() AND app_hi()
       AND EXISTS (SELECT FROM rewards_batch b JOIN tenants_branch i ON i.id = b.branch_id
                    WHERE b.id = wanted AND (g.pos BETWEEN i.pos AND i.pos_end OR EXISTS (
                        SELECT FROM rewards_share s WHERE s.batch_id = wanted AND s.branch_id = g.id)));
    IF NOT FOUND THEN word := 'branch_elsewhere'; RETURN; END IF;
    IF source = 0 THEN PERFORM FROM rewards_batch b WHERE b.id = wanted FOR NO KEY UPDATE; END IF;
    PERFORM FROM rewards_share s
     WHERE s.batch_id = wanted AND s.branch_pos >= CASE WHEN source = 0 THEN 0 ELSE app_branch_pos() END
       AND (s.branch_id = ANY (tenants_line(target)) OR s.giver_id IS NULL
            OR (quantity IS NULL AND s.branch_pos BETWEEN goal.pos AND goal.pos_end))
     ORDER BY s.branch_pos FOR NO KEY UPDATE;
    SELECT coalesce(array_agg(s.branch_id ORDER BY s.branch_pos), '{}') INTO places FROM rewards_share s
     WHERE s.batch_id = wanted AND CASE WHEN quantity IS NULL THEN s.branch_pos BETWEEN goal.pos AND goal.pos_end
                                        ELSE s.branch_id = target END;
    FOREACH one IN ARRAY places LOOP
        taken := taken || rewards_take_stock(wanted, one, quantity);
    END LOOP;
    IF array_position(taken, NULL) IS NOT NULL OR (taken = '{}' AND quantity IS NOT NULL) THEN
        word := 'unused_too_few';
        RETURN;
    END IF;
    SELECT coalesce(sum(t), 0) INTO moved FROM unnest(taken) t;
    IF moved = 0 THEN RETURN; END IF;
    IF source = 0 THEN
        UPDATE rewards_batch b SET allotted = b.allotted - moved WHERE b.id = wanted;
    ELSE
        PERFORM rewards_give_stock(wanted, source, moved);
    END IF;
    SELECT array_agg(-t) INTO taken FROM unnest(taken) t;
    PERFORM rewards_carry_shares(wanted, places || source, taken || moved);
    word := rewards_reserve(wanted, places || source, taken || moved);
END $$;
"""

# Unclaimed shares of a branch that closed go to its successor, or back to the batch where that may hold none of it,
# with what is reserved for them; and the tree is settled, also where the closed branch was the issuer.
HAND_ON = """
CREATE OR REPLACE FUNCTION pass_on_stock(closed int, successor int) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE ended tenants_branch; next tenants_branch; issuer tenants_branch; held record; unused int; passed int := 0;
        may_hold boolean; word text;
BEGIN
    SELECT * INTO ended FROM tenants_branch b WHERE b.id = closed;
    SELECT * INTO next FROM tenants_branch b WHERE b.id = successor;
    IF ended.is_open OR ended.successor_id IS DISTINCT FROM successor
       OR ended.pos NOT BETWEEN app_lo() AND app_hi() OR next.pos NOT BETWEEN app_lo() AND app_hi() THEN
        RAISE insufficient_privilege USING MESSAGE = 'stock is passed on from a closed branch to its successor';
    END IF;
    FOR held IN
        SELECT b.id, b.handed_down, b.branch_id FROM rewards_batch b
         WHERE b.id IN (SELECT s.batch_id FROM rewards_share s WHERE s.branch_id = closed)
         ORDER BY b.id FOR NO KEY UPDATE
    LOOP
        SELECT * INTO issuer FROM tenants_branch b WHERE b.id = held.branch_id;
        PERFORM FROM rewards_share s WHERE s.batch_id = held.id ORDER BY s.branch_pos FOR NO KEY UPDATE;
        unused := rewards_take_stock(held.id, closed, NULL);
        IF unused > 0 THEN
            may_hold := next.id = issuer.id
                OR (held.handed_down AND next.pos > issuer.pos AND next.pos <= issuer.pos_end);
            IF may_hold THEN
                PERFORM rewards_give_stock(held.id, successor, unused);
            ELSE
                UPDATE rewards_batch b SET allotted = b.allotted - unused WHERE b.id = held.id;
            END IF;
            word := rewards_reserve(held.id, ARRAY[closed, CASE WHEN may_hold THEN successor ELSE 0 END],
                                    ARRAY[-unused, unused]);
            IF word IS NOT NULL THEN RAISE EXCEPTION 'what was reserved cannot be passed on: %', word; END IF;
            passed := passed + 1;
        END IF;
        PERFORM rewards_settle_shares(held.id);
    END LOOP;
    RETURN passed;
END $$;
"""

# After branches moved: the nodes of their batches hang where they stand now. Asked by the step of the move; rewrites
# nothing that agrees already.
REHANG = """
CREATE FUNCTION rehang_shares(branches int[]) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE found_batch uuid; hung int := 0;
BEGIN
    FOR found_batch IN SELECT b.id FROM rewards_batch b
         WHERE b.id IN (SELECT s.batch_id FROM rewards_share s WHERE s.branch_id = ANY (branches))
         ORDER BY b.id FOR NO KEY UPDATE
    LOOP
        PERFORM rewards_settle_shares(found_batch);
        hung := hung + 1;
    END LOOP;
    RETURN hung;
END $$;
"""
