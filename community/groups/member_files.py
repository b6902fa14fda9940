"""Who is named in a pasted text or a small file: one customer a line. The file is a stranger's and is read in memory,
within limits; nothing of it is kept.
"""

import csv
import io
import re
from collections.abc import Iterable

from campaigns.lib import workbooks
from campaigns.lib.text_tables import TextUnreadable, decoded, delimiter_of
from community.groups.refusals import MembersNotNamed

MOST_BYTES = 1_048_576
MOST_ROWS = 500
_MOST_COLUMNS = 60
_LIMITS = workbooks.Limits(unpacked=32 << 20, tags=2_000_000, beside=4 << 20)
_HEADINGS = ("客户号", "客户编号", "手机号", "手机号码", "customer number", "customer", "phone", "mobile")
_SEPARATORS = re.compile(r"[\s,;，；、]+")


def named_in_text(text: str) -> list[str]:
    """Numbers between blanks, commas and line ends. Raises MembersNotNamed for more than are taken."""
    return _checked([word for word in _SEPARATORS.split(text) if word])


def named_in_file(raw: bytes) -> list[str]:
    """The column of customers, by its heading or the first one; a first row without a digit is one of headings.

    Raises MembersNotNamed for what is no such list.
    """
    if len(raw) > MOST_BYTES:
        raise MembersNotNamed(most=MOST_ROWS)
    try:
        rows = [cells for cells in _rows(raw) if any(cell.strip() for cell in cells)]
    except (TextUnreadable, csv.Error, workbooks.WorkbookUnreadable, workbooks.WorkbookHostile) as error:
        raise MembersNotNamed(most=MOST_ROWS) from error
    if not rows:
        raise MembersNotNamed(most=MOST_ROWS)
    names = [cell.strip().lower() for cell in rows[0]]
    column = next((names.index(name) for name in _HEADINGS if name in names), None)
    is_headed = column is not None or not any(letter.isdigit() for letter in "".join(names))
    at = column or 0
    return _checked([row[at].strip() if at < len(row) else "" for row in rows[int(is_headed) :]])


def _rows(raw: bytes) -> Iterable[list[str]]:
    if raw.startswith(b"PK"):
        found = workbooks.rows_of_workbook(io.BytesIO(raw), max_columns=_MOST_COLUMNS, limits=_LIMITS)
        return [cells for _number, cells in found]
    text = decoded(raw)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)


def _checked(named: list[str]) -> list[str]:
    if not any(named) or len(named) > MOST_ROWS:
        raise MembersNotNamed(most=MOST_ROWS)
    return named
