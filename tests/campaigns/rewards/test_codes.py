"""Codes that claim, and codes of others that a coupon brings."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import Settings as Given

from campaigns.audit.models import Entry
from campaigns.jobs.long_models import Job
from campaigns.jobs.long_results import path_of as result_of
from campaigns.lib.http import tokens
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.models import Notice
from campaigns.rewards.codes import RANDOM, claim_code, room_of
from campaigns.rewards.models import Coupon, Stock
from campaigns.rewards.models.codes import ClaimCode, CodeRun, PartnerCode
from campaigns.rewards.refusals.coupons import SoldOut
from campaigns.rewards.refusals.life import (
    ClaimCodeMissing,
    ClaimCodeSpent,
    ClaimCodeWrong,
    CodesGone,
    CodesNotAsked,
    CodeTwice,
    PatternTooSmall,
    PatternUnclear,
    RunIsGone,
    SharedCodeUnclear,
    TooManyCodes,
)
from campaigns.rewards.services import claim_codes, partner_codes
from campaigns.rewards.services.claim_codes import (
    ask_codes,
    close_codes,
    set_shared_code,
    shared_code,
    take_codes,
)
from campaigns.rewards.services.coupons import claim_coupon, void_coupon
from campaigns.rewards.services.grants import grant_coupon, grant_lot
from campaigns.rewards.services.partner_codes import (
    codes_of,
    import_partner_codes,
    show_partner_code,
    warn_of_codes,
)
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.test_races import outcome
from tests.support.calls import Caller
from tests.support.cast import AT, Cast, hired
from tests.support.jobs import run
from tests.support.races import together
from tests.support.rewards import live_batch


@pytest.fixture(autouse=True)
def _private(settings: Given, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def claim(cast: Cast, batch: Any, code: str | None, name: str = "nb") -> Coupon:
    with cast.customers[name].scope() as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk, code=code)


def left(cast: Cast) -> int:
    with cast.north_rewards.scope():
        return sum(stock.allotted - stock.claimed for stock in Stock.objects.all())


def made(cast: Cast, batch: Any, number: int, pattern: str = "") -> tuple[CodeRun, list[str]]:
    """Codes as who had them made finds them in the table."""
    with cast.north_rewards.scope() as scope:
        asked = ask_codes(scope=scope, batch_id=batch.pk, number=number, pattern=pattern)
    assert run()
    with cast.north_rewards.scope() as scope:
        return asked, [line.strip() for line in take_codes(scope=scope, run_id=asked.pk)]


def test_codes_by_a_pattern_claim_once_each(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_codes, "LOT", 400)
    batch = live_batch(cast, claims_by="single", per_customer_limit=3)
    asked, codes = made(cast, batch, 1_000, "spring-####-AAAA")
    assert len(set(codes)) == 1_000 == len(codes)
    assert all(len(code) == 16 and code.startswith("SPRING-") and code[7:11].isdigit() for code in codes)
    with system_scope(at=AT, cause="look"):
        # Neither a code nor the key is in the database.
        assert ClaimCode.objects.filter(run=asked).count() == 1_000
        assert (CodeRun.objects.get().made, Job.objects.get(pk=asked.job_id).state) == (1_000, "done")
        assert Entry.objects.filter(verb="rewards.coderun.download").count() == 1
    for wrong, refusal in ((None, ClaimCodeMissing), ("", ClaimCodeWrong), ("SPRING-0000", ClaimCodeWrong)):
        with pytest.raises(refusal):
            claim(cast, batch, wrong)
    # However it is typed.
    coupon = claim(cast, batch, codes[0].lower().replace("-", " "))
    with system_scope(at=AT, cause="look"):
        assert ClaimCode.objects.get(coupon_id=coupon.pk).run_id == asked.pk
    with pytest.raises(ClaimCodeSpent):
        claim(cast, batch, codes[0], "nb2")
    assert left(cast) == 9
    with cast.north_rewards.scope() as scope:
        close_codes(scope=scope, run_id=asked.pk)
        with pytest.raises(RunIsGone):
            take_codes(scope=scope, run_id=asked.pk)
    with pytest.raises(ClaimCodeWrong):
        claim(cast, batch, codes[1])
    # What staff grant asks for no code.
    with cast.north_rewards.scope() as scope:
        grant_coupon(
            scope=scope, batch_id=batch.pk, customer_id=cast.customers["nb2"].customer.pk, reason="补发"
        )


def test_a_code_is_not_spent_by_a_claim_that_is_refused(cast: Cast) -> None:
    batch = live_batch(cast, claims_by="single", shares={"NB": 1})
    _asked, codes = made(cast, batch, 3)
    assert all(len(code) == len(RANDOM) for code in codes)
    assert claim(cast, batch, codes[0], "nb2")
    with pytest.raises(SoldOut):
        claim(cast, batch, codes[1])
    with system_scope(at=AT, cause="look"):
        assert ClaimCode.objects.exclude(coupon_id=None).count() == 1


def test_what_codes_are_asked_for_is_possible_and_says_how_many_there_are(cast: Cast) -> None:
    batch = live_batch(cast, claims_by="single")
    assert room_of("AB-##") == 22 * 100  # B stands for itself
    with cast.north_rewards.scope() as scope:
        with pytest.raises(PatternTooSmall) as too_small:
            ask_codes(scope=scope, batch_id=batch.pk, number=11, pattern="X-####")
        assert too_small.value.values == {"room": "10,000", "most": "10", "made": "0"}
        for pattern in ("SPRING", "春-####", "A", "A" * 41):
            with pytest.raises(PatternUnclear):
                ask_codes(scope=scope, batch_id=batch.pk, number=1, pattern=pattern)
        for number in (0, 2_000_001):
            with pytest.raises(TooManyCodes):
                ask_codes(scope=scope, batch_id=batch.pk, number=number)
        with pytest.raises(CodesNotAsked):
            set_shared_code(scope=scope, batch_id=batch.pk, code="SPRING2026")
        with pytest.raises(NotFound):
            ask_codes(scope=scope, batch_id=uuid4(), number=1)
    with cast.nb_manager.scope() as scope, pytest.raises(NotAllowed):
        ask_codes(scope=scope, batch_id=batch.pk, number=1)
    # Who did not have them made takes none, nor does anybody when a week is over.
    asked, _codes = made(cast, batch, 2)
    other = hired(cast, "rewards_operator", "N")
    for player, at in ((other, AT), (cast.north_rewards, AT + timedelta(days=8))):
        with player.scope(at=at) as scope, pytest.raises(RunIsGone):
            take_codes(scope=scope, run_id=asked.pk)


def test_codes_that_fall_together_are_made_anew(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim_codes, "GUESSES", 1)
    batch = live_batch(cast, claims_by="single")
    # Eighty of a hundred: many fall together.
    asked, codes = made(cast, batch, 80, "CODE-##")
    assert len(set(codes)) == 80
    with system_scope(at=AT, cause="look"):
        held = CodeRun.objects.get(pk=asked.pk)
        assert len(held.skipped) == held.until - 80 > 0
        assert ClaimCode.objects.count() == 80
    assert claim(cast, batch, codes[-1])
    assert claim_code(asked.pk, 0, "CODE-##") == codes[0]


def test_one_code_for_all_claims_until_another_takes_its_place(cast: Cast) -> None:
    batch = live_batch(cast, claims_by="shared", per_customer_limit=9)
    with cast.north_rewards.scope() as scope:
        with pytest.raises(SharedCodeUnclear):
            set_shared_code(scope=scope, batch_id=batch.pk, code="春")
        first = set_shared_code(scope=scope, batch_id=batch.pk, code="Spring-2026")
        assert shared_code(scope=scope, run=CodeRun.objects.get(pk=first.pk)) == "Spring-2026"
    assert [claim(cast, batch, "spring2026", name).nth for name in ("nb", "nb2")] == [1, 1]
    with cast.north_rewards.scope() as scope:
        set_shared_code(scope=scope, batch_id=batch.pk, code="SUMMER")
        with pytest.raises(CodeTwice):
            set_shared_code(scope=scope, batch_id=batch.pk, code="SPRING2026")
    with pytest.raises(ClaimCodeWrong):
        claim(cast, batch, "SPRING-2026")


def test_whoever_guesses_is_done_soon(cast: Cast, settings: Given) -> None:
    settings.RATE_LIMITS = True
    batch = live_batch(cast, claims_by="single")
    phone = Caller(tokens.issue(kind="customer", subject=str(cast.customers["nb"].customer.pk), seconds=900))
    path = f"/api/v1/batches/{batch.pk}/claims"
    said = [phone.post(path, {"code": f"GUESS-{n}"}, key=str(uuid4())) for n in range(11)]
    assert [answer.status_code for answer in said] == [409] * 10 + [429]
    assert said[0].json()["code"] == "rewards.claim.code_wrong"
    offered = phone.get(f"/api/v1/batches/{batch.pk}").json()
    assert offered["claims_by"] == "single"


# --- of others ------------------------------------------------------------------------------------------------


def bring_in(cast: Cast, batch: Any, *codes: str) -> Job:
    file = io.BytesIO(("券码\n" + "\n".join(codes) + "\n").encode())
    with cast.north_rewards.scope() as scope:
        asked = import_partner_codes(
            scope=scope, batch_id=batch.pk, file=file, name="话费.csv", reason="移动第3批"
        )
    assert run()
    with system_scope(at=AT, cause="look"):
        return Job.objects.get(pk=asked.job_id)


def test_a_code_of_a_partner_is_sealed_drawn_once_and_shown_to_its_holder_alone(cast: Cast) -> None:
    batch = live_batch(
        cast,
        kind="top_up",
        threshold_fen=0,
        face_value=50,
        face_unit="yuan",
        draws_codes=True,
        usable_days=30_000,
        shares={"NB": 9},
    )
    job = bring_in(cast, batch, "CM-0001", "CM-0002", "CM-0001", "", "x" * 121)
    assert (job.state, job.done, job.refused) == ("done", 4, 2)
    table = result_of(job.pk).read_text("utf-8-sig")
    assert "CM-0001" not in table and CodeTwice.zh in table
    assert bring_in(cast, batch, "CM-0002", "CM-0003").refused == 1
    with system_scope(at=AT, cause="look") as scope, connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(p::text, '') FROM rewards_partnercode p")
        assert "CM-000" not in cursor.fetchone()[0]
        assert codes_of(scope=scope, batch_id=batch.pk) == (3, 3)
    coupon = claim(cast, batch, None)
    with cast.customers["nb2"].scope() as scope, pytest.raises(NotFound):
        show_partner_code(scope=scope, coupon_id=coupon.pk)
    # Never looked at: a void gives it back, and the next one has it.
    with cast.north_rewards.scope() as scope:
        void_coupon(scope=scope, coupon_id=coupon.pk, reason="误领")
        assert codes_of(scope=scope, batch_id=batch.pk) == (3, 3)
    with cast.customers["nb"].scope() as scope, pytest.raises(NotFound):
        show_partner_code(scope=scope, coupon_id=coupon.pk)
    again = claim(cast, batch, None, "nb2")
    headers = Caller(
        tokens.issue(kind="customer", subject=str(cast.customers["nb2"].customer.pk), seconds=900)
    )
    shown = headers.get(f"/api/v1/me/coupons/{again.pk}/code")
    assert shown.json() == {"code": "CM-0001"}
    with cast.north_rewards.scope() as scope:
        void_coupon(scope=scope, coupon_id=again.pk, reason="误领")
        assert codes_of(scope=scope, batch_id=batch.pk) == (3, 2)
        assert PartnerCode.objects.get(coupon_id=again.pk).shown_at is not None


def test_without_a_code_nothing_is_claimed_or_granted_and_somebody_is_told_before(cast: Cast) -> None:
    batch = live_batch(cast, draws_codes=True, shares={"NB": 9}, per_customer_limit=9)
    with pytest.raises(CodesGone):
        claim(cast, batch, None)
    bring_in(cast, batch, *[f"K-{n}" for n in range(10)])
    warner = system_scope(at=AT, cause="sweep")
    with warner as scope:
        assert warn_of_codes(scope=scope) == 0
    for _turn in range(8):
        claim(cast, batch, None)
    grant = {"batch_id": batch.pk, "customer_id": cast.customers["nb2"].customer.pk, "reason": "补"}
    with cast.north_rewards.scope() as scope:
        assert grant_coupon(scope=scope, **grant).nth == 1
    with system_scope(at=AT, cause="sweep") as scope:
        assert (warn_of_codes(scope=scope), warn_of_codes(scope=scope)) == (1, 1)
    with cast.north_rewards.scope():
        told = Notice.objects.get(code="rewards.codes_low")
        assert (told.args["left"], told.args["all"]) == (1, 10)
    assert left(cast) == 0
    with system_scope(at=AT, cause="look"):
        assert Coupon.objects.count() == 9
        assert not PartnerCode.objects.filter(coupon_id=None).exclude(drawn_at=None).exists()


def test_a_lot_that_runs_out_of_codes_grants_as_far_as_they_go(cast: Cast) -> None:
    batch = live_batch(cast, draws_codes=True, shares={"NB": 9}, per_customer_limit=9)
    bring_in(cast, batch, "K-1", "K-2", "K-3")
    nb = cast.customers["nb"].customer.pk
    with cast.north_rewards.scope() as scope:
        made = grant_lot(scope=scope, batch_id=batch.pk, customer_ids=[nb] * 5, reason="x", notes_each=True)
    assert made.refused == {4: "codes_gone", 5: "codes_gone"}
    assert left(cast) == 6
    assert partner_codes.LOW == 10


@pytest.mark.commits
def test_rivals_for_the_last_codes_of_a_partner(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    batch = live_batch(cast, draws_codes=True, shares={"NB": 9}, per_customer_limit=9)
    bring_in(cast, batch, "K-1", "K-2", "K-3")
    results = together([lambda name=name: claim(cast, batch, None, name) for name in ["nb", "nb2"] * 4])
    assert outcome(results) == {"CodesGone": 5, "Coupon": 3}
    with system_scope(at=AT, cause="look"):
        assert PartnerCode.objects.exclude(coupon_id=None).count() == 3
    assert control(8, 3) == 8
