"""What a close of the ledger says: its checks, lines and columns in words. Pure."""

from django.utils.translation import gettext_lazy as _

from campaigns.points.models import MovementKind

CHECKS = {
    "zero": _("Every movement has two sides or more, and they sum to zero"),
    "strays": _("Every entry has its movement, its wallet and its lot"),
    "wallets": _("A wallet is the sum of its entries"),
    "lots": _("What is left of a lot is the sum of its entries"),
    "shares": _("A wallet is the sum of its lots"),
    "lapsed": _("No point lapsed twice, and none before its end"),
    "holds": _("What is held is the sum of the open holds"),
    "liability": _("The liability rolls forward: opening, in and out, closing"),
    "negative": _("Nothing is below zero"),
    "carried": _("The period goes on where the one before it ended"),
}
LINES = {
    "opening": _("liability at the begin"),
    **{each.value: each.label for each in MovementKind},
    "closing": _("liability at the end"),
}
# In this order on the page.
ORDER = {line: nth for nth, line in enumerate(["opening", *MovementKind.values, "closing"])}
# What a row that disagrees says, by the column of its check (sql/close.py).
COLUMNS = {
    "movement": _("movement"),
    "entries": _("entries"),
    "points": _("points"),
    "account": _("ledger account"),
    "customer": _("customer"),
    "lot": _("lot of points"),
    "branch": _("issued by"),
    "pending": _("not yet in force"),
    "usable": _("usable"),
    "rest": _("usable"),
    "held": _("held"),
    "owed": _("owed by the customer"),
    "booked_pending": _("not yet in force, by entries"),
    "booked_usable": _("usable, by entries"),
    "booked_rest": _("usable, by entries"),
    "booked_held": _("held, by entries"),
    "booked_owed": _("owed, by entries"),
    "lots_pending": _("not yet in force, by lots"),
    "lots_rest": _("usable, by lots"),
    "lots_held": _("held, by lots"),
    "expires_at": _("lapses at"),
    "lapsed": _("lapsed"),
    "first_lapsed_at": _("first lapsed at"),
    "set_aside": _("by open holds"),
    "opening": _("liability at the begin"),
    "moved": _("came less went"),
    "closing": _("liability at the end"),
    "before": _("end of the period before"),
}
