"""Addresses of livestreams and groups, as tests/leaks/table.py has them."""

from tests.leaks.row import Row

_GROUP = {"group_id": "community.group"}
_CODE = {"code_id": "community.entrycode"}

GROUPS = {
    "admin:community_group_dissolve": Row("staff", _GROUP, methods=("post",)),
    "admin:community_group_sign": Row("staff", _GROUP, methods=("post",), body={"note": "打卡"}),
    "admin:community_group_members": Row("staff", _GROUP, methods=("post",), body={"named": "N-nb2-000002"}),
    "admin:community_group_take_out": Row(
        "staff", {**_GROUP, "member_id": "community.member"}, methods=("post",)
    ),
    "admin:community_wecomaccount_end": Row(
        "staff", {"account_id": "community.wecomaccount"}, methods=("post",)
    ),
    # Not configured here: the same is said to everybody who may ask.
    "admin:community_groupsync_begin": Row("staff", methods=("post",)),
    "admin:community_chat_fetch": Row("staff", {"chat_id": "community.chat"}, methods=("post",)),
    "admin:community_entrycode_close": Row("staff", _CODE, methods=("post",)),
    "admin:community_entrycode_poster": Row("staff", _CODE, methods=("get",)),
    "admin:community_entrycode_line": Row(
        "staff",
        _CODE,
        methods=("post",),
        names={"group": "community.spare_group"},
        body={
            "group": "own:community.spare_group",
            "link": "https://example.test/join",
            "most_members": 100,
        },
    ),
    "admin:community_entrycode_end_line": Row(
        "staff", {**_CODE, "line_id": "community.entrygroup"}, methods=("post",)
    ),
    "admin:community_entrycode_first": Row(
        "staff", {**_CODE, "line_id": "community.entrygroup"}, methods=("post",)
    ),
    "api:groups": Row("customer", methods=("get",)),
}
