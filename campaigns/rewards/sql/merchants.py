"""Redeeming at a merchant's till: who stands there, what may be redeemed there, and what is settled with whom."""

from campaigns.rewards.sql import close, coupons

# The published terms name their merchants.
KEEP_TERMS = """
CREATE OR REPLACE FUNCTION rewards_terms_are_kept() RETURNS trigger LANGUAGE plpgsql AS VERB $$
BEGIN
    INSERT INTO rewards_terms (revision_id, batch_id, branch_id, branch_pos, kind, threshold_fen, off_fen, percent,
        thing, face_value, face_unit, hours_from, hours_until, weekdays, day_rule, open_days, redeem_branches,
        redeem_names, circles, head_office_percent, branch_percent, merchant_percent, redeem_merchants,
        merchant_names)
    VALUES (NEW.revision_id, NEW.batch_id, NEW.branch_id, NEW.branch_pos, NEW.kind, NEW.threshold_fen, NEW.off_fen,
        NEW.percent, NEW.thing, NEW.face_value, NEW.face_unit, NEW.hours_from, NEW.hours_until, NEW.weekdays,
        NEW.day_rule, NEW.open_days, NEW.redeem_branches, NEW.redeem_names, NEW.circles, NEW.head_office_percent,
        NEW.branch_percent, NEW.merchant_percent, NEW.redeem_merchants, NEW.merchant_names)
    ON CONFLICT (revision_id) DO NOTHING;
    RETURN NULL;
END $$;
"""

# --- who stands at a till -----------------------------------------------------------------------------------------

# A merchant's cashier is known by the row, and by the role: a cashier whom no merchant has redeems nowhere.
OWN_TILL = """
CREATE FUNCTION rewards_own_till(OUT is_cashier boolean, OUT merchant uuid) LANGUAGE plpgsql STABLE AS VERB $$
BEGIN
    SELECT c.merchant_id INTO merchant FROM rewards_cashier c
     WHERE c.person_id = app_person() AND c.ended_at IS NULL;
    is_cashier := FOUND OR EXISTS (
        SELECT FROM tenants_assignment a WHERE a.person_id = app_person() AND a.role_id = 'merchant_clerk'
                                           AND a.held_from <= app_at() AND a.held_until > app_at());
END $$;
"""
# At whose till it is redeemed, when `asked` is what the clerk says; `word` says why not.
TILL = """
CREATE FUNCTION rewards_till(asked uuid, OUT merchant uuid, OUT word text) LANGUAGE plpgsql STABLE AS VERB $$
DECLARE own record; standing text;
BEGIN
    SELECT * INTO own FROM rewards_own_till();
    merchant := CASE WHEN own.is_cashier THEN own.merchant ELSE asked END;
    IF own.is_cashier AND own.merchant IS NULL THEN word := 'no_till'; RETURN; END IF;
    IF own.is_cashier AND asked <> own.merchant THEN word := 'merchant_unknown'; RETURN; END IF;
    IF merchant IS NULL THEN RETURN; END IF;
    SELECT m.state INTO standing FROM rewards_merchant m
     WHERE m.id = merchant AND (own.is_cashier OR m.branch_pos BETWEEN app_lo() AND app_hi()
                                OR (m.handed_down AND m.branch_id = ANY (app_line())));
    word := CASE WHEN NOT FOUND THEN 'merchant_unknown' WHEN standing = 'closed' THEN 'merchant_closed' END;
END $$;
"""

# The row may lie above the branch at which the cashier stands.
MY_TILL = """
CREATE FUNCTION rewards_my_till() RETURNS TABLE (code text, name text) LANGUAGE sql STABLE AS VERB $$
    SELECT m.code, m.name FROM rewards_own_till() t JOIN rewards_merchant m ON m.id = t.merchant;
$$;
"""

# --- redeeming ----------------------------------------------------------------------------------------------------

