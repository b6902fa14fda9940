"""The table of addresses: what each takes, and what else it may be asked. An address missing here fails the test.

`staff` and `customer` addresses with parameters name the kind of thing (tests/leaks/objects.py) of each parameter.
Standard admin pages are understood by their model: its kind is "app.model".
"""

from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from tests.leaks.addresses import Address
from tests.leaks.checkin_rows import CHECKINS
from tests.leaks.community_rows import GROUPS
from tests.leaks.content_rows import CONTENT
from tests.leaks.livestream_rows import LIVESTREAMS
from tests.leaks.plan_rows import PLANS
from tests.leaks.points_rows import POINTS
from tests.leaks.row import Row

# Pages of models without branches, each with the reason why it shows nobody's rows.
BANK_WIDE = {
    "django_celery_beat_periodictask": "the timetable of the installation",
    "django_celery_beat_intervalschedule": "the timetable of the installation",
    "django_celery_beat_crontabschedule": "the timetable of the installation",
    "tenants_role": "roles are the bank's",
    "audit_securityrecord": "failed log-ins, for head office's eyes",
    "jobs_alert": "figures of the whole installation, which name nobody",
    "jobs_message": "what leaves the bank, for head office's eyes",
    "jobs_gate": "accounts of the bank, for head office's eyes",
    "customers_consenttext": "texts that every customer is shown",
    "events_drop": "files of the bank's systems by number of rows, for head office's eyes",
    "customers_attribute": "definitions; the values are the branches'",
    "customers_tag": "definitions; who has them is the branches', and is counted within the scope",
    "customers_tagcategory": "drawers of definitions",
    "content_category": "drawers of content, the whole bank's",
    "customers_scoringterms": "thresholds of the bank",
    "outreach_terms": "quiet hours and caps of the bank",
    "community_groupkind": "what groups are for, the whole bank's",
}

# Addresses that take nothing and know nobody, each with the reason.
PUBLIC = {
    "healthz": "no database",
    "readyz": "parts of the installation",
    "metrics": "figures of the installation that name nobody, for this machine or by a token",
    "set_language": "the reader's language",
    "calendar-feed": "whoever has the secret address sees what its person sees",
    "front": "leads to the admin",
    "api:schema": "the contract",
    "api:docs": "the contract",
    "api:auth-wechat": "answers about the code given",
    "api:auth-refresh": "answers about the token given",
    "api:auth-logout": "answers about the token given",
    "api:hooks": "answers about the call's own events, to whoever can sign it",
    "api:staff-auth-token": "answers about the log-in given",
    # groups: a code that hangs in the street, and the address that WeCom speaks to
    "api:hooks-wecom": "answers whoever can sign it, and says nothing",
    "api:entry-code": "what who scans a printed code sees",
    "api:entry-near": "what who scans a printed code sees, by position",
    "entry-page": "what who scans a printed code sees",
    "entry-picture": "the QR of a line of a printed code, by a random id",
    "admin:login": "before there is a scope",
    "admin:logout": "ends the session",
    "admin:password_change": "one's own log-in",
    "admin:password_change_done": "one's own log-in",
    "admin:second_factor": "one's own log-in",
    "admin:log_in_code": "before there is a scope",
    "admin:jsi18n": "wording",
    "admin:sessions": "one's own sessions",
    "admin:sessions_end": "one's own sessions",
    "admin:sessions_end_others": "one's own sessions",
    "admin:sessions_left": "one's own session",
    "admin:sessions_here": "one's own session",
    "admin:provider": "before there is a scope",
    "admin:provider_back": "before there is a scope",
    "admin:search": "closed: 404 for everybody",
    "admin:view_on_site": "content types of models that have no public page",
    "admin/(?P<url>.*)$": "the admin's own 404",
}

