"""The first visible sheet of an organisation's .xlsx file, within this file's limits."""

from collections.abc import Iterator
from io import BytesIO

from campaigns.lib import workbooks
from campaigns.tenants.organisation.refusals import WorkbookHostile, WorkbookUnreadable

_LIMITS = workbooks.Limits(
    unpacked=60 * 1024 * 1024,
    tags=2_500_000,  # 20,000 rows of 20 filled cells have 1.7 million
    beside=60 * 1024 * 1024,
)


def rows_of_workbook(*, raw: bytes, max_columns: int) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts) of the first visible sheet. Raises WorkbookHostile, WorkbookUnreadable."""
    try:
        yield from workbooks.rows_of_workbook(BytesIO(raw), max_columns=max_columns, limits=_LIMITS)
    except workbooks.WorkbookHostile as error:
        raise WorkbookHostile from error
    except workbooks.WorkbookUnreadable as error:
        raise WorkbookUnreadable from error
