"""What comes from WeCom: whose user ids are whose, runs of the synchronisation, and chats that have no group."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.both import for_reader
from campaigns.lib.forms import ServiceForm
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from community.groups.selectors import accounts_within, chats_within, group_of_chat, syncs_within
from community.groups.services.accounts import bind_account, end_account
from community.groups.services.syncs import ask_sync, demand_configured, fetch_chat
from community.groups.wecom_models import Chat, GroupSync, WeComAccount
from community.groups.wecom_settings import wecom


class _Looked(ScopedAdmin):
    """Pages without a form."""

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "community/groups.css")}

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []

    def told(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        return {}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if (thing := kwargs.get("obj")) is not None:
            context |= self.told(request, thing)
        return super().render_change_form(request, context, *args, **kwargs)


class AccountForm(ServiceForm):
    class Meta:
        model = WeComAccount
        fields = ("person", "userid", "branch")
        help_texts = {
            "userid": _("As in WeCom's list of members; upper and lower case are the same."),
            "branch": _("Groups that this account owns belong to it. Empty: where the colleague works."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "branch" in self.fields:
            self.fields["branch"].required = False


@admin.register(WeComAccount)
class WeComAccountAdmin(ScopedAdmin):
    noun = "community.wecomaccount"
    form = AccountForm
    list_display = ("person", "userid", "branch", "ended_at")
    search_fields = ("person__name", "person__staff_number")
    searches = "person"
    search_help_text = _("Name or staff number")
    autocomplete_fields = ("person", "branch")
    list_before_template = "community/accounts_head.html"
    change_form_outer_after_template = "community/account_page.html"

    class Media:
        css = {"all": ("rewards/batch.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[WeComAccount]:
        return accounts_within(scope=scope_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # another user id is another row

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: WeComAccount, form: Any, change: bool) -> None:
        given = form.cleaned_data
        made = bind_account(
            scope=scope_of(request),
            person_id=given["person"].pk,
            userid=given["userid"],
            branch_id=given["branch"].pk if given.get("branch") else None,
        )
        obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [path("<uuid:account_id>/end/", view(self.end_view), name="community_wecomaccount_end")]
        return [*own, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        account = kwargs.get("obj")
        if account is not None:
            may = scope_of(request).may("community.wecomaccount.end")
            context |= {"account": account, "may_end": may and account.ended_at is None}
        return super().render_change_form(request, context, *args, **kwargs)

    def end_view(self, request: HttpRequest, account_id: UUID) -> HttpResponse:
        return self._act(
            request,
            account_id,
            lambda: end_account(scope=scope_of(request), account_id=account_id),
            gettext("Ended: the user id may be given to another colleague."),
        )


@admin.register(GroupSync)
class GroupSyncAdmin(_Looked):
    noun = "community.groupsync"
    list_display = ("asked_at", "state_now", "listed", "fetched", "founded", "joined", "left", "dissolved")
    list_before_template = "community/syncs_head.html"
    change_form_outer_before_template = "community/sync_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupSync]:
        return syncs_within(scope=scope_of(request))

    @admin.display(description=_("state"), ordering="state")
    def state_now(self, sync: GroupSync) -> str:
        return format_html('<span class="cg-word cg-{}">{}</span>', sync.state, sync.get_state_display())

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [path("begin/", view(self.ask_view), name="community_groupsync_begin"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        scope = scope_of(request)
        running = syncs_within(scope=scope).filter(ended_at=None).first()
        told = {
            "running": running,
            "is_configured": wecom().is_configured,
            "may_ask": scope.may("community.groupsync.add") and not scope.ancestors and running is None,
            "unplaced": chats_within(scope=scope).exclude(why={}).count(),
        }
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def told(self, request: HttpRequest, obj: GroupSync) -> dict[str, Any]:
        return {"sync": obj, "why": for_reader(obj.why)}

    def ask_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                demand_configured(wecom=wecom())
                ask_sync(scope=scope_of(request))
            messages.success(request, gettext("Asked for: it begins within a minute."))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(reverse("admin:community_groupsync_changelist"))


class ChatFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("wrong", _("something is wrong")), ("due", _("to be fetched")), ("gone", _("dissolved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "wrong":
                return queryset.exclude(why={})
            case "due":
                return queryset.filter(due_at__isnull=False)
            case "gone":
                return queryset.filter(gone_at__isnull=False)
        return queryset


@admin.register(Chat)
class ChatAdmin(_Looked):
    noun = "community.chat"
    list_display = ("named", "owner_userid", "why_not", "fetched_at", "due_at")
    list_filter = (ChatFilter,)
    list_before_template = "community/chats_head.html"
    change_form_outer_before_template = "community/chat_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chat]:
        return chats_within(scope=scope_of(request))

    @admin.display(description=_("group chat"), ordering="name")
    def named(self, chat: Chat) -> str:
        return str(chat)

    @admin.display(description=_("why not"))
    def why_not(self, chat: Chat) -> str:
        return for_reader(chat.why) or "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [path("<uuid:chat_id>/fetch/", view(self.fetch_view), name="community_chat_fetch")]
        return [*own, *super().get_urls()]

    def told(self, request: HttpRequest, obj: Chat) -> dict[str, Any]:
        scope = scope_of(request)
        return {
            "chat": obj,
            "why": for_reader(obj.why),
            "group": group_of_chat(scope=scope, chat_id=obj.chat_id),
            "may_fetch": scope.may("community.chat.fetch"),
        }

    def fetch_view(self, request: HttpRequest, chat_id: UUID) -> HttpResponse:
        return self._act(
            request,
            chat_id,
            lambda: fetch_chat(scope=scope_of(request), chat_id=chat_id),
            gettext("It is fetched within a minute."),
        )
