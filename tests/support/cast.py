"""The fixed cast of every test: a small bank and its people.

head office > north > north_city > north_branch
            > south > south_city > south_branch
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaigns.access.models import PasswordTerms
from campaigns.customers.models import Customer
from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.customers import add_customer
from campaigns.lib.http import tokens
from campaigns.tenants.models import Assignment, Branch, Login, Person
from campaigns.tenants.scopes import Scope, staff_scope, system_scope
from campaigns.tenants.services.assignments import assign_role, load_roles
from campaigns.tenants.services.branches import add_tree
from campaigns.tenants.services.people import add_login, add_person

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
PASSWORD = "north-wind-42"

TREE = [
    {"code": "HO", "name": "总行", "level": "head_office", "parent": ""},
    {"code": "N", "name": "北方省分行", "level": "province", "parent": "HO"},
    {"code": "NC", "name": "北城分行", "level": "city", "parent": "N"},
    {"code": "NB", "name": "北城中山路支行", "level": "branch", "parent": "NC"},
    {"code": "S", "name": "南方省分行", "level": "province", "parent": "HO"},
    {"code": "SC", "name": "南城分行", "level": "city", "parent": "S"},
    {"code": "SB", "name": "南城解放路支行", "level": "branch", "parent": "SC"},
]

# name -> (branch code, role)
PEOPLE = {
    "ho_administrator": ("HO", "administrator"),
    "ho_editor": ("HO", "editor"),
    "ho_reviewer": ("HO", "reviewer"),
    "ho_rewards": ("HO", "rewards_operator"),
    "ho_auditor": ("HO", "auditor"),
    "north_editor": ("N", "editor"),
    "north_reviewer": ("N", "reviewer"),
    "north_rewards": ("N", "rewards_operator"),
    "nb_manager": ("NB", "branch_manager"),
    "nb_editor": ("NB", "editor"),
    "nb_clerk": ("NB", "clerk"),
    "south_editor": ("S", "editor"),
    "south_reviewer": ("S", "reviewer"),
    "sb_manager": ("SB", "branch_manager"),
    "sb_clerk": ("SB", "clerk"),
}

# name -> branch code; number and unionid follow from the name: "N-nb-000001" and "union-nb"
CUSTOMERS = {"nb": "NB", "nb2": "NB", "sb": "SB"}


@dataclass
class Player:
    """One member of staff with one log-in and one assignment; `password` is PASSWORD."""

    person: Person
    login: Login
    assignment: Assignment

    def scope(self, at: datetime = AT, stand_at: int | None = None) -> Any:
        """Act as this player: `with cast.north_editor.scope() as scope:`."""
        return staff_scope(
            login_id=self.login.pk, assignment_id=self.assignment.pk, at=at, stand_at=stand_at, cause="test"
        )


@dataclass
class CustomerPlayer:
    """A customer of one branch, known by a customer number and a WeChat unionid."""

    customer: Customer
    number: str
    unionid: str

    def scope(self, at: datetime = AT) -> Any:
        """Act as this customer: `with cast.customers["nb"].scope() as scope:`."""
        return customer_scope(customer_id=self.customer.pk, at=at, cause="test")

    def headers(self) -> dict[str, str]:
        """Headers with an access token: `client.get(url, headers=cast.customers["nb"].headers())`."""
        token = tokens.issue(kind="customer", subject=str(self.customer.pk), seconds=900)
        return {"Authorization": f"Bearer {token}"}


@dataclass
class Cast:
    """`cast.branch["NB"]`, `cast.north_editor`, `cast.play("nb_clerk")`, `cast.customers["nb"]`."""

    branch: dict[str, Branch]
    players: dict[str, Player] = field(default_factory=dict)
    customers: dict[str, CustomerPlayer] = field(default_factory=dict)

    def play(self, name: str) -> Player:
        return self.players[name]

    def __getattr__(self, name: str) -> Player:
        try:
            return self.__dict__["players"][name]
        except KeyError:
            raise AttributeError(name) from None


def build_cast() -> Cast:
    """Make the bank and its people through the services."""
    load_roles()
    with system_scope(at=AT, cause="cast") as scope:
        cast = Cast(branch=add_tree(scope=scope, rows=TREE))
        for number, (name, (code, role)) in enumerate(PEOPLE.items(), start=1):
            branch = cast.branch[code]
            person = add_person(scope=scope, branch_id=branch.pk, name=name, staff_number=f"E{number:04d}")
            login = add_login(scope=scope, person=person, username=name, password=PASSWORD)
            assignment = assign_role(
                scope=scope,
                person=person,
                role=role,
                branch_id=branch.pk,
                held_from=datetime(2026, 1, 1, tzinfo=UTC),
            )
            cast.players[name] = Player(person, login, assignment)
        for number, (name, code) in enumerate(CUSTOMERS.items(), start=1):
            known_as = f"N-{name}-{number:06d}"
            customer = add_customer(
                scope=scope,
                branch_id=cast.branch[code].pk,
                number=known_as,
                unionid=f"union-{name}",
                attributes={"age": 30 + number, "job": "teacher"},
                source="cast",
            )
            cast.customers[name] = CustomerPlayer(customer, known_as, f"union-{name}")
        # They have all logged in before and chosen PASSWORD themselves.
        PasswordTerms.objects.bulk_create(
            PasswordTerms(login=player.login, chosen_at=AT) for player in cast.players.values()
        )
    return cast


def hired(cast: Cast, role: str, code: str, name: str = "") -> Player:
    """Somebody in `role` at the branch `code`."""
    branch = cast.branch[code]
    name = name or f"{role}.{code}"
    with system_scope(at=AT, cause="test") as scope:
        person = add_person(scope=scope, branch_id=branch.pk, name=name, staff_number=f"T-{name}"[:32])
        login = add_login(scope=scope, person=person, username=name, password=PASSWORD)
        held = assign_role(
            scope=scope, person=person, role=role, branch_id=branch.pk, held_from=AT.replace(month=1)
        )
    return Player(person, login, held)


def give(scope: Scope, player: Player, role: str, branch: Branch, held_from: datetime = AT) -> Assignment:
    """One more role for somebody of the cast."""
    return assign_role(scope=scope, person=player.person, role=role, branch_id=branch.pk, held_from=held_from)
