"""Asking every address as everybody, about a thing at every place: what came back, and whether anything was written.

Seen from the province North: its own thing, one of a branch below it, one of head office above it, one of the
province beside it, and one that does not exist. A customer's own is what their branch shows them.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.http import HttpRequest
from django.template import engines
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from django.urls import resolve
from fpdf import FPDF

from campaigns.access.models import Session
from campaigns.approvals.models import Revision
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.tenants.doors import ASSIGNMENT_KEY
from campaigns.tenants.roles import PRESETS
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import assign_role
from campaigns.tenants.services.people import add_login, add_person
from config.desk.site import BankSite
from config.rights.cells import Cell
from content.addresses import staff_address
from tests.leaks.asking import body_of, path_of
from tests.leaks.everything import ALL, KNOWN
from tests.leaks.forms import filled
from tests.leaks.objects import World
from tests.leaks.table import Row
from tests.support.cast import AT, PASSWORD, Player
from tests.support.content import png

# table -> how many rows, and the latest transaction that wrote one
Fingerprint = dict[str, tuple[int, int]]

# Three who hold no role: a customer; the administrator with the key of the other door (a token at the admin, a
# session at the API); and nobody.
PARTIES = (*PRESETS, "customer", "wrong_key", "anonymous")

# place -> where its thing lies, the first that has one
PLACES = {"own": ("N",), "child": ("NB",), "parent": ("HO",), "sibling": ("S", "SB"), "absent": ("absent",)}
PLACES_OF_CUSTOMERS = {
    "own": ("NB",), "parent": ("N", "HO"), "sibling": ("SB",), "other": ("C2",), "absent": ("absent",),
}  # fmt: skip
ELSEWHERE = ("parent", "sibling", "other", "absent")
ASKED = [name for name, row in KNOWN.items() if row.who != "public"]

# What an address asks about, where it answers nothing without.
QUERIES = {"admin:autocomplete": "?app_label=content&model_name=placement&field_name=item&term="}

# What is said at the door.
TURNED_AWAY = {"401", "403", "302 login"}

# Tables that a refusal may write to, each with the reason.
MAY_CHANGE = {
    "access_session": "when somebody was last seen, and a message for the next page",
    "audit_securityrecord": "what is refused at the door is what it records",
    "requests_requestkey": "a refused request's answer is kept, so that its retry hears the same",
}


class _Door(ClientHandler):
    """All of the middleware and the view. What a page then paints is asked elsewhere (test_leaks.py): painting is
    most of a request's time, and happens after everything that a right decides.
    """

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=False)
        self.load_middleware()
        self.blank = engines["django"].from_string("")
        self._template_response_middleware.append(self.paint_nothing)

    def __call__(self, environ: Any) -> Any:
        # The sidebar, and what else stands round every page, is painting too; and so is setting a sheet's font into it,
        # once all that it says is there: a second for each PDF.
        with (
            patch.object(BankSite, "each_context", lambda _site, _request: {}),
            patch.object(FPDF, "output", lambda _sheet: bytearray()),
        ):
            return super().__call__(environ)

    def paint_nothing(self, _request: HttpRequest, response: Any) -> Any:
        response.template_name = self.blank
        return response


class _Line(RequestFactory):
    """One party's requests, without the test client's copies of every template's context."""

    def __init__(self, door: ClientHandler, session: str = "") -> None:
        super().__init__()
        self.door = door
        if session:
            self.cookies[settings.SESSION_COOKIE_NAME] = session

    def request(self, **environ: Any) -> Any:
        return self.door(self._base_environ(**environ))


