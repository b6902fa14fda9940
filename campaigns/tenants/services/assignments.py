"""Who acts in which role, where, and for how long."""

from datetime import datetime

from django.db import IntegrityError, transaction

from campaigns.lib.clock import FOREVER
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants import roles
from campaigns.tenants.deeds import note
from campaigns.tenants.models import Assignment, Person, Role, RoleExclusion
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope


class AlreadyEnded(Refusal):
    """Or not begun yet."""

    code = "tenants.assignment.ended"
    status = 409
    zh = "这个岗位不在任期内，无需结束。"
    en = "This assignment is not in force: there is nothing to end."


class RolesExclude(Refusal):
    code = "tenants.assignment.roles_exclude"
    status = 409
    zh = "“{person}”在同一时期担任的另一岗位与“{role}”互斥，不能同时持有。请先结束另一岗位。"
    en = "“{person}” holds another role at that time which excludes “{role}”. End the other one first."


class NotToOneself(Refusal):
    code = "tenants.assignment.not_to_oneself"
    status = 403
    zh = "不能给自己授予岗位，请由另一位管理员操作。"
    en = "Nobody gives a role to himself: ask another administrator."


class BranchClosed(Refusal):
    code = "tenants.assignment.branch_closed"
    status = 409
    zh = "机构“{branch}”已撤销，不能再安排岗位。"
    en = "“{branch}” is closed: nobody can be assigned there any more."


def load_roles() -> int:
    """Bring the preset roles and their exclusions in; rows that a bank has edited stay as they are.

    Returns how many roles were new.
    """
    before = Role.objects.count()
    Role.objects.bulk_create(
        [Role(code=c, name=zh, name_en=en, verbs=verbs) for c, (zh, en, verbs) in roles.PRESETS.items()],
        ignore_conflicts=True,
    )
    new = Role.objects.count() - before
    if new:
        pairs = [tuple(sorted(pair)) for pair in roles.EXCLUSIONS]
        RoleExclusion.objects.bulk_create(
            [RoleExclusion(role_id=one, excludes_id=other) for one, other in pairs], ignore_conflicts=True
        )
    return new


def assign_role(
    *,
    scope: Scope,
    person: Person,
    role: str,
    branch_id: int,
    held_from: datetime,
    held_until: datetime = FOREVER,
) -> Assignment:
    """Let `person` act in `role` at `branch_id` (and below) from `held_from` to before `held_until`, UTC.

    Raises NotFound outside the scope, BranchClosed, NotToOneself, RolesExclude.
    """
    scope.demand("tenants.person.change")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    if not branch.is_open:
        raise BranchClosed(branch=branch.name)
    try:
        with transaction.atomic():
            assignment = Assignment.objects.create(
                branch=branch,
                branch_pos=branch.pos,
                person=person,
                role_id=role,
                held_from=held_from,
                held_until=held_until,
            )
    except IntegrityError as error:
        broken = violated(error)
        if broken == "tenants_assignment_roles_exclude_each_other":
            raise RolesExclude(person=person.name, role=str(Role.objects.get(pk=role))) from error
        if broken == "tenants_assignment_is_given_by_another":
            raise NotToOneself from error
        raise
    _note(scope=scope, verb="tenants.assignment.assign", assignment=assignment)
    return assignment


def _note(*, scope: Scope, verb: str, assignment: Assignment) -> None:
    note(
        scope=scope,
        verb=verb,
        subject=ref("tenants.assignment", assignment.pk),
        subject_name=assignment.person.name,
        branch_id=assignment.branch_id,
        branch_pos=assignment.branch_pos,
        role=assignment.role_id,
        held_from=assignment.held_from.isoformat(),
        held_until=assignment.held_until.isoformat(),
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
    assignment.held_until = scope.at
    _note(scope=scope, verb="tenants.assignment.end", assignment=assignment)
