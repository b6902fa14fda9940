"""Two customers who are one: what moves, what comes back, and who is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from campaigns.audit.models import Entry
from campaigns.customers import steps
from campaigns.customers.merge_rules import Written, parted_attributes, united_attributes
from campaigns.customers.merge_selectors import absorbed_ids, current_id
from campaigns.customers.models import Care, Customer, Identity, Merge, MergeProposal, StaffCustomer
from campaigns.customers.refusals import (
    AlreadyDecided,
    AlreadyUndone,
    AnotherMustConfirm,
    CustomerIsNotActive,
    HomeElsewhere,
    LaterMergeFirst,
    NobodyOfThatNumber,
    SameCustomer,
    StaffIsAnother,
    TwoKnownPeople,
)
from campaigns.customers.scopes import customer_scope
from campaigns.customers.selectors import masked_identities, plain_identities
from campaigns.customers.services.care import assign_manager, move_customer_home
from campaigns.customers.services.customers import seal_identity
from campaigns.customers.services.merges import (
    confirm_proposal,
    merge_customers,
    propose_by_number,
    propose_merge,
    reject_proposal,
    settle_customers,
    unmerge_customers,
)
from campaigns.customers.services.staff import link_staff
from campaigns.lib.constraints import violated
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.rewards.models import Coupon
from campaigns.rewards.refusals.coupons import LimitReached
from campaigns.rewards.services.coupons import claim_coupon, issue_redeem_token, redeem_coupon
from campaigns.tenants.scopes import ScopeClosed, system_scope
from tests.support.cast import AT, Cast, hired
from tests.support.customers import anonymous
from tests.support.races import together
from tests.support.rewards import live_batch

WHY = {"by": "test"}


def ids(cast: Cast) -> tuple[UUID, UUID, UUID]:
    return (*(cast.customers[name].customer.pk for name in ("nb", "nb2", "sb")),)  # type: ignore[return-value]


def known_by(scope: Any, customer: UUID) -> set[str]:
    return {text or "unreadable" for _row, text in plain_identities(scope=scope, customer_id=customer)}


def test_merging_moves_everything_and_undoing_brings_it_back(cast: Cast) -> None:
    nb, _, _ = ids(cast)
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "SB", "walk-in", {"age": 99, "likes": "gold"})
        Customer.objects.filter(pk=visitor).update(joined_at=AT + timedelta(hours=1))
        assign_manager(scope=scope, customer_id=visitor, person_id=cast.sb_manager.person.pk)
    later = AT + timedelta(days=1)
    with cast.ho_administrator.scope(at=later) as scope:
        merge = merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        gone, kept = Customer.objects.get(pk=visitor), Customer.objects.get(pk=nb)
        assert (gone.status, gone.branch_id) == ("merged", kept.branch_id)
        assert known_by(scope, nb) == {"N-nb-000001", "union-nb", "walk-in"}
        assert known_by(scope, visitor) == set()
        assert kept.attributes == {"age": 99, "job": "teacher", "likes": "gold"}  # the newer ones win
        assert absorbed_ids(nb) == [visitor] and current_id(visitor) == nb
        assert Care.objects.get(customer=nb, until__isnull=True).person_id == cast.sb_manager.person.pk
        with pytest.raises(CustomerIsNotActive):
            merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        # What changed since stays.
        Customer.objects.filter(pk=nb).update(attributes={**kept.attributes, "likes": "bonds"})
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
        gone, kept = Customer.objects.get(pk=visitor), Customer.objects.get(pk=nb)
        assert (gone.status, gone.branch_id) == ("active", cast.branch["SB"].pk)
        assert known_by(scope, visitor) == {"walk-in"}
        assert known_by(scope, nb) == {"N-nb-000001", "union-nb"}
        assert kept.attributes == {"age": 31, "job": "teacher", "likes": "bonds"}
        assert gone.attributes == {"age": 99, "likes": "gold"}
        assert Care.objects.get(customer=visitor, until__isnull=True).person_id == cast.sb_manager.person.pk
        with pytest.raises(AlreadyUndone):
            unmerge_customers(scope=scope, merge_id=merge.pk)
        verbs = Entry.objects.filter(subject=f"customers.customer:{nb}").values_list("verb", flat=True)
        assert {"customers.customer.merge", "customers.customer.unmerge"} <= set(verbs)


def test_who_somebody_is_at_work_goes_along_and_comes_back(cast: Cast) -> None:
    nb, nb2, _ = ids(cast)
    clerk = cast.nb_clerk.person.pk

    def at_work() -> dict[UUID, UUID]:
        return dict(StaffCustomer.objects.values_list("customer_id", "person_id"))

    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "SB", "walk-in", {})
        link_staff(scope=scope, customer_id=visitor, person_id=clerk)
        with pytest.raises(StaffIsAnother):
            link_staff(scope=scope, customer_id=nb2, person_id=clerk)
    with cast.ho_administrator.scope() as scope:
        merge = merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        assert at_work() == {nb: clerk}
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
        assert at_work() == {visitor: clerk}
        link_staff(scope=scope, customer_id=visitor, person_id=None)
        assert at_work() == {}


def test_every_row_of_an_identity_is_still_readable_only_under_its_present_key(cast: Cast) -> None:
    nb, _, _ = ids(cast)
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
        before = bytes(Identity.objects.get(customer=visitor).value)
        merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        after = bytes(Identity.objects.get(kind="openid").value)
        assert before != after
        # What history holds of it stays under the absorbed one's key, which stays until both are erased.
        assert masked_identities(scope=scope, customer_id=visitor) == []


def test_coupons_go_along_count_against_the_limit_and_come_back(cast: Cast) -> None:
    nb, _, _ = ids(cast)
    batch = live_batch(cast, per_customer_limit=2)
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")

    def claimed(customer: UUID, at: Any = AT) -> UUID:
        with customer_scope(customer_id=customer, at=at) as scope:
            return claim_coupon(scope=scope, batch_id=batch.pk).pk

    own, others = claimed(nb), claimed(visitor)
    with customer_scope(customer_id=visitor, at=AT) as scope:
        token, _until = issue_redeem_token(scope=scope, coupon_id=others)
    with cast.nb_manager.scope() as scope:
        merge = merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        held = Coupon.objects.filter(customer=nb).order_by("nth").values_list("pk", "nth")
        assert list(held) == [(own, 1), (others, 2)]
    with pytest.raises(ScopeClosed):
        claimed(visitor)
    with pytest.raises(LimitReached):
        claimed(nb)
    # A code that was shown before is as good as ever.
    with cast.nb_clerk.scope() as scope:
        redeem_coupon(scope=scope, token=token)
    with cast.nb_manager.scope() as scope:
        unmerge_customers(scope=scope, merge_id=merge.pk)
        [back] = Coupon.objects.filter(customer=visitor)
        assert (back.pk, back.nth, back.status) == (others, 1, "redeemed")
    # Both may claim what is left to them.
    assert len({claimed(nb), claimed(visitor)}) == 2
    with (
        cast.nb_manager.scope(),
        pytest.raises(DatabaseError, match="by a merge"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT move_coupons(%s, %s)", [nb, visitor])


def test_two_whom_the_bank_knows_are_never_merged_without_a_second_person(cast: Cast) -> None:
    nb, nb2, _ = ids(cast)
    with cast.nb_manager.scope() as scope:
        with pytest.raises(TwoKnownPeople):
            merge_customers(scope=scope, kept=nb, absorbed=nb2, why=WHY)
        # Nor by whoever forgets the service.
        with pytest.raises(IntegrityError) as told, transaction.atomic():
            home = cast.branch["NB"]
            Merge.objects.create(
                kept_id=nb, absorbed_id=nb2, branch=home, branch_pos=home.pos, at=AT,
                by_person_id=scope.person_id,
            )  # fmt: skip
        assert violated(told.value) == "customers_merge_of_two_known_is_confirmed"
        assert propose_merge(scope=scope, first=nb, second=nb2, comment="同一张身份证") == "open"
        assert propose_merge(scope=scope, first=nb2, second=nb, comment="再说一次") == "open"
        proposal = MergeProposal.objects.get()
        with pytest.raises(AnotherMustConfirm):
            confirm_proposal(scope=scope, proposal_id=proposal.pk, kept=nb)
        with pytest.raises(IntegrityError) as told, transaction.atomic():
            MergeProposal.objects.filter(pk=proposal.pk).update(
                state="confirmed", decided_at=AT, decided_by_id=scope.person_id
            )
        assert violated(told.value) == "customers_mergeproposal_is_confirmed_by_another"
    with cast.sb_manager.scope() as scope, pytest.raises(NotFound):
        confirm_proposal(scope=scope, proposal_id=proposal.pk, kept=nb)
    with cast.ho_administrator.scope() as scope:
        with pytest.raises(NotFound):
            confirm_proposal(scope=scope, proposal_id=proposal.pk, kept=cast.customers["sb"].customer.pk)
        merge = confirm_proposal(scope=scope, proposal_id=proposal.pk, kept=nb2, comment="已核验")
        assert (merge.kept_id, merge.proposal_id) == (nb2, proposal.pk)
        assert known_by(scope, nb2) == {"N-nb-000001", "N-nb2-000002", "union-nb", "union-nb2"}
        with pytest.raises(AlreadyDecided):
            reject_proposal(scope=scope, proposal_id=proposal.pk, comment="不是")
        unmerge_customers(scope=scope, merge_id=merge.pk)
        # The answer was given: nobody asks again.
        assert propose_merge(scope=scope, first=nb, second=nb2, comment="又来") == "confirmed"


def test_a_rejected_pair_is_not_proposed_again(cast: Cast) -> None:
    nb, nb2, sb = ids(cast)
    with system_scope(at=AT, cause="test") as scope:
        settled = settle_customers(scope=scope, first=nb, second=sb, kinds={"phone"}, why="link")
        assert (settled.verdict, settled.proposal) == ("propose", "open")
        assert (
            settle_customers(scope=scope, first=nb, second=nb2, kinds={"device"}, why="link").verdict
            == "leave"
        )
    with cast.ho_administrator.scope() as scope:
        proposal = MergeProposal.objects.get()
        # In the queue of the lowest branch above both homes.
        assert proposal.branch_id == cast.branch["HO"].pk
        reject_proposal(scope=scope, proposal_id=proposal.pk, comment="父子共用手机")
    with system_scope(at=AT, cause="test") as scope:
        again = settle_customers(scope=scope, first=sb, second=nb, kinds={"phone"}, why="link")
        assert (again.verdict, again.proposal) == ("propose", "rejected")
        assert MergeProposal.objects.get().state == "rejected"


def test_a_branch_proposes_only_among_its_own_and_learns_of_nobody_else(cast: Cast) -> None:
    nb, nb2, sb = ids(cast)
    player = hired(cast, "relationship_manager", "NB")
    with player.scope() as scope:
        assert propose_by_number(scope=scope, customer_id=nb, number="N-nb2-000002", comment="重复") == "open"
        for number in ("N-sb-000003", "N-nobody"):
            with pytest.raises(NobodyOfThatNumber):
                propose_by_number(scope=scope, customer_id=nb, number=number, comment="重复")
        with pytest.raises(NotFound):
            propose_merge(scope=scope, first=nb, second=sb, comment="重复")
        with pytest.raises(SameCustomer):
            propose_merge(scope=scope, first=nb, second=nb, comment="重复")
        with pytest.raises(NotAllowed):
            merge_customers(scope=scope, kept=nb, absorbed=nb2, why=WHY)
        assert MergeProposal.objects.count() == 1


def test_merges_are_undone_the_latest_first_and_whole_chains_go_home(cast: Cast) -> None:
    nb, _, _ = ids(cast)
    with system_scope(at=AT, cause="test") as scope:
        first, second, third = (anonymous(scope, cast, "SB", name) for name in ("a", "b", "c"))
    with cast.ho_administrator.scope() as scope:
        one = merge_customers(scope=scope, kept=second, absorbed=third, why=WHY)
        two = merge_customers(scope=scope, kept=nb, absorbed=second, why=WHY)
    with cast.ho_administrator.scope(at=AT + timedelta(minutes=1)) as scope:
        three = merge_customers(scope=scope, kept=nb, absorbed=first, why=WHY)
        assert set(absorbed_ids(nb)) == {first, second, third}
        assert {current_id(each) for each in (first, second, third, nb)} == {nb}
        homes = set(
            Customer.objects.filter(pk__in=[first, second, third]).values_list("branch_id", flat=True)
        )
        assert homes == {cast.branch["NB"].pk}
        assert known_by(scope, nb) >= {"a", "b", "c"}
        for early in (one, two):
            with pytest.raises(LaterMergeFirst):
                unmerge_customers(scope=scope, merge_id=early.pk)
    with cast.nb_manager.scope() as scope, pytest.raises(HomeElsewhere):
        unmerge_customers(scope=scope, merge_id=three.pk)
    with cast.ho_administrator.scope() as scope:
        unmerge_customers(scope=scope, merge_id=three.pk)
        unmerge_customers(scope=scope, merge_id=two.pk)
        assert known_by(scope, second) == {"b", "c"} and absorbed_ids(second) == [third]
        assert set(Customer.objects.filter(pk__in=[second, third]).values_list("branch_id", flat=True)) == {
            cast.branch["SB"].pk
        }
        unmerge_customers(scope=scope, merge_id=one.pk)
        assert [known_by(scope, each) for each in (first, second, third)] == [{"a"}, {"b"}, {"c"}]


def test_open_questions_about_somebody_who_was_merged_are_asked_about_who_is_there(cast: Cast) -> None:
    nb, _, sb = ids(cast)
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
        settle_customers(scope=scope, first=visitor, second=sb, kinds={"phone"}, why="link")
        settle_customers(scope=scope, first=visitor, second=nb, kinds={"openid"}, why="log-in")
        states = {(p.first_id, p.second_id): p.state for p in MergeProposal.objects.all()}
        assert states == {_pair(visitor, sb): "superseded", _pair(nb, sb): "open"}
    # Another home: the question goes to whoever stands above both now.
    with cast.ho_administrator.scope() as scope:
        assert MergeProposal.objects.get(state="open").branch_id == cast.branch["HO"].pk
        move_customer_home(scope=scope, customer_id=sb, branch_id=cast.branch["NB"].pk, why="迁居")
        assert MergeProposal.objects.get(state="open").branch_id == cast.branch["NB"].pk
        assert {row.customer_id for row in Identity.objects.filter(branch=cast.branch["NB"])} >= {sb}


def _pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return min(one, other), max(one, other)


def test_a_step_that_refuses_leaves_everything_as_it_was(cast: Cast) -> None:
    nb, _, _ = ids(cast)

    def refuse(**_given: Any) -> list[str]:
        raise CustomerIsNotActive(customer="")

    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "SB", "walk-in")
        with _step(refuse), pytest.raises(CustomerIsNotActive), transaction.atomic():
            merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        assert not Merge.objects.exists()
        assert known_by(scope, visitor) == {"walk-in"}
        assert Customer.objects.get(pk=visitor).branch_id == cast.branch["SB"].pk


@contextmanager
def _step(act: Any) -> Iterator[None]:
    steps.register_step("merge", name="test", act=act)
    try:
        yield
    finally:
        del steps._STEPS["merge"]["test"]


def test_the_newer_attributes_win_and_parting_is_the_reverse_of_uniting() -> None:
    old, new = Written({"a": 1, "b": 2}, AT), Written({"b": 3, "c": None}, AT + timedelta(1))
    united, brought = united_attributes(kept=old, absorbed=new)
    assert united == {"a": 1, "b": 3, "c": None}
    assert parted_attributes(values=united, brought=brought) == old.values
    united, brought = united_attributes(kept=new, absorbed=old)
    assert united == {"a": 1, "b": 3, "c": None} and list(brought) == ["a"]
    assert parted_attributes(values={**united, "a": 7}, brought=brought) == {"a": 7, "b": 3, "c": None}


def test_attributes_know_when_they_changed_last(cast: Cast) -> None:
    nb, _, _ = ids(cast)
    with system_scope(at=AT, cause="test"):
        Customer.objects.filter(pk=nb).update(is_personalised=False)
        assert Customer.objects.get(pk=nb).attributes_at is None
        Customer.objects.filter(pk=nb).update(attributes={"age": 40})
        assert Customer.objects.get(pk=nb).attributes_at == AT


def test_merges_that_meet_wait_for_each_other(committed_cast: Cast) -> None:
    """A into B and B into A, and both into a third, at once: one of each pair happens, nobody is lost."""
    cast = committed_cast
    with system_scope(at=AT, cause="test") as scope:
        one, two, three = (anonymous(scope, cast, "NB", name) for name in ("a", "b", "c"))

    def act(kept: UUID, absorbed: UUID) -> Any:
        def run() -> Any:
            with cast.nb_manager.scope() as scope:
                return merge_customers(scope=scope, kept=kept, absorbed=absorbed, why=WHY)

        return run

    results = together([act(one, two), act(two, one), act(three, one), act(three, two), act(two, three)])
    assert {type(each) for each in results} <= {Merge, CustomerIsNotActive}, results
    with system_scope(at=AT, cause="test") as scope:
        left = [each for each in (one, two, three) if Customer.objects.get(pk=each).status == "active"]
        assert len(left) == 1 and set(absorbed_ids(left[0])) == {one, two, three} - set(left)
        assert known_by(scope, left[0]) == {"a", "b", "c"}
        assert Merge.objects.count() == 2


def test_without_the_lock_what_is_linked_meanwhile_stays_behind(committed_cast: Cast) -> None:
    """The control: somebody who writes an identity without taking the customer first."""
    cast = committed_cast
    nb = cast.customers["nb"].customer.pk
    with system_scope(at=AT, cause="test") as scope:
        visitor = anonymous(scope, cast, "NB", "walk-in")
        merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)
        # What the service refuses (CustomerIsNotActive), the bare table takes.
        home = cast.branch["NB"]
        sealed = seal_identity(customer_id=visitor, key=b"k" * 32, kind="device", value="late")
        Identity.objects.create(
            id=sealed.id, customer_id=visitor, branch=home, branch_pos=home.pos, kind="device",
            lookup=sealed.lookup, value=sealed.value,
        )  # fmt: skip
        assert Identity.objects.filter(customer=visitor).count() == 1
        assert not Identity.objects.filter(customer=nb, kind="device").exists()


def test_a_claim_and_a_merge_that_meet_lose_no_coupon(committed_cast: Cast) -> None:
    cast = committed_cast
    nb = cast.customers["nb"].customer.pk
    batch = live_batch(cast, shares={"NB": 40}, per_customer_limit=40)
    with system_scope(at=AT, cause="test") as scope:
        visitors = [anonymous(scope, cast, "NB", f"w{number}") for number in range(3)]

    def claim(customer: UUID) -> Any:
        def run() -> Any:
            with customer_scope(customer_id=customer, at=AT) as scope:
                return claim_coupon(scope=scope, batch_id=batch.pk)

        return run

    def merge(visitor: UUID) -> Any:
        def run() -> Any:
            with cast.nb_manager.scope() as scope:
                return merge_customers(scope=scope, kept=nb, absorbed=visitor, why=WHY)

        return run

    acts = [claim(nb), *(act(each) for each in visitors for act in (claim, merge, claim)), claim(nb)]
    results = together(acts)
    claims = [each for each in results if isinstance(each, Coupon)]
    odd = [each for each in results if not isinstance(each, Coupon | Merge | ScopeClosed | NotFound)]
    assert odd == []
    with system_scope(at=AT, cause="test"):
        assert Merge.objects.count() == 3
        held = list(Coupon.objects.values_list("customer_id", "nth").order_by("nth"))
        assert held == [(nb, number) for number in range(1, len(claims) + 1)]
