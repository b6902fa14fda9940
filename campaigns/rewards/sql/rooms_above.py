"""Coupons that are part of what a room above sells or pays out: given and taken back by its verbs, for a customer too.

The room above has decided; here the same verbs decide of batch, stock and coupon as when the system gives. The scope of
who asked is put aside while they run: PostgreSQL gives back at the end what a function's SET names.
"""

_AS_SYSTEM = "SET app.customer = '' SET app.person = '' SET app.lo = '' SET app.hi = ''"
_WHOLE_BANK = """
    PERFORM set_config('app.lo', b.pos::text, true), set_config('app.hi', b.pos_end::text, true)
       FROM tenants_branch b WHERE b.parent_id IS NULL;
"""

# One coupon of a batch to a customer whom the caller holds FOR UPDATE. NULL, or why not, as `grant_coupons`.
GIVE = f"""
CREATE FUNCTION rewards_give(wanted uuid, customer uuid, fresh uuid, hash bytea, cause text, why text) RETURNS text
LANGUAGE plpgsql {_AS_SYSTEM} AS VERB $$
DECLARE no text;
BEGIN{_WHOLE_BANK}
    SELECT g.word INTO no FROM grant_coupons(wanted, ARRAY[customer], ARRAY[fresh], ARRAY[hash], cause, why, true) g;
    RETURN no;
END $$;
"""

# Void, if nobody has used it. NULL, 'not_voidable' or 'not_found'.
TAKE_BACK = f"""
CREATE FUNCTION rewards_take_back(coupon uuid, why text) RETURNS text
LANGUAGE plpgsql {_AS_SYSTEM} AS VERB $$
BEGIN{_WHOLE_BANK}
    RETURN void_coupon(coupon, why);
END $$;
"""
