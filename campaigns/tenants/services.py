"""The only writers of branches, people and roles."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Max

from campaigns.lib.clock import FOREVER
from campaigns.lib.constraints import violated
from campaigns.lib.refusals import Refusal
from campaigns.tenants import roles
from campaigns.tenants.models import Assignment, Branch, Login, Person, Role
from campaigns.tenants.rules import FIRST_POS, LAST_POS, NoRoomInTree, pinyin_of, place_child, place_tree
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope


class AlreadyTaken(Refusal):
    """A key that is unique in the whole bank, or in the branch, belongs to another row."""

    code = "tenants.key.taken"
    status = 409
    zh = "“{value}”已被使用，请换一个。"
    en = "“{value}” is already taken: choose another."


class AlreadyEnded(Refusal):
    """Or not begun yet."""

    code = "tenants.assignment.ended"
    status = 409
    zh = "这个岗位不在任期内，无需结束。"
    en = "This assignment is not in force: there is nothing to end."


def load_roles() -> int:
    """Bring the preset roles in; rows that a bank has edited stay as they are. Returns how many were new."""
    before = Role.objects.count()
    Role.objects.bulk_create(
        [Role(code=c, name=zh, name_en=en, verbs=verbs) for c, (zh, en, verbs) in roles.PRESETS.items()],
        ignore_conflicts=True,
    )
    return Role.objects.count() - before


def add_head_office(*, scope: Scope, code: str, name: str, zone: str = "Asia/Shanghai") -> Branch:
    """The root of the tree; the scope must be the system's. A second root is refused by the database."""
    scope.demand("tenants.branch.add")
    return Branch.objects.create(
        code=code,
        name=name,
        pinyin=pinyin_of(name),
        level=Branch.Level.HEAD_OFFICE,
        pos=FIRST_POS,
        pos_end=LAST_POS,
        zone=zone,
    )


def add_branch(*, scope: Scope, parent_id: int, code: str, name: str, level: str) -> Branch:
    """One more branch under `parent_id`.

    Raises NotFound outside the scope, NoRoomInTree without positions, AlreadyTaken for a known code.
    """
    scope.demand("tenants.branch.add")
    # The parent is locked: two children placed at once would take the same positions.
    parent = branch_in_scope(scope=scope, branch_id=parent_id)
    parent = Branch.objects.select_for_update(of=("self",)).get(pk=parent.pk)
    last = Branch.objects.filter(parent=parent).aggregate(Max("pos_end"))["pos_end__max"]
    place = place_child(parent=(parent.pos, parent.pos_end), taken_until=last or parent.pos)
    if place is None:
        raise NoRoomInTree(name=parent.name)
    with _taken("tenants_branch_code_key", code):
        return Branch.objects.create(
            code=code,
            name=name,
            pinyin=pinyin_of(name),
            level=level,
            parent=parent,
            pos=place[0],
            pos_end=place[1],
            zone=parent.zone,
        )


def add_tree(*, scope: Scope, rows: Sequence[Mapping[str, str]]) -> dict[str, Branch]:
    """Many branches at once, parents first: rows of code, name, level and parent (a code, "" for the root).

    For an empty bank or below branches without children; returns all by code.
    """
    scope.demand("tenants.branch.add")
    order = [row["code"] for row in rows]
    places = place_tree(parents={row["code"]: row["parent"] or None for row in rows}, order=order)
    made: dict[str, Branch] = {}
    by_depth: dict[int, list[Mapping[str, str]]] = {}
    depth: dict[str, int] = {}
    for row in rows:
        depth[row["code"]] = depth[row["parent"]] + 1 if row["parent"] else 0
        by_depth.setdefault(depth[row["code"]], []).append(row)
    for _level, some in sorted(by_depth.items()):
        batch = [
            Branch(
                code=row["code"],
                name=row["name"],
                pinyin=pinyin_of(row["name"]),
                level=row["level"],
                parent=made[row["parent"]] if row["parent"] else None,
                pos=places[row["code"]][0],
                pos_end=places[row["code"]][1],
            )
            for row in some
        ]
        for branch in Branch.objects.bulk_create(batch, batch_size=1000):
            made[branch.code] = branch
    return made


def add_person(*, scope: Scope, branch_id: int, name: str, staff_number: str) -> Person:
    """Somebody who works at `branch_id`. Raises NotFound outside the scope, AlreadyTaken for a known number."""
    scope.demand("tenants.person.add")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    with _taken("tenants_person_number_is_unique", staff_number):
        return Person.objects.create(
            branch=branch, branch_pos=branch.pos, name=name, staff_number=staff_number
        )


def add_login(*, scope: Scope, person: Person, username: str, password: str, is_demo: bool = False) -> Login:
    """A way in for `person`. The password is stored as a hash only. `is_demo`: works in demo mode alone.

    Raises AlreadyTaken for a known name.
    """
    scope.demand("tenants.person.change")
    with _taken("tenants_login_username_key", username):
        return Login.objects.create(
            username=username, person=person, password=make_password(password), is_demo=is_demo
        )


def assign_role(
    *,
    scope: Scope,
    person: Person,
    role: str,
    branch_id: int,
    held_from: datetime,
    held_until: datetime = FOREVER,
) -> Assignment:
    """Let `person` act in `role` at `branch_id` (and below) from `held_from` to before `held_until`, UTC."""
    scope.demand("tenants.person.change")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    return Assignment.objects.create(
        branch=branch,
        branch_pos=branch.pos,
        person=person,
        role_id=role,
        held_from=held_from,
        held_until=held_until,
    )


def end_assignment(*, scope: Scope, assignment: Assignment) -> None:
    """Let an assignment end now; the row stays. Raises AlreadyEnded, also when it has not begun."""
    scope.demand("tenants.person.change")
    ended = (
        Assignment.objects.within(scope)
        .filter(pk=assignment.pk, held_from__lt=scope.at, held_until__gt=scope.at)
        .update(held_until=scope.at)
    )
    if not ended:
        raise AlreadyEnded


@contextmanager
def _taken(constraint: str, value: str) -> Iterator[None]:
    """Turn the violation of one named unique key into a refusal; the savepoint keeps the transaction usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if violated(error) != constraint:
            raise
        raise AlreadyTaken(value=value) from error
