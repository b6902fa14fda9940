"""What becomes of a coupon that somebody holds: given on, set aside, extended, void by the thousand."""

from campaigns.rewards.sql import claims, coupons, events

# The moves of rules.MOVES.
MOVES = claims.MOVES.replace(
    "('redeemed', 'claimed'))", "('redeemed', 'claimed'), ('claimed', 'given'), ('expired', 'claimed'))"
)  # fmt: skip

# The one thing of a promise that may change while somebody holds it, and in its holder's favour alone.
LATER = """
CREATE FUNCTION rewards_coupon_ends_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'a coupon''s end moves to a later moment only',
        CONSTRAINT = 'rewards_coupon_ends_later';
END $$;
CREATE TRIGGER rewards_coupon_ends_later BEFORE UPDATE OF usable_until ON rewards_coupon FOR EACH ROW
    WHEN (NEW.usable_until < OLD.usable_until) EXECUTE FUNCTION rewards_coupon_ends_later();
"""

# --- given to another customer ----------------------------------------------------------------------------------

# One offer at a time: the one before is taken back. The coupon stays the giver's, and usable, until somebody takes it.
OFFER = """
CREATE FUNCTION offer_gift(wanted uuid, fresh uuid, hash bytea, ends timestamptz) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_coupon;
BEGIN
    IF app_customer() IS NULL THEN RETURN 'not_found'; END IF;
    SELECT * INTO held FROM rewards_coupon c WHERE c.id = wanted AND c.customer_id = app_customer() FOR UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    IF held.status <> 'claimed' OR held.usable_until <= app_at() THEN
        RETURN CASE held.status WHEN 'redeemed' THEN 'already_redeemed' WHEN 'void' THEN 'void'
                                WHEN 'given' THEN 'given' ELSE 'expired' END;
    END IF;
    IF NOT EXISTS (SELECT FROM rewards_livebatch l WHERE l.batch_id = held.batch_id AND l.may_be_given
                    UNION ALL SELECT FROM rewards_batch b WHERE b.id = held.batch_id AND b.may_be_given
                       AND NOT EXISTS (SELECT FROM rewards_livebatch l WHERE l.batch_id = b.id)) THEN
        RETURN 'not_to_give';
    END IF;
    IF held.locked_until > app_at() THEN RETURN 'locked'; END IF;
    IF EXISTS (SELECT FROM rewards_partnercode p WHERE p.coupon_id = wanted AND p.shown_at IS NOT NULL) THEN
        RETURN 'code_was_shown';
    END IF;
    UPDATE rewards_gift g SET withdrawn_at = app_at()
     WHERE g.coupon_id = wanted AND g.accepted_at IS NULL AND g.withdrawn_at IS NULL;
    INSERT INTO rewards_gift (id, branch_id, branch_pos, coupon_id, giver_id, token_hash, at, until)
    VALUES (fresh, held.branch_id, held.branch_pos, wanted, app_customer(), hash, app_at(),
            least(ends, held.usable_until));
    PERFORM rewards_note('rewards.coupon.offer', wanted, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('gift', fresh, 'until', least(ends, held.usable_until)));
    RETURN NULL;
END $$;
"""

WITHDRAW = """
CREATE FUNCTION withdraw_gift(wanted uuid) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_coupon;
BEGIN
    SELECT * INTO held FROM rewards_coupon c WHERE c.id = wanted AND c.customer_id = app_customer() FOR UPDATE;
    IF NOT FOUND THEN RETURN 'not_found'; END IF;
    UPDATE rewards_gift g SET withdrawn_at = app_at()
     WHERE g.coupon_id = wanted AND g.accepted_at IS NULL AND g.withdrawn_at IS NULL AND g.until > app_at();
    IF NOT FOUND THEN RETURN 'gift_gone'; END IF;
    PERFORM rewards_note('rewards.coupon.withdraw', wanted, held.title, held.branch_id, held.branch_pos, '{}');
    RETURN NULL;
END $$;
"""

