"""The file of a copy: what is in it, and where it lies sealed until it is fetched."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from campaigns.lib.csv_files import csv_bytes


def packed_up(told: Mapping[str, list[Mapping[str, Any]]]) -> bytes:
    """One zip: everything as JSON, and each table as CSV that a spreadsheet opens."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("all.json", json.dumps(told, ensure_ascii=False, indent=1, default=str))
        for table, rows in told.items():
            head = list(dict.fromkeys(name for row in rows for name in row))
            lines = [["" if row.get(name) is None else _cell(row[name]) for name in head] for row in rows]
            packed.writestr(f"{table}.csv", csv_bytes(head, lines))
    return made.getvalue()


def _cell(value: Any) -> Any:
    return (
        value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False, default=str)
    )


def path_of(export_id: UUID) -> Path:
    """The sealed file; a folder holds 1/256 of all (the id's last digits are random)."""
    name = str(export_id)
    return Path(settings.MEDIA_ROOT) / "copies" / name[-2:] / name
