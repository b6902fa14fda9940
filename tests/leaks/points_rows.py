"""Addresses of the points room, as tests/leaks/table.py has them."""

from tests.leaks.row import Row

POINTS = {
    "admin:points_rule_submit": Row("staff", {"rule_id": "points.draft"}, methods=("post",)),
    "admin:points_rule_down": Row(
        "staff", {"rule_id": "points.rule"}, methods=("post",), body={"reason": "停"}
    ),
    "admin:points_rule_trial_run": Row("staff", {"rule_id": "points.rule"}, methods=("get",)),
    "admin:points_good_submit": Row("staff", {"good_id": "points.draft"}, methods=("post",)),
    "admin:points_good_stock": Row(
        "staff", {"good_id": "points.good"}, methods=("post",), body={"total": 50}
    ),
    "admin:points_good_down": Row(
        "staff", {"good_id": "points.good"}, methods=("post",), body={"reason": "缺货"}
    ),
    **{
        f"admin:points_mallorder_{act}": Row(
            "staff", {"order_id": f"points.{kind}"}, methods=("post",), body=body
        )
        for act, kind, body in (
            ("pay", "unpaid", {"payment": "POS 1"}),
            ("send", "mallorder", {"carrier": "SF1"}),
            ("hand_over", "pickup", {}),
            ("cancel", "mallorder", {"reason": "缺货"}),
            ("unmask", "mallorder", {}),
        )
    },
    "admin:points_draw_submit": Row("staff", {"draw_id": "points.draft_draw"}, methods=("post",)),
    "admin:points_draw_stock": Row(
        "staff",
        {"draw_id": "points.draw", "prize_id": "points.drawprize"},
        methods=("post",),
        body={"total": 90},
    ),
    "admin:points_draw_down": Row(
        "staff", {"draw_id": "points.draw"}, methods=("post",), body={"reason": "规则有误"}
    ),
    "admin:points_draw_check": Row("staff", {"draw_id": "points.draw"}, methods=("get",)),
    **{
        f"admin:points_drawtry_{act}": Row(
            "staff", {"try_id": f"points.{kind}"}, methods=("post",), body=body
        )
        for act, kind, body in (
            ("send", "parceltry", {"carrier": "SF1"}),
            ("hand_over", "drawtry", {}),
            ("forgo", "drawtry", {"reason": "逾期未领"}),
            ("unmask", "parceltry", {}),
        )
    },
    "admin:points_tiers_submit": Row("staff", {"scheme_id": "points.tiers"}, methods=("post",)),
    "admin:points_tiers_down": Row(
        "staff", {"scheme_id": "points.tiers"}, methods=("post",), body={"reason": "停"}
    ),
    "admin:points_wallet_search": Row("staff", methods=("post",), body={"q": "0001"}),
    "admin:points_wallet_adjust": Row(
        "staff", {"customer_id": "points.wallet"}, methods=("post",), body={"points": 5, "reason": "补发积分"}
    ),
    "admin:points_movement_reverse": Row(
        "staff",
        {"movement_id": "points.movement"},
        methods=("post",),
        body={"customer": "own:points.wallet", "reason": "重复发放"},
    ),
    **{
        f"admin:points_adjustment_{act}": Row(
            "staff", {"adjustment_id": "points.adjustment"}, methods=("post",), body={"remark": "不予调整"}
        )
        for act in ("confirm", "decline")
    },
    "admin:points_wallet_extend": Row(
        "staff",
        {"customer_id": "points.wallet"},
        methods=("post",),
        body={"until": "2031-01-31", "reason": "客户住院延期"},
    ),
    "admin:points_wallet_add_member": Row(
        "staff",
        {"customer_id": "points.wallet"},
        methods=("post",),
        body={"number": "N-nb2-000002", "evidence": "出示户口簿"},
    ),
    "admin:points_wallet_end_member": Row(
        "staff",
        {"customer_id": "points.wallet", "member_id": "points.member"},
        methods=("post",),
        body={"reason": "客户要求退出"},
    ),
    "admin:points_extension_bulk_extend": Row(
        "staff",
        methods=("post",),
        body={"first": "2020-01-01", "last": "2020-01-31", "until": "2020-03-31", "reason": "系统升级"},
    ),
    **{
        f"admin:points_extension_{act}": Row(
            "staff", {"extension_id": "points.extension"}, methods=("post",), body={"remark": "不予延期"}
        )
        for act in ("confirm", "decline", "go_on")
    },
    "admin:points_award_new": Row("staff", body={"title": "节日回馈"}),
    **{
        f"admin:points_award_{act}": Row(
            "staff", {"award_id": f"points.{kind}"}, methods=("post",), body={"remark": "不予发放"}
        )
        for act, kind in (
            ("request", "judged_award"),
            ("drop", "award"),
            ("confirm", "award"),
            ("decline", "award"),
            ("go_on", "agreed_award"),
            ("take_back", "agreed_award"),
        )
    },
    "admin:points_ledgerclose_close_day": Row(
        "staff", methods=("post",), body={"day": "2026-11-01", "period": "day"}
    ),
    "admin:points_ledgerclose_close_again": Row(
        "staff", {"close_id": "points.ledgerclose"}, methods=("post",)
    ),
    "admin:points_ledgerclose_sheet": Row("staff", {"close_id": "points.ledgerclose"}, methods=("get",)),
    "api:points-goods": Row("customer", methods=("get",)),
    "api:points-good": Row("customer", {"good_id": "points.good"}, methods=("get",)),
    "api:points-orders": Row(
        "customer",
        methods=("post",),
        names={"good": "points.pickup_good"},
        body={"good": "own:points.pickup_good", "points": 100},
    ),
    "api:my-points-orders": Row("customer", methods=("get",)),
    "api:points-order-cancel": Row("customer", {"order_id": "points.mallorder"}, methods=("post",)),
    "api:points-draws": Row("customer", methods=("get",)),
    "api:points-draw": Row("customer", {"draw_id": "points.draw"}, methods=("get",)),
    "api:points-pledges": Row("customer", {"draw_id": "points.draw"}, methods=("get",)),
    "api:points-tries": Row(
        "customer", {"draw_id": "points.parcel_draw"}, methods=("post",), body={"points": 0}
    ),
    "api:my-points-tries": Row("customer", methods=("get",)),
    "api:points-try-receiver": Row(
        "customer",
        {"try_id": "points.parceltry"},
        methods=("post",),
        body={"name": "王敏", "phone": "13800138000", "address": "文三路 1 号"},
    ),
    "api:points": Row("customer", methods=("get",)),
    "api:points-entries": Row("customer", methods=("get",)),
    "api:points-lots": Row("customer", methods=("get",)),
    "api:points-household": Row("customer", methods=("get",)),
    "api:points-invitation": Row("customer", methods=("get",)),
    "api:points-members": Row("customer", methods=("post",), body={"code": "nonsense"}),
    "api:points-transfers": Row(
        "customer",
        methods=("post",),
        names={"to": "points.housemate"},
        body={"to": "own:points.housemate", "points": 1},
    ),
    "api:points-tier": Row("customer", methods=("get",)),
}
