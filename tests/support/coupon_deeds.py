"""What a random walk does (`coupon_walk.py`): each deed as its doer does it, through the services, and in the books."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from campaigns.approvals.services.reviews import approve_revision
from campaigns.approvals.services.stops import add_stop, ask_lift, lift_stop
from campaigns.customers.scopes import customer_scope
from campaigns.lib.refusals import Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Merchant
from campaigns.rewards.services.batches import BatchTerms, change_batch, submit_batch
from campaigns.rewards.services.budgets import settle_budgets
from campaigns.rewards.services.coupons import (
    claim_coupon,
    expire_due_coupons,
    redeem_coupon,
    reverse_redemption,
    void_coupon,
)
from campaigns.rewards.services.gifts import accept_gift, gift_offered, offer_gift, withdraw_gift
from campaigns.rewards.services.grants import grant_coupon
from campaigns.rewards.services.locks import lock_coupon, unlock_coupon
from campaigns.rewards.services.many import extend_coupon
from campaigns.rewards.services.stock import allot_stock, draw_back_stock, draw_back_subtree
from campaigns.tenants.scopes import Scope, system_scope
from tests.support.cast import AT, Cast, Player
from tests.support.coupon_books import Books
from tests.support.coupon_rows import Held, Said

CLERKS = {"NB": "nb_clerk", "SB": "sb_clerk"}

# How often each deed is tried, as against the others.
DEEDS = {
    "claim": 22, "grant": 7, "redeem": 16, "reverse": 9, "offer": 7, "accept": 8, "withdraw": 2, "lock": 5, "unlock": 5,
    "void": 4, "expire": 4, "extend": 4, "allot": 7, "draw_back": 5, "pass_on": 4, "hand_back": 3, "clear": 1,
    "change": 2, "stop": 1, "resume": 6, "settle": 3,
}  # fmt: skip


@dataclass
class Deeds:
    """`said`: how often each deed was answered what. `always_funded`: whoever pays draws on a budget."""

    cast: Cast
    seed: int
    always_funded: bool = False
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    lately: list[str] = field(default_factory=list)
    at: datetime = AT
    stops: dict[str, UUID] = field(default_factory=dict)
    done: int = 0

    draw: Random = field(init=False)
    city: Player = field(init=False)  # an operator of NC, who passes on what NC keeps
    people: dict[str, UUID] = field(init=False)
    books: Books = field(init=False)
    batch: UUID = field(init=False)
    links: dict[UUID, str] = field(init=False)  # gift -> its token
    shop: Merchant = field(init=False)  # that pays, where merchants do

    # --- acting --------------------------------------------------------------------------------------------------

    def _as(self, name: str, at: datetime | None = None) -> AbstractContextManager[Scope]:
        player = self.city if name == "city" else self.cast.play(name)
        opened: AbstractContextManager[Scope] = player.scope(at=at or self.at)
        return opened

    def _of(self, who: str) -> AbstractContextManager[Scope]:
        return customer_scope(customer_id=self.people[who], at=self.at, cause="walk")

    def _do(self, scope: AbstractContextManager[Scope], act: Callable[[Scope], Any]) -> tuple[str, Any]:
        """What was said, and what came of it."""
        try:
            with scope as opened:
                return "ok", act(opened)
        except Refusal as no:
            return no.code, None

    def _heed(self, deed: str, told: str, should: str, *what: object) -> None:
        self.said[deed, told] += 1
        self._note(f"{deed} {' '.join(map(str, what))}: {told}")
        assert told == should, f"{deed} was answered {told}, and should have been {should}"

    def _note(self, line: str) -> None:
        self.lately.append(f"{self.at:%m-%d %H:%M:%S} {line}")

    def _terms(self, said: Said) -> BatchTerms:
        head_office, branch, merchant = self.books.percents
        return BatchTerms(
            title="走一走", kind=said.kind, threshold_fen=said.threshold, off_fen=said.off,
            percent=said.percent if said.kind == "percent_off" else None, usable_days=said.days,
            per_customer_limit=said.each, per_day_limit=said.each_day, cap_per_day=said.cap_per_day,
            may_be_given=said.may_be_given, quota=said.quota, claim_from=said.claim_from,
            claim_until=said.claim_until, payer=self.books.payer, head_office_percent=head_office,
            branch_percent=branch, merchant_percent=merchant, handed_down=True,
            redeem_merchants=[self.shop.pk] if self.books.has_merchants else [],
        )  # fmt: skip

    def _publish(self) -> str:
        with self._as("north_rewards") as scope:
            revision = submit_batch(scope=scope, batch_id=self.batch)
        with self._as("north_reviewer") as scope:
            approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
        return "ok"

    # --- what is done, and by whom --------------------------------------------------------------------------------

    def _who(self) -> str:
        """Seldom the one from elsewhere, who may claim nothing and take what is given."""
        return self.draw.choices(list(self.people), [4, 4, 4, 4, 1])[0]

    def _coupon(self, *states: str) -> tuple[Any, Held] | None:
        """Any coupon; more often than not one in one of these states, and a late one."""
        found = list(self.books.coupons.items())
        if self.draw.random() < 0.85:
            found = [each for each in found if each[1].status in states][-12:] or found
        return self.draw.choice(found) if found else None

    def _holder(self, held: Held) -> str:
        return held.who if self.draw.random() < 0.93 else self._who()

    def _claim(self) -> None:
        who = self._who()
        told, made = self._do(self._of(who), lambda s: claim_coupon(scope=s, batch_id=self.batch).pk)
        self._heed("claim", told, self.books.claim(made, who, self.at), who)

    def _grant(self) -> None:
        who, reason = self._who(), self.draw.choice(["补偿", "补偿", "补偿", " "])
        told, made = self._do(
            self._as("north_rewards"),
            lambda s: (
                grant_coupon(scope=s, batch_id=self.batch, customer_id=self.people[who], reason=reason).pk
            ),
        )
        self._heed("grant", told, self.books.grant(made, who, self.at, reason), who)

    def _redeem(self) -> None:
        if (chosen := self._coupon("claimed")) is None:
            return
        key, held = chosen
        place, spent = self.draw.choice(list(CLERKS)), self.draw.choice([None, 0, 3, 99_99, 100_00, 333_33])
        order = self.draw.choice([None, held.order or None, "A-9"])
        told, made = self._do(
            self._as(CLERKS[place]),
            lambda s: (
                redeem_coupon(
                    scope=s, code=code_of(key), order_fen=spent, order=order, merchant=self._till()
                ).pk
            ),
        )
        should = self.books.redeem(made, key, place, self.at, spent, order)
        self._heed("redeem", told, should, key, place, spent, order)

    def _till(self) -> str:
        """What merchants pay a part of is taken at a merchant's till, and at no other."""
        return self.shop.code if self.books.has_merchants else ""

    def _reverse(self) -> None:
        if not self.books.used:
            return
        key, used = self.draw.choice(list(self.books.used.items())[-3:])
        place = used.place if self.draw.random() < 0.9 else self.draw.choice(list(CLERKS))
        told, _made = self._do(
            self._as(CLERKS[place]), lambda s: reverse_redemption(scope=s, redemption_id=key)
        )
        self._heed("reverse", told, self.books.reverse(key, place, self.at), key, place)

    def _offer(self) -> None:
        if (chosen := self._coupon("claimed")) is None:
            return
        key, held = chosen
        who, gift = self._holder(held), uuid4()

        def act(scope: Scope) -> str:
            offer_gift(scope=scope, coupon_id=key)
            return gift_offered(scope=scope, coupon_id=key).token

        told, token = self._do(self._of(who), act)
        if token is not None:
            self.links[gift] = token
        self._heed("offer", told, self.books.offer(gift, key, who, self.at), key, who)

    def _accept(self) -> None:
        if not self.links:
            return
        gift, who = self.draw.choice(list(self.links)[-2:]), self._who()
        told, made = self._do(self._of(who), lambda s: accept_gift(scope=s, token=self.links[gift]).pk)
        self._heed("accept", told, self.books.accept(gift, made, who, self.at), gift, who)

    def _withdraw(self) -> None:
        offered = [offer.coupon for offer in self.books.offers.values()][-4:]
        if not offered:
            return
        key = self.draw.choice(offered)
        who = self._holder(self.books.coupons[key])
        told, _made = self._do(self._of(who), lambda s: withdraw_gift(scope=s, coupon_id=key))
        self._heed("withdraw", told, self.books.withdraw(key, who, self.at), key, who)

    def _lock(self) -> None:
        if (chosen := self._coupon("claimed")) is None:
            return
        key, held = chosen
        who, order, minutes = (
            self._holder(held),
            self.draw.choice(["A-1", "A-2"]),
            self.draw.randrange(1, 180),
        )
        told, _made = self._do(
            self._of(who),
            lambda s: lock_coupon(scope=s, coupon_id=key, order=order, during=timedelta(minutes=minutes)),
        )
        self._heed("lock", told, self.books.lock(key, who, self.at, order, minutes), key, who, order, minutes)

    def _unlock(self) -> None:
        aside = [
            k for k, held in self.books.coupons.items() if held.order_until and held.order_until > self.at
        ]
        key = self.draw.choice(aside or [None, *self.books.coupons])
        if key is None:
            return
        held = self.books.coupons[key]
        who, order = self._holder(held), self.draw.choice([held.order or "A-1", "A-1"])
        told, _made = self._do(self._of(who), lambda s: unlock_coupon(scope=s, coupon_id=key, order=order))
        self._heed("unlock", told, self.books.unlock(key, who, self.at, order), key, who, order)

    def _void(self) -> None:
        if (chosen := self._coupon("claimed")) is None:
            return
        key = chosen[0]
        told, _made = self._do(
            self._as("north_rewards"), lambda s: void_coupon(scope=s, coupon_id=key, reason="误发")
        )
        self._heed("void", told, self.books.void(key), key)

    def _expire(self) -> None:
        """As the sweep does it; the batches before this one have nothing left that is due after the first time."""
        with system_scope(at=self.at, cause="sweep") as scope:
            while expire_due_coupons(scope=scope):
                pass
        self._heed("expire", "ok", "ok", self.books.expire(self.at))

    def _extend(self) -> None:
        if (chosen := self._coupon("expired", "claimed")) is None:
            return
        key, held = chosen
        until = self.draw.choice([held.ends, self.at]) + timedelta(hours=self.draw.randrange(-5, 60))
        told, _made = self._do(
            self._as("north_rewards"),
            lambda s: extend_coupon(scope=s, coupon_id=key, until=until, reason="停电"),
        )
        self._heed("extend", told, self.books.extend(key, until, self.at), key, until)

    def _settle(self) -> None:
        with system_scope(at=self.at, cause="sweep") as scope:
            while settle_budgets(scope=scope):
                pass
        self._heed("settle", "ok", "ok", self.books.settle(self.at))

    def _allots(self, branch: str, many: int, by: str = "north_rewards", source: str = "") -> None:
        place = self.cast.branch[branch].pk
        told, _made = self._do(
            self._as(by),
            lambda s: allot_stock(scope=s, batch_id=self.batch, branch_id=place, quantity=many),
        )
        self._heed("allot", told, self.books.allot(branch, many, source), by, branch, many)

    def _allot(self) -> None:
        self._allots(self.draw.choice(["N", "NC", "NB", "NB"]), self.draw.randrange(0, 12))

    def _pass_on(self) -> None:
        self._allots(self.draw.choice(["NB", "NB", "NC"]), self.draw.randrange(1, 6), "city", "NC")

    def _draws(self, branch: str, many: int | None, by: str = "north_rewards", source: str = "") -> None:
        place = self.cast.branch[branch].pk

        def act(scope: Scope) -> int:
            if many is None:
                return draw_back_subtree(scope=scope, batch_id=self.batch, branch_id=place)
            return draw_back_stock(scope=scope, batch_id=self.batch, branch_id=place, quantity=many)

        told, _made = self._do(self._as(by), act)
        self._heed("draw_back", told, self.books.draw_back(branch, many, source), by, branch, many)

    def _draw_back(self) -> None:
        self._draws(self.draw.choice(["N", "NC", "NB"]), self.draw.randrange(0, 6))

    def _hand_back(self) -> None:
        self._draws("NB", self.draw.choice([None, 1, 2, 5]), "city", "NC")

    def _clear(self) -> None:
        self._draws(self.draw.choice(["N", "NC", "NB"]), None)

    def _change(self) -> None:
        """Another revision, approved at once."""
        draw, said = self.draw, self.books.draft
        said = replace(
            said, threshold=draw.choice([0, 100_00]), percent=draw.choice([7, 15, 85]), days=draw.randrange(1, 5),
            each=draw.randrange(2, 12), each_day=draw.choice([None, said.each_day]),
            may_be_given=draw.random() < 0.8, quota=max(1, said.quota + draw.randrange(-15, 20)),
            # What is over is not approved again, unless it goes on.
            claim_until=max(said.claim_until, self.at + timedelta(days=draw.randrange(1, 9))),
        )  # fmt: skip
        if self._terms(said) == self._terms(self.books.draft) or not self.books.allotted:
            return  # neither is anything to approve
        told, _made = self._do(
            self._as("north_rewards"),
            lambda s: change_batch(scope=s, batch_id=self.batch, terms=self._terms(said)),
        )
        if told == "ok":
            told = self._publish()
        self._heed("change", told, self.books.change(said), said)

    def _stop(self) -> None:
        branch = self.draw.choice(["NB", "NC"])
        told, made = self._do(
            self._as("north_reviewer"),
            lambda s: (
                add_stop(
                    scope=s, branch_id=self.cast.branch[branch].pk, reason="核查", kind="rewards.batch"
                ).pk
            ),
        )
        if made is not None:
            self.stops[branch] = made
        self._heed("stop", told, self.books.stop(branch), branch)

    def _resume(self) -> None:
        if self.stops:
            self._lift(self.draw.choice(list(self.stops)))

    def _lift(self, branch: str) -> None:
        with self._as("north_reviewer") as scope:
            ask_lift(scope=scope, stop_id=self.stops[branch], words="已核查")
        with self._as("ho_administrator") as scope:
            lift_stop(scope=scope, stop_id=self.stops.pop(branch))
        if hasattr(self, "books"):
            self._heed("lift", "ok", self.books.lift(branch), branch)
