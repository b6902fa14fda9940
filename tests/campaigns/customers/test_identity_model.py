"""Anything that may happen to identities, in any order, against an oracle of plain sets."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from campaigns.customers.consent_refusals import ErasedAlready
from campaigns.customers.merge_selectors import absorbed_ids, current_id
from campaigns.customers.models import Customer, CustomerKey, Identity, Merge
from campaigns.customers.refusals import (
    AlreadyUndone,
    CannotBeUndone,
    CustomerIsNotActive,
    LaterMergeFirst,
    SameCustomer,
)
from campaigns.customers.scopes import customer_scope
from campaigns.customers.selectors import Named, match_identities, plain_identities
from campaigns.customers.services.identities import link_identity, revoke_identity
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import erase_customer
from campaigns.rewards.models import Coupon
from campaigns.rewards.services.coupons import claim_coupon
from campaigns.tenants.scopes import Scope, ScopeClosed, system_scope
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.rewards import live_batch

CUSTOMERS, NAMES = 4, ("p", "q", "r", "s")
ERASURES = 2  # of one history; where all are forgotten nothing happens any more


class Identities(RuleBasedStateMachine):
    """Four people of whom the bank knows WeChat alone. The oracle: who holds what, who became whom in which order, and
    who is forgotten.
    """

    scope: Scope
    cast: Cast
    batch: UUID

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        places = ("NB", "SB")
        self.people = [
            anonymous(self.scope, self.cast, places[n % 2], f"start-{n}", {"age": n})
            for n in range(CUSTOMERS)
        ]
        self.homes = {person: self.cast.branch[places[n % 2]].pk for n, person in enumerate(self.people)}
        self.held: dict[UUID, set[str]] = {person: {f"start-{n}"} for n, person in enumerate(self.people)}
        self.claims: dict[UUID, set[str]] = {person: set() for person in self.people}
        self.coupons: dict[UUID, set[UUID]] = {person: set() for person in self.people}
        self.attributes: dict[UUID, dict[str, Any]] = {p: {"age": n} for n, p in enumerate(self.people)}
        # (merge, kept, absorbed, identities, claims, coupons, home, attributes of the kept one before), newest last.
        self.merges: list[dict[str, Any]] = []
        self.into: dict[UUID, UUID] = {}
        self.forgotten: set[UUID] = set()
        self.erasures = 0

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @rule(who=st.integers(0, CUSTOMERS - 1), name=st.sampled_from(NAMES), is_verified=st.booleans())
    def link(self, who: int, name: str, is_verified: bool) -> None:
        person = self.people[who]
        call = {"customer_id": person, "kind": "openid", "value": name, "app": "wx-test", "source": "test"}
        if self._is_gone(person):
            with pytest.raises(CustomerIsNotActive):
                link_identity(scope=self.scope, is_verified=is_verified, **call)
            return
        done = link_identity(scope=self.scope, is_verified=is_verified, **call)
        holder = next((p for p, names in self.held.items() if name in names), None)
        if not is_verified:
            known = name in self.held[person] | self.claims[person]
            assert done.outcome == ("known" if known else "claimed")
            if not known:
                self.claims[person].add(name)
        elif holder is None:
            assert done.outcome == "linked"
            self.claims[person].discard(name)
            self.held[person].add(name)
        elif holder == person:
            assert done.outcome == "known"
        else:
            # Neither is known to the bank: the one who came first stays.
            kept, gone = sorted((person, holder))
            assert (done.outcome, done.customer_id) == ("merged", kept)
            self._merged(Merge.objects.get(absorbed=gone, undone_at__isnull=True), kept, gone)

    @initialize(kept=st.integers(0, CUSTOMERS - 1), gone=st.integers(0, CUSTOMERS - 1))
    def began(self, kept: int, gone: int) -> None:
        """Most histories begin with two who are one: what follows a merge is looked for."""
        self.merge(kept=kept, gone=gone)

    @rule(kept=st.integers(0, CUSTOMERS - 1), gone=st.integers(0, CUSTOMERS - 1))
    def merge(self, kept: int, gone: int) -> None:
        one, other = self.people[kept], self.people[gone]
        call = {"kept": one, "absorbed": other, "why": {}}
        if one == other or self._is_gone(one) or self._is_gone(other):
            with pytest.raises((SameCustomer, CustomerIsNotActive)):
                merge_customers(scope=self.scope, **call)
            return
        self._merged(merge_customers(scope=self.scope, **call), one, other)

    def _merged(self, merge: Merge, kept: UUID, gone: UUID) -> None:
        self.merges.append(
            {
                "merge": merge.pk, "kept": kept, "gone": gone, "held": self.held[gone],
                "claims": self.claims[gone] - self.claims[kept], "coupons": self.coupons[gone],
                "home": self.homes[gone], "before": dict(self.attributes[kept]),
            }
        )  # fmt: skip
        moved = self.merges[-1]
        self.held[kept] = self.held[kept] | moved["held"]
        self.claims[kept] = self.claims[kept] | moved["claims"]
        self.coupons[kept] = self.coupons[kept] | moved["coupons"]
        self.held[gone], self.coupons[gone] = set(), set()
        self.claims[gone] = self.claims[gone] - moved["claims"]
        self.into[gone] = kept
        for each in (gone, *self._within(gone)):
            self.homes[each] = self.homes[kept]
        self.attributes[kept] = Customer.objects.get(pk=kept).attributes
        assert self.attributes[kept].keys() == {"age"}

    @rule(which=st.integers(0, 9))
    def unmerge(self, which: int) -> None:
        if not self.merges:
            return
        one = self.merges[which % len(self.merges)]
        if one["kept"] in self.forgotten:
            with pytest.raises(CannotBeUndone):
                unmerge_customers(scope=self.scope, merge_id=one["merge"])
            return
        later = [m for m in self.merges if m["kept"] == one["kept"]]
        if one["kept"] in self.into or later[-1] is not one:
            with pytest.raises(LaterMergeFirst):
                unmerge_customers(scope=self.scope, merge_id=one["merge"])
            return
        unmerge_customers(scope=self.scope, merge_id=one["merge"])
        with pytest.raises(AlreadyUndone):
            unmerge_customers(scope=self.scope, merge_id=one["merge"])
        self.merges.remove(one)
        kept, gone = one["kept"], one["gone"]
        del self.into[gone]
        # What is the kept one's still goes back: a name that was revoked meanwhile is nobody's.
        for what in ("held", "claims", "coupons"):
            mine = getattr(self, what)
            back = one[what] & mine[kept]
            mine[kept], mine[gone] = mine[kept] - back, mine[gone] | back
        for each in (gone, *self._within(gone)):
            self.homes[each] = one["home"]
        self.attributes[kept] = one["before"]

    @rule(who=st.integers(0, CUSTOMERS - 1), name=st.sampled_from((*NAMES, "start-0", "start-1")))
    def revoke(self, who: int, name: str) -> None:
        person = self.people[who]
        if self._is_gone(person) or name not in self.held[person]:
            return
        rows = plain_identities(scope=self.scope, customer_id=person)
        [row] = [row for row, plain in rows if plain == name and row.state == "verified"]
        revoke_identity(scope=self.scope, identity_id=row.pk, reason="不再使用")
        self.held[person].discard(name)
        for merge in self.merges:
            merge["held"] = merge["held"] - ({name} if merge["kept"] == person else set())

    @rule(who=st.integers(0, CUSTOMERS - 1))
    def claim(self, who: int) -> None:
        person = self.people[who]
        if self._is_gone(person):
            with pytest.raises(ScopeClosed), customer_scope(customer_id=person, at=AT) as scope:
                claim_coupon(scope=scope, batch_id=self.batch)
            return
        with customer_scope(customer_id=person, at=AT) as scope:
            self.coupons[person].add(claim_coupon(scope=scope, batch_id=self.batch).pk)

    @precondition(lambda self: self.erasures < ERASURES)
    @rule(who=st.integers(0, CUSTOMERS - 1))
    def erase(self, who: int) -> None:
        """Whichever of those who are one is named: the whole person is forgotten."""
        now = self._now(self.people[who])
        if now in self.forgotten:
            with pytest.raises(ErasedAlready):
                erase_customer(scope=self.scope, customer_id=self.people[who], why="来信")
            return
        erase_customer(scope=self.scope, customer_id=self.people[who], why="来信")
        self.erasures += 1
        for each in (now, *self._within(now)):
            self.forgotten.add(each)
            self.held[each], self.claims[each], self.attributes[each] = set(), set(), {}

    def _is_gone(self, person: UUID) -> bool:
        return person in self.into or person in self.forgotten

    def _now(self, person: UUID) -> UUID:
        while person in self.into:
            person = self.into[person]
        return person

    def _within(self, person: UUID) -> list[UUID]:
        own = [gone for gone, kept in self.into.items() if kept == person]
        return [each for gone in own for each in (gone, *self._within(gone))]

    @invariant()
    def everybody_is_who_the_oracle_says(self) -> None:
        for person in self.people:
            customer = Customer.objects.get(pk=person)
            is_forgotten = person in self.forgotten
            stands = "erased" if is_forgotten else "merged" if person in self.into else "active"
            assert customer.status == stands
            assert CustomerKey.objects.filter(customer=person).exists() is not is_forgotten
            assert customer.branch_id == self.homes[person]
            rows = plain_identities(scope=self.scope, customer_id=person)
            assert {plain for row, plain in rows if row.state == "verified"} == self.held[person]
            assert {plain for row, plain in rows if row.state == "unverified"} == self.claims[person]
            assert None not in {plain for _row, plain in rows}, "sealed under a key that is not its own"
            held = Coupon.objects.filter(customer=person)
            assert set(held.values_list("pk", flat=True)) == self.coupons[person]
            assert sorted(held.values_list("nth", flat=True)) == list(range(1, len(self.coupons[person]) + 1))
            assert current_id(person) == self._now(person)
            assert set(absorbed_ids(person)) == set(self._within(person))
            if is_forgotten or person not in self.into:
                assert customer.attributes == self.attributes[person]
        free = {*NAMES, *(f"start-{n}" for n in range(CUSTOMERS))}
        for person, names in self.held.items():
            assert self._named(names) == ({person} if names else set())
            free -= names
        assert self._named(free) == set(), "what nobody holds names nobody, whoever was known by it"
        assert Identity.objects.filter(state="verified", kind="openid").count() == sum(
            map(len, self.held.values())
        )
        told = Merge.objects.filter(kept__in=self.forgotten).values_list("moved", "why", "undone_why")
        assert set(map(str, told)) <= {str(({}, {}, ""))}, "a merge still says what it moved of the forgotten"

    def _named(self, names: set[str]) -> set[UUID]:
        named = [Named("openid", name, "wx-test") for name in sorted(names)]
        return {found.customer_id for found in match_identities(named=named)}


@pytest.fixture
def machine(cast: Cast) -> Iterator[type[Identities]]:
    shares = {"NB": 50, "SB": 50}
    batch = live_batch(cast, by="ho_rewards", reviewer="ho_reviewer", shares=shares, per_customer_limit=100)
    with system_scope(at=AT, cause="test") as scope:
        Identities.scope, Identities.cast, Identities.batch = scope, cast, batch.pk
        yield Identities


def test_identities_merge_and_part_as_sets_do(machine: type[Identities]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=9, stateful_step_count=12, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
