"""Somebody leaves: the page that shuts the doors and hands the work over."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, choices_within, scope_of
from campaigns.tenants.models import Assignment, Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.services.leaving import leave


class SuccessorForm(forms.Form):
    """Who sees to the work from now on."""

    successor = forms.ModelChoiceField(queryset=Person.objects.none(), label=_("work goes to"))

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["successor"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = choices_within(Person, scope)
        field.widget = AutocompleteSelect(Assignment._meta.get_field("person"), admin.site)
        field.widget.choices = field.choices


class PersonActs(ScopedAdmin):
    """The page of leaving, for those who may change people."""

    def has_person_leave_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.person.change")

    @action(description=_("Leaves"), url_path="leave", icon="logout", permissions=["person_leave"])
    def leave_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None:
            return redirect("admin:tenants_person_changelist")
        form = SuccessorForm(request.POST or None, scope=scope_of(request))
        if request.method == "POST" and form.is_valid():
            successor = form.cleaned_data["successor"]
            try:
                with transaction.atomic():
                    leave(scope=scope_of(request), person_id=person.pk, successor_id=successor.pk)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request,
                    _("Every way in of %(name)s is closed; open work is with %(successor)s.")
                    % {"name": person.name, "successor": successor.name},
                )
                return redirect(reverse("admin:tenants_person_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Leaves"),
            "opts": self.opts,
            "original": person,
            "beside": person.staff_number,
            "words": _(
                "All log-ins close and all assignments end at once, in open sessions as well. Drafts and open reviews"
                " go to the person you choose; what was done stays under the old name."
            ),
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/tenants/act.html", context)