# A coupon of its own for the receiver, with the terms and the window of the giver's: the giver has read the old code.
# It counts against the receiver's limit, and still against the giver's. It stays in the share that it came out of.
ACCEPT = """
CREATE FUNCTION accept_gift(hash bytea, fresh uuid, code bytea) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE gift rewards_gift; held rewards_coupon; most int; had int;
BEGIN
    IF app_customer() IS NULL THEN RETURN 'gift_gone'; END IF;
    SELECT g.* INTO gift FROM rewards_gift g WHERE g.token_hash = hash;
    IF NOT FOUND THEN RETURN 'gift_gone'; END IF;
    IF gift.giver_id = app_customer() THEN RETURN 'own_gift'; END IF;
    PERFORM FROM customers_customer c WHERE c.id = app_customer() AND c.status = 'active' FOR KEY SHARE;
    IF NOT FOUND THEN RETURN 'gift_gone'; END IF;
    -- As a claim: what the receiver holds of the batch stays true until this has written.
    SELECT c.* INTO held FROM rewards_coupon c WHERE c.id = gift.coupon_id;
    PERFORM pg_advisory_xact_lock(hashtextextended('rewards.claim' || app_customer(), 0));
    SELECT c.* INTO held FROM rewards_coupon c WHERE c.id = gift.coupon_id FOR UPDATE;
    -- Read again under the coupon's lock, which every verb of gifts takes first.
    SELECT g.* INTO gift FROM rewards_gift g WHERE g.id = gift.id;
    IF gift.accepted_at IS NOT NULL OR gift.withdrawn_at IS NOT NULL OR gift.until <= app_at()
       OR held.customer_id <> gift.giver_id OR held.status <> 'claimed' OR held.usable_until <= app_at()
       OR held.locked_until > app_at() THEN
        RETURN 'gift_gone';
    END IF;
    IF EXISTS (SELECT FROM rewards_partnercode p WHERE p.coupon_id = held.id AND p.shown_at IS NOT NULL) THEN
        RETURN 'gift_gone';
    END IF;
    SELECT coalesce((SELECT l.per_customer_limit FROM rewards_livebatch l WHERE l.batch_id = held.batch_id),
                    (SELECT b.per_customer_limit FROM rewards_batch b WHERE b.id = held.batch_id)) INTO most;
    SELECT coalesce(max(c.nth), 0) INTO had FROM rewards_coupon c
     WHERE c.batch_id = held.batch_id AND c.customer_id = app_customer();
    IF had >= most THEN RETURN 'limit_reached'; END IF;
    UPDATE rewards_coupon c SET status = 'given' WHERE c.id = held.id;
    INSERT INTO rewards_coupon (id, branch_id, branch_pos, batch_id, revision_id, issuer_id, customer_id, nth,
        code_hash, title, kind, threshold_fen, off_fen, payer, claimed_at, usable_from, usable_until, status,
        redeemed_times, how, caused_by)
    VALUES (fresh, held.branch_id, held.branch_pos, held.batch_id, held.revision_id, held.issuer_id, app_customer(),
        had + 1, code, held.title, held.kind, held.threshold_fen, held.off_fen, held.payer, app_at(), held.usable_from,
        held.usable_until, 'claimed', 0, 'given', 'rewards.coupon:' || held.id);
    UPDATE rewards_partnercode p SET coupon_id = fresh WHERE p.coupon_id = held.id;
    UPDATE rewards_gift g SET accepted_at = app_at(), receiver_id = app_customer(), made_id = fresh
     WHERE g.id = gift.id;
    PERFORM rewards_note('rewards.coupon.give', held.id, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('gift', gift.id, 'coupon', fresh));
    PERFORM rewards_note('rewards.coupon.receive', fresh, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('batch', held.batch_id, 'nth', had + 1, 'gift', gift.id));
    RETURN NULL;
END $$;
"""

# --- set aside for an order ---------------------------------------------------------------------------------------

