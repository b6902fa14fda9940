"""Word lists as people write them, and as checks use them. Pure.

# a note
保本 | 承诺收益 | 禁止 | 不得承诺保本
! 确保本行
必须：理财 | 理财非存款、产品有风险、投资须谨慎
域名：example.bank.cn
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.approvals.words import Searcher, Word, plain_word
from campaigns.lib.products import ProductClass

# What a new list begins with; a bank takes out what it does not want.
FIRST_WORDS = Path(__file__).with_name("first_words.txt")
LONGEST = 400_000  # characters of one list
MOST = 10_000  # lines that say something

_SEVERITY = {"block": "block", "禁止": "block", "warn": "warn", "提示": "warn"}
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$")
_KEYED = re.compile(r"(must|必须|host|域名)\s*[:：](.*)$", re.IGNORECASE)
_CLASSES = {code: code for code in ProductClass.values} | {
    "存款": "deposit",
    "理财": "wealth",
    "基金": "fund",
    "保险": "insurance",
    "贷款": "loan",
    "信用卡": "card",
    "贵金属": "metal",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line (numbered from 1): a code, and what stood there."""

    line: int
    why: str
    said: str


@dataclass(frozen=True, slots=True)
class Must:
    """A text about this class of products says one of these."""

    product_class: str
    phrases: tuple[str, ...]


@dataclass(slots=True)
class Rules:
    """What one list says. `hosts`: where links may lead, subdomains included; none: the list does not say."""

    words: list[Word] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    musts: list[Must] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.words) + len(self.exceptions) + len(self.musts) + len(self.hosts)

    def document(self) -> dict[str, Any]:
        """As JSON, for a revision's payload."""
        return {
            "words": [[w.word, w.family, w.severity, w.reason] for w in self.words],
            "exceptions": self.exceptions,
            "musts": [[m.product_class, *m.phrases] for m in self.musts],
            "hosts": self.hosts,
        }


def rules_from(document: Mapping[str, Any]) -> Rules:
    """The rules that `document` kept."""
    return Rules(
        words=[Word(*row) for row in document["words"]],
        exceptions=list(document["exceptions"]),
        musts=[Must(row[0], tuple(row[1:])) for row in document["musts"]],
        hosts=list(document["hosts"]),
    )


def document_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a revision's payload that a list in force keeps."""
    return {name: payload[name] for name in ("words", "exceptions", "musts", "hosts")}


def read_list(text: str) -> tuple[Rules, list[Problem]]:
    """The rules of a list, and what is wrong with the lines that could not be read."""
    rules, problems = Rules(), []
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line[0] in "#＃":
            continue
        why = _read_line(line, rules, seen, number)
        if why:
            problems.append(Problem(number, why, line[:60]))
    if rules.count > MOST:
        problems.append(Problem(0, "too_many", str(MOST)))
    return rules, problems


def _read_line(line: str, rules: Rules, seen: dict[tuple[str, str], int], number: int) -> str:
    """Adds one line to the rules, or says what is wrong with it."""
    if line[0] in "!！":
        return _read_exception(line[1:].strip(), rules, seen, number)
    if keyed := _KEYED.match(line):
        key, rest = keyed[1].lower(), keyed[2]
        return _read_must(rest, rules) if key in ("must", "必须") else _read_host(rest, rules)
    word, *rest = _cells(line)
    if len(rest) != 3 or not all(rest):
        return "four_parts"
    family, severity, reason = rest
    if severity.lower() not in _SEVERITY:
        return "severity"
    if why := _once(word, "word", seen, number):
        return why
    rules.words.append(Word(word, family, _SEVERITY[severity.lower()], reason))
    return ""


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"[|｜]", line)]


def _read_exception(said: str, rules: Rules, seen: dict[tuple[str, str], int], number: int) -> str:
    if why := _once(said, "exception", seen, number):
        return why
    rules.exceptions.append(said)
    return ""


def _once(said: str, what: str, seen: dict[tuple[str, str], int], number: int) -> str:
    """One character stands everywhere; and a word that is also an exception would never be found."""
    key = plain_word(said)
    if len(key) < 2:
        return "too_short"
    other = "exception" if what == "word" else "word"
    if (what, key) in seen:
        return "twice"
    if (other, key) in seen:
        return "word_and_exception"
    seen[what, key] = number
    return ""


def _read_must(rest: str, rules: Rules) -> str:
    named, *phrases = _cells(rest)
    phrases = [phrase for phrase in phrases if phrase]
    if named not in _CLASSES:
        return "product_class"
    if not phrases or any(len(plain_word(phrase)) < 2 for phrase in phrases):
        return "phrase"
    rules.musts.append(Must(_CLASSES[named], tuple(phrases)))
    return ""


def _read_host(rest: str, rules: Rules) -> str:
    host = rest.strip().lower()
    if not _HOST.match(host):
        return "host"
    rules.hosts.append(host)
    return ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A list that holds: which version of which branch's, and its words ready to be looked for."""

    version: str
    rules: Rules
    searcher: Searcher


def standing(*, version: str, document: Mapping[str, Any]) -> Standing:
    """A list ready for use."""
    rules = rules_from(document)
    return Standing(version, rules, Searcher(rules.words, rules.exceptions))


def allowed_hosts(lists: Sequence[Standing]) -> list[tuple[str, frozenset[str]]]:
    """The lists that say where links may lead, by version. A link is good when all of them allow it."""
    return [(each.version, frozenset(each.rules.hosts)) for each in lists if each.rules.hosts]
