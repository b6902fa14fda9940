"""What a branch may learn of the rest of the bank when it loads a file, and the look at a tree of ten thousand."""

from campaigns.tenants.sql_tree import NESTS

# Branch codes are public within the bank (they stand on every statement), and adding a taken one is refused anyway.
CODES_ELSEWHERE = """
CREATE FUNCTION tenants_codes_elsewhere(codes text[], low int, high int) RETURNS SETOF text
LANGUAGE sql STABLE AS VERB $$
    SELECT b.code::text FROM unnest(codes) AS asked (code) JOIN tenants_branch b ON b.code = asked.code
     WHERE b.pos NOT BETWEEN low AND high
$$;
"""

# "IS NOT DISTINCT FROM" uses no index: the look at the sibling before walked the whole line of positions, and ten
# thousand new branches took minutes where they take a second. Only head office has no parent.
_SAME_PARENT = "o.parent_id IS NOT DISTINCT FROM this.parent_id"
_FIRST = "    IF EXISTS (SELECT FROM (SELECT o.pos_end"
assert NESTS.count(_SAME_PARENT) == 2 and NESTS.count(_FIRST) == 1, "the tree's own look has changed"
NESTS_BY_INDEX = NESTS.replace(_SAME_PARENT, "o.parent_id = this.parent_id").replace(
    _FIRST,
    """    IF this.parent_id IS NULL
       AND EXISTS (SELECT FROM tenants_branch o WHERE o.parent_id IS NULL AND o.id <> this.id) THEN
        wrong := 'siblings_do_not_overlap';
    END IF;
"""
    + _FIRST,
)
