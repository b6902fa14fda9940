"""The moves of a showing, as the database keeps them; the same table is in rules.py."""

MOVES = """
CREATE FUNCTION community_showing_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (
        ('planned', 'announced'), ('planned', 'live'), ('planned', 'cancelled'), ('announced', 'planned'),
        ('announced', 'live'), ('announced', 'cancelled'), ('cancelled', 'planned'), ('live', 'ended'),
        ('ended', 'replay'), ('replay', 'ended')) THEN
        RAISE check_violation USING MESSAGE = format('a livestream does not go from %s to %s', OLD.state, NEW.state),
            CONSTRAINT = 'community_showing_moves_as_allowed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER community_showing_moves BEFORE UPDATE OF state ON community_showing FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION community_showing_moves();
"""

NOTES_USES = """
CREATE TRIGGER community_livestream_notes_uses AFTER INSERT OR UPDATE OR DELETE ON community_livestream
    FOR EACH ROW EXECUTE FUNCTION content_note_uses('draft', 'id');
CREATE TRIGGER community_broadcast_notes_uses AFTER INSERT OR UPDATE OR DELETE ON community_broadcast
    FOR EACH ROW EXECUTE FUNCTION content_note_uses('live', 'livestream_id');
"""

# Which livestream has taken one of these at that time? Bank-wide, since a host works for more than one branch; the
# title only for who may see the livestream.
CLASH = """
CREATE FUNCTION livestream_clash(own uuid, wanted uuid[], since timestamptz, till timestamptz)
RETURNS TABLE (kind text, taken uuid, title text) LANGUAGE sql STABLE AS VERB $$
    SELECT k.kind, k.taken,
           CASE WHEN k.branch_pos BETWEEN app_lo() AND app_hi()
                     OR b.handed_down AND b.branch_id = ANY (app_ancestors()) THEN b.title ELSE '' END
      FROM community_booking k JOIN community_broadcast b ON b.livestream_id = k.livestream_id
     WHERE k.taken = ANY (wanted) AND k.livestream_id <> own AND k.span && tstzrange(since, till)
     ORDER BY lower(k.span), k.kind LIMIT 5
$$;
"""
