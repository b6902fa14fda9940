"""Addresses of check-ins, as tests/leaks/table.py has them."""

from tests.leaks.row import Row

CHECKINS = {
    "admin:community_programme_said": Row("staff", methods=("post",)),
    "admin:community_programme_submit": Row(
        "staff", {"programme_id": "community.draft_programme"}, methods=("post",)
    ),
    "admin:community_programme_down": Row(
        "staff", {"programme_id": "community.programme"}, methods=("post",), body={"reason": "规则有误"}
    ),
    "admin:community_checkin_accept_one": Row(
        "staff", {"check_in_id": "community.checkin"}, methods=("post",)
    ),
    "admin:community_checkin_refuse": Row(
        "staff", {"check_in_id": "community.checkin"}, methods=("post",), body={"reason": "与打卡无关"}
    ),
    "admin:community_checkin_picture": Row("staff", {"check_in_id": "community.checkin"}, methods=("get",)),
    "api:check-ins": Row("customer", {"group_id": "community.checkin_group"}, methods=("get", "post")),
    "api:check-in-board": Row("customer", methods=("put",), body={"is_hidden": False}),
}
