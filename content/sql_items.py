"""The SQL of categories and recalls."""

# Content names categories by their code for ever, and nobody edits what was told of them.
CATEGORIES_STAY = """
REVOKE UPDATE, DELETE ON content_categoryevent FROM fenhang_app;
REVOKE DELETE ON content_category FROM fenhang_app;
GRANT SELECT ON content_category TO fenhang_customer;
"""

# Two levels: what is under a parent has nothing under itself, however two people write at once (the parent's row is
# locked by whoever puts something under it).
CATEGORY_DEPTH = """
CREATE FUNCTION content_category_depth() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above record;
BEGIN
    IF NEW.parent_id IS NULL THEN RETURN NEW; END IF;
    SELECT c.parent_id INTO above FROM content_category c WHERE c.code = NEW.parent_id FOR UPDATE;
    IF above.parent_id IS NOT NULL OR NEW.parent_id = NEW.code
       OR EXISTS (SELECT FROM content_category c WHERE c.parent_id = NEW.code) THEN
        RAISE check_violation USING MESSAGE = 'categories have two levels',
            CONSTRAINT = 'content_category_has_two_levels';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER content_category_depth BEFORE INSERT OR UPDATE OF parent_id ON content_category
    FOR EACH ROW EXECUTE FUNCTION content_category_depth();
"""

# One person holds a draft: another's hold is not written over while it lasts, unless by taking it over in words,
# which the services do through a deletion.
HOLD = """
CREATE FUNCTION content_editing_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.person_id <> NEW.person_id AND OLD.until > app_at() THEN
        RAISE check_violation USING MESSAGE = 'somebody else holds this draft',
            CONSTRAINT = 'content_editing_is_held';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER content_editing_is_free BEFORE UPDATE OF person_id ON content_editing
    FOR EACH ROW EXECUTE FUNCTION content_editing_is_free();
"""