# Why it is not redeemed for this order at this moment and place; NULL: it is. `place`: whose clock and which branches
# count. A merchant takes what names it and nothing else: what it takes, somebody owes it.
NOT_AT = """
CREATE FUNCTION rewards_not_at(terms rewards_terms, gives bigint, lat int, lon int, place int, merchant uuid)
RETURNS text LANGUAGE plpgsql STABLE AS VERB $$
DECLARE tz text; no text;
BEGIN
    IF gives = 0 THEN RETURN 'order_too_small'; END IF;
    IF terms.hours_from IS NOT NULL OR cardinality(terms.weekdays) > 0 OR terms.day_rule <> '' THEN
        SELECT b.zone INTO tz FROM tenants_branch b WHERE b.id = place;
        no := rewards_not_now(terms.hours_from, terms.hours_until, terms.weekdays, terms.day_rule, terms.open_days,
                              app_at() AT TIME ZONE tz);
        IF no IS NOT NULL THEN RETURN no; END IF;
    END IF;
    IF cardinality(terms.redeem_branches) > 0 AND NOT rewards_among(terms.redeem_branches,
        CASE WHEN place = app_branch() THEN app_line() ELSE tenants_line(place) END) THEN
        RETURN 'not_here';
    END IF;
    IF cardinality(terms.redeem_merchants) > 0 AND merchant IS NULL THEN RETURN 'merchant_missing'; END IF;
    IF merchant IS NOT NULL AND NOT merchant = ANY (terms.redeem_merchants) THEN RETURN 'not_at_merchant'; END IF;
    IF cardinality(terms.circles) > 0 THEN
        IF lat IS NULL OR lon IS NULL THEN RETURN 'position_missing'; END IF;
        IF NOT EXISTS (SELECT FROM generate_series(1, array_length(terms.circles, 1)) AS n
                        WHERE rewards_metres(lat, lon, terms.circles[n][1], terms.circles[n][2])
                              <= terms.circles[n][3]) THEN
            RETURN 'too_far';
        END IF;
    END IF;
    RETURN CASE WHEN gives IS NULL THEN 'order_missing' END;
END $$;
"""

# What stands in the way of a coupon; NULL: nothing. `no`: what its terms say.
HINDERED = """
CREATE FUNCTION rewards_hindered(held rewards_coupon, times int, for_order text, no text) RETURNS text
LANGUAGE sql STABLE AS VERB $$
    SELECT CASE WHEN held.status = 'redeemed' THEN 'already_redeemed'
                WHEN held.status = 'void' THEN 'void'
                WHEN held.status = 'given' THEN 'given'
                WHEN held.status = 'held' AND held.usable_until > app_at() THEN 'held'
                WHEN held.status = 'expired' OR held.usable_until <= app_at() THEN 'expired'
                WHEN held.usable_from > app_at() THEN 'not_usable_yet'
                WHEN held.locked_until > app_at() AND held.locked_for IS DISTINCT FROM for_order THEN 'locked'
                WHEN times IS NOT NULL AND held.redeemed_times <> times THEN 'token_spent'
                ELSE no END;
$$;
"""

