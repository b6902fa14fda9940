"""What one cell says of who a customer is. Pure."""

import re
import unicodedata

# What names a person, as a column of a file may hold it.
IDENTITIES = ("customer_number", "phone", "unionid", "openid", "external_userid")
# Kinds that exist once for each app.
OF_AN_APP = frozenset({"openid", "external_userid"})

_NOISE = re.compile(r"[\s\-().]+")
_SPACES = re.compile(r"\s+")
# A spreadsheet has turned the number into a rounded one.
_ROUNDED = re.compile(r"\d+([.,]\d+)?[Ee]\+\d+")
_PHONE = re.compile(r"(?:\+|00)?(?:86)?(1[3-9][0-9]{9})")
_NUMBER = re.compile(r"[0-9A-Za-z\-_.]{1,64}")
_TOKEN = re.compile(r"[!-~]{1,128}")


class NotAnIdentity(ValueError):
    """The cell cannot be one; `code` says why ("rounded", "phone", "identity")."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def identity_of(kind: str, cell: str) -> str:
    """The identity in its one form: phones as "+86" and eleven digits, customer numbers without blanks.

    Raises NotAnIdentity.
    """
    if cell.isascii() and cell.isalnum():
        # Nearly all of them.
        if kind == "phone" and len(cell) == 11 and cell.isdigit() and cell[0] == "1" and cell[1] > "2":
            return f"+86{cell}"
        if kind == "customer_number" and len(cell) <= 64:
            return cell
    text = (cell if cell.isascii() else unicodedata.normalize("NFKC", cell)).strip()
    if kind == "phone":
        found = _PHONE.fullmatch(_NOISE.sub("", text))
        if found is None:
            raise NotAnIdentity("rounded" if _ROUNDED.fullmatch(text) else "phone")
        return f"+86{found[1]}"
    if kind == "customer_number":
        text = _SPACES.sub("", text)
        if _ROUNDED.fullmatch(text):
            raise NotAnIdentity("rounded")
        if _NUMBER.fullmatch(text):
            return text
    elif _TOKEN.fullmatch(text):
        return text
    raise NotAnIdentity("identity")
