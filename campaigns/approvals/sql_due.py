"""Due rows for what waits in an installed bank, where sweeps found it before."""

LAY_WAITING = """
WITH waiting (kind, subject, version, at, branch_id, branch_pos) AS (
    SELECT 'approvals.go_live', 'approvals.revision:' || id, '', shown_from, branch_id, branch_pos
      FROM approvals_revision WHERE state = 'scheduled'
    UNION ALL
    SELECT 'approvals.end', 'approvals.revision:' || id, '', shown_until, branch_id, branch_pos
      FROM approvals_revision WHERE state IN ('approved', 'scheduled') AND shown_until < '9999-12-31 00:00+00'
    UNION ALL
    SELECT 'approvals.escalate', 'approvals.step:' || s.id,
           to_char(s.escalate_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'), s.escalate_at,
           s.branch_id, s.branch_pos
      FROM approvals_step s JOIN approvals_revision r ON r.id = s.revision_id
     WHERE s.state = 'open' AND s.escalate_at IS NOT NULL AND r.state = 'submitted'
)
INSERT INTO jobs_due (id, branch_id, branch_pos, kind, subject, version, run_at, ready_at, local_time, zone, misfire,
                      grace, args, opened_as, state, tries, lost, why)
SELECT uuidv7(), w.branch_id, w.branch_pos, w.kind, w.subject, w.version, w.at, w.at,
       w.at AT TIME ZONE coalesce(z.name, 'UTC'), coalesce(z.name, 'UTC'), 'once', interval '5 minutes', '{}', '{}',
       'waiting', 0, 0, '{}'
  FROM waiting w JOIN tenants_branch b ON b.id = w.branch_id LEFT JOIN pg_timezone_names z ON z.name = b.zone
ON CONFLICT (kind, subject, version) DO NOTHING;
"""

# The sweep that looked for late steps is no more, and the other now only looks for rows that are missing; the
# timetable's next start adds it again at its new pace.
LEAVE_TIMETABLE = """
DO $$ BEGIN
    IF to_regclass('django_celery_beat_periodictask') IS NOT NULL THEN
        DELETE FROM django_celery_beat_periodictask WHERE name IN ('approvals.escalate', 'approvals.keep_times');
    END IF;
END $$;
"""
