"""People and their log-ins in the admin."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from campaigns.lib.refusals import Refusal
from campaigns.tenants.admin.assignments import until_words
from campaigns.tenants.admin.person_acts import PersonActs
from campaigns.tenants.desk import ScopedInline, scope_of
from campaigns.tenants.models import Assignment, Login, Person
from campaigns.tenants.services.people import add_login, add_person


class AssignmentInline(ScopedInline):
    model = Assignment
    noun = "tenants.assignment"
    fields = ("role", "branch", "held_from", "held_until_words")
    readonly_fields = fields
    can_delete = False
    verbose_name_plural = _("assignments")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).within(scope_of(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("until"))
    def held_until_words(self, assignment: Assignment) -> Any:
        return until_words(assignment)


class LoginInline(ScopedInline):
    model = Login
    noun = "tenants.person"
    fields = ("page", "is_active", "last_login")
    readonly_fields = fields
    can_delete = False
    verbose_name_plural = _("log-ins")

    @display(description=_("log-in name"))
    def page(self, login: Login) -> str:
        """Its state, and what a second person does to it, stand on its own page."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:tenants_login_change", args=[login.pk]), login
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LogInForm(forms.Form):
    """A new way in for one person."""

    username = forms.CharField(label=_("log-in name"), max_length=60, widget=UnfoldAdminTextInputWidget)
    password = forms.CharField(
        label=_("first password"),
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, not only digits. The person changes it after the first log-in."),
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password


@admin.register(Person)
class PersonAdmin(PersonActs):
    noun = "tenants.person"
    list_display = ("name", "staff_number", "branch", "roles_now")
    list_filter = ("assignments__role",)
    search_fields = ("name", "staff_number")
    searches = "self"
    autocomplete_fields = ("branch",)
    search_help_text = _("Name or staff number")
    ordering = ("branch_pos", "staff_number")
    list_select_related = ("branch",)
    fields = ("branch", "name", "staff_number")
    inlines = (AssignmentInline, LoginInline)
    actions_detail = ("add_login_page", "assign_page", "leave_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("assignments__role", "assignments__branch")

    def offered_as(self, request: HttpRequest, rows: Sequence[Any]) -> dict[Any, str]:
        return {person.pk: f"{person.name}（{person.staff_number}）" for person in rows}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        made = add_person(
            scope=scope_of(request), branch_id=obj.branch_id, name=obj.name, staff_number=obj.staff_number
        )
        obj.pk = made.pk

    @display(description=_("roles today"))
    def roles_now(self, person: Person) -> str:
        return "、".join(str(each.role) for each in person.assignments.all()) or "–"

    def has_person_change_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.person.change")

    @action(description=_("Add a log-in"), url_path="add-login", icon="key", permissions=["person_change"])
    def add_login_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        back = redirect(reverse("admin:tenants_person_change", args=[object_id]))
        if person is None:
            return redirect("admin:tenants_person_changelist")
        form = LogInForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    add_login(scope=scope_of(request), person=person, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error("username", str(refusal))
            else:
                messages.success(request, _("The log-in is open. Assign a role next, or it leads nowhere."))
                return back
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add a log-in"),
            "opts": self.opts,
            "original": person,
            "form": form,
        }
        return TemplateResponse(request, "admin/tenants/add_login.html", context)

    @action(
        description=_("Assign a role"),
        url_path="assign",
        icon="assignment_ind",
        permissions=["person_change"],
    )
    def assign_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(reverse("admin:tenants_assignment_add") + f"?person={object_id}")
