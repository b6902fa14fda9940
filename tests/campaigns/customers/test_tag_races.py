"""Two who write the tags of one customer at once: spells and the array say the same afterwards, and all is in both."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connections

from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.services.tags import tag_customers, untag_customers
from campaigns.tenants.scopes import Scope, system_scope
from tests.campaigns.customers.test_tags import arrays, from_spells
from tests.support.cast import AT, Cast
from tests.support.races import together, until_one_waits

Act = Callable[[Scope], Any]

# What the triggers do not do: write the whole array again, from the spells that the statement sees.
_WHOLE = """
ALTER TABLE customers_tagging DISABLE TRIGGER customers_tags_given;
CREATE FUNCTION tags_written_whole() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    UPDATE customers_profile p SET tag_ids = w.tag_ids
      FROM (SELECT customer_id, array_agg(tag_id ORDER BY tag_id) AS tag_ids FROM customers_tagging
             WHERE until = '9999-12-31 00:00+00' GROUP BY customer_id) w
     WHERE w.customer_id = p.customer_id AND p.customer_id IN (SELECT customer_id FROM added);
    RETURN NULL;
END $$;
CREATE TRIGGER tags_written_whole AFTER INSERT ON customers_tagging REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tags_written_whole();
"""
_AS_BEFORE = """
DROP TRIGGER tags_written_whole ON customers_tagging;
DROP FUNCTION tags_written_whole();
ALTER TABLE customers_tagging ENABLE TRIGGER customers_tags_given;
"""


@contextmanager
def written_whole() -> Iterator[None]:
    """Inside, the array is read, made anew and written."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(_WHOLE)
    try:
        yield
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute(_AS_BEFORE)
        connections["owner"].close()


def at_once(first: Act, second: Act, *, day: int) -> None:
    """`first` has written and not committed when `second` comes to what it wrote, and waits."""
    begun = threading.Event()

    def one() -> None:
        with system_scope(at=AT + timedelta(days=day), cause="first") as scope:
            first(scope)
            begun.set()
            until_one_waits()

    def other() -> None:
        assert begun.wait(20)
        with system_scope(at=AT + timedelta(days=day), cause="second") as scope:
            second(scope)

    assert together([one, other]) == [None, None]


def test_two_writers_of_one_customer_lose_nothing_of_each_other(committed_cast: Cast) -> None:
    customer = committed_cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        add_category(scope=scope, code="value", name="价值", owner_id=committed_cast.branch["HO"].pk)
        a, b, c, d = (add_tag(scope=scope, code=code, category_code="value", name=code).pk for code in "abcd")

    def give(tag: int) -> Act:
        return lambda scope: tag_customers(scope=scope, tag_id=tag, customer_ids=[customer])

    def take(tag: int) -> Act:
        return lambda scope: untag_customers(scope=scope, tag_id=tag, customer_ids=[customer])

    def agreed() -> list[int]:
        with system_scope(at=AT, cause="test"):
            assert arrays() == from_spells()
            return arrays()[customer]

    for day, first, second, left in [
        (0, give(a), give(b), [a, b]),  # the first two of all: neither finds a profile
        (1, give(c), take(a), [b, c]),
        (2, take(b), give(a), [a, c]),
        (2, take(a), give(b), [b, c]),  # given in the same moment: its spell goes altogether
        (3, give(d), give(d), [b, c, d]),
        (4, take(b), take(c), [d]),
        (5, take(d), give(a), [a]),
    ]:
        at_once(first, second, day=day)
        assert agreed() == left

    # The control: had the array been written whole, the second would have written over what the first did.
    with written_whole():
        at_once(give(b), give(c), day=6)
    with system_scope(at=AT, cause="test"):
        assert from_spells()[customer] == [a, b, c]
        assert arrays()[customer] == [a, c]
