"""A cover is there as long as something there has it."""

# The lock on the cover's row makes its removal and its choice wait for each other, as with any other use
# (sql_assets.py). Also when what has a cover is put back: the cover may have been removed meanwhile.
THERE = """
CREATE FUNCTION content_cover_is_there() RETURNS trigger LANGUAGE plpgsql AS VERB $$
DECLARE gone timestamptz;
BEGIN
    SELECT a.retired_at INTO gone FROM content_asset a WHERE a.id = NEW.cover_id FOR SHARE;
    IF gone IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('asset %s was removed from the library', NEW.cover_id),
            CONSTRAINT = 'content_asset_cover_is_there';
    END IF;
    RETURN NEW;
END $$;
"""
TRIGGER = """
CREATE TRIGGER content_asset_cover_is_there BEFORE INSERT OR UPDATE OF cover_id, retired_at ON content_asset
    FOR EACH ROW WHEN (NEW.cover_id IS NOT NULL AND NEW.retired_at IS NULL)
    EXECUTE FUNCTION content_cover_is_there();
"""
