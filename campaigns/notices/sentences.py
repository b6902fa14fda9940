"""What notices say. Rooms above register theirs in `apps.py`; this room never names them.

    register_notice("approvals.sent_back", _("%(who)s sent “%(title)s” back: %(comment)s"), icon="undo")

What is kept of a notice is its code and arguments, so each reader hears it in the own language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from campaigns.audit.words import kind_of

# Longer words of others are cut: a line in an inbox is no letter.
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Sentence:
    """`words` is a lazy text with %(name)s for the arguments, and `kind` for the kind of the subject in words.

    Arguments whose names end in "_at" are moments in ISO format. `is_urgent` marks it in the list.
    """

    code: str
    words: Any
    icon: str
    is_urgent: bool


_SENTENCES: dict[str, Sentence] = {}


def register_notice(code: str, words: Any, *, icon: str = "notifications", is_urgent: bool = False) -> None:
    """Make `code` something that can be told. Raises ValueError when it means something else already."""
    said = Sentence(code, words, icon, is_urgent)
    if code in _SENTENCES and str(_SENTENCES[code].words) != str(words):
        raise ValueError(f"{code} is registered already")
    _SENTENCES[code] = said


def sentence_for(code: str) -> Sentence | None:
    """The sentence of this code; None for one that nobody registers any more."""
    return _SENTENCES.get(code)


class _Words(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def words_of(*, code: str, args: Mapping[str, Any], subject: str) -> str:
    """The line in the reader's language and time zone."""
    sentence = _SENTENCES.get(code)
    given = _Words({name: _shown(name, value) for name, value in args.items()})
    given["kind"] = kind_of(subject)
    if sentence is None:
        return gettext("Something has happened to “%(title)s”.") % given
    return str(sentence.words) % given


def _shown(name: str, value: Any) -> str:
    if name.endswith("_at"):
        return str(date_format(localtime(datetime.fromisoformat(str(value))), "SHORT_DATETIME_FORMAT"))
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
