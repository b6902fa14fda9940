"""Branches, people, assignments and roles in the admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Count, F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, ScopedInline, each, scope_of
from campaigns.tenants.models import Assignment, Branch, Login, Person, Role
from campaigns.tenants.services import add_branch, add_login, add_person, assign_role, end_assignment

_DEPTH = {level: depth for depth, level in enumerate(Branch.Level.values)}


@admin.register(Branch)
class BranchAdmin(ScopedAdmin):
    """The tree below the reader, in tree order."""

    noun = "tenants.branch"
    list_display = ("tree_name", "code", "level", "below", "is_open")
    list_filter = ("level", "is_open")
    search_fields = ("name", "code", "pinyin")
    search_help_text = _("Name, code or pinyin")
    ordering = ("pos",)
    list_per_page = 100
    fields = ("parent", "name", "code", "level", "zone", "is_open")
    readonly_fields = ("zone", "is_open")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        inside = Branch.objects.filter(pos__gt=OuterRef("pos"), pos__lte=OuterRef("pos_end")).order_by()
        count = inside.annotate(n=Func(F("id"), function="count", output_field=IntegerField())).values("n")
        return super().get_queryset(request).annotate(n_below=Subquery(count))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # renaming, moving and closing are verbs of their own

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("parent", "name", "code", "level")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "parent" in form.base_fields:
            form.base_fields["parent"].required = True
        if "level" in form.base_fields:
            form.base_fields["level"].choices = [
                c for c in Branch.Level.choices if c[0] != Branch.Level.HEAD_OFFICE
            ]
        return form

    def save_model(self, request: HttpRequest, obj: Branch, form: Any, change: bool) -> None:
        made = add_branch(
            scope=scope_of(request),
            parent_id=obj.parent_id or 0,
            code=obj.code,
            name=obj.name,
            level=obj.level,
        )
        obj.pk = made.pk

    @display(description=_("branch"), ordering="pos")
    def tree_name(self, branch: Branch) -> str:
        indent = 22 * _DEPTH.get(branch.level, 0)
        return format_html('<span style="padding-left:{}px">{}</span>', indent, branch.name)

    @display(description=_("branches below"))
    def below(self, branch: Any) -> str:
        return format_html(
            '<span class="fh-num" style="display:block;width:4em">{}</span>', branch.n_below or "–"
        )


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
    fields = ("username", "is_active", "last_login")
    readonly_fields = fields
    can_delete = False
    verbose_name_plural = _("log-ins")

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
class PersonAdmin(ScopedAdmin):
    noun = "tenants.person"
    list_display = ("name", "staff_number", "branch", "roles_now")
    list_filter = ("assignments__role",)
    search_fields = ("name", "staff_number")
    search_help_text = _("Name or staff number")
    ordering = ("branch_pos", "staff_number")
    list_select_related = ("branch",)
    fields = ("branch", "name", "staff_number")
    inlines = (AssignmentInline, LoginInline)
    actions_detail = ("add_login_page", "assign_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("assignments__role", "assignments__branch")

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


@admin.register(Assignment)
class AssignmentAdmin(ScopedAdmin):
    noun = "tenants.assignment"
    list_display = ("person", "role", "branch", "held_from", "until")
    list_filter = ("role",)
    search_fields = ("person__name", "person__staff_number")
    search_help_text = _("Name or staff number")
    ordering = ("branch_pos", "role")
    list_select_related = ("person", "role", "branch")
    fields = ("person", "role", "branch", "held_from", "held_until")
    actions = ("end_now",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and scope.may("tenants.person.change"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"held_from": scope_of(request).at, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "held_until" in form.base_fields:
            field = form.base_fields["held_until"]
            field.required = False
            field.initial = None
            field.help_text = _("Empty: until it is ended.")
        return form

    def save_model(self, request: HttpRequest, obj: Assignment, form: Any, change: bool) -> None:
        made = assign_role(
            scope=scope_of(request),
            person=obj.person,
            role=obj.role_id,
            branch_id=obj.branch_id,
            held_from=obj.held_from,
            held_until=form.cleaned_data.get("held_until") or FOREVER,
        )
        obj.pk = made.pk

    @display(description=_("until"), ordering="held_until")
    def until(self, assignment: Assignment) -> Any:
        return until_words(assignment)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    @admin.action(description=_("End the chosen assignments now"), permissions=["end"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        scope = scope_of(request)
        each(
            request,
            queryset,
            lambda assignment: end_assignment(scope=scope, assignment=assignment),
            _("%(count)s assignments have ended; whoever acted in them is asked to choose another."),
        )


@admin.register(Role)
class RoleAdmin(ScopedAdmin):
    """What each role may do. Presets; a bank's changes come by way of its administrator's review."""

    noun = "tenants.role"
    list_display = ("__str__", "code", "held_by", "verb_count")
    search_fields = ("name", "name_en", "code")
    ordering = ("code",)
    fields = ("name", "name_en", "code", "verb_list")
    readonly_fields = ("verb_list",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        scope = scope_of(request)
        held = Assignment.objects.within(scope).filter(
            role=OuterRef("pk"), held_from__lte=scope.at, held_until__gt=scope.at
        )
        count = held.order_by().values("role").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(n_held=Cast(Subquery(count), IntegerField()))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("held here by"))
    def held_by(self, role: Any) -> int:
        return role.n_held or 0

    @display(description=_("rights"))
    def verb_count(self, role: Role) -> int:
        return len(role.verbs)

    @display(description=_("rights"))
    def verb_list(self, role: Role) -> str:
        return format_html("<pre class='fh-pre'>{}</pre>", "\n".join(role.verbs))


def until_words(assignment: Assignment) -> Any:
    """When an assignment ends, in words; an open end is no date."""
    return _("until ended") if assignment.held_until >= FOREVER else assignment.held_until
