"""What was offered to a customer once, also when it is over and the policies show it no more."""

# By the id of the draw, to a customer of the branch, or of one below it where it was handed down.
WAS_OFFERED = """
CREATE FUNCTION points_was_offered(draw uuid) RETURNS boolean LANGUAGE sql STABLE AS VERB $$
    SELECT EXISTS (SELECT FROM points_livedraw l
                    WHERE l.draw_id = draw AND l.shown_from <= app_at() AND l.branch_id = ANY (app_line())
                      AND (l.handed_down OR l.branch_id = app_branch()))
$$;
"""
