"""How a word list is approved: like everything else that decides what customers may read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.finding_selectors import live_word_list_of, word_list_in_scope
from campaigns.approvals.kinds import Description, Frozen, Kind, Line, register
from campaigns.approvals.lists import Problem, Rules, document_of, read_list, rules_from
from campaigns.approvals.models import Finding, Revision
from campaigns.approvals.services.word_lists import publish_word_list, restore_word_list, withdraw_word_list
from campaigns.approvals.words import Searcher, Word, plain_word
from campaigns.lib.products import ProductClass
from campaigns.tenants.scopes import Scope

CODE = "approvals.wordlist"

_WRONG = {
    "four_parts": _("write: word | what it offends against | block or warn | what to do instead"),
    "severity": _("the third part is “block” or “warn”"),
    "too_short": _("one character alone stands in every text: write two or more"),
    "twice": _("stands in the list twice"),
    "word_and_exception": _("is a word and an exception at once"),
    "product_class": _("no such class of products"),
    "phrase": _("write: must: class | what the text must say | or this"),
    "host": _("is not the name of a site"),
    "too_many": _("are the most lines a list may have"),
}


def said_of(problem: Problem) -> str:
    """A problem of a list in the reader's language."""
    words = f"“{problem.said}” {_WRONG[problem.why]}"
    return gettext("line %(n)s: %(why)s") % {"n": problem.line, "why": words} if problem.line else words


def freeze_word_list(scope: Scope, word_list_id: UUID) -> Frozen:
    """The draft and what is wrong in it. Raises NotFound."""
    draft = word_list_in_scope(scope=scope, word_list_id=word_list_id)
    rules, problems = read_list(draft.text)
    missing = [said_of(problem) for problem in problems[:10]]
    if not draft.text.strip():
        # A list that shall say nothing any more says so in a note: nobody switches the words off by a slip.
        missing.append(gettext("at least one line; to switch a list off, leave a note in it (# why)"))
    payload = {"title": draft.title, "text": draft.text, **rules.document()}
    return Frozen(draft.title, payload, draft.branch_id, draft.branch_pos, missing)


def describe_word_list(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The list by its lines, so that two versions differ in lines."""
    rules = rules_from(payload)
    lines = [
        Line("title", gettext("title"), payload["title"]),
        Line("many", gettext("lines"), str(rules.count)),
    ]
    lines += [
        Line(
            f"word:{plain_word(word.word)}",
            word.word,
            f"{word.family} · {Finding.Severity(word.severity).label} · {word.reason}",
        )
        for word in rules.words
    ]
    lines += [Line(f"except:{plain_word(said)}", gettext("except"), said) for said in rules.exceptions]
    lines += [
        Line(
            f"must:{must.product_class}:{number}",
            gettext("must say: %(product)s") % {"product": ProductClass(must.product_class).label},
            " / ".join(must.phrases),
        )
        for number, must in enumerate(rules.musts)
    ]
    lines += [Line(f"host:{host}", gettext("links may lead to"), host) for host in rules.hosts]
    context = {"title": payload["title"], "rules": rules}
    return Description("approvals/phone_word_list.html", context, lines, styles=("approvals/findings.css",))


def differences(scope: Scope, revision: Revision) -> list[str]:
    """What of the list in force is not as it was approved."""
    from_payload = {
        "title": revision.payload["title"],
        "number": revision.number,
        "document": document_of(revision.payload),
        "sha256": revision.sha256,
        "handed_down": True,
    }
    live = live_word_list_of(scope=scope, revision_id=revision.pk)
    if live is None:
        return ["approvals_livewordlist"]
    return [name for name, value in from_payload.items() if getattr(live, name) != value]


KIND = Kind(
    code=CODE,
    label=_("word list"),
    freeze=freeze_word_list,
    go_live=lambda scope, revision: publish_word_list(scope=scope, revision=revision),
    take_down=lambda scope, word_list_id: withdraw_word_list(scope=scope, word_list_id=word_list_id),
    describe=describe_word_list,
    restore=lambda scope, word_list_id, payload: restore_word_list(
        scope=scope, word_list_id=word_list_id, payload=payload
    ),
    differences=differences,
)


def register_kind() -> None:
    """Called once, when the applications are ready."""
    register(KIND)


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a tried text, with the word that stands there."""

    text: str
    word: Word | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A list tried on a text: the text with its words marked, and what is wrong with the list."""

    rules: Rules
    problems: list[Problem]
    pieces: list[Piece]
    words: list[Word]


def try_list(*, text: str, sample: str) -> Trial:
    """What the list `text` finds in `sample`. Stores nothing; works with the lines that can be read."""
    rules, problems = read_list(text)
    pieces: list[Piece] = []
    done = 0
    found = Searcher(rules.words, rules.exceptions).hits(sample)
    for hit in found:
        # Two words may share characters: the second one is marked from where the first one ends.
        start = max(hit.start, done)
        if hit.end <= start:
            continue
        pieces += [Piece(sample[done:start]), Piece(sample[start : hit.end], hit.word)]
        done = hit.end
    pieces.append(Piece(sample[done:]))
    return Trial(
        rules, problems, [p for p in pieces if p.text], list(dict.fromkeys(hit.word for hit in found))
    )