LOCK = """
CREATE FUNCTION lock_coupon(wanted uuid, for_order text, ends timestamptz) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_coupon;
BEGIN
    UPDATE rewards_coupon c SET locked_until = ends, locked_for = for_order
     WHERE c.id = wanted AND c.status = 'claimed' AND c.usable_until > app_at()
       AND CASE WHEN app_customer() IS NOT NULL THEN c.customer_id = app_customer()
                ELSE c.branch_pos BETWEEN app_lo() AND app_hi() END
       AND (c.locked_until IS NULL OR c.locked_until <= app_at() OR c.locked_for = for_order)
    RETURNING c.* INTO held;
    IF NOT FOUND THEN
        SELECT * INTO held FROM rewards_coupon c
         WHERE c.id = wanted AND CASE WHEN app_customer() IS NOT NULL THEN c.customer_id = app_customer()
                                      ELSE c.branch_pos BETWEEN app_lo() AND app_hi() END;
        RETURN CASE WHEN NOT FOUND THEN 'not_found' WHEN held.status = 'redeemed' THEN 'already_redeemed'
                    WHEN held.status = 'void' THEN 'void' WHEN held.status = 'given' THEN 'given'
                    WHEN held.status = 'expired' OR held.usable_until <= app_at() THEN 'expired' ELSE 'locked' END;
    END IF;
    PERFORM rewards_note('rewards.coupon.lock', wanted, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('order', for_order, 'until', ends));
    RETURN NULL;
END $$;
"""

# A lock that has run out is nobody's any more, and its order unlocks nothing.
UNLOCK = """
CREATE FUNCTION unlock_coupon(wanted uuid, for_order text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE held rewards_coupon;
BEGIN
    UPDATE rewards_coupon c SET locked_until = NULL, locked_for = ''
     WHERE c.id = wanted AND c.locked_for = for_order AND c.locked_until > app_at()
       AND CASE WHEN app_customer() IS NOT NULL THEN c.customer_id = app_customer()
                ELSE c.branch_pos BETWEEN app_lo() AND app_hi() END
    RETURNING c.* INTO held;
    IF NOT FOUND THEN RETURN 'not_locked'; END IF;
    PERFORM rewards_note('rewards.coupon.unlock', wanted, held.title, held.branch_id, held.branch_pos,
        jsonb_build_object('order', for_order));
    RETURN NULL;
END $$;
"""

# As before but for a lock of another order. `for_order` is the order that the clerk's till names, or NULL.
_HELD = "       AND (times IS NULL OR c.redeemed_times = times) AND no IS NULL\n"
_OPENS = "RETURNING c.* INTO held;\n    IF NOT FOUND THEN\n        SELECT * INTO held"
_SPENT = "WHEN held.status = 'void' THEN 'void'\n"
_SET = "redeemed_place_id = app_branch()\n"


def _locked(body: str) -> str:
    for before, after in (
        (
            "lat int, lon int)",
            "lat int, lon int, for_order text)",
        ),
        (_HELD, _HELD.rstrip("\n") + "\n       AND (c.locked_until IS NULL OR c.locked_until <= app_at()"
                " OR c.locked_for = for_order) -- HOOK life\n"),
        (_SET, "redeemed_place_id = app_branch(),\n           locked_until = NULL, locked_for = ''\n"),
        (_SPENT, _SPENT + "                    WHEN held.status = 'given' THEN 'given'\n"),
        ("                    WHEN times IS NOT NULL AND held",
         "                    WHEN held.locked_until > app_at() AND held.locked_for IS DISTINCT FROM for_order"
         " THEN 'locked'\n                    WHEN times IS NOT NULL AND held"),
    ):  # fmt: skip
        assert body.count(before) == 1, before
        body = body.replace(before, after)
    return body


REDEEM = _locked(claims.REDEEM)
REDEEM_WITHOUT_ORDER = """
CREATE OR REPLACE FUNCTION redeem_coupon(fresh uuid, hash bytea, known uuid, times int, spent bigint, lat int, lon int)
RETURNS text LANGUAGE plpgsql AS VERB $$
BEGIN
    RETURN redeem_coupon(fresh, hash, known, times, spent, lat, lon, NULL);
END $$;
"""

# --- by the thousand ----------------------------------------------------------------------------------------------