ROWS = {
    **POINTS,
    **CHECKINS,
    **CONTENT,
    **LIVESTREAMS,
    **PLANS,
    "api:messages": Row("customer", methods=("get",)),
    "api:message-read": Row("customer", {"touch_id": "outreach.touch"}, methods=("post",)),
    "api:subscriptions": Row("customer", body={"kind": "nonsense"}),
    **GROUPS,
    "admin:index": Row("staff"),
    "admin:app_list": Row("staff"),
    "admin:autocomplete": Row("staff", methods=("get",)),
    "admin:switch": Row(
        "staff",
        methods=("post",),
        names={"assignment": "tenants.assignment", "branch": "tenants.branch"},
        body={"assignment": "own:tenants.assignment"},
    ),
    "admin:switch_search": Row("staff", methods=("get",)),
    "admin:rights": Row("staff", methods=("get",)),
    "admin:data_map": Row("staff", methods=("get",), own=403),
    "admin:events_drop_kinds": Row("staff", methods=("get",), own=403),
    "admin:events_drop_sources": Row("staff", methods=("get",), own=403),
    "admin:customers_erasure_cancel_page": Row("staff", {"object_id": "customers.erasure"}),
    # Texts are written at head office alone.
    "admin:customers_consentdraft_changelist": Row("staff", own=403),
    "admin:customers_consentdraft_change": Row("staff", {"object_id": "customers.consentdraft"}, own=403),
    "admin:customers_consentdraft_history": Row("staff", {"object_id": "customers.consentdraft"}, own=403),
    "admin:customers_consentdraft_submit": Row(
        "staff", {"draft_id": "customers.consentdraft"}, methods=("post",), own=403
    ),
    "admin:customers_consentdraft_down": Row(
        "staff",
        {"draft_id": "customers.consentdraft"},
        methods=("post",),
        own=403,
        body={"reason": "文字有误"},
    ),
    "admin:inbox": Row("staff", methods=("get",)),
    "admin:inbox_mark": Row("staff", methods=("post",), body={"notice": "own:notices.notice"}),
    "admin:inbox_open": Row("staff", {"notice_id": "notices.notice"}, methods=("post",)),
    "admin:audit_entry_proposals": Row("staff", methods=("get",)),
    "admin:tenants_person_add_login_page": Row("staff", {"object_id": "tenants.person"}),
    "admin:tenants_login_reset_password_page": Row("staff", {"object_id": "tenants.login"}),
    "admin:tenants_login_remove_second_factor_page": Row("staff", {"object_id": "tenants.login"}),
    "admin:tenants_login_close_page": Row("staff", {"object_id": "tenants.login"}),
    "admin:tenants_login_reopen_page": Row("staff", {"object_id": "tenants.login"}),
    "admin:tenants_person_assign_page": Row(
        "staff", {"object_id": "tenants.person"}, names={"branch": "tenants.branch"}, body={"role": "clerk"}
    ),
    "admin:tenants_person_leave_page": Row(
        "staff", {"object_id": "tenants.person"}, names={"successor": "tenants.person"}
    ),
    "admin:tenants_branch_rename_page": Row(
        "staff", {"object_id": "tenants.branch"}, body={"name": "春风支行"}
    ),
    "admin:tenants_branch_move_page": Row(
        "staff", {"object_id": "tenants.branch"}, names={"other": "tenants.branch"}
    ),
    "admin:tenants_branch_merge_page": Row(
        "staff", {"object_id": "tenants.branch"}, names={"other": "tenants.branch"}
    ),
    "admin:tenants_branch_close_page": Row(
        "staff", {"object_id": "tenants.branch"}, names={"other": "tenants.branch"}
    ),
    "admin:tenants_branch_renumber_page": Row("staff", methods=("get",)),
    "admin:tenants_person_sessions_page": Row("staff", {"object_id": "tenants.person"}),
    "admin:tenants_branch_organisation_file_page": Row("staff", methods=("get",)),
    "admin:tenants_organisationfile_columns": Row(
        "staff",
        {"object_id": "tenants.organisationfile"},
        body={"column_code": 0, "column_name": 1, "column_parent": 2, "column_level": 3},
    ),
    "admin:tenants_organisationfile_missing": Row(
        "staff", {"object_id": "tenants.organisationfile"}, methods=("post",), body={"close_missing": "on"}
    ),
    "admin:tenants_organisationfile_apply": Row(
        "staff", {"object_id": "tenants.organisationfile"}, methods=("post",), body={"fingerprint": "x"}
    ),
    "admin:tenants_organisationfile_undo": Row(
        "staff", {"object_id": "tenants.organisationfile"}, methods=("post",)
    ),
    "admin:tenants_organisationfile_progress": Row(
        "staff", {"object_id": "tenants.organisationfile"}, methods=("get",)
    ),
    "admin:customers_customerfile_columns": Row(
        "staff", {"object_id": "customers.customerfile"}, body={"column_0": "phone", "home": ""}
    ),
    **{
        f"admin:customers_customerfile_{step}": Row(
            "staff", {"object_id": "customers.customerfile"}, methods=("post",)
        )
        for step in ("judge", "apply", "confirm", "send_back", "go_on", "undo")
    },
    **{
        f"admin:customers_customerfile_{step}": Row(
            "staff", {"object_id": "customers.customerfile"}, methods=("get",)
        )
        for step in ("progress", "refused")
    },
    **{
        f"admin:customers_customerexport_{step}": Row(
            "staff", {"object_id": "customers.customerexport"}, methods=("post",)
        )
        for step in ("confirm", "decline", "file")
    },
    **{
        f"admin:jobs_{page}_page": Row("staff", {"object_id": f"jobs.{page.partition('_')[0]}"}, own=403)
        for page in ("message_resend", "message_cancel", "gate_shut", "gate_open")
    },
    "admin:rewards_batch_submit": Row("staff", {"batch_id": "rewards.draft"}, methods=("post",)),
    "admin:rewards_batch_said": Row("staff", methods=("post",), body={"kind": "cash_off"}),
    "admin:rewards_batch_stock": Row(
        "staff",
        {"batch_id": "rewards.batch"},
        methods=("post",),
        names={"branch": "tenants.branch"},
        body={"quantity": 1, "move": "allot", "branch": "own:tenants.branch"},
    ),
    "admin:rewards_batch_fund": Row(
        "staff",
        {"batch_id": "rewards.unallotted"},
        methods=("post",),
        names={"budget_id": "rewards.budget"},
        body={"payer": "head_office", "budget_id": "own:rewards.budget"},
    ),
    "admin:rewards_share_move": Row(
        "staff",
        {"share_id": "rewards.share"},
        methods=("post",),
        names={"branch": "tenants.branch"},
        body={"quantity": 1, "move": "allot", "branch": "own:tenants.branch"},
    ),
    "admin:rewards_budget_approve": Row(
        "staff", {"budget_id": "rewards.budget"}, methods=("post",), body={"asked_fen": 500_00}
    ),
    **{
        f"admin:rewards_merchant_{act}": Row(
            "staff", {"merchant_id": kind}, methods=("post",), body={"reason": "合同到期"}
        )
        for act, kind in (("close", "rewards.merchant"), ("reopen", "rewards.closed_merchant"))
    },
    "admin:rewards_merchant_cashier": Row(
        "staff",
        {"merchant_id": "rewards.merchant"},
        methods=("post",),
        names={"person": "tenants.spare_cashier"},
        body={"person": "own:tenants.spare_cashier"},
    ),
    "admin:rewards_merchant_end_cashier": Row(
        "staff",
        {"merchant_id": "rewards.merchant", "cashier_id": "rewards.cashier"},
        methods=("post",),
    ),
    "admin:rewards_close_close_day": Row("staff", methods=("post",), body={"day": "2026-11-01"}),
    "admin:rewards_close_close_again": Row("staff", {"close_id": "rewards.close"}, methods=("post",)),
    "admin:rewards_close_sheet": Row("staff", {"close_id": "rewards.close"}, methods=("get",)),
    "admin:rewards_close_period": Row("staff", methods=("get",)),
    "admin:rewards_close_period_sheet": Row("staff", methods=("get",)),
    # Nothing was missed on these days: the same is said to everybody.
    "admin:rewards_close_missed": Row(
        "staff", methods=("post",), body={"first": "2026-11-01", "last": "2026-11-01"}
    ),
    "admin:rewards_batch_hand": Row(
        "staff",
        {"batch_id": "rewards.batch"},
        body={"act": "rule", "source": "core", "event_kind": "core.paid", "reason": "体检"},
    ),
    "admin:rewards_batch_codes": Row(
        "staff", {"batch_id": "rewards.draft", "run_id": "rewards.coderun"}, methods=("post",)
    ),
    "admin:rewards_batch_down": Row(
        "staff", {"batch_id": "rewards.batch"}, methods=("post",), body={"reason": "停"}
    ),
    "admin:approvals_policy_drawing": Row("staff", methods=("post",)),
    "admin:approvals_policy_trial": Row(
        "staff",
        methods=("post",),
        names={"revision": "approvals.revision", "policy": "approvals.policy"},
        body={"revision": "own:approvals.revision"},
    ),
    "admin:approvals_policy_people": Row("staff", methods=("get",)),
    "admin:approvals_policy_submit": Row("staff", {"thing_id": "approvals.policy"}, methods=("post",)),
    "admin:content_asset_upload": Row("staff", methods=("post",), names={"folder": "content.folder"}),
    # content: the library
    "admin:content_asset_values": Row(
        "staff", methods=("post",), body={"kind": "text", "name": "话术", "text": "存三年"}
    ),
    "admin:content_asset_tidy": Row(
        "staff",
        methods=("post",),
        names={"assets": "content.free_asset", "folder": "content.folder"},
        body={"assets": "own:content.free_asset", "tags": "新春"},
    ),
    "admin:content_asset_folders": Row(
        "staff",
        methods=("post",),
        names={"folder": "content.folder"},
        body={"act": "rename", "name": "新名", "folder": "own:content.folder"},
    ),
    "admin:content_asset_choose": Row("staff", methods=("get",)),
    "admin:content_asset_panel": Row("staff", {"asset_id": "content.asset"}, methods=("get",)),
    "admin:content_asset_focal": Row(
        "staff", {"asset_id": "content.free_asset"}, methods=("post",), body={"x": 100, "y": 900}
    ),
    "admin:content_asset_version": Row(
        "staff", {"asset_id": "content.snippet"}, methods=("post",), body={"text": "二"}
    ),
    "admin:content_asset_remove": Row("staff", {"asset_id": "content.free_asset"}, methods=("post",)),
    "admin:content_asset_put_back": Row("staff", {"asset_id": "content.gone_asset"}, methods=("post",)),
    "admin:content_asset_media": Row(
        "staff",
        {"rendition_id": "content.rendition", "signature": "content.staff_signature"},
        methods=("get",),
    ),
    "admin:content_item_preview": Row(
        "staff",
        methods=("post",),
        names={"asset": "content.asset", "batch_id": "rewards.batch"},
        body={"title": "春节", "summary": "", "body": ""},
    ),
    "admin:content_item_saved_preview": Row("staff", {"item_id": "content.item"}, methods=("get",)),
    "admin:content_item_submit": Row("staff", {"thing_id": "content.draft_item"}, methods=("post",)),
    "admin:content_item_down": Row(
        "staff", {"thing_id": "content.item"}, methods=("post",), body={"reason": "停"}
    ),
    "admin:content_placement_submit": Row(
        "staff", {"thing_id": "content.draft_placement"}, methods=("post",)
    ),
    "admin:content_placement_down": Row(
        "staff", {"thing_id": "content.placement"}, methods=("post",), body={"reason": "停"}
    ),
    "admin:approvals_revision_phone": Row(
        "staff", {"revision_id": "approvals.revision", "which": "=submitted"}, methods=("get",)
    ),
    "admin:approvals_wordlist_try": Row(
        "staff", methods=("post",), body={"text": "保本 | a | 禁止 | r", "sample": "保本"}
    ),
    "admin:approvals_wordlist_submit": Row(
        "staff", {"word_list_id": "approvals.wordlist"}, methods=("post",)
    ),
    "admin:approvals_stop_add": Row(
        "staff",
        names={"branch": "tenants.branch", "campaign": "planning.campaign"},
        body={"branch": "own:tenants.branch", "reason": "停"},
    ),
    "admin:approvals_stop_ask": Row(
        "staff", {"stop_id": "approvals.stop"}, methods=("post",), body={"words": "已更正"}
    ),
    "admin:jobs_due_again": Row("staff", {"due_id": "jobs.due"}, methods=("post",)),
    "admin:jobs_due_cancel": Row("staff", {"due_id": "jobs.due"}, methods=("post",)),
    "admin:approvals_stop_lift": Row("staff", {"stop_id": "approvals.asked_stop"}, methods=("post",)),
    "admin:approvals_revision_versions": Row(
        "staff", {"revision_id": "approvals.revision"}, methods=("get",)
    ),
    "admin:approvals_revision_against": Row(
        "staff",
        {"revision_id": "approvals.revision", "other_id": "approvals.revision"},
        methods=("get",),
    ),
    "admin:approvals_revision_restore": Row(
        "staff", {"revision_id": "approvals.revision"}, methods=("post",)
    ),
    "admin:approvals_revision_evidence": Row(
        "staff", {"revision_id": "approvals.revision"}, methods=("post",), body={"form": "json"}
    ),
    "admin:approvals_revision_people": Row("staff", {"revision_id": "approvals.revision"}, methods=("get",)),
    "admin:approvals_revision_look": Row("staff", {"revision_id": "approvals.revision"}, methods=("post",)),
    "admin:approvals_revision_mine": Row(
        "staff", names={"revision": "approvals.revision"}, body={"verdict": "withdraw"}
    ),
    # Somebody above may be made a deputy: whom not is tested with the page.
    "admin:approvals_revision_deputies": Row(
        "staff",
        body={
            "deputy": "own:tenants.person",
            "first": now().date().isoformat(),
            "last": (now() + timedelta(days=30)).date().isoformat(),
            "reason": "休假",
        },
    ),
    "admin:approvals_revision_deputies_people": Row("staff", methods=("get",)),
    "admin:approvals_revision_end_deputy": Row(
        "staff", {"delegation_id": "approvals.delegation"}, methods=("post",)
    ),
    "admin:approvals_revision_bulks": Row("staff", methods=("get",)),
    "admin:approvals_revision_bulk_all": Row("staff", methods=("get",)),
    "admin:approvals_revision_bulk_ask": Row("staff", methods=("post",), body={"chosen": "x"}),
    # Only leads to the job's own page, whatever it is given.
    "admin:approvals_revision_bulk": Row("staff", {"bulk_id": "jobs.job"}, methods=("get",)),
    "admin:jobs_job_progress": Row("staff", methods=("get",)),
    "admin:jobs_job_start": Row("staff", methods=("post",), body={"kind": "approvals.verify"}),
    "admin:jobs_job_pause": Row("staff", {"object_id": "jobs.job"}, methods=("post",)),
    "admin:jobs_job_resume": Row("staff", {"object_id": "jobs.job"}, methods=("post",)),
    "admin:jobs_job_stop": Row("staff", {"object_id": "jobs.job"}, methods=("post",)),
    "admin:jobs_job_refusals": Row("staff", {"object_id": "jobs.job"}, methods=("get",)),
    "admin:jobs_job_result": Row("staff", {"object_id": "jobs.job"}, methods=("get",)),
    "admin:rewards_coupon_extend": Row(
        "staff",
        {"coupon_id": "rewards.coupon"},
        methods=("post",),
        body={"until": "2099-01-01T00:00", "reason": "延"},
    ),
    "admin:rewards_coupon_void": Row(
        "staff", {"coupon_id": "rewards.coupon"}, methods=("post",), body={"reason": "停"}
    ),
    "admin:rewards_coupon_counter": Row("staff", methods=("get",)),
    "admin:rewards_coupon_worth": Row("staff", methods=("post",), body={"text": "XXXXX-XXXXX"}),
    "admin:rewards_coupon_redeem": Row("staff", methods=("post",), body={"text": "XXXXX-XXXXX"}),
    "admin:rewards_coupon_noted": Row("staff", methods=("post",), body={"noted": "[]"}),
    "admin:rewards_coupon_reverse": Row(
        "staff", {"redemption_id": "rewards.redemption"}, methods=("post",), body={"reason": "退单"}
    ),
    "admin:rewards_coupon_held": Row(
        "staff", {"coupon_id": "rewards.coupon"}, methods=("post",), body={"decision": "release"}
    ),
    "admin:customers_tag_of_customer": Row(
        "staff", {"customer_id": "customers.customer"}, body={"do": "give", "tag": "987654"}
    ),
    "admin:customers_tag_run": Row("staff", {"tag_id": "customers.tag_to_run"}, methods=("post",)),
    **{
        f"admin:customers_tag_{page}": Row(
            "staff",
            methods=("post",),
            body={"rows": '{"box": "all", "parts": [{"about": "joined", "is": "filled", "typed": []}]}'},
        )
        for page in ("rule", "rule_try")
    },
    "api:home": Row("customer", methods=("get",)),
    "api:content": Row("customer", {"content_id": "content.item"}, methods=("get",)),
    "api:media": Row(
        "customer",
        {"rendition_id": "content.rendition", "signature": "content.customer_signature"},
        methods=("get",),
    ),
    "api:batches": Row("customer", methods=("get",)),
    "api:batch": Row("customer", {"batch_id": "rewards.batch"}, methods=("get",)),
    "api:claims": Row("customer", {"batch_id": "rewards.batch"}, methods=("post",)),
    "api:wallet": Row("customer", methods=("get",)),
    "api:wallet-coupon": Row("customer", {"coupon_id": "rewards.coupon"}, methods=("get",)),
    "api:redeem-token": Row("customer", {"coupon_id": "rewards.coupon"}, methods=("post",)),
    "api:partner-code": Row("customer", {"coupon_id": "rewards.coupon"}, methods=("get",), own=404),
    "api:gift": Row("customer", {"coupon_id": "rewards.coupon"}, methods=("get",), own=404),
    "api:gifts": Row("customer", methods=("post",), body={"token": "nonsense"}),
    "api:orders-evaluate": Row("customer", methods=("post",), body={"amount_fen": 1}),
    "api:orders-redeem": Row(
        "customer",
        methods=("post",),
        body={
            "order": "A-1",
            "amount_fen": 1,
        },
    ),
    "api:orders-cancel": Row("customer", {"order": "=A-1"}, methods=("post",)),
    "api:events": Row("customer", methods=("post",), body={"events": [{"kind": "app.opened"}]}),
    "api:me": Row("customer", methods=("get",)),
    "admin:customers_customer_move_page": Row(
        "staff", {"object_id": "customers.customer"}, names={"branch": "tenants.branch"}
    ),
    "admin:customers_customer_assign_page": Row(
        "staff", {"object_id": "customers.customer"}, names={"person": "tenants.person"}
    ),
    "admin:customers_customer_staff_page": Row(
        "staff", {"object_id": "customers.customer"}, names={"person": "tenants.person"}
    ),
    "admin:customers_customer_duplicate_page": Row(
        "staff", {"object_id": "customers.customer"}, body={"number": "N-nobody", "comment": "重复"}
    ),
    "admin:customers_customer_claim_page": Row(
        "staff",
        {"object_id": "customers.customer"},
        body={"kind": "phone", "value": "13800138999", "app": "", "reason": "客户到柜台出示证件"},
    ),
    "admin:customers_customer_verify_page": Row("staff", {"object_id": "customers.customer"}),
    "admin:customers_customer_revoke_page": Row("staff", {"object_id": "customers.customer"}),
    "admin:customers_customer_ask_page": Row("staff", {"object_id": "customers.customer"}),
    "admin:customers_customer_birth_page": Row(
        "staff",
        {"object_id": "customers.customer"},
        body={"born": "1990-05-01", "reason": "客户到柜台出示证件"},
    ),
    "admin:customers_customer_hand_over_page": Row(
        "staff",
        names={"leaver": "tenants.person", "successor": "tenants.person"},
        body={"leaver": "own:tenants.person", "successor": "own:tenants.person"},
    ),
    **{
        f"admin:customers_{page}_search": Row("staff", methods=("post",), body={"q": "0001"})
        for page in ("customer", "consent")
    },
    "admin:customers_customer_unmask": Row(
        "staff", {"customer_id": "customers.customer"}, methods=("post",), body={"reason": "核对身份"}
    ),
    "admin:customers_mergeproposal_confirm": Row(
        "staff", {"proposal_id": "customers.mergeproposal"}, methods=("post",), body={"kept": "x"}
    ),
    "admin:customers_mergeproposal_reject": Row(
        "staff", {"proposal_id": "customers.mergeproposal"}, methods=("post",), body={"comment": "两个人"}
    ),
    "admin:customers_merge_undo": Row(
        "staff", {"merge_id": "customers.merge"}, methods=("post",), body={"why": "两个人"}
    ),
    "api:staff-customer": Row("staff token", {"customer_id": "customers.customer"}, methods=("get",)),
    "api:consents": Row("customer", methods=("get",)),
    # Written, and never read.
    "api:personalisation": Row("customer", methods=("get",), own=405),
    "api:copies": Row("customer", methods=("get",)),
    "api:copy": Row("customer", {"export_id": "customers.dataexport"}, methods=("get",)),
    # Being made: there is nothing to fetch yet.
    "api:copy-address": Row("customer", {"export_id": "customers.dataexport"}, methods=("post",), own=409),
    "api:copy-file": Row(
        "customer", {"export_id": "customers.dataexport", "token": "=x"}, methods=("get",), own=410
    ),
    "api:erasure": Row("customer", methods=("get",)),
    "api:worth": Row("staff token", methods=("post",), body={"code": "2345-6789-ABCD"}),
    "api:redemptions": Row("staff token", methods=("post",), body={"code": "2345-6789-ABCD"}),
    "api:reversal": Row("staff token", {"redemption_id": "rewards.redemption"}, methods=("post",)),
}

