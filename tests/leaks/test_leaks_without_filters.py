"""The application forgets every explicit condition: the database's policies hold alone."""

import pytest

from campaigns.tenants import desk, selectors
from campaigns.tenants.models import Branch, TenantQuerySet
from tests.leaks.everything import PLAIN, TAKING, assert_nothing_leaks
from tests.leaks.objects import World

pytestmark = pytest.mark.django_db(databases=["default", "aside"])


def take_filters_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TenantQuerySet, "within", lambda self, scope: self)
    monkeypatch.setattr(TenantQuerySet, "visible", lambda self, scope: self)
    monkeypatch.setattr(desk, "choices_within", lambda model, scope: model._default_manager.all())
    monkeypatch.setattr(selectors, "branches_within", lambda *, scope: Branch.objects.order_by("pos"))


@pytest.mark.parametrize("name", [*TAKING, *PLAIN])
def test_the_policies_hold_alone(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    take_filters_down(monkeypatch)
    assert_nothing_leaks(world, name)
