"""The verb that tries a draw, and the sums that anybody can do again.

Locks: the customer, the wallet, and the prize's stock last.
"""

from campaigns.rewards.sql.rooms_above import STEP_BACK, STEP_OUT

# HMAC-SHA256 under a key of one block, by hand: pgcrypto is not everywhere.
HMAC = """
CREATE FUNCTION points_hmac(seed bytea, said bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE inner_pad bytea := seed; outer_pad bytea := seed;
BEGIN
    IF octet_length(seed) <> 64 THEN
        RAISE check_violation USING MESSAGE = 'a seed is 64 bytes', CONSTRAINT = 'points_seed_is_one_block';
    END IF;
    FOR n IN 0..63 LOOP
        inner_pad := set_byte(inner_pad, n, get_byte(seed, n) # 54);
        outer_pad := set_byte(outer_pad, n, get_byte(seed, n) # 92);
    END LOOP;
    RETURN sha256(outer_pad || sha256(inner_pad || said));
END $$;
"""

# 0 to 999,999, as campaigns/points/draws.py: the first eight bytes as a fraction of 2^64. Halves of 32 bits, since
# there is no unsigned number of 64.
NUMBER = """
CREATE FUNCTION points_draw_number(seed bytea, draw uuid, customer uuid, nth int) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT div(((('x' || substr(h.hex, 1, 8))::bit(32)::bigint)::numeric * 4294967296
                + ('x' || substr(h.hex, 9, 8))::bit(32)::bigint) * 1000000, 18446744073709551616)::int
      FROM (SELECT encode(points_hmac(seed, convert_to(draw || '|' || customer || '|' || nth, 'UTF8')), 'hex')) h (hex)
$$;
"""

# Points won, from the branch whose draw it is; as the system, since nobody gives points to himself. The movement.
GIVE = """
CREATE FUNCTION points_give_won(customer uuid, amount bigint, wanted_key uuid, issuer int, said text, caused text,
                                valid_months int, valid_ends text) RETURNS uuid
LANGUAGE plpgsql AS VERB $$
DECLARE posted record; was text[];
BEGIN
    -- OUT
    SELECT * INTO posted FROM accrue_points(ARRAY[customer], ARRAY[amount], ARRAY[wanted_key], ARRAY[caused], NULL,
        issuer, 'accrue', said, '', NULL, valid_months, valid_ends, NULL, NULL);
    -- BACK
    IF posted.word IS NOT NULL THEN RAISE EXCEPTION 'points won by % are not given: %', customer, posted.word; END IF;
    RETURN posted.movement;
END $$;
""".replace("    -- OUT\n", STEP_OUT.lstrip("\n")).replace("    -- BACK\n", STEP_BACK.lstrip("\n"))

