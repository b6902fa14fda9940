"""Releases: a batch that waits for its moment, opened by what runs above this room (a livestream)."""

from campaigns.rewards.sql import claims

# As in claims.py, and what waits for its release. Asked of such batches alone; the moments are compared with the
# claim's own, so that a release planned for a second opens at that second, whoever works or does not.
JUDGE = claims.JUDGE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    "             WHEN l.needs_ticket AND NOT a.ticket THEN 'ticket_missing'\n",
    """             WHEN l.by_release AND NOT EXISTS (
                  SELECT FROM rewards_release r JOIN tenants_branch at ON at.id = r.branch_id
                   WHERE r.batch_id = a.batch AND r.released_from <= moment AND r.released_until > moment
                     AND (r.branch_id = home.id OR r.handed_down AND home.pos BETWEEN at.pos AND at.pos_end))
             THEN 'not_released'
             WHEN l.needs_ticket AND NOT a.ticket THEN 'ticket_missing'
""",
)

# What has begun is not moved: customers have seen its end.
RELEASE = """
CREATE FUNCTION release_batch(fresh uuid, wanted uuid, why text, which uuid, whose int, below boolean,
                              since timestamptz, till timestamptz)
RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE own tenants_branch;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'batches are released by staff, or by what runs';
    END IF;
    SELECT * INTO own FROM tenants_branch b WHERE b.id = whose AND b.pos BETWEEN app_lo() AND app_hi();
    IF NOT FOUND OR NOT EXISTS (
        SELECT FROM rewards_livebatch l JOIN tenants_branch i ON i.id = l.branch_id
         WHERE l.batch_id = wanted
           AND (l.branch_id = own.id OR l.handed_down AND own.pos BETWEEN i.pos AND i.pos_end)) THEN
        RETURN 'not_found';
    END IF;
    INSERT INTO rewards_release AS r (id, branch_id, branch_pos, batch_id, cause, slot, handed_down, released_from,
                                      released_until)
    VALUES (fresh, own.id, own.pos, wanted, why, which, below, since, till)
    ON CONFLICT ON CONSTRAINT rewards_release_is_laid_once DO UPDATE
       SET released_from = EXCLUDED.released_from, released_until = EXCLUDED.released_until
     WHERE r.released_from > app_at() AND r.batch_id = EXCLUDED.batch_id;
    RETURN CASE WHEN NOT FOUND THEN 'released_already' END;
END $$;
"""

# What has not begun never does.
CLOSE = """
CREATE FUNCTION close_releases(why text) RETURNS int LANGUAGE plpgsql AS VERB $$
DECLARE closed int;
BEGIN
    IF app_customer() IS NOT NULL OR app_lo() IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'releases are closed by staff, or by what runs';
    END IF;
    UPDATE rewards_release r SET released_until = greatest(r.released_from, app_at())
     WHERE r.cause = why AND r.released_until > app_at() AND r.branch_pos BETWEEN app_lo() AND app_hi();
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN closed;
END $$;
"""
