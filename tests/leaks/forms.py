"""What a browser would send of a page's forms, with what they lack filled in."""

from html.parser import HTMLParser
from typing import Any

from tests.leaks.asking import key_of
from tests.leaks.objects import World
from tests.support.cast import PASSWORD


class Fields(HTMLParser):
    """What a browser would send of the page's forms, unchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self.select = self.area = ""
        self.takes_many = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "select":
            self.select, self.takes_many = name, "multiple" in given
            if not self.takes_many:  # of which nothing is sent while nothing is chosen
                self.values.setdefault(name, "")
        elif tag == "textarea":
            self.area = name
            self.values.setdefault(name, "")
        elif tag == "option" and self.select and "selected" in given:
            chosen = given.get("value") or ""
            if self.takes_many:
                self.values.setdefault(self.select, []).append(chosen)
            else:
                self.values[self.select] = chosen
        elif tag == "input" and name and _is_sent(given):
            self.values[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, text: str) -> None:
        if self.area:
            self.values[self.area] += text.removeprefix("\r\n")


# What forms ask for beside what they offer, by the name of the field; "own:kind" is a thing at North.
TYPED = {
    "title": "闹元宵", "name": "闹元宵", "summary": "闹元宵", "code": "NX9", "staff_number": "T99",
    "username": "north.new", "password": PASSWORD, "level": "branch", "role": "clerk", "branch": "own:tenants.branch",
    "parent": "own:tenants.branch", "other": "own:tenants.branch", "successor": "own:tenants.person",
    "item": "own:content.item", "asset": "own:content.asset", "campaign": "own:planning.campaign",
    "held_from_0": "2026-12-01", "held_from_1": "08:00", "starts_at_0": "2026-12-01", "starts_at_1": "08:00",
    "ends_at_0": "2026-12-31", "ends_at_1": "08:00", "event_kind": "core.received", "points": "5",
    "runs_from_0": "2026-12-01", "runs_from_1": "08:00", "runs_until_0": "2026-12-31", "runs_until_1": "08:00",
}  # fmt: skip


def _is_sent(given: dict[str, str | None]) -> bool:
    kind = given.get("type")
    return kind not in {"submit", "file", "radio"} and (kind != "checkbox" or "checked" in given)


def filled(page: str, world: World) -> dict[str, Any]:
    """The fields of a page, those that stand empty typed in."""
    fields = Fields()
    fields.feed(page)
    typed = {
        field: key_of(value[4:], world, "N") if value.startswith("own:") else value
        for field, value in TYPED.items()
        if fields.values.get(field) == ""
    }
    return {**fields.values, **typed}
