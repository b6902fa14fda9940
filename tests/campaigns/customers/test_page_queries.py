"""The list and the page of customers ask as much of the database for many as for few."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.customers.models import Attribute, Tag, TagCategory
from campaigns.customers.services.care import assign_manager, move_customer_home
from campaigns.customers.services.consents import note_consent
from campaigns.customers.services.customers import add_customer
from campaigns.customers.services.identities import link_identity
from campaigns.customers.services.merges import merge_customers
from campaigns.customers.services.tags import tag_customers, untag_customers
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.consents import publish_all
from tests.support.customers import anonymous
from tests.support.events import tell, viewed

LIST = "/admin/customers/customer/"


def asked(desk: Client, address: str, says: str) -> Counter[str]:
    """The queries of a page, without what differs from one run to the next, and how often each was made."""
    desk.get(address)  # whatever is asked once in a while
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(address)
    assert page.status_code == 200 and says in page.content.decode()
    asked = (query["sql"].partition("WHERE")[0] for query in queries if "SAVEPOINT" not in query["sql"])
    return Counter(re.sub(r"'[^']*'|\d+", "?", each) for each in asked)


def tags_of_the_bank(cast: Cast) -> list[Tag]:
    with cast.ho_administrator.scope():
        Attribute.objects.update_or_create(code="age", defaults={"name": "年龄", "kind": "number"})
        category = TagCategory.objects.create(code="own", name="自有", owner=cast.branch["HO"])
        return [
            Tag.objects.create(code=code, category=category, name=code, kind="manual")
            for code in ("one", "two")
        ]


def desk_of(cast: Cast) -> Client:
    desk = Client()
    desk.force_login(cast.ho_administrator.login)
    return desk


def test_the_list_asks_as_much_for_sixty_customers_as_for_three(cast: Cast) -> None:
    [tag, _other] = tags_of_the_bank(cast)
    desk = desk_of(cast)

    def look_after(ids: list[Any]) -> None:
        with cast.ho_administrator.scope() as scope:
            tag_customers(scope=scope, tag_id=tag.pk, customer_ids=ids)
            for customer_id in ids:
                assign_manager(
                    scope=scope, customer_id=customer_id, person_id=cast.ho_administrator.person.pk
                )

    look_after([each.customer.pk for each in cast.customers.values()])
    few = asked(desk, LIST, "3 ")
    with system_scope(at=AT, cause="test") as scope:
        ids = [
            add_customer(
                scope=scope,
                branch_id=cast.branch["NB" if n % 2 else "SB"].pk,
                number=f"C-{n:08}",
                attributes={"age": n},
            ).pk
            for n in range(57)
        ]
    look_after(ids[:9])
    for address in (f"{LIST}?care=mine", desk.post(f"{LIST}search/", {"q": "0001"})["Location"]):
        assert asked(desk, address, "****00").total() <= few.total() + 1
    assert asked(desk, LIST, "60 ") == few


def test_a_customers_page_asks_as_much_after_sixty_things_as_after_three(cast: Cast) -> None:
    publish_all()
    one, other = tags_of_the_bank(cast)
    customer = cast.customers["nb"].customer
    desk = desk_of(cast)
    page = f"{LIST}{customer.pk}/change/"

    def rounds(numbers: range) -> None:
        """Seen, said, tagged; moved, looked after, linked and merged."""
        tell(cast.customers["nb"], *(viewed(AT + timedelta(seconds=n)) for n in numbers))
        for n in (n for n in numbers if n < 3 or n % 4 == 0):
            with cast.ho_administrator.scope(at=AT + timedelta(seconds=n)) as scope:
                note_consent(
                    scope=scope, customer_id=customer.pk, purpose="marketing", channel="sms",
                    is_given=n % 2 == 0, source="paper", evidence=f"表单 {n}",
                )  # fmt: skip
                tag, last = (one, other) if n % 2 else (other, one)
                tag_customers(scope=scope, tag_id=tag.pk, customer_ids=[customer.pk])
                untag_customers(scope=scope, tag_id=last.pk, customer_ids=[customer.pk])
                if n > 2 and n % 12:
                    continue
                home, person = ("SB", "ho_auditor") if n % 2 else ("NB", "ho_administrator")
                move_customer_home(scope=scope, customer_id=customer.pk, branch_id=cast.branch[home].pk)
                assign_manager(scope=scope, customer_id=customer.pk, person_id=cast.play(person).person.pk)
            with system_scope(at=AT + timedelta(seconds=n), cause="test") as scope:
                own = {"kind": "openid", "value": f"own-{n}", "app": "wx", "source": "test"}
                link_identity(scope=scope, customer_id=customer.pk, **own)
                gone = anonymous(scope, cast, "NB", f"gone-{n}")
                merge_customers(scope=scope, kept=customer.pk, absorbed=gone, why={"by": "link", "kinds": []})

    rounds(range(3))
    few = asked(desk, page, "****0001")
    rounds(range(3, 60))
    assert asked(desk, page, "before=") == few
