"""The sidebar: by task, and the reader's own task first. A page shows where the role may view its noun."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.admin.waiting import waiting_on
from campaigns.approvals.selectors import COUNTED, waiting_for_maker
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope
from config.desk.pages import has_pages, list_page


@dataclass(frozen=True)
class Page:
    """One entry: the list page of `model` ("content.item"), for roles that may view `noun` (the model, if empty)."""

    title: Any
    icon: str
    model: str
    noun: str = ""
    # Bank-wide things are shown only to those who stand at head office.
    head_office_only: bool = False
    # The name of a page that is no model's list; `model` then only says whose right opens it.
    address: str = ""
    # The last part of the verb that it takes.
    verb: str = "view"

    @property
    def link(self) -> str:
        return reverse(self.address) if self.address else list_page(self.model)

    def is_for(self, scope: Scope) -> bool:
        if self.head_office_only and scope.ancestors:
            return False
        return scope.may(f"{self.noun or self.model}.{self.verb}")


@dataclass(frozen=True)
class Group:
    title: Any
    pages: list[Page]
    # Roles whose daily work this is: theirs comes first.
    first_for: tuple[str, ...] = field(default=())


GROUPS = [
    Group(
        _("Content"),
        [
            Page(_("Content items"), "article", "content.item"),
            Page(
                _("Calendar"),
                "calendar_month",
                "planning.campaign",
                address="admin:planning_campaign_calendar",
            ),
            Page(_("Asset library"), "photo_library", "content.asset"),
            Page(_("Placements"), "view_carousel", "content.placement"),
            Page(_("Handed down"), "fork_right", "content.original"),
            Page(_("Categories"), "category", "content.category"),
            Page(_("Recalls"), "undo", "content.recall"),
        ],
        ("editor",),
    ),
    Group(
        _("Review"),
        [
            Page(_("Review queue"), "fact_check", "approvals.revision"),
            Page(_("Review policies"), "schema", "approvals.policy"),
            Page(_("Word lists"), "rule_folder", "approvals.wordlist"),
            Page(_("Emergency stops"), "front_hand", "approvals.stop"),
            Page(
                _("My submissions"),
                "outbox",
                "approvals.revision",
                address="admin:approvals_revision_mine",
                verb="withdraw",
            ),
            Page(
                _("My deputies"),
                "supervisor_account",
                "approvals.revision",
                address="admin:approvals_revision_deputies",
                verb="decide",
            ),
            # Those of one's own: approving many at once is one.
            Page(_("Long jobs"), "hourglass_top", "jobs.job", "approvals.revision", verb="decide"),
        ],
        ("reviewer", "branch_manager"),
    ),
    Group(
        _("Community"),
        [
            Page(_("Livestreams"), "sensors", "community.livestream"),
            Page(_("Live channels"), "live_tv", "community.channel"),
            Page(_("Series of livestreams"), "playlist_play", "community.liveseries"),
            Page(
                _("My posts to send"),
                "mark_chat_unread",
                "community.post",
                address="admin:community_post_tasks",
                verb="confirm",
            ),
            Page(_("Group plans"), "view_timeline", "community.plan"),
            Page(_("Plans in groups"), "play_circle", "community.planrun"),
            Page(_("Group posts"), "chat", "community.post"),
            Page(_("Groups"), "groups", "community.group"),
            Page(_("Check-in programmes"), "event_available", "community.programme"),
            Page(_("Check-ins"), "task_alt", "community.checkin"),
            Page(_("Entry codes"), "qr_code_2", "community.entrycode"),
            Page(_("Kinds of groups"), "label", "community.groupkind", head_office_only=True),
            Page(_("Positions of branches"), "pin_drop", "community.branchplace"),
            Page(_("WeCom accounts"), "badge", "community.wecomaccount"),
            Page(_("Synchronisation with WeCom"), "sync", "community.groupsync", head_office_only=True),
            Page(_("Group chats in WeCom"), "forum", "community.chat", head_office_only=True),
        ],
        ("community_operator",),
    ),
    Group(
        _("Campaigns and benefits"),
        [
            Page(_("Campaigns"), "campaign", "planning.campaign"),
            Page(_("Coupon batches"), "confirmation_number", "rewards.batch"),
            Page(_("Points rules"), "stars", "points.rule"),
            Page(_("Schemes of tiers"), "stairs", "points.tiers"),
            Page(_("Tiers of customers"), "workspace_premium", "points.customertier"),
            Page(_("Quotas of my branch"), "account_tree", "rewards.share"),
            Page(_("Merchants"), "storefront", "rewards.merchant"),
            Page(_("Coupon budgets"), "account_balance_wallet", "rewards.budget"),
            Page(_("Coupons"), "local_activity", "rewards.coupon"),
            Page(_("End-of-day close"), "balance", "rewards.close"),
            Page(_("Points ledger"), "menu_book", "points.wallet"),
            Page(_("Movements of points"), "swap_horiz", "points.movement"),
            Page(_("Points adjustments"), "tune", "points.adjustment"),
            Page(_("Awards of points"), "playlist_add_check", "points.award"),
            Page(_("Extensions of points"), "event_repeat", "points.extension"),
            Page(
                _("Limits of adjustments"), "vertical_align_top", "points.adjustlimit", head_office_only=True
            ),
            Page(_("Close of the points ledger"), "account_balance", "points.ledgerclose"),
            Page(_("Points mall"), "redeem", "points.good"),
            Page(_("Orders of the mall"), "local_shipping", "points.mallorder"),
            Page(_("Prize draws"), "casino", "points.draw"),
            Page(_("Tries and prizes"), "featured_seasonal_and_gifts", "points.drawtry"),
            Page(_("Messages to customers"), "forum", "outreach.touch"),
            Page(_("Terms of messages"), "bedtime", "outreach.terms", head_office_only=True),
            Page(
                _("Counter"),
                "point_of_sale",
                "rewards.coupon",
                address="admin:rewards_coupon_counter",
                verb="redeem",
            ),
        ],
        ("rewards_operator", "clerk", "merchant_clerk"),
    ),
    Group(
        _("Customers"),
        [
            Page(_("Customers"), "group", "customers.customer"),
            Page(
                _("Customer files"),
                "upload_file",
                "customers.customerfile",
                "customers.customer",
                verb="import",
            ),
            Page(
                _("Customer exports"),
                "download",
                "customers.customerexport",
                "customers.customer",
                verb="export",
            ),
            Page(_("Tags"), "sell", "customers.tag"),
            Page(_("Tag categories"), "folder_special", "customers.tagcategory", head_office_only=True),
            Page(_("Attributes"), "format_list_bulleted", "customers.attribute"),
            Page(_("Terms of scoring"), "speed", "customers.scoringterms", head_office_only=True),
            Page(_("Possible duplicates"), "join_inner", "customers.mergeproposal"),
            Page(_("Consents"), "handshake", "customers.consent"),
            Page(_("Consent texts"), "contract", "customers.consenttext", head_office_only=True),
            Page(
                _("Drafts of consent texts"), "contract_edit", "customers.consentdraft", head_office_only=True
            ),
            Page(_("Copies of one's information"), "folder_zip", "customers.dataexport"),
            Page(_("Erasures"), "person_remove", "customers.erasure"),
            Page(_("Merges of customers"), "merge", "customers.merge"),
        ],
        ("relationship_manager",),
    ),
    Group(
        _("Branches and people"),
        [
            Page(_("Branches"), "account_tree", "tenants.branch"),
            Page(_("Staff"), "badge", "tenants.person"),
            Page(_("Log-ins"), "key", "tenants.login", "tenants.person"),
            Page(_("Assignments"), "assignment_ind", "tenants.assignment"),
            Page(_("Roles"), "shield_person", "tenants.role"),
            Page(_("Rights"), "rule", "tenants.role", address="admin:rights"),
        ],
        ("administrator",),
    ),
    Group(
        _("Oversight"),
        [
            Page(_("Audit"), "history", "audit.entry"),
            Page(
                _("Security records"),
                "security",
                "audit.securityrecord",
                "audit.entry",
                head_office_only=True,
            ),
            Page(
                _("Data map"),
                "schema",
                "customers.customer",
                "customers.datamap",
                head_office_only=True,
                address="admin:data_map",
            ),
        ],
        ("auditor",),
    ),
    Group(
        _("Events"),
        [
            Page(
                _("Kinds of events"),
                "category",
                "events.drop",
                "events.kind",
                head_office_only=True,
                address="admin:events_drop_kinds",
            ),
            Page(_("Files of events"), "drive_folder_upload", "events.drop", head_office_only=True),
            Page(
                _("Sources and months of events"),
                "webhook",
                "events.drop",
                "events.source",
                head_office_only=True,
                address="admin:events_drop_sources",
            ),
        ],
    ),
    Group(
        _("Installation"),
        [
            Page(_("How it runs"), "monitor_heart", "jobs.alert", head_office_only=True),
            Page(
                _("Timetable"),
                "schedule",
                "django_celery_beat.periodictask",
                "schedule.task",
                head_office_only=True,
            ),
            Page(_("Due tasks"), "alarm", "jobs.due"),
            Page(_("Outbox"), "send", "jobs.message", head_office_only=True),
            Page(_("Outbox gates"), "traffic", "jobs.gate", head_office_only=True),
            Page(_("Long jobs"), "hourglass_top", "jobs.job", head_office_only=True),
        ],
    ),
]


def groups_for(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar of this reader, as the theme takes it."""
    scope: Scope | None = getattr(request, "scope", None)
    if scope is None or scope.kind != "staff":
        return []
    home = {"title": _("Home"), "icon": "space_dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [home]}]
    for group in sorted(GROUPS, key=lambda each: scope.facts.role not in each.first_for):
        items = [_item(page, request) for page in group.pages if page.is_for(scope) and has_pages(page.model)]
        if items:
            groups.append({"title": group.title, "separator": True, "items": items})
    _mark_here(request.path, groups)
    return groups


def _mark_here(path: str, groups: list[dict[str, Any]]) -> None:
    """The entry whose address says most of where the reader is; pages may lie below another's address."""
    items = [item for group in groups for item in group["items"]]
    home, *others = items
    home["active"] = path == home["link"]
    here = max((each["link"] for each in others if path.startswith(each["link"])), key=len, default="")
    for each in others:
        each["active"] = each["link"] == here


def _item(page: Page, request: HttpRequest) -> dict[str, Any]:
    item: dict[str, Any] = {
        "title": page.title,
        "icon": page.icon,
        "link": page.link,
    }
    waiting = _waiting(page, request)
    if waiting:
        item["badge"] = f"{COUNTED - 1}+" if waiting >= COUNTED else str(waiting)
    return item


def _waiting(page: Page, request: HttpRequest) -> int:
    """How many revisions wait for this reader: for a decision, or for being mended."""
    if page.address == "admin:approvals_revision_mine":
        return waiting_for_maker(scope=scope_of(request))[:COUNTED].count()
    if page.address or page.model != "approvals.revision":
        return 0
    return waiting_on(request).count
