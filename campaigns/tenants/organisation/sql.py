"""What a branch may learn of the rest of the bank when it loads a file: which of its codes are taken elsewhere."""

# Branch codes are public within the bank (they stand on every statement), and adding a taken one is refused anyway.
CODES_ELSEWHERE = """
CREATE FUNCTION tenants_codes_elsewhere(codes text[], low int, high int) RETURNS SETOF text
LANGUAGE sql STABLE AS VERB $$
    SELECT b.code::text FROM unnest(codes) AS asked (code) JOIN tenants_branch b ON b.code = asked.code
     WHERE b.pos NOT BETWEEN low AND high
$$;
"""
