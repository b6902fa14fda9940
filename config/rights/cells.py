"""The table of rights as its file: one line for all places and methods of an address that answer alike. Pure."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "table.csv"


@dataclass(frozen=True, order=True)
class Cell:
    """One request: `method` at `address`, by `party`, about a thing at `place` ("" where there is no thing).

    Its answer is text: "403", "302 login" (where it leads), "302 thing wrote" (something was written).
    """

    address: str
    place: str
    method: str
    party: str


@cache
def table() -> dict[Cell, str]:
    """The installation's own table. Not to be changed by the caller."""
    return read(FILE.read_text())


def written(cells: dict[Cell, str], parties: tuple[str, ...]) -> str:
    """The cells as the file's text, sorted."""
    answers: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for cell, said in cells.items():
        answers[cell.address, cell.method, cell.place][cell.party] = said
    alike: dict[tuple[str, tuple[str, ...]], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (address, method, place), by_party in answers.items():
        alike[address, tuple(by_party[party] for party in parties)][method].append(place)
    lines = []
    for (address, answered), by_method in alike.items():
        by_places: dict[str, list[str]] = defaultdict(list)
        for method, places in by_method.items():
            by_places[" ".join(places)].append(method)
        lines += [(address, " ".join(methods), places, *answered) for places, methods in by_places.items()]
    head = ("address", "methods", "places", *parties)
    return "".join(",".join(line) + "\n" for line in [head, *sorted(lines)])


def read(text: str) -> dict[Cell, str]:
    """The cells of such a text."""
    return dict(_cells(text))


def _cells(text: str) -> Iterator[tuple[Cell, str]]:
    for line in csv.DictReader(text.splitlines()):
        address, methods, places = line.pop("address"), line.pop("methods"), line.pop("places")
        for method in methods.split():
            for place in places.split(" "):
                for party, said in line.items():
                    yield Cell(address, place, method, party), said
