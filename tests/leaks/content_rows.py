"""Addresses of items, categories and recalls, as tests/leaks/table.py has them."""

from tests.leaks.row import Row

CONTENT = {
    "admin:content_item_save": Row("staff", {"item_id": "content.item"}, methods=("post",)),
    "admin:content_item_hold": Row("staff", {"item_id": "content.item"}, methods=("post",)),
    "admin:content_item_findings": Row("staff", {"item_id": "content.item"}, methods=("get",)),
    "admin:content_item_block": Row("staff", methods=("get",)),
    "admin:content_item_copy": Row("staff", {"item_id": "content.item"}, methods=("post",)),
    "admin:content_item_recall": Row(
        "staff", {"item_id": "content.item"}, methods=("post",), body={"reason": "利率已变"}
    ),
    "admin:content_recall_file": Row("staff", {"recall_id": "content.recall"}, methods=("post",)),
    "admin:content_item_accept": Row("staff", {"item_id": "content.item"}, methods=("post",)),
    "admin:content_item_object": Row(
        "staff", {"item_id": "content.item"}, methods=("post",), body={"words": "不变"}
    ),
    "admin:content_item_follow": Row(
        "staff", {"item_id": "content.item"}, methods=("post",), body={"part": "title"}
    ),
    "admin:content_original_phone": Row("staff", {"original_id": "content.original"}, methods=("get",)),
    "admin:content_original_localise": Row("staff", {"original_id": "content.original"}, methods=("post",)),
    "admin:content_original_bring": Row("staff", {"original_id": "content.original"}, methods=("post",)),
    "admin:content_original_many": Row("staff", {"original_id": "content.original"}),
    "admin:content_original_answer": Row(
        "staff",
        {"original_id": "content.original", "objection_id": "content.objection"},
        methods=("post",),
        body={"words": "可以", "answer": "agree"},
    ),
    "admin:content_placement_home": Row("staff", names={"branch": "tenants.branch"}),
    # The calendar's card and its moves ask each layer's own room; the one here stands for all of them.
    "admin:planning_campaign_calendar": Row("staff", methods=("get",)),
    "admin:planning_campaign_calendar_feed": Row("staff", body={"act": "make"}),
    "admin:planning_campaign_calendar_boxes": Row("staff", methods=("get",)),
    "admin:planning_campaign_calendar_card": Row(
        "staff", {"layer": "=content", "thing_id": "content.item"}, methods=("get",)
    ),
    "admin:planning_campaign_calendar_move": Row(
        "staff",
        {"layer": "=content", "thing_id": "content.item"},
        methods=("post",),
        body={"from": "2026-11-23T09:00"},
    ),
    "api:contents": Row("customer", methods=("get",)),
    "api:categories": Row("customer", methods=("get",)),
}
