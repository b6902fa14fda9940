"""Coupons that are part of what a room above sells or pays out: given and taken back by its verbs, for a customer too.

The room above has decided; here the same verbs decide of batch, stock and coupon as when the system gives. The scope of
who asked is put aside while they run, and is back when they answer; a failure in between rolls back to where it was.
"""

# The settings as they were; then the system's, over the whole bank; then as they were. A function's own SET would be
# shorter, and is refused: nobody but a superuser may name a setting of ours in one.
STEP_OUT = """
    was := ARRAY[current_setting('app.customer', true), current_setting('app.person', true),
                 current_setting('app.lo', true), current_setting('app.hi', true)];
    PERFORM set_config('app.customer', '', true), set_config('app.person', '', true),
            set_config('app.lo', b.pos::text, true), set_config('app.hi', b.pos_end::text, true)
       FROM tenants_branch b WHERE b.parent_id IS NULL;
"""
STEP_BACK = """
    PERFORM set_config('app.customer', coalesce(was[1], ''), true),
            set_config('app.person', coalesce(was[2], ''), true),
            set_config('app.lo', coalesce(was[3], ''), true), set_config('app.hi', coalesce(was[4], ''), true);
"""

# One coupon of a batch to a customer whom the caller holds FOR UPDATE. NULL, or why not, as `grant_coupons`.
GIVE = """
CREATE FUNCTION rewards_give(wanted uuid, customer uuid, fresh uuid, hash bytea, cause text, why text) RETURNS text
LANGUAGE plpgsql AS VERB $$
DECLARE no text; was text[];
BEGIN
    -- OUT
    SELECT g.word INTO no FROM grant_coupons(wanted, ARRAY[customer], ARRAY[fresh], ARRAY[hash], cause, why, true) g;
    -- BACK
    RETURN no;
END $$;
"""

# Void, if nobody has used it. NULL, 'not_voidable' or 'not_found'.
TAKE_BACK = """
CREATE FUNCTION rewards_take_back(coupon uuid, why text) RETURNS text LANGUAGE plpgsql AS VERB $$
DECLARE no text; was text[];
BEGIN
    -- OUT
    no := void_coupon(coupon, why);
    -- BACK
    RETURN no;
END $$;
"""


def _as_system(body: str) -> str:
    for mark, step in (("    -- OUT\n", STEP_OUT), ("    -- BACK\n", STEP_BACK)):
        assert body.count(mark) == 1, mark
        body = body.replace(mark, step.lstrip("\n"))
    return body


GIVE, TAKE_BACK = _as_system(GIVE), _as_system(TAKE_BACK)