# One try of the scope's customer: points taken, decided, and what was won booked, in one transaction. `seen`: the price
# that was shown; `ours`: the installation's half of the seed of `pledge`. NULL and the try; or why not: not_found,
# not_open_yet, over, stopped, price_changed, times_day, times_all, short. Who came so far has drawn: a prize that is
# gone gives way to the consolation, and the try says so.
TRY = """
CREATE FUNCTION draw_try(wanted uuid, fresh uuid, wanted_key uuid, seen int, pledge uuid, ours bytea, coupon uuid,
                         hash bytea)
RETURNS TABLE (word text, made uuid) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE live points_livedraw; who uuid := app_customer(); no text; twin uuid; posted record; today date; count_ int;
        promised record; secret bytea; turn int; drawn int; prize jsonb; target uuid; missed_ text := ''; place bigint;
        burnt uuid; given uuid; what text := ''; said text; won int := 0;
BEGIN
    SELECT l.* INTO live FROM points_livedraw l
     WHERE l.draw_id = wanted AND l.shown_from <= app_at() AND l.branch_id = ANY (app_line())
       AND (l.handed_down OR l.branch_id = app_branch());
    SELECT p.sha256, s.half || ours AS whole INTO promised FROM points_drawpledge p
      JOIN points_drawseed s ON s.pledge_id = p.id
     WHERE p.id = pledge AND p.draw_id = wanted AND p.revealed_at IS NULL;
    no := CASE WHEN who IS NULL OR live.draw_id IS NULL THEN 'not_found'
               WHEN live.open_from > app_at() THEN 'not_open_yet'
               WHEN live.open_until <= app_at() OR promised.sha256 IS NULL THEN 'over'
               WHEN EXISTS (SELECT FROM approvals_stop s JOIN tenants_branch o ON o.id = s.branch_id
                             WHERE s.lifted_at IS NULL AND s.campaign_id IS NULL AND s.kind IN ('', 'points.draw')
                               AND app_branch_pos() BETWEEN o.pos AND o.pos_end) THEN 'stopped'
               WHEN live.price_points <> seen THEN 'price_changed' END;
    IF no IS NOT NULL THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;
    secret := promised.whole;
    IF encode(sha256(secret), 'hex') <> promised.sha256 THEN
        RAISE EXCEPTION 'the seed of draw % is not the one that was promised: another DATA_KEY?', wanted;
    END IF;
    -- As strongly as the grant of a coupon will: to ask for more later is how two wait for each other.
    IF live.prizes @? '$[*] ? (@.kind == "coupon")' THEN
        PERFORM FROM customers_customer c WHERE c.id = who FOR UPDATE;
    END IF;
    -- One customer's tries queue up here, so that the counts below are true.
    PERFORM points_hold_wallets(ARRAY[who]);
    SELECT t.id INTO twin FROM points_drawtry t WHERE t.key = wanted_key AND t.customer_id = who;
    IF FOUND THEN RETURN QUERY SELECT 'twice', twin; RETURN; END IF;
    SELECT (app_at() AT TIME ZONE b.zone)::date INTO today FROM tenants_branch b WHERE b.id = app_branch();
    SELECT CASE WHEN count(*) >= live.times_all THEN 'times_all'
                WHEN count(*) FILTER (WHERE t.day = today) >= live.times_day THEN 'times_day' END INTO no
      FROM points_drawtry t WHERE t.draw_id = wanted AND t.customer_id = who;
    -- As burning does: nobody who was blocked or erased meanwhile tries.
    IF no IS NULL AND live.price_points = 0 THEN
        no := points_ready(who, 0);
    ELSIF no IS NULL THEN
        SELECT * INTO posted FROM burn_points(who, live.price_points, 'burn', 'draw', live.branch_id, NULL, wanted_key,
            live.title, '', 'points.drawtry:' || fresh);
        no := posted.word;
        burnt := posted.movement;
    END IF;
    IF no IS NOT NULL THEN RETURN QUERY SELECT no, NULL::uuid; RETURN; END IF;

    SELECT coalesce(max(t.nth), 0) + 1 INTO turn FROM points_drawtry t WHERE t.draw_id = wanted AND t.tried_by = who;
    drawn := points_draw_number(secret, wanted, who, turn);
    SELECT e.prize INTO prize
      FROM (SELECT p.prize, sum((p.prize ->> 'parts')::int) OVER (ORDER BY p.place) AS upto
              FROM jsonb_array_elements(live.prizes) WITH ORDINALITY AS p (prize, place)) e
     WHERE drawn < e.upto ORDER BY e.upto LIMIT 1;
    target := (prize ->> 'id')::uuid;
    what := coalesce(prize ->> 'kind', '');
    said := coalesce(prize ->> 'title', live.fallback_title);
    -- What is won is written first and undone if a rival was quicker; a total that was raised meanwhile is seen.
    count_ := 0;
    WHILE target IS NOT NULL LOOP
        count_ := count_ + 1;
        IF count_ > 50 THEN RAISE EXCEPTION 'no stock of prize % of draw %', target, wanted; END IF;
        IF EXISTS (SELECT FROM points_drawstock s WHERE s.prize_id = target AND s.taken < s.total) THEN
            BEGIN
                no := NULL;
                IF what = 'coupon' THEN
                    no := rewards_give((prize ->> 'batch_id')::uuid, who, coupon, hash, 'points.drawtry:' || fresh,
                                       live.title);
                ELSIF what = 'points' THEN
                    given := points_give_won(who, (prize ->> 'points')::bigint, fresh, live.branch_id, live.title,
                                             'points.drawtry:' || fresh, live.months, live.ends);
                END IF;
                IF no IS NOT NULL THEN
                    missed_ := 'coupon';
                    EXIT;
                END IF;
                UPDATE points_drawstock s SET taken = s.taken + 1, serial = s.serial + 1
                 WHERE s.prize_id = target AND s.taken < s.total RETURNING s.serial INTO place;
                IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = 'FH003', MESSAGE = 'gone'; END IF;
                EXIT;
            EXCEPTION WHEN SQLSTATE 'FH003' THEN
                given := NULL;
            END;
        END IF;
        UPDATE points_drawstock s SET serial = s.serial + 1
         WHERE s.prize_id = target AND s.taken >= s.total RETURNING s.serial INTO place;
        IF FOUND THEN
            missed_ := 'stock';
            EXIT;
        END IF;
    END LOOP;
    IF target IS NULL OR missed_ <> '' THEN
        what := CASE WHEN live.fallback_points > 0 THEN 'points' ELSE '' END;
        said := live.fallback_title;
        won := live.fallback_points;
        IF won > 0 THEN
            given := points_give_won(who, won, fresh, live.branch_id, live.title, 'points.drawtry:' || fresh,
                                     live.months, live.ends);
        END IF;
    ELSIF what = 'points' THEN
        won := (prize ->> 'points')::int;
    END IF;
    INSERT INTO points_drawtry (id, branch_id, branch_pos, customer_id, draw_id, draw_title, pledge_id, revision_id,
        key, tried_by, nth, number, prize_id, serial, missed, kind, title, price_points, won_points, burnt_id,
        given_id, coupon_id, day, at, state)
    VALUES (fresh, app_branch(), app_branch_pos(), who, wanted, live.title, pledge, live.revision_id,
        wanted_key, who, turn, drawn, target, place, missed_, what, said, live.price_points, won, burnt,
        given, CASE WHEN what = 'coupon' THEN coupon END, today, app_at(),
        CASE WHEN what IN ('pickup', 'parcel') THEN 'won' ELSE '' END);
    RETURN QUERY SELECT NULL::text, fresh;
END $$;
"""

