"""Questions about branches and people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Q, QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Assignment, Branch, Person, TenantModel
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Held:
    """An assignment as the switcher shows it; `path` runs from head office down to the branch."""

    id: UUID
    role: str
    branch_id: int
    branch_code: str
    branch_name: str
    path: tuple[str, ...]


def assignments_of(*, login_id: int, at: datetime) -> list[Held]:
    """Which assignments may this log-in act in at `at`? Answered without a scope, about itself only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM assignments_of(%s, %s)", [login_id, at])
        return [Held(a, r, b, c, n, tuple(p)) for a, r, b, c, n, p in cursor.fetchall()]


def branches_within(*, scope: Scope) -> QuerySet[Branch]:
    """Which branches lie in the scope? Its own and everything below, in tree order."""
    return Branch.objects.filter(pos__range=(scope.lo, scope.hi)).order_by("pos")


def branch_in_scope(*, scope: Scope, branch_id: int) -> Branch:
    """The branch, if it lies in the scope; raises NotFound for a foreign and an absent one alike."""
    branch = branches_within(scope=scope).filter(pk=branch_id).first()
    if branch is None:
        raise NotFound
    return branch


def branches_matching(*, scope: Scope, words: str, limit: int = 20) -> list[Branch]:
    """Which branches in the scope match a name, a code or the beginning of the pinyin?"""
    words = words.strip()
    found = branches_within(scope=scope)
    if words:
        found = found.filter(
            Q(name__contains=words)
            | Q(code__startswith=words)
            | Q(pinyin__contains=words.lower().replace(" ", ""))
        )
    return list(found[:limit])


def path_of(*, scope: Scope) -> list[Branch]:
    """Where does the scope stand? Branches from head office down to its own."""
    return list(Branch.objects.filter(pk__in=scope.line).order_by("pos"))


def people_at_home(*, scope: Scope) -> QuerySet[Person]:
    """Who works at which branch of the scope?"""
    return Person.objects.within(scope)


def roles_held(*, scope: Scope) -> QuerySet[Assignment]:
    """Which assignments are in force now, or will be?"""
    return Assignment.objects.within(scope).filter(held_until__gt=scope.at)


def person_of(*, scope: Scope) -> Person | None:
    """Who acts? None for the system. A person's home branch may lie outside the scope; then None too."""
    return Person.objects.filter(pk=scope.person_id).first() if scope.person_id else None


@dataclass(frozen=True, slots=True)
class Hanging:
    """How many of one kind hang on a branch and everything below it."""

    name: str
    count: int


def what_hangs_on(*, scope: Scope, branch: Branch) -> list[Hanging]:
    """What goes along when the branch moves or ends? Kinds that people know, those without any left out."""
    below = Branch.objects.filter(pos__gt=branch.pos, pos__lte=branch.pos_end)
    found = [Hanging(str(Branch._meta.verbose_name_plural), below.count())]
    for model in apps.get_models():
        if (
            not issubclass(model, TenantModel)
            or hasattr(model, "pgh_tracked_model")
            or model.__name__ == "Entry"
        ):
            continue
        rows: Any = model._default_manager.all()
        count = rows.filter(branch_pos__range=(branch.pos, branch.pos_end)).count()
        found.append(Hanging(str(model._meta.verbose_name_plural), count))
    return [row for row in found if row.count]
