"""Pages of drafts that another person approves: how each stands, in the list and on its own page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.selectors import Standing, standings
from campaigns.approvals.standing import draft_words
from campaigns.approvals.stopped import stop_over
from campaigns.lib.refs import ref
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope


class DraftPage(ScopedAdmin):
    """`noun` is what approvals call it, too."""

    class Media:
        css = {"all": ("approvals/stops.css",)}

    @admin.display(description=_("state"))
    def state(self, draft: Any) -> str:
        return getattr(draft, "standing_words", "")

    def words_of(self, stand: Standing) -> str:
        """How a draft stands, in a few words."""
        return draft_words(stand, live=gettext("live"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        stand = standings(scope=scope_of(request), subjects=[ref(self.noun, row.pk) for row in rows])
        for row in rows:
            row.standing_words = self.words_of(stand[ref(self.noun, row.pk)])
        page.result_list = rows
        return page

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was planned or promised stays on record

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        """What the templates say of one draft, beside its form."""
        subject = ref(self.noun, draft.pk)
        stand = standings(scope=scope, subjects=[subject])[subject]
        return {
            "stop": stop_over(scope=scope, kind=self.noun, branch_id=draft.branch_id, campaign_id=None),
            "standing": stand,
            "standing_words": self.words_of(stand),
            "may_submit": scope.may(f"{self.noun}.submit") and not (stand.last and stand.last.is_open),
            "may_take_down": scope.may(f"{self.noun}.take_down")
            and (stand.is_live or stand.scheduled is not None),
        }

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None:
            context |= self.told(scope_of(request), obj)
        return super().render_change_form(request, context, add, change, form_url, obj)
