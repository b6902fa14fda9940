"""Kinds of due work whose effects can be counted: one that does as the house does, and two that know no better."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

from django.db import connection, transaction

from campaigns.jobs.adapters import Adapter, Letter, TryLater, register_adapter
from campaigns.jobs.due_models import Due
from campaigns.jobs.kinds import register_due
from campaigns.jobs.outbox_rules import NoAnswer, Terms
from campaigns.jobs.services.outbox import put
from campaigns.tenants.scopes import Scope

CAREFUL, CARELESS, EAGER = "chaos.careful", "chaos.careless", "chaos.eager"


def register_kinds() -> None:
    """Called once, when the applications are ready."""
    register_adapter(Adapter("chaos.post", "chaos", send=_deliver, terms=Terms(tries=1000, back_off=(1.0,))))
    register_due(CAREFUL, _careful, label="careful")
    register_due(CARELESS, _careless, label="careless")
    register_due(EAGER, _eager, label="eager")


def _effect(due: Due) -> None:
    """One row for each time it happened: nothing here would refuse a second one."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO chaos_effect (kind, key, run_at) VALUES (%s, %s, %s)",
                       [due.kind, due.version, due.run_at])  # fmt: skip


def _careful(scope: Scope, due: Due) -> None:
    _effect(due)
    put(
        scope=scope,
        adapter="chaos.post",
        subject=f"chaos.thing:{due.version.split('-')[-2]}",
        key=due.version,
        body={},
    )


def _careless(scope: Scope, due: Due) -> None:
    """The control: tells the world once it is committed, if it lives that long."""
    _effect(due)
    transaction.on_commit(lambda: _post(due.version))


def _eager(scope: Scope, due: Due) -> None:
    """The other control: tells the world before it is committed, and it may never be."""
    _post(due.version)
    _effect(due)


def _deliver(letter: Letter, terms: Terms) -> Mapping[str, Any]:
    try:
        _post(letter.key)
    except OSError as error:
        raise TryLater(NoAnswer(reason=str(error))) from error
    return {}


def _post(key: str) -> None:
    # Without httpx: it loads certificates at each call, which took a whole core from the bank that is watched.
    told = Request(os.environ["CHAOS_RECEIVER"], data=b"", headers={"Idempotency-Key": key})
    with urlopen(told, timeout=5):
        pass
