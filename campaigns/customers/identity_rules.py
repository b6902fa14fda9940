"""What identities look like, and how much each kind says about who somebody is; pure functions."""

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext_lazy as _

from campaigns.customers.refusals import IdentityMalformed
from campaigns.customers.rules import masked

CUSTOMER_NUMBER, UNIONID, OPENID = "customer_number", "unionid", "openid"
EXTERNAL_USERID, PHONE, DEVICE = "external_userid", "phone", "device"

# Which identity is believed when several name different customers: the bank's own number first, a device last.
PRIORITY: Final = (CUSTOMER_NUMBER, UNIONID, EXTERNAL_USERID, OPENID, PHONE, DEVICE)

# These name one person and are never handed on. A phone number is given to somebody else a few months after it was
# given up, and families share a tablet: neither is enough to make two customers one.
PERSONAL: Final = frozenset({CUSTOMER_NUMBER, UNIONID, EXTERNAL_USERID, OPENID})
# Kinds that exist once for each app.
OF_AN_APP: Final = frozenset({OPENID, EXTERNAL_USERID})
# What staff may be told; openids and devices come from log-ins alone.
BY_STAFF: Final = (PHONE, CUSTOMER_NUMBER, UNIONID, EXTERNAL_USERID)
# Source of customer numbers that this installation gave out itself: whoever has no other is anonymous to the bank.
ISSUED_HERE: Final = "wechat"

LABELS: Final = {
    CUSTOMER_NUMBER: _("customer number"),
    UNIONID: _("WeChat unionid"),
    EXTERNAL_USERID: _("WeCom external contact"),
    OPENID: _("WeChat openid"),
    PHONE: _("phone"),
    DEVICE: _("device"),
}

_SPACES = re.compile(r"\s+")
_NOT_DIGITS = re.compile(r"[\s().\-\u2010-\u2015\u2212]+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[1-9][0-9]{8,10}")
_ABROAD = re.compile(r"[1-9][0-9]{6,14}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")
_NUMBER = re.compile(r"[0-9A-Za-z\-_.]{1,64}")


def folded(*, kind: str, value: str) -> str:
    """One form for what people write in several, whatever it is: `folded(kind="phone", value="０１３８ ...")`.

    Never refuses: what makes no sense comes back tidied, and is nobody's.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if kind == PHONE:
        return _phone(text) or _NOT_DIGITS.sub("", text)
    return _SPACES.sub("", text) if kind == CUSTOMER_NUMBER else text


def normalised(*, kind: str, value: str) -> str:
    """As `folded`; raises IdentityMalformed for what cannot be an identity of this kind."""
    text = folded(kind=kind, value=value)
    if kind == PHONE:
        is_sound = text.startswith("+") and _phone(text) == text
    elif kind == CUSTOMER_NUMBER:
        is_sound = bool(_NUMBER.fullmatch(text))
    else:
        is_sound = kind in PRIORITY and bool(_TOKEN.fullmatch(text))
    if not is_sound:
        raise IdentityMalformed(kind=LABELS.get(kind, kind))
    return text


def masked_identity(*, kind: str, value: str) -> str:
    """As screens show it: a mobile number as people know it, 138****8000, anything else by its ends."""
    if kind == PHONE and _MOBILE.fullmatch(value.removeprefix("+86")):
        mobile = value.removeprefix("+86")
        return f"{mobile[:3]}****{mobile[-4:]}"
    return masked(value)


def _phone(text: str) -> str:
    """E.164 ("+8613800138000"); "" for what is no telephone number. Without a country it is a Chinese one."""
    digits = _NOT_DIGITS.sub("", text)
    abroad = digits.removeprefix("+") if digits.startswith("+") else digits.removeprefix("00")
    if abroad != digits:
        if abroad.startswith("86"):
            inland = abroad[2:].removeprefix("0")
            return f"+86{inland}" if _inland(inland) or _LANDLINE.fullmatch(f"0{inland}") else ""
        return f"+{abroad}" if _ABROAD.fullmatch(abroad) else ""
    if _inland(digits):
        return f"+86{digits}"
    if digits.startswith("86") and _inland(digits[2:]):
        return f"+{digits}"
    return f"+86{digits[1:]}" if _LANDLINE.fullmatch(digits) else ""


def _inland(digits: str) -> bool:
    return bool(_MOBILE.fullmatch(digits))
