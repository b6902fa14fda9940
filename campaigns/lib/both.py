"""Words that are kept for readers of either language: {"zh": …, "en": …}, as JSON columns hold them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, override

from campaigns.lib.refusals import Refusal

Both = dict[str, str]

_LANGUAGES = {"zh": "zh-hans", "en": "en"}


def in_both(words: Any, **given: Any) -> Both:
    """A lazy text with %(name)s for what is given, said in each language; `given` may be lazy as well."""
    said = {}
    for short, language in _LANGUAGES.items():
        with override(language):
            said[short] = str(words) % {name: str(value) for name, value in given.items()}
    return said


def refusal_in_both(refusal: Refusal) -> Both:
    """Why not, in each language."""
    return {short: refusal.detail(language) for short, language in _LANGUAGES.items()}


def for_reader(words: Mapping[str, str] | None) -> str:
    """The words in the language of who reads; "" when there are none."""
    return (words or {}).get("zh" if (get_language() or "zh").startswith("zh") else "en", "")
