"""What the books of one batch must say after each deed: plain Python, written from the room's README, with nothing of
the database in it. Each deed answers "ok" or the code of the refusal that must be said; only "ok" changes anything.

One batch that is issued at N and handed down N > NC > NB. Money in fen, moments UTC, days those of Shanghai.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.support.coupon_rows import (
    BELOW,
    OVER,
    PAYERS,
    SHANGHAI,
    Held,
    Offered,
    Said,
    Used,
    day_of,
)


@dataclass
class Books:
    """`homes`: customer -> home branch. `totals`: payer -> fen of the budget that it draws on; payers who share a
    budget have the same name in `purse`.
    """

    draft: Said
    homes: dict[str, str]
    payer: str
    percents: tuple[int, int, int]
    purse: dict[str, str] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    live: Said | None = None
    allotted: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    stopped: set[str] = field(default_factory=set)
    coupons: dict[Any, Held] = field(default_factory=dict)
    used: dict[Any, Used] = field(default_factory=dict)
    offers: dict[Any, Offered] = field(default_factory=dict)
    caps: Counter[tuple[str, date]] = field(default_factory=Counter)
    # (branch, payer) -> reserved, held, spent
    money: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))

    @property
    def has_merchants(self) -> bool:
        """Do merchants pay any of it?"""
        return bool(self.percents[2]) or (not any(self.percents) and self.payer == "merchant")

    # --- figures --------------------------------------------------------------------------------------------------

    def gone(self, branch: str) -> int:
        """Handed out of the share of a branch: a coupon given on is one, whoever holds it."""
        return sum(c.home == branch and c.status != "given" for c in self.coupons.values())

    def free(self, branch: str) -> int:
        return self.kept[branch] - self.gone(branch)

    def nodes(self) -> dict[str, tuple[int, int, int]]:
        """Branch -> received, given, kept."""
        received = {b: sum(self.kept[each] for each in BELOW[b]) for b in BELOW}
        return {b: (received[b], received[b] - self.kept[b], self.kept[b]) for b in BELOW if received[b]}

    def taken(self) -> dict[str, int]:
        """Purse -> fen reserved, held and spent of it."""
        sums = dict.fromkeys(self.purse.values(), 0)
        for (_branch, payer), columns in self.money.items():
            sums[self.purse[payer]] += sum(columns)
        return sums

    def parts(self, fen: int) -> dict[str, int]:
        """Of the full worth of a coupon, what each payer bears."""
        if not any(self.percents):
            return {payer: fen if payer == self.payer else 0 for payer in PAYERS}
        parts = [fen * percent // 100 for percent in self.percents]
        left = fen - sum(parts)
        for nth, percent in enumerate(self.percents):
            if percent > 0 and left > 0:
                parts[nth] += 1
                left -= 1
        return dict(zip(PAYERS, parts, strict=True))

    def spends(self, worth: int) -> dict[str, tuple[int, int]]:
        """Of each payer who has a purse: the part of the full worth, and what a redemption of `worth` costs."""
        parts = self.parts(self.draft.off)
        whole = sum(parts.values())
        spent = {payer: worth * part // whole for payer, part in parts.items()}
        left = worth - sum(spent.values())
        for payer, part in parts.items():
            more = min(left, part - spent[payer])
            spent[payer] += more
            left -= more
        return {payer: (parts[payer], spent[payer]) for payer in self.purse if parts[payer]}

    def moved(self, branch: str, columns: tuple[int, int, int], payer: str) -> None:
        row = self.money[branch, payer]
        for nth, fen in enumerate(columns):
            row[nth] += fen

    def reserve(self, deltas: dict[str, int]) -> str:
        """So many coupons more or fewer at each branch: is there money? Takes it."""
        parts = {
            payer: part for payer, part in self.parts(self.draft.off).items() if payer in self.purse and part
        }
        more: Counter[str] = Counter()
        for payer, part in parts.items():
            more[self.purse[payer]] += part * sum(deltas.values())
        taken = self.taken()
        if any(fen > 0 and taken[purse] + fen > self.totals[purse] for purse, fen in more.items()):
            return "rewards.budget.short"
        for branch, delta in deltas.items():
            for payer, part in parts.items():
                self.moved(branch, (delta * part, 0, 0), payer)
        return "ok"

    def is_stopped(self, branch: str) -> bool:
        return any(branch in BELOW[where] for where in self.stopped)

    def had(self, who: str) -> int:
        return sum(c.who == who for c in self.coupons.values())

    # --- quota ----------------------------------------------------------------------------------------------------

    def allot(self, branch: str, many: int, source: str = "") -> str:
        if many < 1:
            return "rewards.stock.quantity_is_not_positive"
        if source:
            if branch not in BELOW[source] or branch == source:
                return "rewards.stock.branch_elsewhere"
            if self.free(source) < many:
                return "rewards.stock.share_too_small"
            deltas = {branch: many, source: -many}
        else:
            most = min(self.draft.quota, self.live.quota if self.live else self.draft.quota)
            if self.allotted + many > most:
                return "rewards.stock.above_quota"
            deltas = {branch: many}
        if (word := self.reserve(deltas)) != "ok":
            return word
        self.kept.update(deltas)
        self.allotted += sum(deltas.values())
        return "ok"

    def draw_back(self, branch: str, many: int | None, source: str = "") -> str:
        """`many` None: all that is free at the branch and below it."""
        if source and (branch not in BELOW[source] or branch == source):
            return "rewards.stock.branch_elsewhere"
        if many is not None and many < 1:
            return "rewards.stock.quantity_is_not_positive"
        takes = {b: self.free(b) for b in BELOW[branch]} if many is None else {branch: many}
        if many is not None and self.free(branch) < many:
            return "rewards.stock.unused_too_few"
        deltas = Counter({b: -n for b, n in takes.items() if n})
        if source:
            deltas[source] += sum(takes.values())
        else:
            self.allotted -= sum(takes.values())
        assert self.reserve(dict(deltas)) == "ok"
        self.kept.update(deltas)
        return "ok"

    # --- what becomes of the batch ---------------------------------------------------------------------------------

    def change(self, said: Said) -> str:
        """Changed, submitted and approved."""
        if said.quota < self.allotted:
            return "rewards.batch.quota_too_small"
        self.draft = self.live = said
        return "ok"

    def stop(self, branch: str) -> str:
        if branch in self.stopped:
            return "approvals.stop.stopped_already"
        self.stopped.add(branch)
        return "ok"

    def lift(self, branch: str) -> str:
        self.stopped.discard(branch)
        return "ok"

    # --- coming into the world -------------------------------------------------------------------------------------

    def claim(self, key: Any, who: str, at: datetime) -> str:
        home, live = self.homes[who], self.live
        if live is None or home not in BELOW["N"]:
            return "not_found"
        today = [c for c in self.coupons.values() if c.who == who and day_of(c.claimed_at) == day_of(at)]
        for is_so, word in (
            (self.is_stopped(home), "stopped"),
            (at < live.claim_from, "not_open_yet"),
            (at >= live.claim_until, "over"),
            (self.had(who) >= live.each, "limit_reached"),
            (live.each_day is not None and len(today) >= live.each_day, "day_limit_reached"),
            (self.free(home) < 1, "sold_out"),
            (
                live.cap_per_day is not None and self.caps[home, day_of(at)] >= live.cap_per_day,
                "cap_reached",
            ),
        ):
            if is_so:
                return f"rewards.claim.{word}"
        if live.cap_per_day is not None:
            self.caps[home, day_of(at)] += 1
        self._make(key, who, at, live)
        return "ok"

    def grant(self, key: Any, who: str, at: datetime, reason: str) -> str:
        home, live = self.homes[who], self.live
        if not reason.strip():
            return "rewards.grant.reason_missing"
        if live is None:
            return "rewards.grant.batch_not_live"
        for is_so, word in (
            (at < live.claim_from, "rewards.claim.not_open_yet"),
            (at >= live.claim_until, "rewards.claim.over"),
            (home not in BELOW["N"], "rewards.grant.customer_unknown"),
            (self.is_stopped(home), "rewards.claim.stopped"),
            (self.had(who) >= live.each, "rewards.grant.limit_reached"),
            (self.free(home) < 1, "rewards.grant.sold_out"),
        ):
            if is_so:
                return word
        self._make(key, who, at, live)
        return "ok"

    def _make(self, key: Any, who: str, at: datetime, live: Said) -> None:
        last = datetime.combine(day_of(at) + timedelta(days=live.days + 1), time(), SHANGHAI)
        self.coupons[key] = Held(who, self.homes[who], self.had(who) + 1, at, at, last, live)

    # --- given on, set aside ---------------------------------------------------------------------------------------

    def _over(self, coupon: Held, at: datetime) -> str:
        """Why it is not a good coupon any more; empty when it is."""
        if coupon.status == "claimed" and at < coupon.ends:
            return ""
        return OVER.get(coupon.status, OVER["expired"])

    def _is_aside(self, coupon: Held, at: datetime) -> bool:
        return coupon.order_until is not None and at < coupon.order_until

    def offer(self, gift: Any, key: Any, who: str, at: datetime) -> str:
        coupon = self.coupons[key]
        if coupon.who != who:
            return "not_found"
        if word := self._over(coupon, at):
            return word
        assert self.live is not None
        if not self.live.may_be_given:
            return "rewards.gift.not_to_give"
        if self._is_aside(coupon, at):
            return "rewards.coupon.locked"
        for offer in self.offers.values():
            offer.is_over |= offer.coupon == key
        self.offers[gift] = Offered(key, min(at + timedelta(hours=24), coupon.ends))
        return "ok"

    def withdraw(self, key: Any, who: str, at: datetime) -> str:
        if self.coupons[key].who != who:
            return "not_found"
        standing = [o for o in self.offers.values() if o.coupon == key and not o.is_over and at < o.until]
        for offer in standing:
            offer.is_over = True
        return "ok" if standing else "rewards.gift.gone"

    def accept(self, gift: Any, key: Any, who: str, at: datetime) -> str:
        offer = self.offers[gift]
        coupon = self.coupons[offer.coupon]
        if coupon.who == who:
            return "rewards.gift.own"
        if offer.is_over or at >= offer.until or self._over(coupon, at) or self._is_aside(coupon, at):
            return "rewards.gift.gone"
        assert self.live is not None
        if self.had(who) >= self.live.each:
            return "rewards.claim.limit_reached"
        offer.is_over, coupon.status = True, "given"
        self.coupons[key] = Held(
            who, coupon.home, self.had(who) + 1, at, coupon.starts, coupon.ends, coupon.terms
        )
        return "ok"

    def lock(self, key: Any, who: str, at: datetime, order: str, minutes: int) -> str:
        coupon = self.coupons[key]
        if coupon.who != who:
            return "not_found"
        if word := self._over(coupon, at):
            return word
        if self._is_aside(coupon, at) and coupon.order != order:
            return "rewards.coupon.locked"
        coupon.order, coupon.order_until = order, at + timedelta(minutes=min(minutes, 120))
        return "ok"

    def unlock(self, key: Any, who: str, at: datetime, order: str) -> str:
        coupon = self.coupons[key]
        if coupon.who != who or not self._is_aside(coupon, at) or coupon.order != order:
            return "rewards.coupon.not_locked"
        coupon.order, coupon.order_until = "", None
        return "ok"

    # --- the counter -----------------------------------------------------------------------------------------------

    def worth(self, coupon: Held, spent: int | None) -> int | None:
        """What an order of `spent` fen makes it worth. None: nobody can say without the order."""
        said = coupon.terms
        if spent is None:
            return said.off if said.kind == "cash_off" else None
        if spent < said.threshold:
            return 0
        # Half a fen is the payer's.
        return min(said.off, spent if said.kind == "cash_off" else (spent * said.percent * 2 + 99) // 200)

    def redeem(
        self, redemption: Any, key: Any, place: str, at: datetime, spent: int | None, order: str | None
    ) -> str:
        coupon = self.coupons[key]
        worth = self.worth(coupon, spent)
        if word := self._over(coupon, at):
            return word
        if at < coupon.starts:
            return "rewards.coupon.not_usable_yet"
        if self._is_aside(coupon, at) and coupon.order != order:
            return "rewards.coupon.locked"
        if worth is None:
            return "rewards.redeem.order_missing"
        if worth == 0:
            return "rewards.coupon.order_too_small"
        coupon.status, coupon.times, coupon.order, coupon.order_until = "redeemed", coupon.times + 1, "", None
        moved = self.spends(worth)
        for payer, (part, costs) in moved.items():
            self.moved(coupon.home, (-part, part - costs, costs), payer)
        self.used[redemption] = Used(key, place, at, moved)
        return "ok"

    def reverse(self, redemption: Any, place: str, at: datetime) -> str:
        used = self.used[redemption]
        if used.place != place:
            return "not_found"
        if day_of(used.at) != day_of(at):
            return "rewards.redemption.reversal_too_late"
        if used.is_reversed:
            return "rewards.redemption.already_reversed"
        coupon = self.coupons[used.coupon]
        used.is_reversed, coupon.status = True, "claimed"
        for payer, (part, costs) in used.moved.items():
            self.moved(coupon.home, (part, costs - part, -costs), payer)
        return "ok"

    def settle(self, at: datetime) -> int:
        """Two days later what a redemption was worth less than its coupon is free."""
        freed = 0
        for used in self.used.values():
            if used.is_reversed or used.is_settled or at - used.at < timedelta(days=2):
                continue
            used.is_settled = True
            for payer, (part, costs) in used.moved.items():
                self.moved(self.coupons[used.coupon].home, (0, costs - part, 0), payer)
                freed += part > costs
        return freed

    # --- the end ---------------------------------------------------------------------------------------------------

    def void(self, key: Any) -> str:
        coupon = self.coupons[key]
        if coupon.status != "claimed":
            return "rewards.coupon.not_voidable"
        coupon.status = "void"
        assert self.reserve({coupon.home: -1}) == "ok"
        return "ok"

    def expire(self, at: datetime) -> int:
        due = [c for c in self.coupons.values() if c.status == "claimed" and at >= c.ends]
        for coupon in due:
            coupon.status = "expired"
            assert self.reserve({coupon.home: -1}) == "ok"
        return len(due)

    def extend(self, key: Any, until: datetime, at: datetime) -> str:
        coupon = self.coupons[key]
        if coupon.status not in ("claimed", "expired"):
            return "rewards.coupon.not_extendable"
        if until <= at or until <= coupon.ends:
            return "rewards.coupon.not_later"
        if at - coupon.ends >= timedelta(days=30):
            return "rewards.coupon.expired_too_long"
        # What expired gave its money back, and asks for it again.
        if coupon.status == "expired" and (word := self.reserve({coupon.home: 1})) != "ok":
            return word
        coupon.status, coupon.ends = "claimed", until
        return "ok"
