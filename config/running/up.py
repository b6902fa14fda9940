"""A whole bank by one command: what `manage.py up` does. Loads Django only when there is something to migrate."""

import argparse
import os
import time
from contextlib import ExitStack
from typing import Any

import psycopg

from config import embedded
from config.demo.words import log_ins
from config.embedded import external
from config.embedded.lifetime import InstanceLock, Service, ready_mark, wanted_services
from config.embedded.postgres import Postgres
from config.embedded.supervisor import StopAsked, Supervisor
from config.embedded.valkey import Valkey
from config.embedded.words import StartRefused, word
from config.running import bank_state, programs, reloading

HELP = "Start everything: services, migrations, the demo bank, web, worker and beat under one supervisor."

# Levels of stopping: programs first, then what they stand on.
_SERVICES, _PROGRAMS = 0, 1

# A stop takes 5 s at most; whoever holds the instance longer is another `up`.
_LOCK_PATIENCE = 7.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on")
    parser.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="load the demo bank into an empty database; only with the embedded one, where it is the default",
    )


def understood(arguments: list[str]) -> dict[str, Any] | None:
    """The options of a command line, or None when it asks for more than `up` alone can tell (--help, --settings)."""
    parser = argparse.ArgumentParser(prog="manage.py up", add_help=False)
    add_arguments(parser)
    options, rest = parser.parse_known_args(arguments)
    return None if rest else vars(options)


def run(*, host: str, port: int, demo: bool | None) -> None:
    """Serve until asked to stop. Raises StartRefused in words."""
    programs.keep_bytecode()
    with ExitStack() as stack:
        try:
            _Start(stack, host=host, port=port, demo=demo).run()
        except StopAsked:
            print(word("stopping"), flush=True)
    print(word("stopped"), flush=True)


class _Start:
    """One start, from nothing to serving. `run` ends by StopAsked or StartRefused; the stack cleans up."""

    def __init__(self, stack: ExitStack, *, host: str, port: int, demo: bool | None) -> None:
        self.began = time.monotonic()
        self.stack = stack
        self.host = host
        self.port = port
        self.is_external = external.check_environment()
        self.is_guarded = self.is_external or programs.is_https()
        self.wants_demo = not self.is_guarded if demo is None else demo
        if self.wants_demo and self.is_guarded:
            raise StartRefused("demo_guarded")
        self.says_demo_is_off = self.is_external and demo is None
        self.name = embedded.instance_name()
        self.services: list[Service] = []

    def run(self) -> None:
        external.check_port(self.host, self.port)
        lock = None if self.is_external else self._lock()
        self.reload_mark = reloading.mark_of(self.name)
        self.supervisor = self.stack.enter_context(
            Supervisor(keep=[lock.fileno()] if lock else [], reload_mark=self.reload_mark)
        )
        self.say = self.supervisor.say
        if self.is_external:
            self.say(word("using_external"))
            external.check_databases()
            external.check_redis()
        else:
            self._start_services()
        if self.is_external:
            self.owner_url = os.environ["DATABASE_OWNER_URL"]
        else:
            self.owner_url = embedded.addresses(self.name).database_owner_url
        try:
            if not bank_state.pending(self.owner_url) or not bank_state.migrate(self.owner_url):
                self.say(word("migrated"))
            is_demo = self._prepare_bank()
        except psycopg.Error as failed:
            raise StartRefused("migrate_failed", reason=str(failed).strip().splitlines()[0]) from failed
        self._start_programs(is_demo)
        self._say_addresses(is_demo)
        self._offer_reload()
        self.supervisor.run()

    def _offer_reload(self) -> None:
        """From here on `manage.py upgrade` may ask for new code."""
        self.reload_mark.unlink(missing_ok=True)
        serving = reloading.serving_mark(self.name)
        serving.parent.mkdir(parents=True, exist_ok=True)
        serving.touch()
        self.stack.callback(serving.unlink, missing_ok=True)

    def _lock(self) -> InstanceLock:
        lock = InstanceLock(self.name)
        deadline = time.monotonic() + _LOCK_PATIENCE
        said = False
        while not lock.acquire():
            # Another `up` that serves will not go away; one that was just killed will.
            if ready_mark(self.name).exists() and all(s.is_ready() for s in wanted_services(self.name)):
                raise StartRefused("busy_instance", name=self.name, holder=lock.holder())
            if time.monotonic() > deadline:
                raise StartRefused("busy_instance", name=self.name, holder=lock.holder())
            if not said:
                print(word("waiting_lock", name=self.name), flush=True)
                said = True
            time.sleep(0.2)
        self.stack.callback(lock.release)
        return lock

    def _start_services(self) -> None:
        mark = ready_mark(self.name)
        mark.unlink(missing_ok=True)
        self.stack.callback(mark.unlink, missing_ok=True)
        services = self.services = wanted_services(self.name)
        is_first = any(isinstance(s, Postgres) and s.is_new() for s in services)
        folder = services[0].folder
        self.say(word("starting_first", path=folder) if is_first else word("starting_services"))
        self.supervisor.start(*services, level=_SERVICES)
        for service in services:
            service.settle()
        mark.touch()

    def _prepare_bank(self) -> bool:
        """Is this run in demo mode? A bank that is not the demo never is, whatever was asked for."""
        bank = bank_state.look(self.owner_url)
        if not bank.is_empty:
            if self.wants_demo and not bank.is_demo:
                self.say(word("no_demo_bank"))
            return self.wants_demo and bank.is_demo
        if not self.wants_demo:
            if self.says_demo_is_off:
                self.say(word("external_no_demo"))
            self.say(word("empty_bank"))
            return False
        self.say(word("loading_demo"))
        bank_state.load_demo()
        for service in self.services:
            if isinstance(service, Postgres):
                service.write_out()
        return True

    def _start_programs(self, is_demo: bool) -> None:
        (embedded.var_dir() / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns of its absence
        wechat_port = None
        if is_demo:
            wechat_port = external.free_port("127.0.0.1", near=self.port + 1)
        environment = programs.environment_of(is_demo=is_demo, host=self.host, wechat_port=wechat_port)
        if self.is_guarded:
            programs.refuse_unsafe(environment)
        parts = [
            programs.web(self.host, self.port, environment),
            programs.worker(self.host, self.port, environment),
            programs.beat(self.host, self.port, environment),
        ]
        if wechat_port is not None:
            parts.append(programs.wechat_standin(wechat_port, environment))
        self.say(word("starting_parts", parts=", ".join(word(part.name) for part in parts)))
        for service in self.services:
            if isinstance(service, Valkey):
                service.forget_signs_of_life()
        self.supervisor.start(*parts, level=_PROGRAMS)
        # Nobody waits for these in the first seconds, and programs less to load are felt at the start.
        for later in (programs.outbox, programs.heavy):
            self.supervisor.start(later(self.host, self.port, environment), level=_PROGRAMS, wait=False)

    def _say_addresses(self, is_demo: bool) -> None:
        url = programs.url_of(self.host, self.port)
        self.say(word("ready", seconds=round(time.monotonic() - self.began, 1)))
        self.say("")
        self.say(word("address_admin", url=f"{url}/admin/"))
        self.say(word("address_api", url=f"{url}/api/v1/docs/"))
        self.say(word("address_health", url=f"{url}/readyz"))
        if is_demo:
            for line in log_ins(url):
                self.say(line)
        self.say("")
        self.say(word("ctrl_c"))