# What was drawn stays as it was, for every writer there may ever be: only who it belongs to and its handing over move.
STAYS = """
CREATE FUNCTION points_drawtry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moves text[] := ARRAY['customer_id', 'branch_id', 'branch_pos', 'state', 'address', 'sealed_for', 'sent_at',
                              'sent_by', 'ended_at'];
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(OLD) - moves <> to_jsonb(NEW) - moves THEN
        RAISE check_violation USING MESSAGE = 'what was drawn is never edited or deleted',
            CONSTRAINT = 'points_drawtry_is_never_edited';
    END IF;
    IF OLD.state <> NEW.state
       AND (OLD.state, NEW.state) NOT IN (('won', 'sent'), ('won', 'given'), ('won', 'off'), ('sent', 'given')) THEN
        RAISE check_violation USING MESSAGE = format('a prize does not go from %s to %s', OLD.state, NEW.state),
            CONSTRAINT = 'points_drawtry_moves_as_allowed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER points_drawtry_stays BEFORE UPDATE OR DELETE ON points_drawtry
    FOR EACH ROW EXECUTE FUNCTION points_drawtry_stays();
CREATE TRIGGER points_is_never_edited BEFORE DELETE OR UPDATE OF id, prize_id, serial, total, at, person_id
    ON points_drawstockchange FOR EACH ROW EXECUTE FUNCTION points_is_never_edited();
"""
