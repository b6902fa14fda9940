"""Addresses of admin pages of things that other rooms own."""

from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.urls import reverse


def list_page(model: str) -> str:
    """The list of `model` ("content.item"); "" where it has no page, and then there is nothing to link."""
    return reverse("admin:{}_{}_changelist".format(*model.split("."))) if has_pages(model) else ""


def page_of(model: str, key: UUID | str | int) -> str:
    """The page of one thing; "" where it has none."""
    return reverse("admin:{}_{}_change".format(*model.split(".")), args=[key]) if has_pages(model) else ""


def has_pages(model: str) -> bool:
    """Whether the admin knows `model`."""
    try:
        return admin.site.is_registered(apps.get_model(model))
    except LookupError:
        return False
