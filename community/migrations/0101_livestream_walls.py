from django.db import migrations

from campaigns.approvals.walls import published, stoppable
from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall
from community.livestreams.sql import showings, viewers

_CUSTOMER = ["fenhang_customer"]
_VERBS = ["fenhang_verbs"]
_VIEW = ["community.livestream.view", "community.liveseries.view", "community.channel.view"]
_MAKE = [
    *_VIEW,
    *(f"community.{noun}.{verb}" for noun in ("livestream", "liveseries", "channel") for verb in ("add", "change")),
    "community.livestream.submit",
    "community.livestream.run",
    "community.livestream.moderate",
]
_DECIDE = [*_VIEW, "community.livestream.take_down", "community.livestream.moderate"]
LIVESTREAM_RIGHTS = {
    "community_operator": [*_MAKE, "community.livestream.take_down", "approvals.revision.withdraw"],
    "branch_manager": [*_MAKE, "community.livestream.take_down"],
    "reviewer": _DECIDE,
    "editor": _VIEW,
    "administrator": _VIEW,
    "auditor": _VIEW,
    "analyst": _VIEW,
    "relationship_manager": ["community.livestream.view"],
}


class Migration(migrations.Migration):
    """Livestreams behind their walls: who may write what, and by which verbs viewers do."""

    dependencies = [
        ("community", "0100_livestreams"),
        ("approvals", "0007_stops"),
        ("events", "0007_note_many"),
        ("content", "0102_asset_walls"),
    ]

    operations = [
        *wall("community_channel"),
        *wall("community_channelevent", append_only=True),
        *wall("community_liveseries", sees={"channel_id": "community_channel"}),
        *wall("community_liveseriesevent", append_only=True),
        *wall("community_livestream",
              sees={"series_id": "community_liveseries", "channel_id": "community_channel", "asset_id": "content_asset",
                    "draw_id": "points_draw"}),
        migrations.RunSQL("REVOKE DELETE ON community_channel, community_liveseries, community_livestream FROM"
                          " fenhang_app;", migrations.RunSQL.noop),
        *wall("community_livestreamevent", append_only=True),
        *wall("community_broadcast", handed_down=True, customer="shown", verbs="SELECT",
              sees={"livestream_id": "community_livestream"}),
        *published("community_broadcast", kind="community.livestream", column="livestream_id"),
        *stoppable("community_broadcast", kind="community.livestream"),
        *wall("community_broadcastevent", append_only=True),
        *wall("community_showing", handed_down=True, customer="line", verbs="SELECT",
              sees={"livestream_id": "community_livestream"}),
        migrations.RunSQL("REVOKE DELETE ON community_showing FROM fenhang_app;", migrations.RunSQL.noop),
        *wall("community_showingevent", append_only=True),
        *wall("community_booking", verbs="SELECT", sees={"livestream_id": "community_livestream"}),
        migrations.RunSQL(showings.MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(showings.NOTES_USES, migrations.RunSQL.noop),
        *verb("livestream_clash(uuid, uuid[], timestamptz, timestamptz)", showings.CLASH),
        # Beats write their own row again and again: room for the next version beside it.
        migrations.RunSQL("ALTER TABLE community_watch SET (fillfactor = 60);", migrations.RunSQL.noop),
        *wall("community_watch", verbs_only=True, customer="own", follows_branch=False,
              verbs="SELECT, INSERT, UPDATE (last_at, seconds, replay_seconds, position, minutes, likes, was_live,"
                    " left_at, customer_id, branch_id, branch_pos)"),
        *wall("community_comment", verbs_only=True, customer="own", follows_branch=False,
              verbs="SELECT, INSERT, UPDATE (state, why, customer_id, branch_id, branch_pos), DELETE"),
        *wall("community_quizanswer", verbs_only=True, customer="own", follows_branch=False,
              verbs="SELECT, INSERT, UPDATE (customer_id, branch_id, branch_pos)"),
        *(migrations.RunSQL(FOLLOWS_CUSTOMER.format(table=f"community_{name}"), migrations.RunSQL.noop)
          for name in ("watch", "comment", "quizanswer")),
        *verb("community_is_shown(uuid)", viewers.SHOWN_TO_ME, execute=[*_VERBS, *_CUSTOMER]),
        *verb("watch_livestreams(timestamptz, jsonb)", viewers.WATCH),
        *verb("like_livestream(uuid, int)", viewers.LIKE, execute=_CUSTOMER),
        *verb("answer_livestream_quiz(uuid, uuid, uuid, int)", viewers.ANSWER, execute=_CUSTOMER),
        *verb("livestream_comments(uuid, uuid, int)", viewers.COMMENTS, execute=_CUSTOMER),
        *verb("say_on_livestream(uuid, uuid, text, text, text)", viewers.SAY, execute=_CUSTOMER),
        *verb("judge_comment(uuid, text)", viewers.JUDGE_COMMENT),
        *verb("forget_viewer(uuid)", viewers.FORGET),
        *verb("move_viewer(uuid, uuid, uuid[])", viewers.MOVE),
        *verb("take_back_comment(uuid)", viewers.TAKE_BACK, execute=_CUSTOMER),
        *verb("note_livestream_left(uuid, int)", viewers.LEFT),
        OfferRights(LIVESTREAM_RIGHTS),
    ]  # fmt: skip
