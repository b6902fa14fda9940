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
    "api:contents": Row("customer", methods=("get",)),
    "api:categories": Row("customer", methods=("get",)),
}
