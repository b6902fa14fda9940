"""PostgreSQL and Valkey from wheels, for a machine that has neither. Imports no Django; cheap to import.

Their files lie below `var/<instance>/`. They listen on Unix sockets only, in a folder that only their user enters,
and ask for generated passwords all the same. `ensure` runs them for as long as a command or a test run needs
them; `manage.py up` runs them under the supervisor.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from config.embedded.keys import secrets_of as secrets
from config.embedded.places import instance_dir, var_dir
from config.embedded.words import StartRefused

__all__ = [
    "Addresses",
    "StartRefused",
    "addresses",
    "ensure",
    "instance_dir",
    "instance_name",
    "is_external",
    "secrets",
    "start_for_tests",
    "var_dir",
]


@dataclass(frozen=True)
class Addresses:
    """Where the embedded servers of an instance listen, running or not."""

    database_url: str
    database_owner_url: str
    redis_url: str


def instance_name() -> str:
    """FENHANG_INSTANCE, or `main`."""
    return os.environ.get("FENHANG_INSTANCE") or "main"


def addresses(name: str = "main") -> Addresses:
    """The addresses of instance `name`; makes its secrets when there are none yet."""
    from config.embedded import places

    keys = secrets(name)
    folder = places.socket_dir(name)
    # The workers of a test run share the server and have a database of it each, as they do in PostgreSQL.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    valkey_database = int(worker.removeprefix("gw")) + 1 if worker.removeprefix("gw").isdigit() else 0
    query = urlencode({"host": str(folder), "port": "5432"})
    return Addresses(
        database_url=f"postgresql://fenhang_app:{keys['app_password']}@/fenhang?{query}",
        database_owner_url=f"postgresql://fenhang_owner:{keys['owner_password']}@/fenhang?{query}",
        redis_url=f"unix://:{keys['valkey_password']}@{quote(str(folder / 'valkey.sock'))}?db={valkey_database}",
    )


def is_external() -> bool:
    """Is the database somebody else's? Raises StartRefused when only one of its two addresses is set."""
    pair = ("DATABASE_URL", "DATABASE_OWNER_URL")
    missing = [variable for variable in pair if not os.environ.get(variable)]
    if len(missing) == 1:
        raise StartRefused("half_configured", missing=missing[0], all=", ".join(pair))
    return not missing


@contextmanager
def ensure(name: str | None = None, *, durable: bool = True) -> Iterator[None]:
    """Keep the services that no environment variable names running for the length of the block.

    Uses those of a running `up` or of another command; otherwise starts them and stops them at the end.
    `durable=False` trades safety against power loss for speed, for tests. Raises StartRefused in words.
    """
    from config.embedded.lifetime import Lifetime

    lifetime = Lifetime(name or instance_name(), durable=durable)
    lifetime.begin()
    try:
        yield
    finally:
        lifetime.end()


def start_for_tests() -> None:
    """Give this test run an embedded instance, until the process ends; call before Django's settings load.

    Sets FENHANG_INSTANCE to `test`, or to `test-<pid>` while another run has that. Does nothing in a child of such a
    run (a worker of pytest-xdist uses the instance of its controller), nor with an external database.
    """
    from config.embedded.lifetime import begin_for_tests

    begin_for_tests()
