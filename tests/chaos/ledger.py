"""What was promised beside what happened."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.chaos.customers import Claims
from tests.chaos.receiver import Receiver

EFFECTS = "SELECT kind, key, extract(epoch FROM at - run_at) FROM chaos_effect"
LAID = "SELECT kind, version FROM jobs_due WHERE kind LIKE 'chaos.%'"
OPEN = """
SELECT (SELECT count(*) FROM jobs_due WHERE kind LIKE 'chaos.%' AND state IN ('waiting', 'running'))
     + (SELECT count(*) FROM jobs_message WHERE adapter = 'chaos.post' AND state IN ('waiting', 'sending'))
"""
LEFT = """
SELECT 'due ' || kind, state, tries, ready_at - now(), why::text FROM jobs_due
 WHERE kind LIKE 'chaos.%' AND state IN ('waiting', 'running', 'dead')
UNION ALL
SELECT 'message', state, tries, ready_at - now(), why::text FROM jobs_message
 WHERE adapter = 'chaos.post' AND state IN ('waiting', 'sending', 'dead') LIMIT 5
"""
LAST = "SELECT extract(epoch FROM at)::float8 FROM chaos_effect ORDER BY id DESC LIMIT 1"
COUPONS = "SELECT id::text FROM rewards_coupon WHERE batch_id = %s"


@dataclass
class Account:
    """Missing: promised and not done. Phantom: done and never promised. Doubled: done more than once."""

    promised: int = 0
    missing: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    sent_again: int = 0  # messages that came twice under one key: allowed, the receiver knows them
    careless_lost: int = 0
    eager_told_again: int = 0
    lateness: list[float] = field(default_factory=list)  # seconds, of what was done

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.phantom or self.doubled)


def last_effect(owner: str) -> float:
    """When something was last carried out (seconds since 1970); 0.0 when nobody can tell."""
    try:
        with psycopg.connect(owner, connect_timeout=2) as connection:
            row = connection.execute(LAST).fetchone()
    except psycopg.Error:
        return 0.0
    return float(row[0]) if row else 0.0


def is_drained(owner: str) -> bool:
    """Is nothing left to be done?"""
    try:
        with psycopg.connect(owner, connect_timeout=2) as connection:
            row = connection.execute(OPEN).fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] == 0


def settle_up(*, owner: str, promised: Path, receiver: Receiver, claims: Claims | None) -> Account:
    """The account of one run, when it has drained."""
    given = {tuple(line.split()) for line in promised.read_text().splitlines() if line.count(" ") == 1}
    with psycopg.connect(owner) as connection:
        effects = connection.execute(EFFECTS).fetchall()
        laid = set(connection.execute(LAID).fetchall())
        left = [" ".join(map(str, row)) for row in connection.execute(LEFT)]
        held = [row[0] for row in connection.execute(COUPONS, [claims.batch_id])] if claims else []
    account = Account(promised=len(given), lateness=sorted(float(late) for _kind, _key, late in effects))
    done = Counter((kind, key) for kind, key, _late in effects)
    account.missing += [f"left undone: {row}" for row in left]
    account.missing += [f"effect {kind} {key}" for kind, key in sorted(given - set(done))]
    account.phantom += [
        f"effect {kind} {key}" for kind, key in done if key.startswith("void") or (kind, key) not in laid
    ]
    account.doubled += [f"effect {kind} {key}" for (kind, key), many in done.items() if many > 1]
    careful = {key for kind, key in done if kind == "chaos.careful"}
    sent = {key for key in receiver.came if key.endswith("reful")}
    account.missing += [f"message {key}" for key in sorted(careful - sent)]
    account.phantom += [f"message {key}" for key in sorted(sent - careful)]
    account.sent_again = sum(receiver.came[key] > 1 for key in sent)
    account.careless_lost = sum(not receiver.came[key] for kind, key in done if kind == "chaos.careless")
    account.eager_told_again = sum(receiver.came[key] > 1 for kind, key in done if kind == "chaos.eager")
    if claims:
        told = [coupon for coupon in claims.told.values() if not coupon.startswith("refused")]
        account.promised += len(told)
        account.missing += [f"coupon {coupon}" for coupon in set(told) - set(held)]
        account.phantom += [f"coupon {coupon}" for coupon in set(held) - set(told)]
        account.doubled += [f"coupon {coupon}" for coupon, many in Counter(told).items() if many > 1]
        account.missing += [told for told in claims.told.values() if told.startswith("refused")]
    return account
