"""The approval's part of the fourth wall: what is served was approved by somebody else, in the database too."""

from django.db.migrations import RunSQL

# Runs as the writer: a revision that the writer cannot see is as good as none.
# A change of branch_pos alone is a move of the branch (it runs as the owner) and passes.
GUARD_PUBLISHED = """
CREATE FUNCTION approvals_guard_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE approved approvals_revision; wrong text;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'branch_pos' = to_jsonb(OLD) - 'branch_pos' THEN RETURN NEW; END IF;
    SELECT * INTO approved FROM approvals_revision r WHERE r.id = NEW.revision_id;
    IF NOT FOUND OR approved.state <> 'approved' THEN wrong := 'was_approved';
    ELSIF TG_OP = 'UPDATE' AND NEW.revision_id = OLD.revision_id THEN wrong := 'is_never_edited';
    ELSIF approved.sha256 <> NEW.sha256 THEN wrong := 'has_the_approved_hash';
    ELSIF approved.branch_id <> NEW.branch_id THEN wrong := 'stays_in_its_branch';
    ELSIF TG_NARGS = 2 AND approved.subject <> TG_ARGV[0] || ':' || (to_jsonb(NEW) ->> TG_ARGV[1])
        THEN wrong := 'is_of_the_approved_thing';
    ELSIF NOT EXISTS (SELECT FROM approvals_decision d WHERE d.revision_id = approved.id AND d.verdict = 'approve'
                      AND d.sha256 = approved.sha256 AND d.person_id <> approved.author_id)
        THEN wrong := 'was_approved_by_another_person';
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('%s: a published copy %s', TG_TABLE_NAME, replace(wrong, '_', ' ')),
            CONSTRAINT = 'approvals_published_copy_' || wrong;
    END IF;
    RETURN NEW;
END $$;
"""


def published(table: str, *, kind: str = "", column: str = "") -> list[RunSQL]:
    """Migration operations that let `table` hold nothing but approved copies, never edited.

    The table has revision_id, sha256, branch_id and branch_pos. With `kind` and `column` the revision must also
    be of the thing that the column points to: published("content_liveitem", kind="content.item", column="item_id").
    The migration depends on ("approvals", "0002_walls").
    """
    arguments = f"'{kind}', '{column}'" if kind else ""
    return [
        RunSQL(
            f"CREATE TRIGGER {table}_was_approved BEFORE INSERT OR UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION approvals_guard_published({arguments});",
            RunSQL.noop,
        )
    ]


def stoppable(table: str, *, kind: str, campaign: str = "") -> list[RunSQL]:
    """Migration operations that put `table` (see `published`) under emergency stops of `kind`.

    Customers see no row that an open stop on their line covers, and none is written while one covers it.
    `campaign` is the column with the campaign's id, empty where there is none. The sub-select is wanted: stops are
    read once for a query and not once for a row. The migration depends on ("approvals", "0007_stops").
    """
    tokens = [f"':', '{kind}:'"]
    if campaign:
        tokens.append(f"':' || {campaign}::text, '{kind}:' || {campaign}::text")
    return [
        RunSQL(
            f"CREATE POLICY served ON {table} AS RESTRICTIVE FOR SELECT TO fenhang_customer"
            f" USING (NOT (SELECT approvals_stops(app_line())) && ARRAY[{', '.join(tokens)}]);\n"
            # A hand-over or a move of the branch writes no revision and passes.
            f"CREATE TRIGGER {table}_is_not_stopped BEFORE INSERT OR UPDATE OF revision_id ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION approvals_guard_not_stopped('{kind}', '{campaign}');",
            RunSQL.noop,
        )
    ]
