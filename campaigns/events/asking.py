"""What rules may ask of events: how often a customer did something in the last days, and how much came together."""

from collections.abc import Iterator

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.conditions import Subject, Where, Words
from campaigns.events.registry import Property, kinds
from campaigns.lib.products import ProductClass

_SQL = "SELECT t.customer_id, t.value FROM events_tally(%s, %s, %s, %s, %s::jsonb) t"
_GROUP = _("what they did")

# What people call properties and their values; others are shown as they are written.
_NAMES: dict[str, Words] = {
    "amount_fen": pgettext_lazy("of a deed", "amount"),
    "off_fen": pgettext_lazy("of a deed", "money off"),
    "order_fen": pgettext_lazy("of a deed", "amount of the order"),
    "seconds": pgettext_lazy("of a deed", "seconds"),
    "percent": pgettext_lazy("of a deed", "percent read"),
    "product_class": pgettext_lazy("of a deed", "product class"),
    "product": pgettext_lazy("of a deed", "product code"),
    "channel": pgettext_lazy("of a deed", "channel"),
    "place": pgettext_lazy("of a deed", "placement"),
    "target": pgettext_lazy("of a deed", "target"),
    "from": pgettext_lazy("of a deed", "way in"),
    "by": pgettext_lazy("of a deed", "way of logging in"),
    "tier": pgettext_lazy("of a deed", "tier"),
    "was": pgettext_lazy("of a deed", "before"),
    "became": pgettext_lazy("of a deed", "after"),
    "rises": pgettext_lazy("of a deed", "rises"),
    "until": pgettext_lazy("of a deed", "last day"),
}
_OTHER = pgettext_lazy("of a deed", "other")
_VALUES: dict[str, dict[str, Words]] = {
    "product_class": dict(ProductClass.choices),
    "channel": {
        "counter": pgettext_lazy("of a deed", "counter"),
        "app": pgettext_lazy("of a deed", "app"),
        "web": pgettext_lazy("of a deed", "web bank"),
        "atm": pgettext_lazy("of a deed", "cash machine"),
        "pos": pgettext_lazy("of a deed", "card terminal"),
        "other": _OTHER,
    },
    "from": {
        "scan": pgettext_lazy("of a deed", "scan"),
        "share": pgettext_lazy("of a deed", "share"),
        "search": pgettext_lazy("of a deed", "search"),
        "message": pgettext_lazy("of a deed", "message"),
        "menu": pgettext_lazy("of a deed", "menu"),
        "other": _OTHER,
    },
    "by": {
        "wechat": pgettext_lazy("of a deed", "WeChat"),
        "phone": pgettext_lazy("of a deed", "telephone"),
        "face": pgettext_lazy("of a deed", "face"),
        "password": pgettext_lazy("of a deed", "password"),
        "other": _OTHER,
    },
}
_SIDES: dict[str, Words] = {"true": _("yes"), "false": _("no")}
# Numbers of which a sum says nothing.
_NO_SUMS = {"nth", "percent", "missing"}


def property_name(name: str) -> Words:
    """What people call a property; its code where nobody has said."""
    return _NAMES.get(name, name)


def event_subjects() -> Iterator[Subject]:
    """Each kind of event as a count, and each number that it carries as a sum."""
    for code, kind in kinds().items():
        found = {name: _where(name, each) for name, each in kind.properties.items()}
        wheres = {name: where for name, where in found.items() if where is not None}
        yield Subject(
            f"events:{code}",
            "number",
            format_lazy(_("number of times “{label}”"), label=kind.label),
            _SQL,
            (code, ""),
            group=_GROUP,
            is_counted=True,
            wheres=wheres,
        )
        for name, each in kind.properties.items():
            if each.form in ("whole", "money") and name not in _NO_SUMS:
                yield Subject(
                    f"events:{code}:{name}",
                    "money" if each.form == "money" else "number",
                    format_lazy(
                        _("total {property} of “{label}”"), property=_NAMES.get(name, name), label=kind.label
                    ),
                    _SQL,
                    (code, name),
                    group=_GROUP,
                    is_counted=True,
                    wheres=wheres,
                )


def _where(name: str, each: Property) -> Where | None:
    """By what a count may be narrowed down; ids of things and numbers are nothing that one would type."""
    named = _NAMES.get(name, name)
    match each.form:
        case "choice":
            words = _VALUES.get(name, {})
            return Where(named, {code: words.get(code, code) for code in each.choices})
        case "flag":
            return Where(named, _SIDES, {"true": True, "false": False})
        case "word":
            return Where(named)
    return None
