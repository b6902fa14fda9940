"""When two customers are one, and which of them stays; pure functions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from campaigns.customers.identity_rules import DEVICE, PERSONAL

Verdict = Literal["merge", "propose", "leave"]

_ABSENT = {"absent": True}


@dataclass(frozen=True, slots=True)
class Party:
    """One of two customers who may be one. `is_known`: the bank itself knows a number of this customer."""

    id: UUID
    is_known: bool
    status: str
    joined_at: datetime


def verdict_on(*, first: Party, second: Party, kinds: Collection[str]) -> Verdict:
    """What is to be done about two customers who both have identities of these kinds in common.

    Nobody whom the bank knows is merged into another whom it knows without staff: the accounts, consents and points of
    two people would be one, and both would see it. Nor is one who was blocked.
    """
    if not set(kinds) - {DEVICE}:
        return "leave"
    if (first.is_known and second.is_known) or {first.status, second.status} != {"active"}:
        return "propose"
    return "merge" if PERSONAL & set(kinds) else "propose"


def kept_of(first: Party, second: Party) -> tuple[UUID, UUID]:
    """Which stays and which goes: the known one stays, of two alike the one who came first."""
    kept, absorbed = sorted((first, second), key=lambda each: (not each.is_known, each.joined_at, each.id))
    return kept.id, absorbed.id


@dataclass(frozen=True, slots=True)
class Written:
    """Attributes of one of two customers, and when they changed last."""

    values: Mapping[str, Any]
    at: datetime


def united_attributes(*, kept: Written, absorbed: Written) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The attributes of both, the newer of the two first; and what was written over: name -> [before, after]."""
    older, newer = (kept, absorbed) if absorbed.at > kept.at else (absorbed, kept)
    united = {**older.values, **newer.values}
    brought = {
        name: [kept.values.get(name, _ABSENT), value]
        for name, value in united.items()
        if name not in kept.values or kept.values[name] != value
    }
    return united, brought


def parted_attributes(*, values: Mapping[str, Any], brought: Mapping[str, list[Any]]) -> dict[str, Any]:
    """`values` without what a merge had `brought`; what changed since is left as it is."""
    parted = dict(values)
    for name, (before, after) in brought.items():
        if name in parted and parted[name] == after:
            if before == _ABSENT:
                del parted[name]
            else:
                parted[name] = before
    return parted
