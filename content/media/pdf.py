"""PDFs: looked at in a process of their own, which may use little time and memory, and written anew there.

qpdf is careful, and still C++ that reads what strangers send: `content/media/pdf_child.py` runs without our database,
keys or environment, and what it does not answer in time is refused.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from content.media.limits import (
    MEGABYTE,
    PDF,
    PDF_BYTES,
    PDF_PAGES,
    FileDamaged,
    FileIsLocked,
    FileTakesTooMuch,
    FileTooLarge,
    MayNotRun,
    Media,
    TooManyPages,
)

_CHILD = Path(__file__).with_name("pdf_child.py")
# The child's own limits end it first.
_SECONDS = 10


def looks_like(head: bytes) -> bool:
    """Do these first bytes begin a PDF? Readers look for the mark within the first 1,024."""
    return b"%PDF-" in head[:1024]


def take_pdf(source: BinaryIO, out: BinaryIO) -> Media:
    """Write the pages of `source` to `out`, without what is said about the file and what nothing refers to.

    Raises FileTooLarge, FileDamaged, FileIsLocked, MayNotRun, TooManyPages or FileTakesTooMuch.
    """
    source.seek(0)
    raw = source.read(PDF_BYTES + 1)
    if len(raw) > PDF_BYTES:
        raise FileTooLarge(kind=PDF, limit_mb=PDF_BYTES // MEGABYTE)
    with NamedTemporaryFile(suffix=".pdf") as kept:
        try:
            done = subprocess.run(  # noqa: S603  (our own program, and no words of the file's)
                [sys.executable, "-I", str(_CHILD), kept.name, str(PDF_PAGES)],
                input=raw,
                capture_output=True,
                timeout=_SECONDS,
                env={},
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise FileTakesTooMuch(kind=PDF) from late
        try:
            verdict = json.loads(done.stdout)
        except ValueError as silent:
            # Killed by its limits, or it fell over something.
            raise FileTakesTooMuch(kind=PDF) from silent
        _raise_for(verdict)
        out.write(Path(kept.name).read_bytes())
    return Media("pdf", {"pages": verdict["pages"]})


def _raise_for(verdict: dict[str, str]) -> None:
    why = verdict.get("refused")
    if why == "locked":
        raise FileIsLocked(kind=PDF)
    if why == "runs":
        raise MayNotRun(kind=PDF, what=verdict["what"])
    if why == "much":
        raise FileTakesTooMuch(kind=PDF)
    if why == "pages":
        raise TooManyPages(kind=PDF, limit=PDF_PAGES)
    if why:
        raise FileDamaged(kind=PDF)
