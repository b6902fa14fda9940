"""Bulk approvals become long jobs, with the ids they had; and an item still says approved only when it was signed."""

MOVE = """
-- Their guards know who acts; a migration is nobody.
ALTER TABLE jobs_job DISABLE TRIGGER USER;
ALTER TABLE jobs_jobitem DISABLE TRIGGER USER;
ALTER TABLE jobs_jobline DISABLE TRIGGER USER;
INSERT INTO jobs_job (id, branch_id, branch_pos, kind, title, person_id, person_name, opened_as, args, state, total,
       done, refused, "cursor", doing, ready_at, attempt, lease_until, lost, tries, taken_at, taken_done, why,
       result_name, result_type, at, ended_at)
SELECT id, branch_id, branch_pos, 'approvals.approve', '', person_id, person_name, opened_as,
       jsonb_build_object('comment', comment), CASE state WHEN 'stopped' THEN 'paused' ELSE state END, total,
       done, done - approved, '{}', '{}', at, attempt, lease_until, 0, 0, NULL, 0, why_not,
       '', '', at, CASE state WHEN 'stopped' THEN NULL ELSE ended_at END
  FROM approvals_bulk;
INSERT INTO jobs_jobitem (id, branch_id, branch_pos, job_id, number, subject, title, args, outcome, code, words, at)
SELECT id, branch_id, branch_pos, bulk_id, number, 'approvals.revision:' || revision_id, title,
       jsonb_build_object('sha256', sha256), CASE outcome WHEN 'approved' THEN 'done' ELSE outcome END,
       CASE code WHEN 'approvals.bulk.item_failed' THEN 'jobs.item.failed' ELSE code END, words, at
  FROM approvals_bulkitem;
INSERT INTO jobs_jobline (id, branch_id, branch_pos, job_id, at, words)
SELECT id, branch_id, branch_pos, id, at,  -- ids are in the order of time
       jsonb_build_object('zh', person_name || '发起了这项任务。', 'en', person_name || ' asked for it.')
  FROM approvals_bulk;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE jobs_job ENABLE TRIGGER USER;
ALTER TABLE jobs_jobitem ENABLE TRIGGER USER;
ALTER TABLE jobs_jobline ENABLE TRIGGER USER;
"""

DROP_GUARDS = """
DROP FUNCTION approvals_guard_bulk();
DROP FUNCTION approvals_guard_bulkitem();
"""

BY_A_DECISION = """
CREATE FUNCTION approvals_item_is_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM jobs_job j WHERE j.id = NEW.job_id AND j.kind = 'approvals.approve')
       AND NOT EXISTS (
        SELECT FROM approvals_decision d
         WHERE d.revision_id = split_part(NEW.subject, ':', 2)::uuid AND d.person_id = app_person()
           AND d.verdict = 'approve' AND d.sha256 = NEW.args ->> 'sha256' AND d.at = NEW.at) THEN
        RAISE check_violation USING MESSAGE = 'an item of a bulk approval is approved by a decision',
            CONSTRAINT = 'approvals_item_is_approved_by_a_decision';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_item_is_signed BEFORE UPDATE OF outcome ON jobs_jobitem FOR EACH ROW
    WHEN (NEW.outcome = 'done' AND NEW.subject LIKE 'approvals.revision:%')
    EXECUTE FUNCTION approvals_item_is_signed();
"""
