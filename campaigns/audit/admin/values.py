"""Values of any column as people read them."""

import contextlib
import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, Field, ForeignKey, Model
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.html import strip_tags
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from campaigns.lib.clock import FOREVER
from campaigns.lib.money import yuan

NOTHING = "–"
HIDDEN = "••••••"
# Longer texts are cut: a page of before and after is for seeing what changed.
_LONGEST = 600
# Parts of names of columns whose values are nobody's to read, ciphertext or not.
_SECRET = ("password", "secret", "wrapped", "token", "lookup", "hash")


def is_sealed(field: "Field[Any, Any]") -> bool:
    """Is it ciphertext or a hash, of which not even a mask says anything?"""
    return isinstance(field, BinaryField)


def is_secret(field: "Field[Any, Any]") -> bool:
    """Personal and secret columns are never shown, in whatever form they are stored."""
    return is_sealed(field) or any(part in field.name for part in _SECRET)


def words_of(field: "Field[Any, Any]", value: Any, names: dict[tuple[type[Model], Any], str]) -> str:
    """One value of a column; `names` are those of the rows that foreign keys point to."""
    if value is None or value == "":
        return NOTHING
    if is_secret(field):
        return HIDDEN
    if isinstance(field, ForeignKey):
        return names.get((field.remote_field.model, value), short(value))
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if field.name.endswith("_fen") and isinstance(value, int):
        return yuan(value)
    return short(value) if isinstance(value, UUID) else plain_words(value)


def name_of(field: "Field[Any, Any]") -> str:
    """The column's name; money is shown in yuan here, whatever it is stored in."""
    return str(field.verbose_name).replace("（分）", "").replace(" (fen)", "")


def plain_words(value: Any) -> str:
    """A value of which only its type is known."""
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return _("open end") if value >= FOREVER else date_format(localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, int):
        return str(number_format(value, use_l10n=True, force_grouping=True))
    if isinstance(value, list | tuple | set):
        return "、".join(plain_words(each) for each in value)
    if isinstance(value, dict):
        return "；".join(f"{name}：{plain_words(each)}" for name, each in value.items())
    said = str(value)
    said = strip_tags(said) if "</" in said else said
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")


def detail_words(name: str, value: Any) -> str:
    """A part of a deed's detail, which came as JSON: moments and ids are text there."""
    if isinstance(value, str):
        if _ID.fullmatch(value):
            return short(value)
        with contextlib.suppress(ValueError):
            if "T" in value and (moment := parse_datetime(value)) is not None:
                return plain_words(moment)
    if name.endswith("_fen") and isinstance(value, int):
        return yuan(value)
    return plain_words(value)


def short(key: Any) -> str:
    """The end of an id, which tells things apart well enough."""
    return f"…{str(key)[-8:]}"