class Parties:
    """Everybody who asks, hired and logged in once."""

    def __init__(self, world: World) -> None:
        self.players = {role: _hired(world, role, number) for number, role in enumerate(PRESETS)}
        self.world = world
        self.door, self.painting = _Door(), ClientHandler(enforce_csrf_checks=False)
        self.sessions = {name: _session(player) for name, player in self.players.items()}
        self.signed: dict[tuple[str, str], str] = {}
        self.session_of_everything = _session(world.makers["N"])

    def headers(self, party: str, is_api: bool) -> tuple[dict[str, str], str]:
        """Headers and the session's key of `party`."""
        if party == "customer":
            return self.world.customers["nb"].headers(), ""
        if party == "anonymous":
            return {}, ""
        player = self.players["administrator" if party == "wrong_key" else party]
        if is_api == (party != "wrong_key"):
            token = tokens.issue(
                kind="staff", subject=str(player.login.pk), seconds=900, assignment=str(player.assignment.pk)
            )
            return {"Authorization": f"Bearer {token}"}, ""
        return {}, self.sessions["administrator" if party == "wrong_key" else party]

    def path(self, party: str, question: "_Question") -> str:
        """The address of the thing; a picture's is signed for whoever asks."""
        path, _ids = path_of(ALL[question.address], KNOWN[question.address], self.world, question.at)
        path += QUERIES.get(question.address, "")
        if question.address != "admin:content_asset_media" or party not in PRESETS or question.at == "absent":
            return path
        if (party, question.at) not in self.signed:
            with self.players[party].scope(at=now()) as scope:
                rendition = self.world.ids["content.rendition"][question.at]
                self.signed[party, question.at] = staff_address(scope=scope, rendition_id=rendition)
        return self.signed[party, question.at]


def _hired(world: World, role: str, number: int) -> Player:
    branch = world.cast.branch["N"]
    with system_scope(at=AT, cause="test") as scope:
        person = add_person(scope=scope, branch_id=branch.pk, name=role, staff_number=f"T{number}")
        login = add_login(scope=scope, person=person, username=f"table.{role}", password=PASSWORD)
        held = assign_role(
            scope=scope, person=person, role=role, branch_id=branch.pk, held_from=AT.replace(month=1)
        )
    return Player(person, login, held)


def _session(player: Player) -> str:
    client = Client()
    client.force_login(player.login)
    session = client.session
    session[ASSIGNMENT_KEY] = str(player.assignment.pk)
    session.save()
    # Seen in a while from now: or each request after a minute would note that somebody was here.
    Session.objects.filter(login=player.login).update(seen_at=now() + timedelta(hours=1))
    return str(session.session_key)


def ask_everything(world: World) -> dict[Cell, str]:
    """Every cell of the table. Each request is rolled back, so none meets what another did."""
    # Thousands of refusals, each of which Django reports with its traceback.
    logging.disable(logging.CRITICAL)
    try:
        return _ask_everything(world)
    finally:
        logging.disable(logging.NOTSET)


def _ask_everything(world: World) -> dict[Cell, str]:
    parties = Parties(world)
    # What outlives a refusal is written on a second connection: that is taken back as well.
    transaction.set_autocommit(False, using="aside")
    before = fingerprint()
    found = {}
    for name in ASKED:
        row = KNOWN[name]
        places = dict(places_of(row, world))
        for method in _methods(name, row):
            asked = {
                place: _Question(name, method, at, _body(parties, name, row, at) if method == "post" else {})
                for place, at in places.items()
            }
            for party in PARTIES:
                said = _ask_about(parties, party, asked, before)
                found |= {Cell(name, place, method, party): answer for place, answer in said.items()}
    after = fingerprint()
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    transaction.set_autocommit(True, using="aside")
    return found


def places_of(row: Row, world: World) -> Iterator[tuple[str, str]]:
    """The row's places and where each one's thing lies; one nameless place for an address without a thing."""
    kinds = [kind for kind in row.takes.values() if kind[0] != "="]
    if not kinds:
        yield "", "N"
        return
    for place, candidates in (PLACES_OF_CUSTOMERS if row.who == "customer" else PLACES).items():
        for at in candidates:
            if at == "absent" or all(at in world.ids[kind] for kind in kinds):
                yield place, at
                break


def _methods(name: str, row: Row) -> tuple[str, ...]:
    """A history does nothing with what is sent; the page before a deletion is a side door of its own."""
    if name.startswith("admin:") and name.endswith(("_history", "_delete")):
        return ("get",) if name.endswith("_history") else ("post",)
    return row.methods


@dataclass(frozen=True)
class _Question:
    address: str
    method: str
    at: str
    body: dict[str, Any]


