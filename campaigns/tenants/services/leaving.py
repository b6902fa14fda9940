"""Somebody leaves: no way in is left open, and no work is left lying."""

from uuid import UUID

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.deeds import note_person
from campaigns.tenants.models import Assignment, Login, Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.steps import run_steps


class NotOneself(Refusal):
    code = "tenants.person.not_oneself"
    status = 409
    zh = "不能登记自己离岗，也不能把工作交给离岗者本人。请由另一位管理员操作。"
    en = "Nobody leaves by his own hand, nor hands over to himself: ask another administrator."


class SuccessorHasNoRole(Refusal):
    code = "tenants.person.successor_has_no_role"
    status = 409
    zh = "接手人“{successor}”目前没有任何岗位，无法处理移交的工作。"
    en = "“{successor}” holds no assignment at present, and could not see to the work handed over."


def leave(*, scope: Scope, person_id: UUID, successor_id: UUID) -> dict[str, int]:
    """Close every log-in and end every assignment of a person; open work goes to the successor.

    Answers what each room handed over. What is under way in an open session ends with it: the next request finds no
    assignment. Raises NotFound outside the scope, NotOneself, SuccessorHasNoRole.
    """
    scope.demand("tenants.person.change")
    people = {p.pk: p for p in Person.objects.within(scope).filter(pk__in=[person_id, successor_id])}
    if person_id == successor_id or scope.person_id == person_id:
        raise NotOneself
    if len(people) != 2:
        raise NotFound
    person, successor = people[person_id], people[successor_id]
    now = Assignment.objects.within(scope).filter(held_until__gt=scope.at)
    if not now.filter(person=successor, held_from__lte=scope.at).exists():
        raise SuccessorHasNoRole(successor=successor.name)
    logins = Login.objects.filter(person=person, is_active=True).update(is_active=False)
    mine = now.filter(person=person)
    begun = mine.filter(held_from__lt=scope.at).update(held_until=scope.at)
    later, _by_model = mine.filter(held_from__gte=scope.at).delete()
    # After the roles have ended: a room's rules may let go only of what nobody can do any more.
    done = run_steps("leave", scope=scope, person=person, successor=successor)
    note_person(
        scope=scope,
        verb="tenants.person.leave",
        person=person,
        successor=successor.name,
        logins=logins,
        assignments=begun + later,
        handed_over=done,
    )
    return done
