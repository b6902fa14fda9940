from django.db import migrations, models

from campaigns.tenants.offers import OfferRights
from campaigns.tenants.search_sql import searched_anew
from campaigns.tenants.walls import verb, wall
from content import sql_assets

_KEYS = """
ALTER TABLE content_rendition ADD CONSTRAINT content_rendition_name_is_unique_in_its_version
    UNIQUE USING INDEX content_rendition_name_is_unique_in_its_version;
ALTER TABLE content_asset ADD CONSTRAINT content_asset_lies_in_a_folder
    FOREIGN KEY (folder_id) REFERENCES content_folder (id) DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE content_asset ADD CONSTRAINT content_asset_has_a_cover
    FOREIGN KEY (cover_id) REFERENCES content_asset (id) DEFERRABLE INITIALLY DEFERRED NOT VALID;
CREATE TRIGGER content_asset_sees_folder_id BEFORE INSERT OR UPDATE OF folder_id ON content_asset FOR EACH ROW
    WHEN (NEW.folder_id IS NOT NULL) EXECUTE FUNCTION tenants_must_see('folder_id', 'content_folder');
CREATE TRIGGER content_asset_sees_cover_id BEFORE INSERT OR UPDATE OF cover_id ON content_asset FOR EACH ROW
    WHEN (NEW.cover_id IS NOT NULL) EXECUTE FUNCTION tenants_must_see('cover_id', 'content_asset');
"""
# What the verbs of this room look at and change. An asset is removed by `purge_assets` alone.
_VERBS = """
CREATE POLICY verbs ON content_asset TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT (cover_id, retired_at, rights_from, rights_until), UPDATE (retired_at, cover_id), DELETE
    ON content_asset TO fenhang_verbs;
REVOKE DELETE ON content_asset FROM fenhang_app;
CREATE POLICY verbs ON content_rendition TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT SELECT (id, asset_id, format), DELETE ON content_rendition TO fenhang_verbs;
CREATE POLICY verbs ON content_assetevent TO fenhang_verbs USING (true) WITH CHECK (true);
GRANT INSERT ON content_assetevent TO fenhang_verbs;
CREATE POLICY assets ON approvals_revision FOR SELECT TO fenhang_verbs USING (true);
GRANT SELECT (id, kind, state, payload) ON approvals_revision TO fenhang_verbs;
"""


def once(sql: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql, migrations.RunSQL.noop)


class Migration(migrations.Migration):
    """The database keeps what is in use, hides what must not be shown any more, and sweeps what is gone."""

    dependencies = [
        ("content", "0101_asset_indexes"),
        ("approvals", "0013_lifting"),
        ("tenants", "0010_may"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name="rendition",
                    constraint=models.UniqueConstraint(
                        fields=("asset", "version", "take", "name"),
                        name="content_rendition_name_is_unique_in_its_version",
                    ),
                )
            ],
        ),
        migrations.RemoveConstraint("rendition", "content_rendition_name_is_unique_in_its_asset"),
        *wall("content_folder", sees={"parent_id": "content_folder"}),
        *wall("content_folderevent", append_only=True),
        *wall("content_renderwork", sees={"asset_id": "content_asset"}, verbs="SELECT, DELETE"),
        *wall(
            "content_use",
            verbs_only=True,
            verbs="SELECT, INSERT, DELETE, UPDATE (rights_from, rights_until)",
        ),
        once(_KEYS),
        once(_VERBS),
        *searched_anew("content_asset", columns=("name", "alt", "findable")),
        once(sql_assets.USES_IN),
        *verb("content_note_uses()", sql_assets.NOTE_USES, execute=["fenhang_owner"]),
        once(sql_assets.NOTED),
        once(sql_assets.FILL_USES),
        *verb("content_carry_rights()", sql_assets.CARRY_RIGHTS, execute=["fenhang_owner"]),
        *verb("content_guard_retired()", sql_assets.GUARD_RETIRED, execute=["fenhang_owner"]),
        once(sql_assets.ASSET_TRIGGERS),
        once(sql_assets.ITEM_SHOWS_PICTURE),
        *verb(
            "content_lapsed(int[])", sql_assets.LAPSED, execute=["fenhang_app", "fenhang_customer"]
        ),
        once(sql_assets.RIGHTS),
        *verb("purge_assets(int)", sql_assets.PURGE),
        OfferRights({"editor": ["content.asset.remove"]}),
    ]
