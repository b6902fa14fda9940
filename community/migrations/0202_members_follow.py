from django.db import migrations

from campaigns.tenants.walls import verb
from community.groups import sql_members


class Migration(migrations.Migration):
    """Who is in groups follows a customer through merges and erasure, whatever branch the groups belong to."""

    dependencies = [("community", "0201_wecom_entry_walls"), ("customers", "0047_forget_parted")]

    operations = [
        migrations.RunSQL(sql_members.VERBS_WRITE, migrations.RunSQL.noop),
        *verb("community_move_members(uuid, uuid)", sql_members.MOVE),
        *verb("community_return_members(uuid, uuid, uuid[])", sql_members.RETURN),
        *verb("community_forget_members(uuid)", sql_members.FORGET),
    ]
