"""A week of audit rows, as if written then."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.audit.models import Entry, SecurityRecord
from campaigns.audit.rules import first_id_at
from tests.support.cast import Cast

START = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 6
# All is over by then.
LATER = START + timedelta(days=DAYS, hours=3)


def id_at(moment: datetime, rng: random.Random) -> UUID:
    """A UUIDv7 of `moment`."""
    tail = (0x7 << 76) | (rng.getrandbits(12) << 64) | (0b10 << 62) | rng.getrandbits(62)
    return UUID(int=first_id_at(moment).int | tail)


def write_week(cast: Cast, *, entries: int, records: int, using: str = "default") -> None:
    """Rows over the days from START; day 4 is without any. Ask it in the system's scope."""
    rng = random.Random(11)
    branches = list(cast.branch.values())

    def moment() -> datetime:
        day = rng.choice([0, 1, 2, 3, 5])
        return START + timedelta(days=day, milliseconds=rng.randrange(86_400_000))

    made: list[Any] = []
    for n in range(entries):
        at, branch = moment(), rng.choice(branches)
        made.append(
            Entry(
                id=id_at(at + timedelta(milliseconds=20), rng), branch=branch, branch_pos=branch.pos, at=at,
                actor=f"tenants.person:{n % 7}", actor_name="王敏", verb=f"content.item.{'add' if n % 2 else 'change'}",
                subject=f"content.item:{n % 13}", subject_name=f"春节存款\t{n}\\", detail={"步": n, "why": "a\nb"},
                request_id=id_at(at, rng),
            )
        )  # fmt: skip
    Entry.objects.using(using).bulk_create(made)
    SecurityRecord.objects.using(using).bulk_create(
        SecurityRecord(
            id=id_at(at := moment(), rng), at=at, kind="login.failed", who=f"谁{n}", address="10.1.2.3", detail={"n": n}
        )
        for n in range(records)
    )  # fmt: skip