# The one place where coupons are spent: at a counter, at a till, for an order (`paid_for`).
SPEND = """
CREATE FUNCTION rewards_redeem(fresh uuid, target uuid, times int, spent bigint, lat int, lon int, for_order text,
                               place int, merchant uuid, paid_for text)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE promised uuid; terms rewards_terms; gives bigint; no text; held rewards_coupon; last uuid; pos int;
BEGIN
    SELECT c.revision_id INTO promised FROM rewards_coupon c WHERE c.id = target;
    -- Neither the coupon's revision nor its terms ever change, so they may be asked before the coupon is locked.
    SELECT * INTO terms FROM rewards_terms t WHERE t.revision_id = promised;
    IF NOT FOUND THEN RAISE EXCEPTION 'coupon % has no terms', target; END IF;
    SELECT b.pos INTO pos FROM tenants_branch b WHERE b.id = place;
    gives := rewards_worth(terms.kind, terms.threshold_fen, terms.off_fen, terms.percent, spent);
    no := rewards_not_at(terms, gives, lat, lon, place, merchant);
    UPDATE rewards_coupon c
       SET status = 'redeemed', redeemed_times = c.redeemed_times + 1, redeemed_at = app_at(),
           redeemed_place_id = place, locked_until = NULL, locked_for = ''
     WHERE c.id = target AND c.status = 'claimed' AND c.usable_from <= app_at() AND c.usable_until > app_at()
       AND (times IS NULL OR c.redeemed_times = times) AND no IS NULL
       AND (c.locked_until IS NULL OR c.locked_until <= app_at() OR c.locked_for = for_order)
    RETURNING c.* INTO held;
    IF NOT FOUND THEN
        SELECT * INTO held FROM rewards_coupon c WHERE c.id = target;
        -- Good again by now: a rival redeemed it, and took that back before this look.
        RETURN coalesce(rewards_hindered(held, times, for_order, no), 'already_redeemed');
    END IF;
    SELECT v.id INTO last FROM rewards_reversal v JOIN rewards_redemption r ON r.id = v.redemption_id
     WHERE r.coupon_id = target AND NOT EXISTS (SELECT FROM rewards_redemption n WHERE n.follows_id = v.id);
    INSERT INTO rewards_redemption (id, branch_id, branch_pos, coupon_id, follows_id, home_id, issuer_id, person_id,
        at, title, off_fen, order_fen, payer, merchant_id, order_key)
    VALUES (fresh, place, pos, target, last, held.branch_id, held.issuer_id, app_person(), app_at(), held.title,
        gives, spent, held.payer, merchant, paid_for);
    PERFORM rewards_note('rewards.coupon.redeem', target, held.title, place, pos,
        jsonb_strip_nulls(jsonb_build_object('redemption', fresh, 'off_fen', gives, 'order_fen', spent,
                                             'merchant', merchant)));
    RETURN NULL;
END $$;
"""
REDEEM = """
CREATE FUNCTION redeem_coupon(fresh uuid, hash bytea, known uuid, times int, spent bigint, lat int, lon int,
                              for_order text, asked uuid)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE till record; target uuid;
BEGIN
    IF app_person() IS NULL OR app_branch() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are redeemed by staff';
    END IF;
    SELECT * INTO till FROM rewards_till(asked);
    IF till.word IS NOT NULL THEN RETURN till.word; END IF;
    SELECT c.id INTO target FROM rewards_coupon c WHERE c.id = known OR (known IS NULL AND c.code_hash = hash);
    IF target IS NULL THEN RETURN 'code_unknown'; END IF;
    RETURN rewards_redeem(fresh, target, times, spent, lat, lon, for_order, app_branch(), till.merchant, '');
END $$;
"""
# For the release that still serves while this one is brought in: it knows of no merchant.
REDEEM_WITHOUT_MERCHANT = """
CREATE OR REPLACE FUNCTION redeem_coupon(fresh uuid, hash bytea, known uuid, times int, spent bigint, lat int,
                                         lon int, for_order text)
RETURNS text LANGUAGE plpgsql AS VERB $$
BEGIN
    RETURN redeem_coupon(fresh, hash, known, times, spent, lat, lon, for_order, NULL::uuid);
END $$;
"""

# As before, and a merchant's cashier takes back what that cashier redeemed there.
_SAME_BRANCH = "    IF NOT FOUND THEN RETURN 'not_found'; END IF;\n    SELECT b.zone"
assert coupons.REVERSE.count(_SAME_BRANCH) == 1
REVERSE = (
    coupons.REVERSE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace(
        "DECLARE done rewards_redemption; tz text;", "DECLARE done rewards_redemption; tz text; own record;"
    )
    .replace(
        _SAME_BRANCH,
        """    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    SELECT * INTO own FROM rewards_own_till();
    IF own.is_cashier AND (done.person_id IS DISTINCT FROM app_person()
                           OR done.merchant_id IS DISTINCT FROM own.merchant) THEN
        RETURN 'not_found';
    END IF;
    SELECT b.zone""",
    )
)

# --- settlement ---------------------------------------------------------------------------------------------------

