"""A customer sees own rows and nobody else's, whatever the query says."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.scopes import customer_scope
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import ScopeClosed
from tests.support.cast import AT, Cast


def test_a_customer_sees_only_own_rows_without_any_filter(cast: Cast) -> None:
    own = cast.customers["nb"].customer
    with cast.customers["nb"].scope() as scope, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, app_customer(), app_lo(), app_hi()")
        assert cursor.fetchone() == ("fenhang_customer", own.pk, None, None)
        assert [c.pk for c in Customer.objects.all()] == [own.pk]
        assert {i.customer_id for i in Identity.objects.all()} == {own.pk}
        assert scope.branch_id == cast.branch["NB"].pk
        assert scope.customer_id == own.pk
        assert scope.actor == f"customers.customer:{own.pk}"
        assert [b.code for b in Branch.objects.order_by("pos")] == ["HO", "N", "NC", "NB"]


def test_another_customers_id_answers_like_an_absent_one(cast: Cast) -> None:
    with cast.customers["nb"].scope():
        for foreign in (cast.customers["nb2"], cast.customers["sb"]):
            assert not Customer.objects.filter(pk=foreign.customer.pk).exists()
            assert not Identity.objects.filter(customer_id=foreign.customer.pk).exists()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM customers_customerkey",
        "SELECT * FROM customers_customerevent",
        "SELECT * FROM tenants_person",
        "UPDATE customers_customer SET status = 'active'",
        "UPDATE customers_refreshsession SET revoked_at = NULL",
        "DELETE FROM customers_identity",
        "INSERT INTO customers_customer SELECT * FROM customers_customer",
        "SELECT * FROM customer_by_identity('unionid', '')",
        "SELECT * FROM open_system_scope(now(), gen_random_uuid(), '{}')",
        "TRUNCATE customers_identity",
    ],
)
def test_what_a_customers_role_may_not_do_at_all(cast: Cast, statement: str) -> None:
    with (
        cast.customers["nb"].scope(),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_nothing_opens_for_a_blocked_erased_or_absent_customer(cast: Cast) -> None:
    player = cast.customers["nb"]
    for status in ("blocked", "erased"):
        with cast.ho_administrator.scope():
            Customer.objects.filter(pk=player.customer.pk).update(status=status)
        with pytest.raises(ScopeClosed), player.scope() as scope:
            assert scope.branch_id
    with pytest.raises(ScopeClosed), customer_scope(customer_id=new_id(), at=AT) as scope:
        assert scope.branch_id


def test_after_a_refused_opening_nobody_is_left_standing(cast: Cast) -> None:
    with pytest.raises(ScopeClosed), customer_scope(customer_id=new_id(), at=AT) as scope:
        assert scope.branch_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, app_customer(), app_branch()")
        assert cursor.fetchone() == ("fenhang_app", None, None)


def test_scopes_of_staff_and_customers_nest_and_give_each_other_back(cast: Cast) -> None:
    with cast.customers["nb"].scope():
        assert Customer.objects.count() == 1
        with cast.ho_administrator.scope():
            assert Customer.objects.count() == 3
            with cast.customers["sb"].scope(at=AT + timedelta(hours=1)):
                assert [c.pk for c in Customer.objects.all()] == [cast.customers["sb"].customer.pk]
            assert Person.objects.count() == 15
        assert Customer.objects.count() == 1


def test_staff_see_the_customers_of_their_branches_only(cast: Cast) -> None:
    nb, nb2, sb = (cast.customers[name].customer.pk for name in ("nb", "nb2", "sb"))
    with cast.nb_manager.scope():
        assert {c.pk for c in Customer.objects.all()} == {nb, nb2}
        assert {k.customer_id for k in CustomerKey.objects.all()} == {nb, nb2}
    with cast.south_editor.scope():
        assert {c.pk for c in Customer.objects.all()} == {sb}


def test_an_identity_cannot_be_hung_on_a_foreign_customer(cast: Cast) -> None:
    sb, home = cast.customers["sb"].customer, cast.branch["NB"]
    with (
        cast.nb_manager.scope(),
        pytest.raises(DatabaseError, match="customers_identity_follows_its_customer"),
        transaction.atomic(),
    ):
        Identity.objects.create(
            customer_id=sb.pk, branch=home, branch_pos=home.pos, kind="phone", lookup=b"x" * 32, value=b"x"
        )
