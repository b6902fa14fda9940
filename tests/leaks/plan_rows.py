"""Addresses of plans, as tests/leaks/table.py has them."""

from tests.leaks.row import Row

PLANS = {
    "admin:community_plan_submit": Row("staff", {"plan_id": "community.draft_plan"}, methods=("post",)),
    "admin:community_plan_down": Row(
        "staff", {"plan_id": "community.plan"}, methods=("post",), body={"reason": "内容有误"}
    ),
    "admin:community_plan_here": Row("staff", {"plan_id": "community.plan"}, methods=("post",), own=404),
    "admin:community_plan_apply": Row(
        "staff", {"plan_id": "community.plan"}, body={"counts": "day", "starts_on": "2026-11-23"}
    ),
    "admin:community_planrun_pause": Row("staff", {"run_id": "community.planrun"}, methods=("post",)),
    "admin:community_planrun_resume": Row("staff", {"run_id": "community.paused"}, methods=("post",)),
    "admin:community_planrun_stop": Row("staff", {"run_id": "community.planrun"}, methods=("post",)),
    "admin:community_post_tasks": Row("staff", methods=("get",)),
    "admin:community_post_confirm": Row("staff", {"post_id": "community.post"}, methods=("post",)),
    "admin:community_post_skip": Row(
        "staff", {"post_id": "community.skipped"}, methods=("post",), body={"why": "群主休假"}
    ),
    "admin:community_post_hand_over": Row(
        "staff", {"post_id": "community.post"}, methods=("post",), body={"person": "own:tenants.person"}
    ),
    "api:staff-tasks": Row("staff token", methods=("get",)),
    "api:staff-task-confirm": Row("staff token", {"task_id": "community.post"}, methods=("post",)),
    "api:staff-task-skip": Row(
        "staff token", {"task_id": "community.skipped"}, methods=("post",), body={"reason": "群主休假"}
    ),
    "api:group-posts": Row("customer", {"group_id": "community.group"}, methods=("get",)),
}
