"""Questions about branches and people."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Assignment, Branch, Person, TenantModel
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import cleaned


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


@dataclass(frozen=True, slots=True)
class Place:
    """A branch where a log-in may stand in one of its assignments; `above` runs from head office down to its parent."""

    assignment_id: UUID
    role: str
    branch_id: int
    code: str
    name: str
    pinyin: str
    level: str
    is_open: bool
    above: tuple[str, ...]


def places_of(*, login_id: int, at: datetime, words: str = "", limit: int = 20) -> list[Place]:
    """Where may this log-in stand that answers to the words (name, code, pinyin), and as what?

    In all its assignments; answered without a scope, about itself only. Without words: the tops of its branches.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM places_of(%s, %s, %s, %s)", [login_id, at, cleaned(words), limit])
        rows = cursor.fetchall()
    return [Place(a, r, b, c, n, p, lv, o, tuple(up or ())) for a, r, b, c, n, p, lv, o, up in rows]


def path_of(*, scope: Scope) -> list[Branch]:
    """Where does the scope stand? Branches from head office down to its own."""
    return list(Branch.objects.filter(pk__in=scope.line).order_by("pos"))


def line_of(*, scope: Scope, branch_id: int) -> list[int]:
    """Which branches lie above a branch of the scope? Their ids, itself first, head office last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tenants_line(id) FROM tenants_branch WHERE id = %s AND pos BETWEEN %s AND %s",
            [branch_id, scope.lo, scope.hi],
        )
        row = cursor.fetchone()
    return list(row[0]) if row else []


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


def what_hangs_on(*, branch: Branch, kinds: Iterable[type[Model]]) -> list[Hanging]:
    """What goes along when the branch moves or ends? Rows of these kinds, those without any left out."""
    below = Branch.objects.filter(pos__gt=branch.pos, pos__lte=branch.pos_end)
    found = [Hanging(str(Branch._meta.verbose_name_plural), below.count())]
    for kind in kinds:
        if issubclass(kind, TenantModel):
            rows = kind.objects.filter(branch_pos__range=(branch.pos, branch.pos_end))
            found.append(Hanging(str(kind._meta.verbose_name_plural), rows.count()))
    return [row for row in found if row.count]


def paths_above(*, scope: Scope, branch_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """What lies above each of these branches of the scope? Names by branch, from head office down to its parent."""
    with connection.cursor() as cursor:
        cursor.execute(_PATHS_ABOVE, [list(branch_ids), scope.lo, scope.hi])
        return {branch: tuple(names) for branch, names in cursor.fetchall()}


_PATHS_ABOVE = """
SELECT b.id, ARRAY(SELECT up.name::text FROM tenants_branch up
                    WHERE up.id = ANY (tenants_line(b.parent_id)) ORDER BY up.pos)
  FROM tenants_branch b WHERE b.id = ANY (%s) AND b.pos BETWEEN %s AND %s
"""
