"""People and their log-ins."""

from django.contrib.auth.hashers import make_password

from campaigns.tenants.deeds import note_person
from campaigns.tenants.keys import taken
from campaigns.tenants.models import Login, Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope


def add_person(*, scope: Scope, branch_id: int, name: str, staff_number: str) -> Person:
    """Somebody who works at `branch_id`. Raises NotFound outside the scope, AlreadyTaken for a known number."""
    scope.demand("tenants.person.add")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    with taken("tenants_person_number_is_unique", staff_number):
        person = Person.objects.create(
            branch=branch, branch_pos=branch.pos, name=name, staff_number=staff_number
        )
    note_person(scope=scope, verb="tenants.person.add", person=person)
    return person


def add_login(*, scope: Scope, person: Person, username: str, password: str, is_demo: bool = False) -> Login:
    """A way in for `person`. The password is stored as a hash only. `is_demo`: works in demo mode alone.

    Raises AlreadyTaken for a known name.
    """
    scope.demand("tenants.person.change")
    with taken("tenants_login_username_key", username):
        login = Login.objects.create(
            username=username, person=person, password=make_password(password), is_demo=is_demo
        )
    note_person(scope=scope, verb="tenants.person.open_login", person=person, login=username)
    return login