def _ask_about(
    parties: Parties, party: str, asked: dict[str, _Question], before: Fingerprint
) -> dict[str, str]:
    """One party's answers by place. Who is turned away alike from the own thing and from one that does not exist was
    so before anything was looked for, and is not asked about the others.
    """
    ends = [place for place in asked if place in {"", "own", "absent"}]
    said = {place: _ask(parties, party, asked[place], before) for place in ends}
    alike = said[ends[0]] if len(ends) == 2 and len(set(said.values())) == 1 else ""
    if alike not in TURNED_AWAY:
        alike = ""
    return {
        place: said.get(place) or alike or _ask(parties, party, question, before)
        for place, question in asked.items()
    }


def _ask(parties: Parties, party: str, question: _Question, before: Fingerprint) -> str:
    is_api = question.address.startswith("api:")
    headers, session = parties.headers(party, is_api)
    line = _Line(parties.door, session)
    path = parties.path(party, question)
    with transaction.atomic():
        if question.method == "get":
            response = line.get(path, headers=headers)
        elif is_api:
            headers["Idempotency-Key"] = f"rights-{new_id()}"
            response = line.post(path, question.body, content_type="application/json", headers=headers)
        else:
            # Each request reads its file to the end.
            body = {
                name: SimpleUploadedFile("new.png", value, "image/png") if isinstance(value, bytes) else value
                for name, value in question.body.items()
            }
            response = line.post(path, body, headers=headers)
        if response.streaming:
            b"".join(response.streaming_content)  # or its file stays open
        wrote = _wrote(before)
        transaction.set_rollback(True)
    if connections["aside"].connection is not None:
        transaction.rollback(using="aside")
    return " ".join([str(response.status_code), *_leads_to(response), *(["wrote"] if wrote else [])])


def _leads_to(response: Any) -> list[str]:
    if "Location" not in response.headers:
        return []
    name = resolve(urlsplit(response.headers["Location"]).path).url_name or "elsewhere"
    known = {"login": "login", "index": "home"}
    ends = {"_changelist": "list", "_change": "thing", "_add": "add"}
    return [known.get(name) or next((word for end, word in ends.items() if name.endswith(end)), name)]


def _wrote(before: Fingerprint) -> bool:
    """Whether the open transaction changed any table of ours.

    A transaction without a number has written nothing at all; only one with a number is looked at more closely.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned()")
        if cursor.fetchone()[0] is None:
            return False
    return fingerprint() != before


def fingerprint() -> Fingerprint:
    """Of each table that a refusal must leave alone: how many rows, and the latest transaction that wrote one.

    The server plans the two hundred queries once a connection; that took most of the time.
    """
    with system_scope(at=AT, cause="rights") as scope, connections["default"].cursor() as cursor:
        assert scope.facts
        cursor.execute("SELECT EXISTS (SELECT FROM pg_prepared_statements WHERE name = 'fingerprint')")
        if not cursor.fetchone()[0]:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                " AND table_type = 'BASE TABLE' AND has_table_privilege(format('%I', table_name), 'SELECT')"
            )
            names = sorted({name for (name,) in cursor.fetchall()} - set(MAY_CHANGE))
            cursor.execute(
                "PREPARE fingerprint AS "
                + " UNION ALL ".join(
                    f"SELECT '{name}', count(*), coalesce(max(xmin::text::bigint), 0) FROM {name}"
                    for name in names
                )
            )
        cursor.execute("EXECUTE fingerprint")
        return {name: (rows, latest) for name, rows, latest in cursor.fetchall()}


def _body(parties: Parties, name: str, row: Row, at: str) -> dict[str, Any]:
    """A POST that would succeed, where one is known: the page's own form, filled in, and the table's body."""
    body = body_of(row, parties.world)
    if name == "admin:approvals_revision_change" and at != "absent":
        with system_scope(at=AT, cause="rights"):
            revision = Revision.objects.get(pk=parties.world.ids["approvals.revision"][at])
        return {"verdict": "approve", "sha256": revision.sha256, "comment": ""}
    if name == "admin:content_asset_upload":
        return {**body, "files": png((7, 77, 177))}
    if not (name.startswith("admin:") and name.endswith(("_change", "_add", "_page")) and at in {"N", "NB"}):
        return body
    path, _ids = path_of(ALL[name], row, parties.world, at)
    page = _Line(parties.painting, parties.session_of_everything).get(path)
    return {**filled(page.content.decode(), parties.world), **body}
