"""What can be done with a customer: another home, somebody to look after them, pointing out a duplicate."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.customers.care_selectors import in_care_of, manager_of, people_for
from campaigns.customers.models import Customer, StaffCustomer
from campaigns.customers.services.care import ask_hand_over, assign_manager, move_customer_home
from campaigns.customers.services.merges import propose_by_number
from campaigns.customers.services.staff import MAY_LINK, link_staff
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, choices_within, scope_of
from campaigns.tenants.models import Assignment, Branch, Person
from campaigns.tenants.scopes import Scope

Act = Callable[[Any, Any], Any]


class _WhyForm(forms.Form):
    why = forms.CharField(
        label=_("reason"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )


class HomeForm(_WhyForm):
    """Another branch of the scope."""

    branch = forms.ModelChoiceField(queryset=Branch.objects.none(), label=_("new home branch"))
    field_order = ("branch", "why")

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = _choice(self, "branch", choices_within(Branch, scope).filter(is_open=True))
        field.widget = AutocompleteSelect(Branch._meta.get_field("successor"), admin.site)
        field.widget.choices = field.choices


class CareForm(_WhyForm):
    """Whoever acts at the home branch or above it, and may look at customers."""

    person = forms.ModelChoiceField(
        queryset=Person.objects.none(),
        label=_("relationship manager"),
        required=False,
        empty_label=_("nobody"),
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("person", "why")

    def __init__(self, *args: Any, scope: Scope, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choice(self, "person", people_for(scope=scope, branch_id=customer.branch_id))


class StaffForm(forms.Form):
    person = forms.ModelChoiceField(
        queryset=Person.objects.none(), label=_("member of staff"), required=False, empty_label=_("nobody")
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = _choice(self, "person", choices_within(Person, scope))
        field.widget = AutocompleteSelect(Assignment._meta.get_field("person"), admin.site)
        field.widget.choices = field.choices


class DuplicateForm(forms.Form):
    number = forms.CharField(
        label=_("customer number of the other"), max_length=64, widget=UnfoldAdminTextInputWidget
    )
    comment = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class HandOverForm(_WhyForm):
    """From one relationship manager to another."""

    leaver = forms.ModelChoiceField(queryset=Person.objects.none(), label=_("customers of"))
    successor = forms.ModelChoiceField(queryset=Person.objects.none(), label=_("go to"))
    field_order = ("leaver", "successor", "why")

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("leaver", "successor"):
            field = _choice(self, name, choices_within(Person, scope))
            field.widget = AutocompleteSelect(Assignment._meta.get_field("person"), admin.site)
            field.widget.choices = field.choices


class CustomerActs(ScopedAdmin):
    """Each page says what will follow, asks, calls one service, and shows a refusal beside what was typed."""

    actions_detail = ("move_page", "assign_page", "duplicate_page", "staff_page")
    actions_list = ("hand_over_page",)

    def has_customer_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.customer.move")

    def has_customer_assign_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.customer.assign")

    def has_customer_link_staff_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may(MAY_LINK)

    def has_customer_duplicate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("customers.mergeproposal.add")

    @action(
        description=_("Change the home branch"),
        url_path="home",
        icon="drive_file_move",
        permissions=["customer_move"],
    )
    def move_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(customer: Customer, form: forms.Form) -> Any:
            home = form.cleaned_data["branch"]
            move_customer_home(
                scope=scope_of(request),
                customer_id=customer.pk,
                branch_id=home.pk,
                why=form.cleaned_data["why"],
            )
            return _("The home branch is %(branch)s now.") % {"branch": home.name}

        return self._small_page(
            request,
            object_id,
            _("Change the home branch"),
            _(
                "Identities, tags and consents go along; coupons stay where they were claimed. A relationship manager"
                " who does not act at the new home is let go."
            ),
            lambda customer: HomeForm(request.POST or None, scope=scope_of(request)),
            act,
        )

    @action(
        description=_("Assign a relationship manager"),
        url_path="care",
        icon="support_agent",
        permissions=["customer_assign"],
    )
    def assign_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        scope = scope_of(request)

        def act(customer: Customer, form: forms.Form) -> Any:
            person = form.cleaned_data["person"]
            assign_manager(
                scope=scope,
                customer_id=customer.pk,
                person_id=person.pk if person else None,
                why=form.cleaned_data["why"],
            )
            if person is None:
                return _("Nobody looks after this customer now.")
            return _("%(name)s looks after this customer now.") % {"name": person.name}

        def form_of(customer: Customer) -> forms.Form:
            held = manager_of(scope=scope, customer_id=customer.pk)
            initial = {"person": held.person_id if held else None}
            return CareForm(request.POST or None, scope=scope, customer=customer, initial=initial)

        return self._small_page(
            request,
            object_id,
            _("Assign a relationship manager"),
            _("Whoever looks after the customer so far stays in the history."),
            form_of,
            act,
        )

    @action(
        description=_("Point out a duplicate"),
        url_path="duplicate",
        icon="join_inner",
        permissions=["customer_duplicate"],
    )
    def duplicate_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def act(customer: Customer, form: forms.Form) -> Any:
            propose_by_number(
                scope=scope_of(request),
                customer_id=customer.pk,
                number=form.cleaned_data["number"],
                comment=form.cleaned_data["comment"],
            )
            return _("Noted. A colleague decides whether the two are one.")

        return self._small_page(
            request,
            object_id,
            _("Point out a duplicate"),
            _("Nothing is merged yet: a colleague compares the two and decides."),
            lambda customer: DuplicateForm(request.POST or None),
            act,
        )

    @action(
        description=_("Note as a member of staff"),
        url_path="staff",
        icon="badge",
        permissions=["customer_link_staff"],
    )
    def staff_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        scope = scope_of(request)

        def act(customer: Customer, form: forms.Form) -> Any:
            person = form.cleaned_data["person"]
            link_staff(scope=scope, customer_id=customer.pk, person_id=person.pk if person else None)
            if person is None:
                return _("This customer is no member of staff.")
            return _("This customer is %(name)s.") % {"name": person.name}

        def form_of(customer: Customer) -> forms.Form:
            held = StaffCustomer.objects.within(scope).filter(customer=customer).first()
            return StaffForm(
                request.POST or None, scope=scope, initial={"person": held.person_id if held else None}
            )

        return self._small_page(
            request,
            object_id,
            _("Note as a member of staff"),
            _("Staff claim no coupons of a branch at which they work, unless a batch lets them."),
            form_of,
            act,
        )

    @action(
        description=_("Hand over customers"),
        url_path="hand-over",
        icon="swap_horiz",
        permissions=["customer_assign"],
    )
    def hand_over_page(self, request: HttpRequest) -> HttpResponse:
        scope = scope_of(request)
        form = HandOverForm(request.POST or None, scope=scope)
        if request.method == "POST" and form.is_valid():
            leaver, successor = form.cleaned_data["leaver"], form.cleaned_data["successor"]
            try:
                with transaction.atomic():
                    job = ask_hand_over(
                        scope=scope,
                        customers=list(in_care_of(scope=scope, person_id=leaver.pk)),
                        person_id=successor.pk,
                        why=form.cleaned_data["why"],
                    )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect(reverse("admin:jobs_job_change", args=[job.pk]))
        words = _("Every customer whom the one looks after now goes to the other, in the background.")
        return self._shown(request, None, _("Hand over customers"), words, form)

    def _small_page(
        self,
        request: HttpRequest,
        object_id: str,
        title: Any,
        words: Any,
        form_of: Callable[[Customer], forms.Form],
        act: Act,
        empty: Any = "",
    ) -> HttpResponse:
        """`act` answers what was done, or the page that goes on from here. `empty` is said of a form that has nothing
        to choose from.
        """
        customer = self.get_object(request, object_id)
        if customer is None:
            return redirect("admin:customers_customer_changelist")
        form = form_of(customer)
        if empty and getattr(form, "is_empty", False):
            messages.info(request, empty)
            return redirect(reverse("admin:customers_customer_change", args=[customer.pk]))
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    done = act(customer, form)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                if isinstance(done, HttpResponse):
                    return done
                messages.success(request, done)
                return redirect(reverse("admin:customers_customer_change", args=[customer.pk]))
        return self._shown(request, customer, title, words, form)

    def _shown(
        self, request: HttpRequest, customer: Customer | None, title: Any, words: Any, form: forms.Form
    ) -> HttpResponse:
        if customer is not None:
            vars(customer)["name"] = str(customer)  # what the page calls whatever it is about
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": customer,
            "beside": customer.branch.name if customer else "",
            "words": words,
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/tenants/act.html", context)


def _choice(form: forms.Form, name: str, rows: QuerySet[Any]) -> Any:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
    return field
