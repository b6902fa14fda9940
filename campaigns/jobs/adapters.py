"""Ways out of the system, by name; rooms above add theirs in apps.py.

    register_adapter(Adapter("http.hook", _("System of the bank"), send=send_hook, terms=Terms(order="strict")))

`send` is called in a thread of its own, outside any transaction, and may be called twice for one message: what it
sends must carry the message's key. It returns what is worth keeping of the answer, or raises one of the exceptions
below; it never writes to the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.jobs.outbox_rules import LONGEST_CALL, Terms
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message on its way: `body` is its JSON as text, `address` who receives it (`register_addressee`)."""

    id: UUID
    adapter: str
    account: str
    subject: str
    key: str
    body: str
    tries: int
    at: datetime
    lease_until: datetime
    attempt: UUID
    address: str = ""


class Unsent(Exception):
    """It did not get through; `refusal` says why in words."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal.code))
        self.refusal = refusal


class TryLater(Unsent):
    """No answer, or a broken one: it may or may not have arrived. Counts against message and gate."""


class Wait(Unsent):
    """The receiver takes nothing for so many seconds: the gate shuts, the message keeps its tries."""

    def __init__(self, refusal: Refusal, *, seconds: float) -> None:
        super().__init__(refusal)
        self.seconds = seconds


class Refused(Unsent):
    """It will never be taken: dead at once. The account itself is well."""


Send = Callable[[Letter, Terms], Mapping[str, Any]]


@dataclass(frozen=True)
class Adapter:
    """`label` is for people; `keeps`: fields of the body that stay when it is emptied; `addressed`: the body's "to"
    names who receives it, and is turned into an address at the moment of sending; its "purpose" is what consent is
    asked for.
    """

    code: str
    label: Any
    send: Send
    terms: Terms = field(default_factory=Terms)
    keeps: tuple[str, ...] = ()
    addressed: bool = False


_adapters: dict[str, Adapter] = {}

# (scope, references, adapter, purpose) -> by reference the address, or why there is none; who is unknown is left out.
FindAddresses = Callable[[Scope, Sequence[str], Adapter, str], Mapping[str, str | Refusal]]
_addressees: dict[str, FindAddresses] = {}


def register_adapter(adapter: Adapter) -> None:
    """Add a way out, or replace the one of the same code. Raises ValueError for terms that cannot be kept."""
    if adapter.terms.connect + adapter.terms.whole > LONGEST_CALL.total_seconds():
        raise ValueError(f"{adapter.code}: a call may take no more than {LONGEST_CALL.total_seconds():g} s")
    _adapters[adapter.code] = adapter


def adapters() -> Mapping[str, Adapter]:
    """Every way out by its code."""
    return dict(_adapters)


def register_addressee(kind: str, find: FindAddresses) -> None:
    """Let bodies name things of `kind` ("customers.customer") as receivers; `find` also asks whether they may be
    written to at this moment, for the `purpose` that the body names.
    """
    _addressees[kind] = find


def addresses_of(
    *, scope: Scope, adapter: Adapter, named: Sequence[str], purpose: str = ""
) -> dict[str, str | Refusal]:
    """Addresses of those who may receive, and of others why not. A name that is no reference of a registered kind is
    an address itself.
    """
    found: dict[str, str | Refusal] = {}
    by_kind: dict[str, list[str]] = {}
    for name in dict.fromkeys(named):
        try:
            kind = read_ref(name).kind
        except ValueError:
            kind = ""
        if kind in _addressees:
            by_kind.setdefault(kind, []).append(name)
        elif name:
            found[name] = name
    for kind, references in by_kind.items():
        found.update(_addressees[kind](scope, references, adapter, purpose))
    return found
