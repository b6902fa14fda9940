"""What can be done with one branch, each on a small page of its own that says what will follow."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, choices_within, scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import what_hangs_on
from campaigns.tenants.services.branches import rename_branch
from campaigns.tenants.services.closing import close_branch, merge_branches
from campaigns.tenants.services.tree import move_branch, renumber_tree


class NameForm(forms.Form):
    name = forms.CharField(label=_("new name"), max_length=120, widget=UnfoldAdminTextInputWidget)


class OtherForm(forms.Form):
    """Another branch of the scope, by name, code or pinyin."""

    other = forms.ModelChoiceField(queryset=Branch.objects.none(), label=_("branch"))

    def __init__(self, *args: Any, scope: Scope, label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["other"]
        assert isinstance(field, forms.ModelChoiceField)
        field.label = label
        field.queryset = choices_within(Branch, scope).filter(is_open=True)
        field.widget = AutocompleteSelect(Branch._meta.get_field("successor"), admin.site)
        field.widget.choices = field.choices


class BranchActs(ScopedAdmin):
    """Rename, move, merge, close; and places dealt out again for the whole tree."""

    actions_detail = ("rename_page", "move_page", "merge_page", "close_page")
    actions_list = ("organisation_file_page", "renumber_page")

    def has_branch_rename_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.branch.change")

    def has_branch_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.branch.move")

    def has_branch_merge_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.branch.merge")

    def has_branch_close_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.branch.close")

    def has_branch_renumber_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.branch.renumber")

    @action(description=_("Rename"), url_path="rename", icon="edit", permissions=["branch_rename"])
    def rename_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(branch: Branch, form: forms.Form) -> str:
            rename_branch(scope=scope_of(request), branch_id=branch.pk, name=form.cleaned_data["name"])
            return _("The branch is called “%(name)s” now.") % {"name": form.cleaned_data["name"]}

        return self._page(
            request,
            object_id,
            title=_("Rename"),
            words=_("What was written under the old name keeps it; the audit names both."),
            form=lambda branch: NameForm(request.POST or None, initial={"name": branch.name}),
            act=act,
        )

    @action(description=_("Move"), url_path="move", icon="drive_file_move", permissions=["branch_move"])
    def move_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(branch: Branch, form: forms.Form) -> str:
            other = form.cleaned_data["other"]
            move_branch(scope=scope_of(request), branch_id=branch.pk, to_parent_id=other.pk)
            return _("“%(name)s” is under “%(other)s” now, with everything below it.") % {
                "name": branch.name,
                "other": other.name,
            }

        return self._page(
            request,
            object_id,
            title=_("Move"),
            words=_(
                "The branch and everything below it goes to another parent, with all records and history."
            ),
            form=lambda _branch: OtherForm(
                request.POST or None, scope=scope_of(request), label=_("new parent")
            ),
            act=act,
        )

    @action(description=_("Merge"), url_path="merge", icon="merge", permissions=["branch_merge"])
    def merge_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(branch: Branch, form: forms.Form) -> str:
            other = form.cleaned_data["other"]
            merge_branches(scope=scope_of(request), branch_id=branch.pk, into_id=other.pk)
            return _("“%(name)s” is part of “%(other)s” now.") % {"name": branch.name, "other": other.name}

        return self._page(
            request,
            object_id,
            title=_("Merge"),
            words=_(
                "Its branches, staff, customers, stock and running work go to the other one; its history stays its own"
                " and lies below the other. This cannot be undone."
            ),
            form=lambda _branch: OtherForm(
                request.POST or None, scope=scope_of(request), label=_("merge into")
            ),
            act=act,
        )

    @action(
        description=_("Close the branch"),
        url_path="close",
        icon="domain_disabled",
        permissions=["branch_close"],
    )
    def close_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(branch: Branch, form: forms.Form) -> str:
            other = form.cleaned_data["other"]
            close_branch(scope=scope_of(request), branch_id=branch.pk, successor_id=other.pk)
            return _("“%(name)s” is closed; “%(other)s” has taken over.") % {
                "name": branch.name,
                "other": other.name,
            }

        return self._page(
            request,
            object_id,
            title=_("Close the branch"),
            words=_(
                "Staff, customers, stock and running work go to the branch that takes over; its history stays its own"
                " and lies below the other. This cannot be undone."
            ),
            form=lambda _branch: OtherForm(
                request.POST or None, scope=scope_of(request), label=_("taken over by")
            ),
            act=act,
        )

    def has_branch_import_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.branch.import")

    @action(
        description=_("Load an organisation file"),
        url_path="organisation-file",
        icon="upload_file",
        permissions=["branch_import"],
    )
    def organisation_file_page(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:tenants_organisationfile_add")

    @action(description=_("Renumber"), url_path="renumber", icon="123", permissions=["branch_renumber"])
    def renumber_page(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Renumber"),
            "opts": self.opts,
            "words": _(
                "Branches have numbered places, with gaps for new ones. Where a gap runs out, places are dealt out"
                " again by themselves; do it here for the whole tree, at a quiet hour: everybody waits while it runs."
            ),
        }
        if request.method == "POST":
            try:
                with transaction.atomic():
                    count = renumber_tree(scope=scope_of(request))
            except Refusal as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("%(count)d branches have new places.") % {"count": count})
                return redirect(reverse("admin:tenants_branch_changelist"))
        return TemplateResponse(request, "admin/tenants/act.html", context)

    def _kinds_shown(self) -> list[type[Model]]:
        """Kinds of rows that have a page, and so a name that people know; the audit is not a thing of its own."""
        return [kind for kind in self.admin_site._registry if kind._meta.app_label != "audit"]

    def _page(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: Any,
        words: Any,
        form: Callable[[Branch], forms.Form],
        act: Callable[[Branch, forms.Form], str],
    ) -> HttpResponse:
        """Show the form, act on POST, and lead back to the branch; a refusal stays with what was chosen."""
        branch = self.get_object(request, object_id)
        if branch is None:
            return redirect("admin:tenants_branch_changelist")
        filled = form(branch)
        if request.method == "POST" and filled.is_valid():
            try:
                with transaction.atomic():
                    said = act(branch, filled)
            except Refusal as refusal:
                filled.add_error(None, str(refusal))
            else:
                messages.success(request, said)
                return redirect(reverse("admin:tenants_branch_change", args=[branch.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": branch,
            "beside": f"{branch.code} · {branch.get_level_display()}",
            "words": words,
            "form": filled,
            "media": self.media + filled.media,
            "hangs": what_hangs_on(branch=branch, kinds=self._kinds_shown()),
        }
        return TemplateResponse(request, "admin/tenants/act.html", context)
