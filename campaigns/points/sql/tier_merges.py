"""Tiers when customers become one or two, and when one is forgotten; and the mall's price less the tier's discount."""

from campaigns.points.sql import mall

# A merge: the higher of the two tiers is the kept one's, of two alike the later end. Undone, the kept one has again
# what it had before, if nothing has changed it since; the other's own row has waited. Answers the changes.
MOVE = """
CREATE FUNCTION move_tier(kept uuid, absorbed uuid, chosen uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS VERB $$
DECLARE gone points_customertier; now points_customertier; stands record; place int; made uuid := uuidv7();
        last points_tierchange; before points_tierchange;
BEGIN
    IF NOT EXISTS (SELECT FROM customers_merge m WHERE m.kept_id = kept AND m.absorbed_id = absorbed
                      AND m.undone_at IS NULL AND m.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RAISE insufficient_privilege USING MESSAGE = 'tiers are moved by a merge of customers';
    END IF;
    PERFORM FROM points_wallet w WHERE w.customer_id IN (kept, absorbed) ORDER BY w.customer_id FOR NO KEY UPDATE;
    SELECT * INTO now FROM points_customertier t WHERE t.customer_id = kept;
    IF chosen IS NULL THEN
        SELECT * INTO gone FROM points_customertier t WHERE t.customer_id = absorbed;
        SELECT * INTO stands FROM points_tiers_of(ARRAY[kept]);
        IF gone.customer_id IS NULL OR stands.customer IS NULL THEN RETURN '{}'; END IF;
        place := points_tier_place(stands.steps, gone.code, gone.threshold);
        IF place < stands.has OR place = 1
           OR place = stands.has AND coalesce(gone.kept_until <= now.kept_until, true) THEN RETURN '{}'; END IF;
        INSERT INTO points_tierchange (id, branch_id, branch_pos, customer_id, scheme_id, revision_id, was, became,
                                       threshold, why, at, points, kept_until)
        SELECT made, stands.branch, stands.pos, kept, stands.scheme, stands.revision,
               stands.steps -> (stands.has - 1) ->> 'code', h.step ->> 'code', (h.step ->> 'threshold')::int, 'merge',
               app_at(), 0, gone.kept_until
          FROM (SELECT stands.steps -> (place - 1) AS step) h;
    ELSE
        SELECT * INTO last FROM points_tierchange c WHERE c.customer_id = kept ORDER BY c.id DESC LIMIT 1;
        IF last.id IS NULL OR NOT last.id = ANY (chosen) THEN RETURN '{}'; END IF;
        SELECT * INTO before FROM points_tierchange c WHERE c.customer_id = kept AND c.id < last.id
         ORDER BY c.id DESC LIMIT 1;
        INSERT INTO points_tierchange (id, branch_id, branch_pos, customer_id, scheme_id, revision_id, was, became,
                                       threshold, why, at, points, kept_until)
        VALUES (made, last.branch_id, last.branch_pos, kept, last.scheme_id, last.revision_id, last.became, last.was,
                coalesce(before.threshold, 0), 'unmerge', app_at(), 0, before.kept_until);
    END IF;
    -- What the change says is what the customer has. A notice that is not of this end is given anew.
    INSERT INTO points_customertier AS t (customer_id, branch_id, branch_pos, scheme_id, revision_id, code, threshold,
                                          since, kept_until)
    SELECT c.customer_id, c.branch_id, c.branch_pos, c.scheme_id, c.revision_id, c.became, c.threshold, c.at,
           c.kept_until FROM points_tierchange c WHERE c.id = made
    ON CONFLICT (customer_id) DO UPDATE
       SET scheme_id = excluded.scheme_id, revision_id = excluded.revision_id, code = excluded.code,
           threshold = excluded.threshold, since = excluded.since, kept_until = excluded.kept_until, noticed_at = NULL;
    RETURN ARRAY[made];
END $$;
"""

# Nothing of it must be kept: whose points they were, the ledger says.
FORGET = """
CREATE FUNCTION forget_tier(customer uuid) RETURNS boolean LANGUAGE plpgsql AS VERB $$
BEGIN
    IF app_customer() IS NOT NULL OR NOT EXISTS (
        SELECT FROM customers_customer c WHERE c.id = customer AND c.branch_pos BETWEEN app_lo() AND app_hi()) THEN
        RETURN false;
    END IF;
    DELETE FROM points_tierdue d WHERE d.customer_id = customer;
    DELETE FROM points_tierchange c WHERE c.customer_id = customer;
    DELETE FROM points_customertier t WHERE t.customer_id = customer;
    RETURN FOUND;
END $$;
"""

# The order of a good at what it costs this customer: what was shown, taken and written down.
_PRICED = "    no := CASE WHEN who IS NULL OR live.good_id IS NULL"
ORDER = (
    mall.ORDER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("spot int;\nBEGIN", "spot int; price int;\nBEGIN")
    .replace("live.price_points", "price")
    .replace(_PRICED, "    price := points_own_price(who, live.price_points);\n" + _PRICED)
)
assert ORDER.count("price") == mall.ORDER.count("price") + 4, "the mall's order is not as it was"
