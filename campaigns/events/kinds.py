"""The first kinds: what belongs to no room of ours. Rooms above register their own."""

from django.utils.translation import gettext_lazy as _

from campaigns.events.registry import Door, choice, money, register_event, word
from campaigns.lib.products import ProductClass

# Bears the id of what it takes back: the bank's own transaction number. Rooms above undo what followed from that.
TAKEN_BACK = "core.reversed"

_CORE: tuple[Door, ...] = ("hook", "file")


def register_first_kinds() -> None:
    """Visits of the mini-program, and what the bank's core tells."""
    register_event(
        "app.opened",
        label=_("Opened the mini-program"),
        properties={"from": choice("scan", "share", "search", "message", "menu", "other")},
        keeps=13,
        told_by=["phone"],
        moment="seen",
    )
    register_event(
        "app.logged_in",
        label=_("Logged in"),
        properties={"by": choice("wechat", "phone", "face", "password", "other")},
        told_by=("phone", *_CORE),
    )
    register_event(
        "core.account_opened",
        label=_("Opened an account"),
        properties={"product_class": choice(*ProductClass.values), "product": word()},
        keeps=61,
        told_by=_CORE,
    )
    for code, label in (
        ("core.bought", _("Bought a product")),
        ("core.redeemed", _("Sold a product")),
        ("core.paid", _("Paid")),
        ("core.received", _("Received money")),
    ):
        register_event(
            code,
            label=label,
            properties={
                "amount_fen": money(is_required=True),
                "product_class": choice(*ProductClass.values),
                "product": word(),
                "channel": choice("counter", "app", "web", "atm", "pos", "other"),
            },
            keeps=37,
            told_by=_CORE,
        )
    register_event(TAKEN_BACK, label=_("Had a transaction reversed"), keeps=37, told_by=_CORE)
