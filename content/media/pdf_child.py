"""Run as a program of its own, `python -I pdf_child.py OUT MOST_PAGES < file`: judges a PDF and writes it anew.

Prints one JSON object: {"pages": n}, or {"refused": why, "what": …} with why among locked, runs, pages, much,
damaged.
"""

import io
import json
import resource
import sys
from typing import Any

# Address space, with qpdf's own libraries in it; and seconds of the processor.
_MEMORY, _SECONDS = 320 * 1024 * 1024, 2
# A leaflet of 500 pages has some 10,000 objects.
_OBJECTS, _DEPTH = 60_000, 60
# What acts by itself or carries another file, wherever it stands. Names are compared as qpdf reads them, so that
# /Java#53cript is known.
_ACTS = {
    "/JavaScript",
    "/JS",
    "/AA",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToE",
    "/GoToR",
    "/EmbeddedFile",
    "/EmbeddedFiles",
    "/EF",
    "/RichMedia",
    "/RichMediaContent",
    "/Movie",
    "/Sound",
    "/Rendition",
    "/XFA",
    "/3D",
}
_LINKS = ("http://", "https://", "tel:", "mailto:")


class _Refused(Exception):
    """The verdict, as a dictionary."""


def main(out: str, most_pages: int) -> dict[str, Any]:
    """The verdict of the file on standard input; a good one is written to `out`."""
    import pikepdf

    raw = sys.stdin.buffer.read()
    if raw.count(b" obj") > _OBJECTS:
        return {"refused": "much"}
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        with pikepdf.open(io.BytesIO(raw), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                return {"refused": "locked"}
            pages = len(pdf.pages)
            if not pages:
                return {"refused": "damaged"}
            if pages > most_pages:
                return {"refused": "pages"}
            _look(pdf, pikepdf)
            for key in ("/Metadata", "/PieceInfo", "/OpenAction", "/Extensions"):
                if key in pdf.Root:
                    del pdf.Root[key]
            if "/Info" in pdf.trailer:
                del pdf.trailer["/Info"]
            pdf.save(
                out,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                compress_streams=True,
                stream_decode_level=pikepdf.StreamDecodeLevel.none,
            )
    except pikepdf.PasswordError:
        return {"refused": "locked"}
    except _Refused as refused:
        verdict: dict[str, Any] = refused.args[0]
        return verdict
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, IndexError):
        return {"refused": "damaged"}
    return {"pages": pages}


def _look(pdf: Any, pikepdf: Any) -> None:
    """Every object of the file, those in packed streams too."""
    seen = 0
    stack = [(each, 0) for each in pdf.objects]
    while stack:
        thing, depth = stack.pop()
        seen += 1
        if seen > 10 * _OBJECTS:
            raise _Refused({"refused": "much"})
        if depth > _DEPTH:
            raise _Refused({"refused": "damaged"})
        if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
            entries = (thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing).items()
            for name, value in entries:
                _check(str(name), value, pikepdf)
                if isinstance(value, pikepdf.Object) and not value.is_indirect:
                    stack.append((value, depth + 1))
        elif isinstance(thing, pikepdf.Array):
            for value in thing:
                if isinstance(value, pikepdf.Name) and str(value) in _ACTS:
                    raise _Refused({"refused": "runs", "what": str(value)})
                if isinstance(value, pikepdf.Object) and not value.is_indirect:
                    stack.append((value, depth + 1))


def _check(name: str, value: Any, pikepdf: Any) -> None:
    said = str(value) if isinstance(value, pikepdf.Name) else ""
    if name in _ACTS or (name in {"/S", "/Type", "/Subtype"} and said in _ACTS):
        raise _Refused({"refused": "runs", "what": name if name in _ACTS else said})
    if name == "/URI" and isinstance(value, pikepdf.String) and not str(value).lower().startswith(_LINKS):
        raise _Refused({"refused": "runs", "what": "/URI"})


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