# As void_coupon, for many: answers the places that were refused. Each has its own line in the audit.
VOID_MANY = """
CREATE FUNCTION void_coupons(ids uuid[], why text) RETURNS TABLE (place int, word text) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE gone uuid[];
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are voided by staff';
    END IF;
    PERFORM FROM rewards_coupon c WHERE c.id = ANY (ids) ORDER BY c.id FOR UPDATE;
    WITH done AS (
        UPDATE rewards_coupon c SET status = 'void'
         WHERE c.id = ANY (ids) AND c.branch_pos BETWEEN app_lo() AND app_hi() AND c.status = 'claimed' RETURNING c.id
    )
    SELECT coalesce(array_agg(id), '{}') INTO gone FROM done;
    PERFORM rewards_give_code_back(g) FROM unnest(gone) AS g;
    PERFORM rewards_note('rewards.coupon.void', c.id, c.title, c.branch_id, c.branch_pos,
                         jsonb_build_object('reason', why)) FROM rewards_coupon c WHERE c.id = ANY (gone);
    RETURN QUERY
    SELECT a.nth::int, CASE WHEN c.id IS NULL THEN 'not_found' ELSE 'not_voidable' END
      FROM unnest(ids) WITH ORDINALITY AS a (id, nth)
      LEFT JOIN rewards_coupon c ON c.id = a.id AND c.branch_pos BETWEEN app_lo() AND app_hi()
     WHERE NOT a.id = ANY (gone);
END $$;
"""

VOID = coupons.VOID.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "    PERFORM rewards_note('rewards.coupon.void'",
    "    PERFORM rewards_give_code_back(wanted);\n    PERFORM rewards_note('rewards.coupon.void'",
)

# Later, and never into the past. What has expired comes back for 30 days, unless its batch was settled by then.
EXTEND = """
CREATE FUNCTION extend_coupons(ids uuid[], ends timestamptz, why text) RETURNS TABLE (place int, word text)
LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE done uuid[];
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are extended by staff';
    END IF;
    PERFORM FROM rewards_coupon c WHERE c.id = ANY (ids) ORDER BY c.id FOR UPDATE;
    WITH changed AS (
        UPDATE rewards_coupon c SET usable_until = ends, status = 'claimed'
         WHERE c.id = ANY (ids) AND c.branch_pos BETWEEN app_lo() AND app_hi() AND c.status IN ('claimed', 'expired')
           AND ends > app_at() AND ends > c.usable_until AND c.usable_until > app_at() - interval '30 days'
        RETURNING c.id
    )
    SELECT coalesce(array_agg(id), '{}') INTO done FROM changed;
    PERFORM rewards_note('rewards.coupon.extend', c.id, c.title, c.branch_id, c.branch_pos,
                         jsonb_build_object('until', ends, 'reason', why))
       FROM rewards_coupon c WHERE c.id = ANY (done);
    RETURN QUERY
    SELECT a.nth::int, CASE WHEN c.id IS NULL THEN 'not_found'
                            WHEN c.status NOT IN ('claimed', 'expired') THEN 'not_extendable'
                            WHEN ends <= app_at() OR ends <= c.usable_until THEN 'not_later' ELSE 'expired_too_long' END
      FROM unnest(ids) WITH ORDINALITY AS a (id, nth)
      LEFT JOIN rewards_coupon c ON c.id = a.id AND c.branch_pos BETWEEN app_lo() AND app_hi()
     WHERE NOT a.id = ANY (done);
END $$;
"""

