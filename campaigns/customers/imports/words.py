"""Verdicts, reasons and targets of columns in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

KINDS = {
    "new": pgettext_lazy("verdict", "New"),
    "changed": pgettext_lazy("verdict", "Changed"),
    "same": pgettext_lazy("verdict", "Same"),
    "refused": pgettext_lazy("verdict", "Refused"),
}
LETTERS = {"new": ord("n"), "changed": ord("c"), "same": ord("s"), "refused": ord("r")}

TARGETS = {
    "customer_number": gettext_lazy("customer number"),
    "phone": gettext_lazy("phone"),
    "unionid": gettext_lazy("WeChat unionid"),
    "openid": gettext_lazy("WeChat openid"),
    "external_userid": gettext_lazy("WeCom external id"),
    "branch": gettext_lazy("code of the home branch"),
    "manager": gettext_lazy("staff number of the relationship manager"),
    "tags": gettext_lazy("tags (codes with ; between them)"),
}

REASONS = {
    "quotes": gettext_lazy("the quotes make no sense"),
    "columns": gettext_lazy("the row has more columns than the headings, or fewer"),
    "number": gettext_lazy("not a whole number within bounds"),
    "text": gettext_lazy("empty, too long, or with control characters"),
    "erased": gettext_lazy("the customer was erased"),
    "merged": gettext_lazy("this customer was merged into another one"),
    "twice": gettext_lazy("the same customer stands in an earlier row: only the first one counts"),
    "conflict": gettext_lazy("this row names two different customers: they are not merged by a file"),
    "elsewhere": gettext_lazy("the customer belongs to a branch outside your own"),
    "nobody": gettext_lazy("nothing in this row says who it is"),
    "no_home": gettext_lazy("a new customer needs a home branch"),
    "branch": gettext_lazy("no open branch of yours has this code, or customers cannot belong to it"),
    "manager": gettext_lazy("nobody of yours who looks after customers has this staff number"),
    "manager_elsewhere": gettext_lazy(
        "who has this staff number works neither at the customer's home branch nor above it"
    ),
    "manager_several": gettext_lazy(
        "several people with this staff number may have the customer: assign by hand"
    ),
    "phone": gettext_lazy("not a mobile number of eleven digits"),
    "identity": gettext_lazy("not a number or id: at most 64 letters, digits and signs, without blanks"),
    "rounded": gettext_lazy("the spreadsheet has rounded the number: format the column as text"),
    "tag": gettext_lazy("there is no such tag here, or a rule computes it"),
    "flag": gettext_lazy("neither yes nor no"),
    "value": gettext_lazy("not a value of this attribute"),
}

# Codes of the attributes' own reader.
ATTRIBUTE_REASONS: dict[str, Any] = {
    "money": gettext_lazy("not an amount of money"),
    "date": gettext_lazy("not a date such as 2026-11-22"),
    "choice": gettext_lazy("not one of the choices of this attribute"),
    "too_long": gettext_lazy("longer than 200 characters"),
}


def reason_words(code: str, column: str = "") -> str:
    """Why a row is refused, as a sentence without its full stop; `column` is its heading, where one is to blame."""
    reason = str(REASONS.get(code) or ATTRIBUTE_REASONS.get(code) or REASONS["value"])
    return _("column “%(column)s”: %(reason)s") % {"column": column, "reason": reason} if column else reason


def target_words(target: str, names: dict[str, str]) -> str:
    """What a column says. `names`: "attribute:CODE", "tag:CODE" -> its name."""
    kind, _mark, code = target.partition(":")
    if target in names:
        return names[target]
    return str(TARGETS.get(kind, target)) + (f" ({code})" if code and kind in TARGETS else "")
