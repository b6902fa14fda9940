"""What a close says: its checks in words, what each party owes, and what changed since the run before. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

CHECKS = {
    "stock": _("A branch's claimed stock is the number of its coupons"),
    "allotted": _("What a batch allotted is what its branches hold"),
    "quota": _("The issuer received what the batch allotted, within its quota"),
    "shares": _("A branch keeps what is in its buckets, and gave what its children received"),
    "buckets": _("Every bucket of stock has its quota"),
    "budgets": _("A budget's total and what is taken of it are the sums of its movements"),
    "reservations": _("What a branch holds of a budget is the sum of its movements"),
    "reserved": _("What is reserved is the full worth of all that can still be redeemed"),
    "spent": _("What payers spent is what the open redemptions were worth"),
    "states": _("A coupon is redeemed when it has one open redemption"),
    "worth": _("No redemption is worth more than its coupon"),
    "caps": _("No branch handed out more than its cap, and every count is of coupons"),
    "origins": _("No device and no range of addresses has more than the limit"),
    "audited": _("Every claim, grant, redemption and reversal is in the audit once"),
    "lists": _("What lists granted is in the audit"),
    "events": _("Every claim, grant, redemption and reversal is an event once"),
    "book": _("The coupon book adds up: opening, in, out, closing"),
    "settlement": _("What is settled of a redemption is what its budget spent"),
    "merchants": _("What names merchants was redeemed at one of them, and nothing else at a merchant's"),
}
LINES = {
    "opening": _("open at the day's begin"),
    "claimed": _("came by claims"),
    "granted": _("came by grants"),
    "received": _("received as a gift"),
    "reversed": _("redemptions reversed"),
    "extended": _("extended after expiry"),
    "redeemed": _("coupons redeemed"),
    "void": _("made void"),
    "expired": _("went by expiry"),
    "given": _("given away"),
    "closing": _("open at the day's end"),
}
# What a row that disagrees says, by the column of its check (sql_close.py).
COLUMNS = {
    "batch": _("coupon batch"),
    "branch": _("branch"),
    "budget": _("coupon budget"),
    "merchant": _("merchant"),
    "coupon": _("coupon"),
    "redemption": _("redemption"),
    "thing": _("thing"),
    "deed": _("deed"),
    "payer": _("paid by"),
    "status": _("status"),
    "kind": _("kind"),
    "period": _("period"),
    "day": _("day"),
    "taken": _("counted as claimed"),
    "coupons": _("number of coupons"),
    "allotted": _("allotted"),
    "buckets": _("in its buckets"),
    "received": _("received quota"),
    "quota": _("limit"),
    "kept": _("kept quota"),
    "given": _("given on"),
    "children": _("received by children"),
    "total_fen": _("total approved"),
    "moved_total_fen": _("approved by movements"),
    "taken_fen": _("reserved or spent"),
    "moved_fen": _("by movements"),
    "reserved_fen": _("reserved"),
    "held_fen": _("not yet free"),
    "spent_fen": _("spent"),
    "open_fen": _("worth of what is open"),
    "redeemed_fen": _("redeemed for"),
    "worth_fen": _("worth of the coupon"),
    "order_fen": _("order"),
    "settled_fen": _("settled"),
    "redeemed_times": _("times redeemed"),
    "redemptions": _("redemptions counted"),
    "reversals": _("reversals counted"),
    "entries": _("records"),
    "opening": _("open at the day's begin"),
    "moved": _("came less went"),
    "closing": _("open at the day's end"),
    "opening_fen": _("worth at the begin"),
    "closing_fen": _("worth at the end"),
}


Party = int | str | None


@dataclass(frozen=True, slots=True)
class Owed:
    """Who owes whom how much (fen). `debtor` and `creditor` are ids, numbers of branches and texts of merchants; None:
    the merchants of a batch that named none. Of one party alone (`is_own`) nothing changes hands.
    """

    debtor: Party
    creditor: Party
    fen: int

    @property
    def is_own(self) -> bool:
        return self.debtor == self.creditor


def owed(lines: Iterable[Mapping[str, Any]], *, head_office: int) -> list[Owed]:
    """The lines of a settlement by debtor and creditor: whose till it was gave the money, a merchant's or else the
    branch's, and who pays owes it. The sum is that of the lines.
    """
    sums: dict[tuple[Party, Party], int] = {}
    for line in lines:
        # Days closed before there were merchants know of none.
        merchant: Party = line.get("merchant")
        debtor: Party = {"head_office": head_office, "branch": line["issuer"], "merchant": merchant}[
            line["payer"]
        ]
        key = (debtor, line["place"] if merchant is None else merchant)
        sums[key] = sums.get(key, 0) + line["fen"]
    return [
        Owed(debtor, creditor, fen)
        for (debtor, creditor), fen in sorted(
            sums.items(), key=lambda each: (_rank(each[0][1]), _rank(each[0][0]))
        )
        if fen
    ]


def _rank(party: Party) -> tuple[int, int, str]:
    if party is None:
        return 0, 0, ""
    return (1, party, "") if isinstance(party, int) else (2, 0, party)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one merchant took, in fen, by who pays it: `own` is its own part, and the rest is owed to it."""

    merchant: str
    head_office: int
    branch: int
    own: int

    @property
    def fen(self) -> int:
        return self.head_office + self.branch + self.own

    @property
    def owed(self) -> int:
        return self.head_office + self.branch


def taken_by(lines: Iterable[Mapping[str, Any]]) -> list[Taken]:
    """The lines of a settlement by merchant, redemptions less reversals; those of the bank's own counters left out."""
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        if (merchant := line.get("merchant")) is not None:
            parts = sums.setdefault(merchant, dict.fromkeys(("head_office", "branch", "merchant"), 0))
            parts[line["payer"]] += line["fen"]
    return [
        Taken(merchant, parts["head_office"], parts["branch"], parts["merchant"])
        for merchant, parts in sorted(sums.items())
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that another run of the same day found otherwise. `code`: a line of the book, or a check."""

    code: str
    before: int
    after: int
    before_fen: int = 0
    after_fen: int = 0


def changes(
    *,
    before: tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]],
    after: tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]],
) -> list[Change]:
    """What differs between two runs, each given as (figures, differences): the book, the settlement, the checks."""
    old, new = _flat(*before), _flat(*after)
    nothing = (0, 0)
    return [
        Change(code, old.get(code, nothing)[0], new.get(code, nothing)[0], old.get(code, nothing)[1],
               new.get(code, nothing)[1])
        for code in [*new, *(code for code in old if code not in new)]
        if old.get(code, nothing) != new.get(code, nothing)
    ]  # fmt: skip


def _flat(figures: Mapping[str, Any], differences: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    found = {f"line:{line['line']}": (line["many"], line["fen"]) for line in figures["book"]}
    lines = figures["settlement"]
    found["settled"] = (
        sum(line["redeemed"] - line["reversed"] for line in lines),
        sum(line["fen"] for line in lines),
    )
    return found | {f"check:{each['code']}": (each["many"], 0) for each in differences}
