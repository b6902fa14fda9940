"""Identities that count and those that are claims; whom they name, bank-wide, through verbs alone."""

from campaigns.customers import sql

# Only who has verified it is named: a claim of somebody else's phone opens nothing and locks nobody out.
CUSTOMER_BY_IDENTITY = sql.CUSTOMER_BY_IDENTITY.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
).replace("AND i.lookup = $2", "AND i.lookup = $2 AND i.state = 'verified'")

# Many at once, in the order of the question; what names nobody is left out.
CUSTOMERS_BY_IDENTITIES = """
CREATE FUNCTION customers_by_identities(kinds text[], lookups bytea[])
RETURNS TABLE (place int, customer_id uuid, status text, is_known boolean)
LANGUAGE sql STABLE AS VERB $$
    SELECT asked.place::int, c.id, c.status,
           EXISTS (SELECT FROM customers_identity n WHERE n.customer_id = c.id AND n.kind = 'customer_number'
                      AND n.state = 'verified' AND n.source <> 'wechat')
      FROM unnest($1, $2) WITH ORDINALITY AS asked (kind, lookup, place)
      JOIN customers_identity i ON i.kind = asked.kind AND i.lookup = asked.lookup AND i.state = 'verified'
      JOIN customers_customer c ON c.id = i.customer_id
     ORDER BY asked.place
$$;
"""

BIND_IDENTITY = (
    sql.BIND_IDENTITY.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    .replace("source, verified_at)", "source, linked_at, verified_at)")
    .replace("bind_identity.source, at", "bind_identity.source, at, at")
    .replace(
        "ON CONFLICT (kind, lookup) DO NOTHING",
        "ON CONFLICT (kind, lookup) WHERE state = 'verified' DO NOTHING",
    )
)

# Of two customers who are one, the newer attributes win.
ATTRIBUTES_AT = """
CREATE FUNCTION customers_attributes_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.attributes_at := coalesce(app_at(), now());
    RETURN NEW;
END $$;
CREATE TRIGGER customers_attributes_at BEFORE UPDATE OF attributes ON customers_customer FOR EACH ROW
    WHEN (OLD.attributes IS DISTINCT FROM NEW.attributes AND OLD.attributes_at IS NOT DISTINCT FROM NEW.attributes_at)
    EXECUTE FUNCTION customers_attributes_at();
"""

# The new index first, beside the work; then the old key goes and the new one takes its name.
VERIFIED_ONCE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS customers_identity_verified_once
    ON customers_identity (kind, lookup) WHERE state = 'verified'
"""
CLAIMED_ONCE = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS customers_identity_is_claimed_once_by_a_customer
    ON customers_identity (customer_id, kind, lookup) WHERE state = 'unverified'
"""
SWITCH_KEYS = """
ALTER TABLE customers_identity DROP CONSTRAINT customers_identity_belongs_to_one_customer;
ALTER INDEX customers_identity_verified_once RENAME TO customers_identity_belongs_to_one_customer;
"""