# Fields of standard add pages that name another thing.
NAMES = {
    "admin:rewards_batch_add": {"campaign": "planning.campaign"},
    "admin:rewards_budget_add": {"campaign": "planning.campaign"},
    "admin:content_item_add": {
        "asset": "content.asset",
        "campaign": "planning.campaign",
        "batch_id": "rewards.batch",
    },
    "admin:content_placement_add": {"item": "content.item"},
    "admin:community_group_add": {"owner": "tenants.person", "branch": "tenants.branch"},
    "admin:community_entrycode_add": {"branch": "tenants.branch"},
    "admin:community_branchplace_add": {"branch": "tenants.branch"},
    "admin:community_wecomaccount_add": {"person": "tenants.person", "branch": "tenants.branch"},
    "admin:tenants_branch_add": {"parent": "tenants.branch"},
    "admin:tenants_person_add": {"branch": "tenants.branch"},
}

_STANDARD = ("_changelist", "_add", "_history", "_delete", "_change")


def row_of(address: Address, kinds: set[str]) -> Row | None:
    """What the table says about an address; None when it does not know it."""
    if address.name in PUBLIC or address.name in ROWS:
        return ROWS.get(address.name, Row("public"))
    if address.name.startswith("admin:"):
        for ending in _STANDARD:
            if address.name.endswith(ending):
                return _standard(address, address.name.removeprefix("admin:").removesuffix(ending), kinds)
    # Django's old address of a change page leads to the new one without looking.
    if address.route.endswith("/<path:object_id>/") and address.name == address.route:
        return Row("public")
    return None


def _standard(address: Address, page: str, kinds: set[str]) -> Row | None:
    if page in BANK_WIDE:
        return Row("staff", methods=("get",)) if not address.parameters else Row("public")
    kind = page.replace("_", ".", 1)
    if kind not in kinds:
        return None
    takes = {"object_id": kind} if "object_id" in address.parameters else {}
    # Nothing of weight is deleted in the admin: that door is shut for everybody.
    own = 403 if address.name.endswith("_delete") else 200
    return Row("staff", takes, own=own, names=NAMES.get(address.name, {}))


ABSENT_UUID = new_id()
ABSENT_NUMBER = 987_654
