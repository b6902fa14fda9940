"""A button on the page of a person: end all their sessions."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from campaigns.access.selectors import open_sessions_of_person
from campaigns.access.services.sessions import end_sessions_of_person
from campaigns.tenants.desk import scope_of
from campaigns.tenants.models import Person

# Whatever page the rooms below have given people; this one adds to it.
_PersonPage: Any = type(admin.site.get_model_admin(Person))
admin.site.unregister(Person)


@admin.register(Person)
class PersonWithSessions(_PersonPage):
    actions_detail = (*_PersonPage.actions_detail, "sessions_page")

    def has_person_reset_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.person.reset")

    @action(  # type: ignore[untyped-decorator]
        description=_("Sessions"), url_path="sessions", icon="devices", permissions=["person_reset"]
    )
    def sessions_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None:
            return redirect("admin:tenants_person_changelist")
        scope = scope_of(request)
        if request.method == "POST":
            with transaction.atomic():
                ended = end_sessions_of_person(scope=scope, person_id=person.pk)
            messages.success(
                request,
                ngettext(
                    "%(count)s session of %(name)s has ended, and every access token.",
                    "%(count)s sessions of %(name)s have ended, and every access token.",
                    ended,
                )
                % {"count": ended, "name": person.name},
            )
            return redirect(reverse("admin:tenants_person_change", args=[object_id]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Sessions"),
            "opts": self.opts,
            "original": person,
            "sessions": open_sessions_of_person(scope=scope, person_id=person.pk),
        }
        return TemplateResponse(request, "admin/access/person_sessions.html", context)
