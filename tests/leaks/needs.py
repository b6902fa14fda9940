"""Which verb each address asks for, written by hand and not read from the code: what the table of rights is held to.

"" stands for every role; several verbs mean any of them. Standard pages of a model ask for the verbs of its noun.
"""

from campaigns.tenants.roles import PRESETS
from campaigns.tenants.rules import may

Verbs = tuple[str, ...]

# Pages whose noun is not their model's.
NOUNS = {
    "tenants_login": "tenants.person",
    "audit_securityrecord": "audit.entry",
    "django_celery_beat_periodictask": "schedule.task",
    "django_celery_beat_intervalschedule": "schedule.task",
    "django_celery_beat_crontabschedule": "schedule.task",
}
# Standard pages that ask for another verb than their ending says.
WRITES: dict[str, Verbs] = {
    "admin:approvals_revision_change": ("approvals.revision.decide", "approvals.revision.withdraw"),
    "admin:tenants_assignment_add": ("tenants.person.change",),
}

_FILE = ("tenants.branch.import",)
_CUSTOMERS_IN = ("customers.customer.import",)
_CUSTOMERS_OUT = ("customers.customer.export",)

# address -> (verbs to look, verbs to write)
NEEDS: dict[str, tuple[Verbs, Verbs]] = {
    "admin:index": (("",), ()),
    "admin:app_list": (("",), ()),
    "admin:autocomplete": (("content.item.view",), ()),
    "admin:switch": (("",), ("",)),
    "admin:switch_search": (("",), ()),
    "admin:rights": (("tenants.role.view",), ()),
    "admin:data_map": (("customers.datamap.view",), ()),
    "admin:events_drop_kinds": (("events.kind.view",), ()),
    "admin:events_drop_sources": (("events.source.view",), ()),
    "admin:customers_consentdraft_submit": ((), ("customers.consentdraft.submit",)),
    "admin:customers_consentdraft_down": ((), ("customers.consentdraft.take_down",)),
    "admin:customers_erasure_cancel_page": (("customers.erasure.cancel",), ("customers.erasure.cancel",)),
    "admin:approvals_policy_drawing": (("approvals.policy.view",), ("approvals.policy.view",)),
    "admin:approvals_policy_trial": (("approvals.policy.view",), ("approvals.policy.view",)),
    "admin:approvals_policy_people": (("approvals.policy.view",), ()),
    "admin:approvals_policy_submit": ((), ("approvals.policy.submit",)),
    "admin:inbox": (("",), ()),
    "admin:inbox_mark": ((), ("",)),
    "admin:inbox_open": ((), ("",)),
    "admin:audit_entry_proposals": (("audit.entry.view",), ()),
    "admin:tenants_person_add_login_page": (("tenants.person.change",), ("tenants.person.change",)),
    "admin:tenants_person_assign_page": (("tenants.person.change",), ("tenants.person.change",)),
    "admin:tenants_person_leave_page": (("tenants.person.change",), ("tenants.person.change",)),
    "admin:tenants_person_sessions_page": (("tenants.person.reset",), ("tenants.person.reset",)),
    "admin:tenants_login_reset_password_page": (("tenants.person.reset",), ("tenants.person.reset",)),
    "admin:tenants_login_remove_second_factor_page": (("tenants.person.reset",), ("tenants.person.reset",)),
    "admin:tenants_login_close_page": (("tenants.person.reset",), ("tenants.person.reset",)),
    "admin:tenants_login_reopen_page": (("tenants.person.reset",), ("tenants.person.reset",)),
    "admin:tenants_branch_organisation_file_page": (_FILE, _FILE),
    "admin:tenants_organisationfile_changelist": (_FILE, _FILE),
    "admin:tenants_organisationfile_add": (_FILE, _FILE),
    "admin:tenants_organisationfile_change": (_FILE, _FILE),
    "admin:tenants_organisationfile_history": (_FILE, ()),
    "admin:tenants_organisationfile_delete": (_FILE, _FILE),
    "admin:tenants_organisationfile_columns": (_FILE, _FILE),
    "admin:tenants_organisationfile_missing": ((), _FILE),
    "admin:tenants_organisationfile_apply": ((), _FILE),
    "admin:tenants_organisationfile_undo": ((), _FILE),
    "admin:customers_customerfile_changelist": (_CUSTOMERS_IN, _CUSTOMERS_IN),
    "admin:customers_customerfile_add": (_CUSTOMERS_IN, _CUSTOMERS_IN),
    "admin:customers_customerfile_change": (_CUSTOMERS_IN, _CUSTOMERS_IN),
    "admin:customers_customerfile_history": (_CUSTOMERS_IN, ()),
    "admin:customers_customerfile_delete": ((), ()),
    "admin:customers_customerfile_columns": (_CUSTOMERS_IN, _CUSTOMERS_IN),
    **{
        f"admin:customers_customerfile_{step}": ((), _CUSTOMERS_IN)
        for step in ("judge", "apply", "confirm", "send_back", "go_on", "undo")
    },
    "admin:customers_customerfile_progress": (_CUSTOMERS_IN, ()),
    "admin:customers_customerfile_refused": (_CUSTOMERS_IN, ()),
    "admin:customers_customerexport_changelist": (_CUSTOMERS_OUT, _CUSTOMERS_OUT),
    "admin:customers_customerexport_add": (_CUSTOMERS_OUT, _CUSTOMERS_OUT),
    "admin:customers_customerexport_change": (_CUSTOMERS_OUT, _CUSTOMERS_OUT),
    "admin:customers_customerexport_history": (_CUSTOMERS_OUT, ()),
    "admin:customers_customerexport_delete": ((), ()),
    **{
        f"admin:customers_customerexport_{step}": ((), _CUSTOMERS_OUT)
        for step in ("confirm", "decline", "file")
    },
    "admin:tenants_organisationfile_progress": (_FILE, ()),
    "admin:tenants_branch_rename_page": (("tenants.branch.change",), ("tenants.branch.change",)),
    "admin:tenants_branch_move_page": (("tenants.branch.move",), ("tenants.branch.move",)),
    "admin:tenants_branch_merge_page": (("tenants.branch.merge",), ("tenants.branch.merge",)),
    "admin:tenants_branch_close_page": (("tenants.branch.close",), ("tenants.branch.close",)),
    "admin:tenants_branch_renumber_page": (("tenants.branch.renumber",), ("tenants.branch.renumber",)),
    # What is typed is sent along: looks, though by POST.
    "admin:rewards_batch_said": (
        ("rewards.batch.add", "rewards.batch.change"),
        ("rewards.batch.add", "rewards.batch.change"),
    ),
    "admin:community_programme_said": (
        ("community.programme.add", "community.programme.change"),
        ("community.programme.add", "community.programme.change"),
    ),
    "admin:community_programme_submit": ((), ("community.programme.submit",)),
    "admin:community_programme_down": ((), ("community.programme.take_down",)),
    "admin:community_checkin_accept_one": ((), ("community.checkin.accept",)),
    "admin:community_checkin_refuse": ((), ("community.checkin.refuse",)),
    "admin:community_checkin_picture": (("community.checkin.view",), ()),
    "admin:points_rule_submit": ((), ("points.rule.submit",)),
    "admin:points_rule_down": ((), ("points.rule.take_down",)),
    "admin:points_rule_trial_run": (("points.rule.view",), ()),
    "admin:rewards_batch_submit": ((), ("rewards.batch.submit",)),
    "admin:rewards_batch_stock": ((), ("rewards.stock.allot",)),
    "admin:rewards_batch_fund": ((), ("rewards.batch.change",)),
    "admin:rewards_share_move": ((), ("rewards.stock.allot",)),
    "admin:rewards_budget_approve": ((), ("rewards.budget.approve",)),
    "admin:rewards_batch_down": ((), ("rewards.batch.take_down",)),
    "admin:rewards_coupon_void": ((), ("rewards.coupon.void",)),
    "admin:rewards_coupon_counter": (("rewards.coupon.redeem",), ("rewards.coupon.redeem",)),
    **{
        f"admin:rewards_coupon_{page}": ((), ("rewards.coupon.redeem",))
        for page in ("worth", "redeem", "noted")
    },
    "admin:rewards_coupon_reverse": ((), ("rewards.coupon.reverse",)),
    "admin:rewards_coupon_held": ((), ("rewards.coupon.release",)),
    "admin:rewards_coupon_extend": ((), ("rewards.coupon.extend",)),
    "admin:points_good_submit": ((), ("points.good.submit",)),
    "admin:points_good_stock": ((), ("points.good.stock",)),
    "admin:points_good_down": ((), ("points.good.take_down",)),
    "admin:points_mallorder_pay": ((), ("points.mallorder.pay",)),
    "admin:points_mallorder_send": ((), ("points.mallorder.send",)),
    "admin:points_mallorder_hand_over": ((), ("points.mallorder.send",)),
    "admin:points_mallorder_cancel": ((), ("points.mallorder.cancel",)),
    "admin:points_mallorder_unmask": ((), ("points.mallorder.unmask",)),
    "admin:community_livestream_desk": (("community.livestream.view",), ()),
    "admin:community_livestream_now": (("community.livestream.view",), ()),
    "admin:community_livestream_submit": ((), ("community.livestream.submit",)),
    "admin:community_livestream_down": ((), ("community.livestream.take_down",)),
    **{
        f"admin:community_livestream_{act}": ((), ("community.livestream.run",))
        for act in ("begin", "end", "call_off", "replay", "unreplay", "open_drop")
    },
    "admin:community_livestream_comment": ((), ("community.livestream.moderate",)),
    "admin:points_draw_submit": ((), ("points.draw.submit",)),
    "admin:points_draw_stock": ((), ("points.draw.stock",)),
    "admin:points_draw_down": ((), ("points.draw.take_down",)),
    "admin:community_plan_submit": ((), ("community.plan.submit",)),
    "admin:community_plan_down": ((), ("community.plan.take_down",)),
    "admin:community_plan_here": ((), ("community.plan.change",)),
    "admin:community_plan_apply": (("community.planrun.add",), ("community.planrun.add",)),
    "admin:community_planrun_pause": ((), ("community.planrun.pause",)),
    "admin:community_planrun_resume": ((), ("community.planrun.pause",)),
    "admin:community_planrun_stop": ((), ("community.planrun.stop",)),
    "admin:community_post_tasks": (("community.post.confirm",), ()),
    "admin:community_post_confirm": ((), ("community.post.confirm",)),
    "admin:community_post_skip": ((), ("community.post.confirm",)),
    "admin:community_post_hand_over": ((), ("community.post.hand_over",)),
    "api:staff-tasks": (("community.post.confirm",), ()),
    "api:staff-task-confirm": ((), ("community.post.confirm",)),
    "api:staff-task-skip": ((), ("community.post.confirm",)),
    "admin:points_draw_check": (("points.draw.view",), ()),
    "admin:points_drawtry_send": ((), ("points.drawtry.send",)),
    "admin:points_drawtry_hand_over": ((), ("points.drawtry.send",)),
    "admin:points_drawtry_forgo": ((), ("points.drawtry.send",)),
    "admin:points_drawtry_unmask": ((), ("points.drawtry.unmask",)),
    "admin:rewards_merchant_close": ((), ("rewards.merchant.close",)),
    "admin:rewards_merchant_reopen": ((), ("rewards.merchant.close",)),
    "admin:rewards_merchant_cashier": ((), ("rewards.cashier.add",)),
    "admin:rewards_merchant_end_cashier": ((), ("rewards.cashier.end",)),
    "admin:rewards_close_close_day": ((), ("rewards.close.run",)),
    "admin:rewards_close_close_again": ((), ("rewards.close.run",)),
    **{
        f"admin:rewards_close_{page}": (("rewards.close.view",), ())
        for page in ("sheet", "period", "period_sheet")
    },
    "admin:rewards_close_missed": ((), ("rewards.close.run",)),
    "admin:points_tiers_submit": ((), ("points.tiers.submit",)),
    "admin:points_tiers_down": ((), ("points.tiers.take_down",)),
    "admin:points_wallet_search": ((), ("points.wallet.view",)),
    "admin:points_wallet_adjust": ((), ("points.adjustment.add",)),
    "admin:points_movement_reverse": ((), ("points.movement.reverse",)),
    "admin:points_adjustment_confirm": ((), ("points.adjustment.decide",)),
    "admin:points_adjustment_decline": ((), ("points.adjustment.decide",)),
    "admin:points_wallet_extend": ((), ("points.extension.add",)),
    "admin:points_wallet_add_member": ((), ("points.household.change",)),
    "admin:points_wallet_end_member": ((), ("points.household.change",)),
    "admin:points_extension_bulk_extend": ((), ("points.extension.add",)),
    "admin:points_extension_confirm": ((), ("points.extension.decide",)),
    "admin:points_extension_decline": ((), ("points.extension.decide",)),
    "admin:points_extension_go_on": ((), ("points.extension.decide",)),
    "admin:points_award_new": (("points.award.add",), ("points.award.add",)),
    "admin:points_award_request": ((), ("points.award.add",)),
    "admin:points_award_drop": ((), ("points.award.add",)),
    "admin:points_award_confirm": ((), ("points.award.decide",)),
    "admin:points_award_decline": ((), ("points.award.decide",)),
    "admin:points_award_go_on": ((), ("points.award.decide",)),
    "admin:points_award_take_back": ((), ("points.award.take_back",)),
    "admin:points_adjustlimit_add": (("points.adjustlimit.change",), ("points.adjustlimit.change",)),
    "admin:points_ledgerclose_close_day": ((), ("points.ledgerclose.run",)),
    "admin:points_ledgerclose_close_again": ((), ("points.ledgerclose.run",)),
    "admin:points_ledgerclose_sheet": (("points.ledgerclose.view",), ()),
    # Each of its forms asks for a right of its own.
    "admin:rewards_batch_hand": (("rewards.batch.view",), ("rewards.coupon.grant",)),
    "admin:rewards_batch_codes": ((), ("rewards.coderun.add",)),
    "admin:content_asset_upload": ((), ("content.asset.add",)),
    "admin:content_asset_values": ((), ("content.asset.add",)),
    "admin:content_asset_tidy": ((), ("content.asset.change",)),
    "admin:content_asset_folders": ((), ("content.asset.change",)),
    "admin:content_asset_choose": (("content.asset.view",), ()),
    "admin:content_asset_panel": (("content.asset.view",), ()),
    "admin:content_asset_focal": ((), ("content.asset.change",)),
    "admin:content_asset_version": ((), ("content.asset.change",)),
    "admin:content_asset_remove": ((), ("content.asset.remove",)),
    "admin:content_asset_put_back": ((), ("content.asset.remove",)),
    # Signed for one person, and only on pages that show the picture: the address is the key.
    "admin:content_asset_media": (("",), ()),
    "admin:content_item_preview": (("content.item.view",), ()),
    "admin:content_item_saved_preview": (("content.item.view",), ()),
    "admin:content_item_submit": ((), ("content.item.submit",)),
    "admin:content_item_save": ((), ("content.item.change",)),
    "admin:content_item_hold": ((), ("content.item.change",)),
    "admin:content_item_block": (("content.item.view",), ()),
    "admin:content_item_findings": (("content.item.view",), ()),
    "admin:content_item_copy": ((), ("content.item.add",)),
    "admin:content_item_recall": ((), ("content.item.recall",)),
    "admin:content_recall_file": ((), ("content.recall.export",)),
    "admin:content_item_accept": ((), ("content.item.change",)),
    "admin:content_item_object": ((), ("content.item.change",)),
    "admin:content_item_follow": ((), ("content.item.change",)),
    "admin:content_original_phone": (("content.original.view",), ()),
    "admin:content_original_localise": ((), ("content.item.add",)),
    "admin:content_original_bring": ((), ("content.item.hand_down",)),
    "admin:content_original_many": (("content.item.hand_down",), ("content.item.hand_down",)),
    "admin:content_original_answer": ((), ("content.item.hand_down",)),
    "admin:content_item_down": ((), ("content.item.take_down",)),
    "admin:content_placement_home": (("content.placement.view",), ("content.placement.view",)),
    # The calendar.
    "admin:planning_campaign_calendar": (("planning.campaign.view",), ()),
    "admin:planning_campaign_calendar_feed": (("planning.campaign.view",), ("planning.campaign.view",)),
    "admin:planning_campaign_calendar_boxes": (("planning.campaign.view",), ()),
    "admin:planning_campaign_calendar_card": (("content.item.view",), ()),
    "admin:planning_campaign_calendar_move": ((), ("content.item.change",)),
    "admin:content_placement_submit": ((), ("content.placement.submit",)),
    "admin:content_placement_down": ((), ("content.placement.take_down",)),
    "admin:approvals_revision_phone": (("approvals.revision.view",), ()),
    # Says what a list that is sent along finds in a text that is sent along: a look, though by POST.
    "admin:approvals_wordlist_try": (("approvals.wordlist.view",), ("approvals.wordlist.view",)),
    "admin:approvals_wordlist_submit": ((), ("approvals.wordlist.submit",)),
    "admin:jobs_due_again": ((), ("jobs.due.run_again",)),
    "admin:jobs_due_cancel": ((), ("jobs.due.cancel",)),
    "admin:approvals_stop_ask": ((), ("approvals.stop.lift",)),
    "admin:approvals_stop_lift": ((), ("approvals.stop.lift",)),
    "admin:approvals_revision_versions": (("approvals.revision.view",), ()),
    "admin:approvals_revision_against": (("approvals.revision.view",), ()),
    "admin:approvals_revision_restore": ((), ("content.item.change",)),
    "admin:approvals_revision_evidence": ((), ("approvals.revision.evidence",)),
    "admin:approvals_revision_people": (("approvals.revision.view",), ()),
    # Whoever may look says that he does, and keeps or ends what is his own.
    "admin:approvals_revision_look": ((), ("approvals.revision.view",)),
    "admin:approvals_revision_mine": (("approvals.revision.view",), ("approvals.revision.view",)),
    "admin:approvals_revision_deputies": (("approvals.revision.view",), ("approvals.revision.decide",)),
    "admin:approvals_revision_deputies_people": (("approvals.revision.view",), ()),
    "admin:approvals_revision_end_deputy": ((), ("approvals.revision.view",)),
    **{
        f"admin:approvals_revision_{page}": (("approvals.revision.decide",), ())
        for page in ("bulks", "bulk_all", "bulk")
    },
    **{f"admin:approvals_revision_{page}": ((), ("approvals.revision.decide",)) for page in ("bulk_ask",)},
    # One's own, whatever one is.
    **{
        f"admin:jobs_job_{page}": (("",), ())
        for page in ("changelist", "change", "progress", "refusals", "result")
    },
    **{
        f"admin:jobs_{noun}_{verb}_page": ((f"jobs.{noun}.{verb}",), (f"jobs.{noun}.{verb}",))
        for noun, verb in (("message", "resend"), ("message", "cancel"), ("gate", "shut"), ("gate", "open"))
    },
    **{f"admin:jobs_job_{page}": ((), ("",)) for page in ("pause", "resume", "stop")},
    "admin:jobs_job_history": (("",), ()),
    "admin:jobs_job_add": ((), ()),
    "admin:jobs_job_delete": ((), ()),
    "admin:jobs_job_start": ((), ("approvals.publication.verify",)),
    "admin:customers_customer_move_page": (("customers.customer.move",), ("customers.customer.move",)),
    "admin:customers_customer_assign_page": (("customers.customer.assign",), ("customers.customer.assign",)),
    "admin:customers_customer_staff_page": (
        ("customers.customer.link_staff",),
        ("customers.customer.link_staff",),
    ),
    **{
        f"admin:customers_customer_{act}_page": ((verb,), (verb,))
        for act, verb in (
            ("claim", "customers.identity.claim"),
            ("verify", "customers.identity.verify"),
            ("revoke", "customers.identity.revoke"),
            ("ask", "customers.mergeproposal.add"),
            ("birth", "customers.birth.change"),
        )
    },
    "admin:customers_customer_hand_over_page": (
        ("customers.customer.assign",),
        ("customers.customer.assign",),
    ),
    "admin:customers_customer_duplicate_page": (
        ("customers.mergeproposal.add",),
        ("customers.mergeproposal.add",),
    ),
    # groups
    "admin:community_group_dissolve": ((), ("community.group.dissolve",)),
    "admin:community_group_sign": ((), ("community.group.sign",)),
    "admin:community_group_members": ((), ("community.member.add",)),
    "admin:community_group_take_out": ((), ("community.member.end",)),
    "admin:community_wecomaccount_end": ((), ("community.wecomaccount.end",)),
    "admin:community_wecomaccount_change": (("community.wecomaccount.view",), ()),
    "admin:community_groupsync_begin": ((), ("community.groupsync.add",)),
    "admin:community_groupsync_add": ((), ()),
    "admin:community_chat_add": ((), ()),
    "admin:community_chat_fetch": ((), ("community.chat.fetch",)),
    "admin:community_entrycode_close": ((), ("community.entrycode.close",)),
    "admin:community_entrycode_poster": (("community.entrycode.view",), ()),
    "admin:community_entrycode_line": ((), ("community.entrycode.change",)),
    "admin:community_entrycode_end_line": ((), ("community.entrycode.change",)),
    "admin:community_entrycode_first": ((), ("community.entrycode.change",)),
    "admin:customers_customer_search": ((), ("customers.customer.view",)),
    "admin:customers_consent_search": ((), ("customers.consent.view",)),
    "admin:customers_customer_unmask": ((), ("customers.customer.unmask",)),
    "admin:customers_mergeproposal_add": ((), ()),
    "admin:customers_mergeproposal_confirm": ((), ("customers.customer.merge",)),
    "admin:customers_mergeproposal_reject": ((), ("customers.customer.merge",)),
    "admin:customers_merge_undo": ((), ("customers.customer.unmerge",)),
    "api:staff-customer": (("customers.customer.view",), ()),
    "admin:customers_tag_run": ((), ("customers.tag.run",)),
    # What is typed is sent along: looks, though by POST.
    **{
        f"admin:customers_tag_{page}": (
            ("customers.tag.add", "customers.tag.change"),
            ("customers.tag.add", "customers.tag.change"),
        )
        for page in ("rule", "rule_try")
    },
    "admin:customers_tag_of_customer": (
        ("customers.tag.give", "customers.tag.take"),
        ("customers.tag.give", "customers.tag.take"),
    ),
    "api:worth": ((), ("rewards.coupon.redeem",)),
    "api:redemptions": ((), ("rewards.coupon.redeem",)),
    "api:reversal": ((), ("rewards.coupon.reverse",)),
}


def needs_of(address: str) -> tuple[Verbs, Verbs] | None:
    """Verbs to look and to write at a staff address; None when nobody has said."""
    if address in NEEDS:
        return NEEDS[address]
    page, _mark, ending = address.removeprefix("admin:").rpartition("_")
    noun = NOUNS.get(page, page.replace("_", ".", 1))
    look = (f"{noun}.view",)
    if ending in {"changelist", "history"}:
        return look, ()
    if ending == "add":
        verbs = WRITES.get(address, (f"{noun}.add",))
        return verbs, verbs
    if ending in {"change", "delete"}:
        return look, WRITES.get(address, (f"{noun}.{ending}",))
    return None


def may_any(role: str, verbs: Verbs) -> bool:
    """Whether a preset role holds any of the verbs."""
    return any(verb == "" or may(frozenset(PRESETS[role][2]), verb) for verb in verbs)
