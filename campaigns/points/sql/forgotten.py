"""Points that come back to somebody who is erased by now are given up: nobody has them, so nobody is owed them.

A burn of a time when two customers were one takes from the lots of both. They are two again, one is erased, and the
burn is taken back for the other: its parts go to the lots that gave them, and with one of those to nobody.
"""

from campaigns.points.sql.changes import FORFEIT as _FORFEIT
from campaigns.points.sql.changes import REVERSE as _REVERSE

_BEGINS = "    SELECT * INTO home FROM points_wallet w WHERE w.customer_id = customer;\n"
assert _FORFEIT.count(_BEGINS) == 1
_HEAD, _BODY = _FORFEIT.split(_BEGINS)

# All that this customer's lots have lapses, and debts are written off. The caller holds the wallet.
GIVE_UP = (
    "CREATE FUNCTION points_give_up(customer uuid, why text) RETURNS uuid LANGUAGE plpgsql AS VERB $$\n"
    "DECLARE made uuid; home points_wallet;\nBEGIN\n" + _BEGINS + _BODY
)
FORFEIT = (
    _HEAD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
        "no text; made uuid; open uuid[]; home points_wallet;", "no text; open uuid[];"
    )
    + "    RETURN points_give_up(customer, why);\nEND $$;\n"
)

_LAPSES = """
        PERFORM points_write_due(ARRAY(
            SELECT DISTINCT l.customer_id FROM points_entry e JOIN points_lot l ON l.id = e.lot_id
             WHERE e.movement_id = wanted));
"""
_GIVES_UP = """
        -- What came back to somebody who is erased nobody has.
        PERFORM points_give_up(g.id, '客户已注销 · customer erased') FROM (
            SELECT DISTINCT c.id FROM points_entry e JOIN points_lot l ON l.id = e.lot_id
              JOIN customers_customer c ON c.id = l.customer_id AND c.status = 'erased'
             WHERE e.movement_id = wanted) g;
"""
assert _REVERSE.count(_LAPSES) == 1
REVERSE = _REVERSE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    _LAPSES, _LAPSES + _GIVES_UP
)