# As rewards_settlement, and whose till it was. A function of its own: the release before asks the other one.
# Redemptions of one revision and worth are split alike, and so each such split is made once: a year of head office has
# hundreds of thousands of them.
SETTLED = """
CREATE FUNCTION rewards_settled(pos_from int, pos_to int, day_from timestamptz, day_to timestamptz)
RETURNS TABLE (issuer int, place int, payer text, redeemed bigint, reversed bigint, fen bigint, merchant uuid)
LANGUAGE sql STABLE AS VERB $$
    WITH moved AS MATERIALIZED (
        SELECT m.issuer_id, m.branch_id, m.merchant_id, m.payer, m.off_fen, m.sign, c.revision_id, c.off_fen AS most_fen
          FROM (SELECT r.coupon_id, r.issuer_id, r.branch_id, r.branch_pos, r.merchant_id, r.payer, r.off_fen, 1 AS sign
                  FROM rewards_redemption r WHERE r.at >= day_from AND r.at < day_to
                UNION ALL
                SELECT r.coupon_id, r.issuer_id, r.branch_id, r.branch_pos, r.merchant_id, r.payer, r.off_fen, -1
                  FROM rewards_reversal v JOIN rewards_redemption r ON r.id = v.redemption_id
                 WHERE v.at >= day_from AND v.at < day_to) m
          JOIN rewards_coupon c ON c.id = m.coupon_id JOIN tenants_branch i ON i.id = m.issuer_id
         WHERE (m.branch_pos BETWEEN pos_from AND pos_to OR i.pos BETWEEN pos_from AND pos_to)
           AND pos_from >= app_lo() AND pos_to <= app_hi()
    ), split AS MATERIALIZED (
        SELECT d.revision_id, d.payer, d.off_fen, d.most_fen,
               rewards_spent(d.off_fen, rewards_parts(d.most_fen, d.payer, t.head_office_percent, t.branch_percent,
                                                      t.merchant_percent)) AS parts
          FROM (SELECT DISTINCT m.revision_id, m.payer, m.off_fen, m.most_fen FROM moved m) d
          JOIN rewards_terms t ON t.revision_id = d.revision_id
    )
    SELECT m.issuer_id, m.branch_id, n.payer, count(*) FILTER (WHERE m.sign = 1), count(*) FILTER (WHERE m.sign = -1),
           sum(m.sign * s.parts[n.nth])::bigint, m.merchant_id
      FROM moved m JOIN split s USING (revision_id, payer, off_fen, most_fen)
     CROSS JOIN (VALUES ('head_office', 1), ('branch', 2), ('merchant', 3)) AS n (payer, nth)
     WHERE s.parts[n.nth] > 0
     GROUP BY m.issuer_id, m.branch_id, n.payer, m.merchant_id ORDER BY 1, 2, 7 NULLS FIRST, 3
$$;
"""
_NAMED = "jsonb_build_object('issuer_name', i.name, 'place_name', p.name)"
_FROM = "rewards_settlement(here.pos, here.pos_end, begins, ends) s"
_JOINS = "JOIN tenants_branch p ON p.id = s.place"
assert all(close.CLOSE.count(each) == 1 for each in (_NAMED, _FROM, _JOINS))
CLOSE = (
    close.CLOSE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace(
        _NAMED, "jsonb_build_object('issuer_name', i.name, 'place_name', p.name,\n"
        "                                                           'merchant_name', m.name)"
    )
    .replace(_FROM, "rewards_settled(here.pos, here.pos_end, begins, ends) s")
    .replace(_JOINS, f"{_JOINS}\n                   LEFT JOIN rewards_merchant m ON m.id = s.merchant")
)  # fmt: skip
DIFFERENCES = close.differences_of(close.CHECKS | close.DAILY).replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)

# A preset that banks of the release before do not have; a new bank loads it with the others.
ROLE = """
INSERT INTO tenants_role (code, name, name_en, verbs)
SELECT 'merchant_clerk', '商户收银员', 'Merchant cashier', ARRAY['rewards.coupon.redeem', 'rewards.coupon.reverse']
 WHERE EXISTS (SELECT FROM tenants_role) ON CONFLICT DO NOTHING;
INSERT INTO tenants_roleexclusion (role_id, excludes_id)
SELECT least(r.code, 'merchant_clerk'), greatest(r.code, 'merchant_clerk') FROM tenants_role r
 WHERE r.code = ANY (ARRAY[ROLES]) AND EXISTS (SELECT FROM tenants_role m WHERE m.code = 'merchant_clerk')
ON CONFLICT DO NOTHING;
"""
