"""What an evidence sheet says, as plain immutable values: text, moments in UTC, numbers, bytes of small pictures.

Words are in Chinese whoever asks, since the sheet is for others. Equal trees make equal sheets, byte for byte: the
moment of making is not part of it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of what was approved, as the reviewer read it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that the approved content shows: where the content names it, and the SHA-256 it is frozen with."""

    where: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A small picture of what was approved. `body` is empty when the file is gone, or no longer the one approved."""

    label: str
    sha256: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """What one person decided, having seen the content of `sha256`. `on_behalf_of`: who delegated it, or ""."""

    person: str
    person_id: UUID
    verdict: str
    words: str
    comment: str
    sha256: str
    at: datetime
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the review: who was asked, under which rule, and what they decided."""

    title: str
    rule: str
    decisions: tuple[Decided, ...]
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a compliance check found at submission, and who acknowledged it."""

    check: str
    words: str
    place: str
    how: str
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The revision came into `state` ("approved": live from then on)."""

    state: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """An audit row of the thing; `seal` is the number of the seal that covers it, None while it is open."""

    id: UUID
    at: datetime
    words: str
    verb: str
    seal: int | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal of the audit chain."""

    number: int
    since: datetime
    until: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Approved:
    """What was hashed: `canonical` is the exact text whose UTF-8 bytes have the SHA-256 `sha256`."""

    sha256: str
    canonical: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """The whole sheet. `number` names it; `deeds_left_out`: older audit rows that it does not list."""

    number: str
    kind: str
    kind_words: str
    subject: str
    title: str
    revision: int
    revision_id: UUID
    state: str
    state_words: str
    branch: str
    branch_code: str
    made_by: str
    made_by_id: UUID
    kept_by_id: UUID | None
    submitted_at: datetime
    approved: Approved
    facts: tuple[Fact, ...]
    pictures: tuple[Shown, ...]
    files: tuple[File, ...]
    stages: tuple[Stage, ...]
    findings: tuple[Finding, ...]
    moves: tuple[Moved, ...]
    deeds: tuple[Deed, ...]
    deeds_left_out: bool
    seals: tuple[Sealed, ...]