# As before, and what expired gave its money back: where others have it by now, the coupon stays expired. All together
# where there is enough for all, else one by one, as far as it goes.
EXTEND_WITH_MONEY = """
CREATE OR REPLACE FUNCTION extend_coupons(ids uuid[], ends timestamptz, why text)
RETURNS TABLE (place int, word text) LANGUAGE plpgsql AS VERB $$
#variable_conflict use_column
DECLARE done uuid[]; one uuid; broke text; said text; short jsonb := '{}';
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'coupons are extended by staff';
    END IF;
    PERFORM FROM rewards_coupon c WHERE c.id = ANY (ids) ORDER BY c.id FOR UPDATE;
    BEGIN
        done := rewards_extend(ids, ends);
    EXCEPTION WHEN check_violation THEN
        GET STACKED DIAGNOSTICS broke = CONSTRAINT_NAME;
        IF broke <> 'rewards_budget_taken_within_total' THEN RAISE; END IF;
        done := '{}';
        FOR one IN SELECT c.id FROM rewards_coupon c WHERE c.id = ANY (ids) ORDER BY c.id LOOP
            BEGIN
                done := done || rewards_extend(ARRAY[one], ends);
            EXCEPTION WHEN check_violation THEN
                GET STACKED DIAGNOSTICS broke = CONSTRAINT_NAME, said = MESSAGE_TEXT;
                IF broke <> 'rewards_budget_taken_within_total' THEN RAISE; END IF;
                -- "no money to reserve again: budget_short"
                short := short || jsonb_build_object(one, split_part(said, ': ', 2));
            END;
        END LOOP;
    END;
    PERFORM rewards_note('rewards.coupon.extend', c.id, c.title, c.branch_id, c.branch_pos,
                         jsonb_build_object('until', ends, 'reason', why))
       FROM rewards_coupon c WHERE c.id = ANY (done);
    RETURN QUERY
    SELECT a.nth::int, CASE WHEN c.id IS NULL THEN 'not_found'
                            WHEN c.status NOT IN ('claimed', 'expired') THEN 'not_extendable'
                            WHEN ends <= app_at() OR ends <= c.usable_until THEN 'not_later'
                            ELSE coalesce(short ->> c.id::text, 'expired_too_long') END
      FROM unnest(ids) WITH ORDINALITY AS a (id, nth)
      LEFT JOIN rewards_coupon c ON c.id = a.id AND c.branch_pos BETWEEN app_lo() AND app_hi()
     WHERE NOT a.id = ANY (done);
END $$;
"""
EXTEND_THESE = """
CREATE FUNCTION rewards_extend(ids uuid[], ends timestamptz) RETURNS uuid[] LANGUAGE sql AS VERB $$
    WITH changed AS (
        UPDATE rewards_coupon c SET usable_until = ends, status = 'claimed'
         WHERE c.id = ANY (ids) AND c.branch_pos BETWEEN app_lo() AND app_hi() AND c.status IN ('claimed', 'expired')
           AND ends > app_at() AND ends > c.usable_until AND c.usable_until > app_at() - interval '30 days'
        RETURNING c.id
    )
    SELECT coalesce(array_agg(id), '{}') FROM changed
$$;
"""

# As before, and what is held for review says so.
_OFFERED = "WHEN 'given' THEN 'given' ELSE 'expired' END;"
_LOCKED = "THEN 'expired' ELSE 'locked' END;"
assert OFFER.count(_OFFERED) == LOCK.count(_LOCKED) == 1
OFFER_UNLESS_HELD = OFFER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    _OFFERED,
    """WHEN 'given' THEN 'given'
                                ELSE CASE WHEN held.status = 'held' AND held.usable_until > app_at()
                                          THEN 'held' ELSE 'expired' END END;""",
)
LOCK_UNLESS_HELD = LOCK.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    _LOCKED, "THEN 'expired' WHEN held.status = 'held' THEN 'held' ELSE 'locked' END;"
)

# --- events of who holds it, and refusals -------------------------------------------------------------------------

# As in events.py, and two kinds more.
NOTE = events.NOTE.replace(
    "('rewards.coupon.reverse', 'rewards.coupon.reversed')",
    "('rewards.coupon.reverse', 'rewards.coupon.reversed'),\n"
    "                   ('rewards.coupon.give', 'rewards.coupon.given'),\n"
    "                   ('rewards.coupon.receive', 'rewards.coupon.received')",
)

# Of which batch is what was not redeemed? For counting refusals alone.
BATCH_OF = """
CREATE FUNCTION rewards_batch_of(hash bytea, known uuid) RETURNS uuid LANGUAGE sql STABLE AS VERB $$
    SELECT c.batch_id FROM rewards_coupon c WHERE c.id = known OR (known IS NULL AND c.code_hash = hash);
$$;
"""

COUNT = """
CREATE FUNCTION count_refusals(batches uuid[], days date[], deeds text[], codes text[], numbers bigint[]) RETURNS int
LANGUAGE plpgsql AS VERB $$
DECLARE written int;
BEGIN
    INSERT INTO rewards_refusalcount AS r (id, branch_id, branch_pos, batch_id, day, deed, code, number)
    SELECT uuidv7(), b.branch_id, b.branch_pos, b.id, u.day, u.deed, u.code, u.number
      FROM unnest(batches, days, deeds, codes, numbers) AS u (batch, day, deed, code, number)
      JOIN rewards_batch b ON b.id = u.batch
    ON CONFLICT (batch_id, day, deed, code) DO UPDATE SET number = r.number + excluded.number;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END $$;
"""
