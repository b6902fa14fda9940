"""The sheet for machines. Pure."""

import base64
import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.evidence.tree import Evidence

FORMAT = "fenhang.evidence/1"

# What a third party needs, and nothing of ours; a test runs it over a sheet.
CHECK = """import base64, hashlib, json
sheet = json.load(open("evidence.json", encoding="utf-8"))
evidence = sheet["evidence"]
approved = evidence["approved"]
assert hashlib.sha256(approved["canonical"].encode()).hexdigest() == approved["sha256"]
text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
assert hashlib.sha256(text.encode()).hexdigest() == sheet["sheet"]["sha256"]
for picture in evidence["pictures"]:
    body = base64.b64decode(picture["body"])
    assert not body or hashlib.sha256(body).hexdigest() == picture["sha256"]
print("ok")"""


def plain(value: Any) -> Any:
    """The tree as JSON values: moments in ISO format in UTC, bytes in base64."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def sheet_hash(evidence: Evidence) -> str:
    """SHA-256 of the sheet: over its JSON with sorted keys, without blanks, as UTF-8."""
    text = json.dumps(plain(evidence), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def json_sheet(evidence: Evidence) -> bytes:
    """The JSON file; the same for the same evidence."""
    sheet = {
        "format": FORMAT,
        "sheet": {"number": evidence.number, "sha256": sheet_hash(evidence)},
        "evidence": plain(evidence),
        "how_to_check": CHECK.splitlines(),
    }
    return (json.dumps(sheet, indent=1, ensure_ascii=False) + "\n").encode()
