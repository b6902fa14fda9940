"""A private file as an answer: conditional and in parts, never sniffed, never run."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

# Nothing in it may load, run or be framed, should a browser ever take it for a page.
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class _InLargeBlocks(FileResponse):
    block_size = 65_536


def file_answer(
    request: HttpRequest,
    path: Path,
    *,
    content_type: str,
    etag: str,
    name: str,
    headers: dict[str, str],
    is_kept: bool = False,
) -> HttpResponseBase:
    """The file at `path`: 200, 206 for one range, 304 and 412 by condition, 416. Raises FileNotFoundError.

    `etag` is quoted and strong; `name` is what the file is called when kept, of letters that need no quoting.
    `headers` come from the caller, who decides about caching. `is_kept`: to be kept and not shown.
    """
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'{"attachment" if is_kept else "inline"}; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _POLICY,
        **headers,
    }
    size = os.stat(path).st_size
    bare = HttpResponse(content_type=content_type, headers=headers)
    answer = get_conditional_response(request, etag=etag, response=bare)
    if answer is not bare:
        assert answer is not None
        return answer
    span = _span(request, etag, size)
    if span is None:
        if request.method == "HEAD":
            bare["Content-Length"] = str(size)
            return bare
        return _InLargeBlocks(
            path.open("rb"), as_attachment=is_kept, filename=name, content_type=content_type, headers=headers
        )
    first, last = span
    if first > last:
        return HttpResponse(
            status=416, content_type=content_type, headers=headers | {"Content-Range": f"bytes */{size}"}
        )
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    # A player asks for all of a film at once, from its beginning or from its middle: never held in memory.
    parts = _blocks(path, first, last)
    return StreamingHttpResponse(parts, status=206, content_type=content_type, headers=headers)


def _blocks(path: Path, first: int, last: int) -> Iterator[bytes]:
    # Opened when the first block is asked for: what is never asked, as for HEAD, need not be closed.
    with path.open("rb") as content:
        content.seek(first)
        left = last - first + 1
        while left and (block := content.read(min(left, _InLargeBlocks.block_size))):
            left -= len(block)
            yield block


def _span(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole, first > last for what lies outside.

    Several ranges, and a range of another version of the file, are answered with the whole, as RFC 9110 allows.
    """
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if asked is None or asked.groups() == ("", "") or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size - 1)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
