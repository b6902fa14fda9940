from django.db import migrations

from campaigns.tenants.offers import OfferRights
from campaigns.tenants.search_sql import searchable
from campaigns.tenants.walls import verb, wall
from community.groups import sql_entry, sql_wecom

_VIEW = ["community.entrycode.view", "community.branchplace.view"]
_KEEP = [
    *_VIEW,
    "community.entrycode.add",
    "community.entrycode.change",
    "community.entrycode.close",
    "community.branchplace.add",
    "community.branchplace.change",
]
_ACCOUNTS = ["community.wecomaccount.view", "community.wecomaccount.add", "community.wecomaccount.end"]
_SYNC = ["community.groupsync.view", "community.groupsync.add", "community.chat.view", "community.chat.fetch"]


class Migration(migrations.Migration):
    """What comes from WeCom, entry codes and the health of groups, behind their walls."""

    dependencies = [
        ("community", "0200_wecom_entry_health"),
        ("tenants", "0010_may"),
        ("events", "0007_note_many"),
    ]

    operations = [
        migrations.RunSQL(sql_wecom.VERBS_READ, migrations.RunSQL.noop),
        *searchable("community_group", columns=("name",)),
        *wall("community_wecomaccount", verbs_only=True, verbs="SELECT, INSERT, UPDATE (ended_at, branch_id, branch_pos)"),
        *wall("community_wecomaccountevent", append_only=True, verbs="INSERT"),
        *wall("community_chat"),
        *wall("community_groupsync"),
        *wall("community_branchplace", verbs="SELECT"),
        *wall("community_branchplaceevent", append_only=True),
        *wall("community_entrycode", verbs="SELECT"),
        *wall("community_entrycodeevent", append_only=True),
        *wall(
            "community_entrygroup",
            verbs="SELECT",
            sees={"code_id": "community_entrycode", "group_id": "community_group"},
        ),
        *wall("community_entrygroupevent", append_only=True),
        *wall("community_entryshows", verbs_only=True, verbs="SELECT, INSERT, UPDATE (many)"),
        *wall("community_grouphealth", sees={"group_id": "community_group"}),
        *wall("community_groupsign", sees={"group_id": "community_group"}),
        *wall("community_ownerfigures", sees={"account_id": "community_wecomaccount"}),
        *verb("community_groups_of(uuid)", sql_wecom.GROUPS_OF, execute=["fenhang_customer"]),
        migrations.RunSQL(sql_wecom.CUSTOMER_SEES, migrations.RunSQL.noop),
        *verb("community_note_joining()", sql_wecom.NOTE_JOINING, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_wecom.NOTES_JOINING, migrations.RunSQL.noop),
        *verb("bind_wecom_account(uuid, text, int, uuid)", sql_wecom.BIND),
        *verb("end_wecom_account(uuid)", sql_wecom.END),
        *verb("hand_over_wecom_accounts(int, int)", sql_wecom.HAND_OVER),
        migrations.RunSQL(sql_entry.METRES, migrations.RunSQL.noop),
        *verb("community_open_line(uuid, timestamptz)", sql_entry.OPEN_LINE),
        *verb(
            "show_entry_code(text, timestamptz, int, int, boolean)",
            sql_entry.SHOW,
            execute=["fenhang_app", "fenhang_customer"],
        ),
        migrations.RunSQL(sql_entry.OF_BRANCH, migrations.RunSQL.noop),
        OfferRights(
            {
                "administrator": [*_VIEW, *_ACCOUNTS, *_SYNC],
                "auditor": [*_VIEW, "community.wecomaccount.view", "community.groupsync.view", "community.chat.view"],
                "analyst": _VIEW,
                "reviewer": _VIEW,
                "community_operator": [*_KEEP, *_SYNC, "community.wecomaccount.view", "community.group.sign"],
                "branch_manager": [*_KEEP, "community.wecomaccount.view", "community.group.sign"],
                "relationship_manager": [*_VIEW, "community.group.sign"],
            }
        ),
    ]
