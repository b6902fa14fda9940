"""Lays due work as a bank does, and writes down what was promised: `python -m tests.chaos.feed FILE`.

What a transaction promised counts when its commit was answered. Where the answer was lost, the same is laid again under
the same key until there is an answer. Some transactions are given up on purpose: nothing may come of them.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import django
from django.db import Error, connections, transaction

EVERY = 0.2
EACH = {"chaos.careful": 3, "chaos.careless": 1, "chaos.eager": 1}


def main(file: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.chaos.settings")
    django.setup()
    number = 0
    with file.open("a", buffering=1) as promised:
        while True:
            number += 1
            keys = [(kind, f"{number}-{n}-{kind[-5:]}") for kind, many in EACH.items() for n in range(many)]
            if number % 5 == 0:
                _keep_asking(partial(_lay_and_give_up, [(kind, f"void-{key}") for kind, key in keys]))
            _keep_asking(partial(_lay, keys))
            promised.writelines(f"{kind} {key}\n" for kind, key in keys)
            time.sleep(EVERY)


def _lay(keys: list[tuple[str, str]]) -> None:
    from campaigns.jobs.services.due import lay
    from campaigns.lib.clock import now
    from campaigns.tenants.scopes import system_scope

    with system_scope(at=now(), cause="chaos") as scope:
        for kind, key in keys:
            lay(
                scope=scope,
                kind=kind,
                subject=f"chaos.thing:{key}",
                version=key,
                at=scope.at + timedelta(seconds=1),
            )


class _GivenUp(Exception):
    pass


def _lay_and_give_up(keys: list[tuple[str, str]]) -> None:
    try:
        with transaction.atomic():
            _lay(keys)
            raise _GivenUp
    except _GivenUp:
        return


def _keep_asking(ask: Callable[[], None]) -> None:
    while True:
        try:
            return ask()
        except Error:
            connections.close_all()
            time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
