"""The SQL of touches: what a customer may do with those of their own."""

# A touch that a customer asks for waits, and a credit that a customer grants is whole.
OWN = """
ALTER POLICY own_add ON outreach_touch WITH CHECK (
    customer_id = app_customer() AND branch_id = app_branch() AND branch_pos = app_branch_pos()
    AND state = 'waiting' AND purpose = 'service');
ALTER POLICY own_add ON outreach_credit WITH CHECK (
    customer_id = app_customer() AND branch_id = app_branch() AND branch_pos = app_branch_pos()
    AND spent_at IS NULL AND void_at IS NULL);
REVOKE DELETE ON outreach_terms FROM fenhang_app;
REVOKE UPDATE, DELETE ON outreach_termsevent FROM fenhang_app;
"""

READ = """
CREATE FUNCTION read_touch(touch uuid) RETURNS boolean LANGUAGE plpgsql AS VERB $$
DECLARE here boolean;
BEGIN
    UPDATE outreach_touch t SET read_at = coalesce(t.read_at, app_at())
     WHERE t.id = touch AND t.customer_id = app_customer() AND t.state = 'sent' RETURNING true INTO here;
    RETURN coalesce(here, false);
END $$
"""

# Taking back what waits: one's own wish, or all that speak of a thing that is off.
CANCEL = """
CREATE FUNCTION cancel_touch(asked text) RETURNS boolean LANGUAGE plpgsql AS VERB $$
DECLARE here boolean;
BEGIN
    UPDATE outreach_touch t SET state = 'cancelled', decided_at = app_at()
     WHERE t.key = asked AND t.customer_id = app_customer() AND t.state = 'waiting' RETURNING true INTO here;
    RETURN coalesce(here, false);
END $$
"""
ONE_ROW = """
INSERT INTO outreach_terms (id, quiet_from, quiet_until, per_day, per_week) VALUES (1, '21:00', '08:00', 1, 3);
"""
