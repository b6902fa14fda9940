"""What services of this room share: a verb of the database that answers with a word, and a reason for the audit."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.refusals.desk import ReasonNotGiven

LEAST_REASON = 4  # characters


def ask(call: str, values: Sequence[Any], words: Mapping[str, type[Refusal]], **said: Any) -> None:
    """Call a verb that answers NULL when it is done; raises what its word means, with what the sentence says."""
    with connection.cursor() as cursor:
        cursor.execute(call, list(values))
        word = cursor.fetchone()[0]
    if word is not None:
        raise words.get(word, NotFound)(**said)


def reason_of(text: str) -> str:
    """As it is kept. Raises ReasonNotGiven for one that says nothing."""
    if len(text.strip()) < LEAST_REASON:
        raise ReasonNotGiven
    return text.strip()[:200]
