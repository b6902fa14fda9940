"""A small S3-compatible server on loopback: buckets in memory, signatures checked by its own reading of the standard.

Enough of the API for what content/stores.py asks: PUT, GET and HEAD of one object, deleting one or several. A wrong
signature is 403, as with a real one. `away` answers 503 to everything.
"""

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape, unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY, SECRET, BUCKET = "fenhang", "a secret of the tests", "media"


class Store:
    """What it holds by path ("/media/renditions/…"), what it was asked, and whether it is away."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.away = False
        self.address = ""

    def settings(self, **more: Any) -> dict[str, Any]:
        """MEDIA_S3 for this server."""
        return {"endpoint": self.address, "bucket": BUCKET, "key": KEY, "secret": SECRET} | more


@contextmanager
def s3_server() -> Iterator[Store]:
    """The server runs while the context is open."""
    store = Store()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: Any) -> None:
            return

        def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", headers.pop("length", str(len(body))))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            store.asked.append((self.command, path))
            if store.away:
                return self._answer(503)
            if not signed(self.command, self.path, dict(self.headers.items()), body):
                return self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            if self.command == "PUT":
                store.objects[path] = body
                return self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')
            if self.command == "POST" and urlsplit(self.path).query.startswith("delete"):
                # Several at once, which is how the library deletes one.
                gone = [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body.decode())]
                for key in gone:
                    store.objects.pop(f"{path.rstrip('/')}/{key}", None)
                told = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in gone)
                return self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())
            kept = store.objects.get(path)
            if self.command == "DELETE":
                store.objects.pop(path, None)
                return self._answer(204)
            if kept is None:
                return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            more = {
                "ETag": f'"{hashlib.md5(kept).hexdigest()}"',
                "Last_Modified": "Sun, 22 Nov 2026 02:00:00 GMT",
            }
            return self._answer(200, kept, **more)

        do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _handle  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    store.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def signed(method: str, target: str, headers: dict[str, str], body: bytes) -> bool:
    """Is the request signed with our key, by AWS's Signature Version 4?"""
    given = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    kind, _space, rest = given.get("authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    key, day, region, service, end = (parts.get("Credential", "") + "////").split("/")[:5]
    if (kind, key, service, end) != ("AWS4-HMAC-SHA256", KEY, "s3", "aws4_request"):
        return False
    digest = given.get("x-amz-content-sha256", "")
    if digest != "UNSIGNED-PAYLOAD" and digest != hashlib.sha256(body).hexdigest():
        return False
    url = urlsplit(target)
    names = parts.get("SignedHeaders", "").split(";")
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(url.query, keep_blank_values=True))
    )
    canonical = "\n".join(
        [
            method,
            url.path,
            query,
            *(f"{name}:{given.get(name, '')}" for name in names),
            "",
            ";".join(names),
            digest,
        ]
    )
    said = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            given.get("x-amz-date", ""),
            f"{day}/{region}/s3/aws4_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    secret = f"AWS4{SECRET}".encode()
    for step in (day, region, "s3", "aws4_request"):
        secret = hmac.digest(secret, step.encode(), "sha256")
    ours = hmac.new(secret, said.encode(), "sha256").hexdigest()
    return hmac.compare_digest(ours, parts.get("Signature", ""))
