"""What the outbox's tables need beside their walls."""

# Drawn by every writer; gaps mean nothing. No identity column: Django knows those as primary keys alone.
PLACES = "CREATE SEQUENCE jobs_message_places; GRANT USAGE ON SEQUENCE jobs_message_places TO fenhang_app, fenhang_customer, fenhang_verbs;"  # noqa: E501

# What a customer does may have something sent, in the branch where the customer is; reading it is nobody's but staff's.
CUSTOMERS_PUT = """
CREATE POLICY put ON jobs_message FOR INSERT TO fenhang_customer
    WITH CHECK (branch_id = app_branch() AND branch_pos = app_branch_pos() AND state = 'waiting' AND tries = 0);
GRANT INSERT ON jobs_message TO fenhang_customer;
"""

# Of the bank, without a branch. Customers and verbs have no business here.
BANK_WIDE = """
REVOKE ALL ON jobs_gate, jobs_accesstoken FROM PUBLIC, fenhang_app, fenhang_customer, fenhang_verbs;
GRANT SELECT, INSERT, UPDATE ON jobs_gate, jobs_accesstoken TO fenhang_app;
"""
