"""Addresses of livestreams, as tests/leaks/table.py has them."""

from tests.leaks.row import Row

LIVESTREAMS = {
    "admin:community_livestream_desk": Row("staff", {"livestream_id": "community.shown"}, methods=("get",)),
    "admin:community_livestream_now": Row("staff", {"livestream_id": "community.shown"}, methods=("get",)),
    "admin:community_livestream_submit": Row(
        "staff", {"livestream_id": "community.livestream"}, methods=("post",)
    ),
    "admin:community_livestream_down": Row(
        "staff", {"livestream_id": "community.coming"}, methods=("post",), body={"reason": "口播有误"}
    ),
    **{
        f"admin:community_livestream_{act}": Row(
            "staff", {"livestream_id": f"community.{kind}"}, methods=("post",), body=body
        )
        for act, kind, body in (
            ("begin", "coming", {}),
            ("end", "shown", {}),
            ("call_off", "coming", {"reason": "主播生病"}),
            ("replay", "shown", {"url": ""}),
            ("unreplay", "shown", {}),
        )
    },
    "admin:community_livestream_open_drop": Row(
        "staff", {"livestream_id": "community.shown", "drop_id": "community.drop"}, methods=("post",)
    ),
    "admin:community_livestream_comment": Row(
        "staff",
        {"livestream_id": "community.shown", "comment_id": "community.comment"},
        methods=("post",),
        body={"fit": "0"},
    ),
    "api:livestreams": Row("customer", methods=("get",)),
    "api:livestream": Row("customer", {"livestream_id": "community.shown"}, methods=("get",)),
    "api:livestream-reminders": Row("customer", {"livestream_id": "community.coming"}, methods=("post",)),
    "api:livestream-watch": Row(
        "customer", {"livestream_id": "community.shown"}, methods=("post",), body={"seconds": 5}
    ),
    "api:livestream-comments": Row(
        "customer", {"livestream_id": "community.shown"}, methods=("get", "post"), body={"text": "好"}
    ),
    "api:livestream-likes": Row(
        "customer", {"livestream_id": "community.shown"}, methods=("post",), body={"count": 1}
    ),
    "api:livestream-answers": Row(
        "customer",
        {"livestream_id": "community.shown"},
        methods=("post",),
        names={"question": "community.question"},
        body={"question": "own:community.question", "option": 0},
    ),
    "api:livestream-comment": Row(
        "customer",
        {"livestream_id": "community.shown", "comment_id": "community.comment"},
        methods=("post",),  # it answers to DELETE alone: tests/community/livestreams/test_viewers.py
    ),
}
