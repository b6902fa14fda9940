"""Asking an address as somebody, and making two answers comparable."""

import difflib
import re
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.test.client import ClientHandler
from django.urls import resolve, reverse

from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.tenants.doors import ASSIGNMENT_KEY
from tests.leaks.addresses import Address
from tests.leaks.objects import FOREIGN, PARENT, World, mark
from tests.leaks.table import ABSENT_NUMBER, ABSENT_UUID, Row
from tests.support.cast import Player

MARKS = {place: mark(place) for place in (*PARENT, *FOREIGN, "C2")}
# What differs between any two answers: form tokens, moments, ids of requests and problems.
_NOISE = [
    (re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*'), r"\1"),
    (re.compile(r'("csrf\w*":\s*")[^"]*'), r"\1"),
    (re.compile(r"nonce=\"[^\"]*\""), "nonce"),
    (re.compile(r"data-left=\"\d+\""), "left"),
    (re.compile(r"\d{1,2}:\d{2}(:\d{2})?"), "time"),
]


_MOMENTARY = {"Content-Length", "ETag", "Expires", "Date", "Last-Modified"}


@dataclass(frozen=True)
class Answer:
    """What came back, with the id asked for and the usual noise taken out."""

    status: int
    chain: tuple[tuple[str, int], ...]
    headers: tuple[tuple[str, str], ...]
    body: str
    forbidden: frozenset[str] = frozenset()

    def marks(self) -> set[str]:
        """Places whose marks this answer carries anywhere, though the asker may not know of them."""
        whole = self.body + repr(self.headers) + repr(self.chain)
        return {place for place in self.forbidden if MARKS[place] in whole}


class _Client(Client):
    """Without the test client's copies of every template's context, which nobody reads here."""

    def request(self, **request: Any) -> Any:
        with patch("django.test.client.store_rendered_templates", _keep_nothing):
            return super().request(**request)


def _keep_nothing(_kept: Any, signal: Any, sender: Any, template: Any, context: Any, **_more: Any) -> None:
    pass


# Loading the middleware takes longer than most requests: once is enough.
_HANDLER = ClientHandler(enforce_csrf_checks=False)


class Asker:
    """A client that speaks as one party."""

    def __init__(self, who: str, player: Any) -> None:
        self.client = _Client(raise_request_exception=True)
        self.client.handler = _HANDLER
        # Another customer's coupon is no secret of the branch's own staff.
        self.forbidden = set(MARKS) if who == "customer" else set(MARKS) - {"C2"}
        self.headers: dict[str, str] = {}
        if who == "staff":
            self.client.force_login(player.login)
            session = self.client.session
            session[ASSIGNMENT_KEY] = str(player.assignment.pk)
            session.save()
        elif who == "staff token":
            token = tokens.issue(
                kind="staff", subject=str(player.login.pk), seconds=900, assignment=str(player.assignment.pk)
            )
            self.headers = {"Authorization": f"Bearer {token}"}
        elif who == "customer":
            self.headers = player.headers()
        self.is_api = who in {"customer", "staff token"}

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, hide: tuple[Any, ...] = ()
    ) -> Answer:
        """One request; `hide`: ids that are taken out of the answer.

        Where it leads to a page without a thing, that page is not painted: it is asked for itself. What it would have
        been told to say is read in its place.
        """
        if method == "get":
            response = self.client.get(path, headers=self.headers)
        elif self.is_api:
            headers = {**self.headers, "Idempotency-Key": f"leak-{new_id()}"}
            response = self.client.post(path, body or {}, content_type="application/json", headers=headers)
        else:
            response = self.client.post(path, body or {}, headers=self.headers)
        chain, told = [], ""
        while "Location" in response.headers:
            url = response.headers["Location"]
            chain.append((_quiet(url, hide), response.status_code))
            told += self._told(response.wsgi_request)
            if "?" not in url and not resolve(urlsplit(url).path).kwargs:
                break
            response = self.client.get(url, headers=self.headers)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        headers = tuple(
            sorted((k, _quiet(v, hide)) for k, v in response.headers.items() if k not in _MOMENTARY)
        )
        text = content.decode(errors="replace")
        return Answer(
            response.status_code, tuple(chain), headers, _quiet(told + text, hide), frozenset(self.forbidden)
        )

    def _told(self, request: Any) -> str:
        """What the next page would have said; it will not."""
        queued = getattr(getattr(request, "_messages", None), "_queued_messages", ())
        self.client.cookies.pop("messages", None)
        if queued and request.session.pop("_messages", None):
            request.session.save()
        return "".join(f"{message.level} {message}\n" for message in queued)


def _quiet(text: str, hide: tuple[Any, ...]) -> str:
    for key in hide:
        text = text.replace(str(key), "«id»")
        if isinstance(key, int):  # as Chinese and English people write it
            text = text.replace(f"{key:,}", "«id»")
    for pattern, to in _NOISE:
        text = pattern.sub(to, text)
    return text


def difference(one: Answer, two: Answer) -> str:
    """Where two answers differ, in few words; "" when they are the same."""
    if one == two:
        return ""
    lines = [f"{one.status} {one.chain} {set(one.headers) ^ set(two.headers)} {two.status} {two.chain}"]
    lines += difflib.unified_diff(one.body.splitlines(), two.body.splitlines(), lineterm="", n=0)
    return "\n".join(line[:300] for line in lines[:30])


def path_of(address: Address, row: Row, world: World, place: str) -> tuple[str, tuple[Any, ...]]:
    """The path for the things at `place` (or "absent"), and the ids in it."""
    values = {parameter: key_of(kind, world, place) for parameter, kind in row.takes.items()}
    if "app_label" in address.parameters:
        values["app_label"] = "tenants"
    return reverse(address.name, kwargs=values), tuple(v for v in values.values() if not isinstance(v, str))


def key_of(kind: str, world: World, place: str) -> Any:
    """The id of the thing of `kind` at `place`; one that nothing has for "absent". "=word" stands for itself."""
    if kind.startswith("="):
        return kind[1:]
    if place != "absent":
        return world.ids[kind][place]
    return ABSENT_NUMBER if isinstance(next(iter(world.ids[kind].values())), int) else ABSENT_UUID


def body_of(row: Row, world: World) -> dict[str, Any]:
    """The row's form or JSON body, with "own:kind" filled in; "post" confirms a deletion."""
    filled = {
        name: key_of(value.removeprefix("own:"), world, "N") if str(value).startswith("own:") else value
        for name, value in row.body.items()
        if isinstance(value, str | int)
    }
    return {"post": "yes", **filled} if row.who == "staff" else filled


def player_of(row: Row, world: World) -> Player | Any:
    return world.customers["nb"] if row.who == "customer" else world.makers["N"]


def digest_of(world: World) -> dict[str, str]:
    """What stands in the foreign branches' rows, table by table. Ask it in the system's scope."""
    foreign = [world.cast.branch[place].pk for place in FOREIGN]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('SELECT %L, md5(string_agg(t::text, ''|'' ORDER BY t::text)) FROM %I t"
            " WHERE branch_id = ANY (%%s)', table_name, table_name), ' UNION ALL ')"
            " FROM information_schema.columns WHERE column_name = 'branch_pos' AND table_schema = 'public'"
        )
        (statement,) = cursor.fetchone()
        cursor.execute(statement, [foreign] * statement.count("%s"))
        return dict(cursor.fetchall())
