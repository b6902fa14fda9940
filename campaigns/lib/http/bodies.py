"""JSON of the API: UTF-8, moments as RFC 3339 in UTC with "Z", ids as text, money as whole fen (`..._fen`)."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.http import RawPostDataException
from django.utils.functional import Promise
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from campaigns.lib.http.malformed import BodyTooLarge, BodyUnreadable

DEFAULT_MAX_BODY = 65_536  # bytes; nothing the mini-program sends comes near


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):  # lazily translated words
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is not for JSON")


def dumps(value: Any) -> bytes:
    """The bytes that go out."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None  # JSON has one encoding (RFC 8259)
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else dumps(data)


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        view = (parser_context or {}).get("view")
        limit = getattr(view, "max_body", DEFAULT_MAX_BODY)
        try:
            raw = stream.read(limit + 1)
        except (OSError, RawPostDataException) as error:  # the client went away
            raise BodyUnreadable from error
        if len(raw) > limit:
            raise BodyTooLarge(limit=limit)
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise BodyUnreadable from error
