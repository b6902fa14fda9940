"""Are the bank's own servers there, new enough, and entered as the right roles? Asked before anything starts."""

import os
import socket

import psycopg

from config.embedded.postgres import MAJOR
from config.embedded.words import StartRefused

_ROLES = {"DATABASE_URL": "fenhang_app", "DATABASE_OWNER_URL": "fenhang_owner"}
_ADDRESSES = (*_ROLES, "REDIS_URL")


def check_environment() -> bool:
    """True for external servers, False for embedded ones. Raises StartRefused for a mixture or missing secrets."""
    if not os.environ.get("DATABASE_URL") and not os.environ.get("DATABASE_OWNER_URL"):
        return False
    _require("half_configured", _ADDRESSES)
    _require("no_secret", ("SECRET_KEY", "DATA_KEY"))
    return True


def check_databases() -> None:
    """Raises StartRefused when one of the two addresses leads nowhere, or to the wrong server or role."""
    for variable, role in _ROLES.items():
        try:
            with psycopg.connect(os.environ[variable], connect_timeout=5, autocommit=True) as connection:
                version = connection.info.server_version
                if version < MAJOR * 10000:
                    found = f"{version // 10000}.{version % 10000}"
                    raise StartRefused("database_too_old", variable=variable, found=found, wanted=MAJOR)
                row = connection.execute("SELECT session_user").fetchone()
        except psycopg.Error as failed:
            raise StartRefused("database_unreachable", variable=variable, reason=_line(failed)) from None
        assert row is not None
        if row[0] != role:
            raise StartRefused("database_role", variable=variable, found=row[0], wanted=role)


def check_redis() -> None:
    """Raises StartRefused when REDIS_URL leads nowhere."""
    import redis

    try:
        client = redis.Redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=5, socket_timeout=5)
        client.ping()
    except (redis.RedisError, OSError, ValueError) as failed:
        raise StartRefused("redis_unreachable", reason=_line(failed)) from None


def check_port(host: str, port: int) -> None:
    """Raises StartRefused when `host`:`port` cannot be listened on."""
    import errno

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server will: connections of an earlier run that still close do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OverflowError as wrong:
        raise StartRefused("bad_address", host=host, port=port, reason=wrong) from None
    except OSError as failed:
        if failed.errno == errno.EADDRINUSE:
            raise StartRefused("busy_port", host=host, port=port) from None
        raise StartRefused("bad_address", host=host, port=port, reason=failed.strerror) from None


def free_port(host: str, *, near: int) -> int:
    """`near` if it is free, else any that is."""
    try:
        check_port(host, near)
    except StartRefused:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    return near


def _require(code: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise StartRefused(code, missing=", ".join(missing), all=", ".join(names))


def _line(failed: BaseException) -> str:
    """What went wrong, without the address: it may hold a password."""
    lines = [line.strip() for line in str(failed).splitlines() if line.strip()]
    return (lines or [type(failed).__name__])[0]
