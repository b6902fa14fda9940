"""Spells of care are history, which nobody deletes, but with a customer whom a file made and that is taken back."""

WALLS = """
CREATE POLICY verbs ON customers_care TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT (id, customer_id, branch_pos, source), DELETE ON customers_care TO fenhang_verbs;
CREATE POLICY verbs ON customers_filelot FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT (id, file_id, branch_pos, made) ON customers_filelot TO fenhang_verbs;
"""

# The spells that the lot's file began with customers whom the lot itself made, within the scope. Answers how many.
TAKE_BACK = """
CREATE FUNCTION take_back_care(lot uuid, customers uuid[]) RETURNS int LANGUAGE sql AS VERB $$
    WITH gone AS (
        DELETE FROM customers_care k
         USING customers_filelot l
         WHERE l.id = take_back_care.lot AND l.branch_pos BETWEEN app_lo() AND app_hi()
           AND k.customer_id = ANY (take_back_care.customers) AND k.branch_pos BETWEEN app_lo() AND app_hi()
           AND k.customer_id IN (SELECT unnest(l.made))
           AND k.source = 'customers.customerfile:' || l.file_id::text
        RETURNING 1
    ) SELECT count(*)::int FROM gone
$$;
"""
