"""Where a switch of the branch leads: the page one was on, if it exists there."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest
from django.urls import ResolverMatch, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from campaigns.tenants.scopes import Scope

# Of a list's address these mean something in one place only: the page number and a notice of a wrong question.
_OF_ONE_PLACE = {"p", "e"}


def same_page(request: HttpRequest, *, scope: Scope, asked: str) -> str:
    """The address to go to from `asked`, standing in `scope`, which is open.

    A list stays with its search and filters, a thing's page when the thing lies there (else its list), and
    whatever the role there may not open leads home.
    """
    home = reverse("admin:index")
    if not url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}):
        return home
    parts = urlsplit(asked)
    try:
        match = resolve(parts.path)
    except Http404:
        return home
    page = _page_of(match)
    if page is None:
        return home
    request.scope = scope  # type: ignore[attr-defined]
    if not page.has_view_permission(request):
        return home
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}"
    listed = reverse(f"{name}_changelist")
    if match.view_name == f"{name}_changelist":
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in _OF_ONE_PLACE]
        return f"{listed}?{urlencode(query)}" if query else listed
    if match.view_name == f"{name}_add":
        return parts.path if page.has_add_permission(request) else listed
    key = match.kwargs.get("object_id")
    is_there = (
        match.view_name in {f"{name}_change", f"{name}_history"}
        and key is not None
        and page.get_object(request, key) is not None
    )
    return parts.path if is_there else listed


def _page_of(match: ResolverMatch) -> ModelAdmin | None:
    """The admin page of the model that an address of the admin speaks of."""
    if match.app_names != ["admin"]:
        return None
    for model, page in admin.site._registry.items():
        if (match.url_name or "").startswith(f"{model._meta.app_label}_{model._meta.model_name}_"):
            return page
    return None
