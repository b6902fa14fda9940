"""Prize draws: tried, won, gone, handed over; the promised seed; and all of it drawn again."""

import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.models import Revision
from campaigns.approvals.rules import NotCompliant, NotReady
from campaigns.approvals.services.stops import add_stop
from campaigns.audit.models import Entry as AuditEntry
from campaigns.customers.consent_refusals import StillOpen
from campaigns.customers.keeping import to_be_settled
from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.customers.services.rights import erase_customer
from campaigns.lib.refusals import NotFound
from campaigns.points.draw_publishing import differences, restore
from campaigns.points.draw_terms import PrizeTerms
from campaigns.points.models import Draw, DrawPledge, DrawPrize, DrawStock, DrawTry, LiveDraw
from campaigns.points.redrawing import Verdict
from campaigns.points.refusals import draws as no
from campaigns.points.refusals.ledger import PointsShort
from campaigns.points.refusals.mall import ReasonMissing
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.draws import came_of, draws_on_offer, prizes_left, tries_left
from campaigns.points.selectors.redraws import drawn_again
from campaigns.points.services import draws, tries
from campaigns.points.services.mall import Receiver
from campaigns.points.services.pledges import own_half, reveal_draws
from campaigns.rewards.models import Coupon
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast, hired
from tests.support.customers import anonymous
from tests.support.draws import ENDS, PICKUP, POINTS, TERMS, always, approved, draft_draw, live_draw, tried
from tests.support.mall import earn
from tests.support.rewards import live_batch


def points_of(who: UUID) -> int:
    with system_scope(at=AT, cause="test") as scope:
        return balance_of(scope=scope, customer_id=who).usable


def again(draw: Draw) -> Verdict:
    with system_scope(at=AT, cause="test") as scope:
        return drawn_again(scope=scope, draw_id=draw.pk)


def words(verdict: Verdict) -> list[str]:
    return [each.word for each in verdict.differences]


def stock_to(cast: Cast, draw: Draw, total: int) -> None:
    with cast.north_rewards.scope() as scope:
        [prize] = DrawPrize.objects.filter(draw=draw)
        draws.stock_prize(scope=scope, draw_id=draw.pk, prize_id=prize.pk, total=total)


def test_a_try_takes_its_price_once_a_key_and_books_what_was_won(cast: Cast) -> None:
    who = cast.customers["nb"].customer.pk
    earn(cast, who, 100)
    draw = live_draw(cast, prizes=always(POINTS), stock=2, fallback_points=3, times_day=3, times_all=4)
    first = tried(who, draw, "one")
    assert tried(who, draw, "one").pk == first.pk
    assert (first.kind, first.won_points, first.nth, first.missed, points_of(who)) == (
        "points",
        50,
        1,
        "",
        140,
    )
    # The second takes the last; the third draws it too, and gets the consolation.
    tried(who, draw, "two")
    third = tried(who, draw, "three")
    assert (third.missed, third.title, third.won_points, points_of(who)) == (
        "stock",
        "谢谢参与",
        3,
        100 - 30 + 103,
    )
    with pytest.raises(no.TriesOfDayUsed):
        tried(who, draw, "four")
    # The next local day, and once more in all.
    assert tried(who, draw, "four", at=AT + timedelta(days=1)).nth == 4
    with pytest.raises(no.TriesUsed):
        tried(who, draw, "five", at=AT + timedelta(days=2))
    with customer_scope(customer_id=who, at=AT, cause="test") as scope:
        [live] = draws_on_offer(scope=scope)
        assert tries_left(scope=scope, draws=[live], day=AT.date()) == {draw.pk: 0}
        assert prizes_left(prize_ids=[UUID(prize["id"]) for prize in live.prizes]) == set()
    with system_scope(at=AT, cause="test") as scope:
        came = came_of(scope=scope, draw_id=draw.pk)
        [row, rest] = came.prizes
        assert (came.tries, came.paid, came.won) == (4, 40, 106)
        assert (row.drawn, row.given, row.expected, rest.drawn, rest.expected) == (4, 2, 4.0, 0, 0.0)
    assert words(again(draw)) == []


def test_refused_changes_nothing(cast: Cast) -> None:
    who, other = cast.customers["nb"].customer.pk, cast.customers["nb2"].customer.pk
    earn(cast, who, 5)
    draw = live_draw(cast)
    with pytest.raises(PointsShort):
        tried(who, draw, "one")
    with pytest.raises(no.DrawPriceChanged):
        tried(who, draw, "one", points=0)
    with pytest.raises(NotFound):
        tried(cast.customers["sb"].customer.pk, draw, "one")
    with pytest.raises(NotFound):
        tried(who, draft_draw(cast), "one")
    late = live_draw(cast, open_from=AT + timedelta(days=1))
    with pytest.raises(no.DrawNotOpenYet):
        tried(who, late, "one")
    with pytest.raises(no.DrawIsOver):
        tried(who, live_draw(cast, open_until=ENDS), "one", at=ENDS)
    with transaction.atomic():
        with cast.ho_administrator.scope() as scope:
            add_stop(scope=scope, branch_id=cast.branch["HO"].pk, reason="核查", kind="points.draw")
        with pytest.raises(no.DrawIsStopped):
            tried(who, draw, "one")
        with customer_scope(customer_id=who, at=AT, cause="test") as scope:
            assert not draws_on_offer(scope=scope).exists()
        transaction.set_rollback(True)
    assert points_of(who) == 5
    with cast.north_rewards.scope() as scope:
        draws.take_down_draw(scope=scope, draw_id=draw.pk, reason="规则有误")
        assert not LiveDraw.objects.filter(draw=draw).exists()
    with pytest.raises(NotFound):
        tried(who, draw, "one")
    free = live_draw(cast, price_points=0, prizes=[replace(PICKUP, parts=1)])
    assert (tried(other, free, "one", points=0).title, points_of(other)) == ("谢谢参与", 0)
    with system_scope(at=AT, cause="test"):
        assert DrawTry.objects.count() == 1 and DrawStock.objects.filter(taken__gt=0).count() == 0
    assert words(again(free)) == []


def test_the_seed_is_promised_kept_from_everybody_and_shown_when_it_is_over(cast: Cast) -> None:
    who = cast.customers["nb"].customer.pk
    earn(cast, who, 500)
    draw = live_draw(cast, open_until=ENDS)
    made = [tried(who, draw, f"k{nth}") for nth in range(5)]
    with customer_scope(customer_id=who, at=AT, cause="test"), connection.cursor() as cursor:
        assert DrawPledge.objects.get().seed is None
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute("SELECT half FROM points_drawseed")
    with system_scope(at=AT, cause="test") as scope, connection.cursor() as cursor:
        [pledge] = DrawPledge.objects.all()
        assert (pledge.seed, len(pledge.sha256)) == (None, 64)
        # No row of it in any scope, though there is one.
        cursor.execute("SELECT count(*) FROM points_drawseed")
        assert cursor.fetchone() == (0,)
        assert reveal_draws(scope=scope) == 0
    # A new revision while it is open keeps what was promised; the odds it was tried under stay with each try.
    with cast.north_rewards.scope() as scope:
        kept = {prize.title: prize.pk for prize in draw.prizes.all()}
        longer = [replace(POINTS, id=kept["五十积分"], parts=900_000)]
        terms = replace(TERMS, open_until=ENDS + timedelta(days=1), prizes=longer)
        draws.change_draw(scope=scope, draw_id=draw.pk, terms=terms)
    approved(cast, draw)
    with cast.north_rewards.scope() as scope:
        later, first = (
            Revision.objects.within(scope).filter(subject=f"points.draw:{draw.pk}").order_by("-number")
        )
        assert differences(scope, later) == [] and differences(scope, first) != []
        # The older revision back in the draft: the prize that was left out is offered again.
        restore(scope, draw.pk, first.payload)
        assert set(draw.prizes.filter(is_offered=True).values_list("pk", flat=True)) == set(kept.values())
    made += [tried(who, draw, f"l{nth}", at=ENDS) for nth in range(5)]
    assert len({each.revision_id for each in made}) == 2 and [each.nth for each in made] == list(range(1, 11))
    verdict = again(draw)
    assert (words(verdict), verdict.tries, verdict.waiting) == ([], 10, 10)
    over = ENDS + timedelta(days=1)
    for at, shown in ((over + timedelta(minutes=9), 0), (over + timedelta(minutes=10), 1), (over, 0)):
        with system_scope(at=at, cause="test") as scope:
            assert reveal_draws(scope=scope) == shown
    with system_scope(at=over, cause="test"):
        pledge.refresh_from_db()
        assert pledge.seed is not None
        seed = bytes(pledge.seed)
        assert hashlib.sha256(seed).hexdigest() == pledge.sha256 and seed[32:] == own_half(
            pledge_id=pledge.pk
        )
        assert AuditEntry.objects.filter(verb="points.draw.reveal").count() == 1
    verdict = again(draw)
    assert (words(verdict), verdict.tries, verdict.waiting) == ([], 10, 0)
    said = io.StringIO()
    call_command("check_draw", str(draw.pk), stdout=said)
    assert "全部 10 次" in said.getvalue() and "all 10 tries" in said.getvalue()
    # Live again, it gets another seed, and the first stays shown.
    with cast.north_rewards.scope(at=over) as scope:
        terms = replace(terms, open_until=over + timedelta(days=5))
        draws.change_draw(scope=scope, draw_id=draw.pk, terms=terms)
    approved(cast, draw, at=over)
    assert tried(who, draw, "m", at=over).nth == 11
    verdict = again(draw)
    assert (words(verdict), verdict.tries, verdict.waiting) == ([], 11, 1)


def test_stock_that_grows_and_shrinks_is_replayed_and_never_below_what_was_won(cast: Cast) -> None:
    who = cast.customers["nb"].customer.pk
    draw = live_draw(cast, prizes=always(PICKUP), stock=1, price_points=0)
    came = [tried(who, draw, f"a{nth}", points=0).missed for nth in range(3)]
    stock_to(cast, draw, 3)
    came += [tried(who, draw, f"b{nth}", points=0).missed for nth in range(3)]
    assert came == ["", "stock", "stock", "", "", "stock"]
    with pytest.raises(no.PrizesBelowTaken):
        stock_to(cast, draw, 2)
    with hired(cast, "rewards_operator", "S", "south_rewards").scope() as scope, pytest.raises(NotFound):
        [prize] = draw.prizes.all()
        draws.stock_prize(scope=scope, draw_id=draw.pk, prize_id=prize.pk, total=9)
    verdict = again(draw)
    assert (words(verdict), verdict.gone, verdict.changes) == ([], 3, 2)
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        stock = DrawStock.objects.get()
        assert (stock.total, stock.taken, stock.serial) == (3, 3, 8)
        for word in ("UPDATE points_drawtry SET missed = ''", "UPDATE points_drawstock SET taken = 0",
                     "INSERT INTO points_drawstockchange SELECT * FROM points_drawstockchange",
                     "UPDATE points_drawpledge SET ends_at = now()", "DELETE FROM points_drawprize"):  # fmt: skip
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                cursor.execute(word)
        with pytest.raises(IntegrityError), transaction.atomic():
            LiveDraw.objects.update(price_points=1)


def test_a_coupon_is_granted_and_who_cannot_have_it_gets_the_consolation(cast: Cast) -> None:
    who = cast.customers["nb"].customer.pk
    earn(cast, who, 100)
    batch = live_batch(cast, shares={"NB": 1}, per_customer_limit=5)
    coupon = PrizeTerms(title="满百减十", kind="coupon", parts=1_000_000, batch_id=batch.pk)
    draw = live_draw(cast, prizes=[coupon], stock=5, fallback_points=2)
    won, missed = tried(who, draw, "one"), tried(who, draw, "two")
    assert (won.kind, won.missed, missed.kind, missed.missed, missed.coupon_id) == (
        "coupon", "", "points", "coupon", None,
    )  # fmt: skip
    with system_scope(at=AT, cause="test"):
        [held] = Coupon.objects.all()
        assert (held.pk, held.how, held.caused_by) == (won.coupon_id, "granted", f"points.drawtry:{won.pk}")
        assert DrawStock.objects.get().taken == 1
    # The grant and the points are the system's; the scope that asked is the customer's again afterwards.
    with customer_scope(customer_id=who, at=AT, cause="test") as scope:
        tries.try_draw(scope=scope, draw_id=draw.pk, points=10, key="three")
        assert {each.customer_id for each in DrawTry.objects.all()} == {who}
    assert points_of(who) == 100 - 30 + 4
    verdict = again(draw)
    assert (words(verdict), verdict.coupons_missed) == ([], 2)
    with pytest.raises(no.PrizeBatchUnfit):
        draft_draw(cast, prizes=[replace(coupon, batch_id=draw.pk)])


def test_what_was_won_is_sent_or_handed_over_and_goes_along_with_its_customer(cast: Cast) -> None:
    with system_scope(at=AT, cause="test") as scope:
        who = anonymous(scope, cast, "NB", "walk-in")
    kept = cast.customers["nb"].customer.pk
    parcel = replace(PICKUP, title="行李箱", kind="parcel", parts=1_000_000)
    draw = live_draw(cast, prizes=[parcel], price_points=0, times_all=3)
    won = [tried(who, draw, f"k{nth}", points=0) for nth in range(2)]
    # Two customers turn out to be one: prizes and numbers go along, limits count both.
    with cast.ho_administrator.scope() as scope:
        merge = merge_customers(scope=scope, kept=kept, absorbed=who, why={"zh": "同一人", "en": "one"})
    third = tried(kept, draw, "k3", points=0)
    assert (third.nth, third.tried_by) == (1, kept)
    with pytest.raises(no.TriesUsed):
        tried(kept, draw, "k4", points=0)
    assert words(again(draw)) == []
    home = Receiver("王敏", "13800138000", "杭州市西湖区文三路 1 号")
    with customer_scope(customer_id=kept, at=AT, cause="test") as scope:
        tries.receive_prize(scope=scope, try_id=won[0].pk, receiver=home)
    other = customer_scope(customer_id=cast.customers["nb2"].customer.pk, at=AT, cause="test")
    with other as scope, pytest.raises(NotFound):
        tries.receive_prize(scope=scope, try_id=won[0].pk, receiver=home)
    with cast.nb_manager.scope() as scope:
        assert tries.show_receiver(scope=scope, try_id=won[0].pk) == str(home)
        with pytest.raises(no.PrizeAddressMissing):
            tries.send_prize(scope=scope, try_id=won[1].pk, carrier="顺丰 SF2")
        with pytest.raises(no.PrizeNotToSend):
            tries.hand_over_prize(scope=scope, try_id=won[0].pk)
        tries.send_prize(scope=scope, try_id=won[0].pk, carrier="顺丰 SF1")
        tries.hand_over_prize(scope=scope, try_id=won[0].pk)
        with pytest.raises(ReasonMissing):
            tries.forgo_prize(scope=scope, try_id=third.pk, reason=" ")
        assert len(to_be_settled(scope=scope, customer_id=kept)) == 1
        for each in (won[1], third):
            tries.forgo_prize(scope=scope, try_id=each.pk, reason="逾期未领")
        assert to_be_settled(scope=scope, customer_id=kept) == []
        assert set(DrawTry.objects.values_list("state", flat=True)) == {"given", "off"}
    with hired(cast, "rewards_operator", "S", "south_rewards").scope() as scope, pytest.raises(NotFound):
        tries.show_receiver(scope=scope, try_id=won[0].pk)
    with cast.ho_administrator.scope() as scope:
        unmerge_customers(scope=scope, merge_id=merge.pk, why="两个人")
        owners = dict(DrawTry.objects.values_list("pk", "customer_id"))
        assert owners == {won[0].pk: who, won[1].pk: who, third.pk: kept}
    assert tried(who, draw, "k5", points=0).nth == 3
    # Who is to be forgotten has everything first; then the address is gone with the key, and the record stays.
    with system_scope(at=AT, cause="test") as scope:
        with pytest.raises(StillOpen):
            erase_customer(scope=scope, customer_id=who, why="本人申请")
        erase_customer(scope=scope, customer_id=kept, why="本人申请")
        assert tries.show_receiver(scope=scope, try_id=won[0].pk) == ""
    assert words(again(draw)) == []


def test_a_reviewer_is_told_what_a_try_costs_and_what_the_law_forbids(cast: Cast) -> None:
    car = PrizeTerms(title="汽车", kind="pickup", parts=1, value_fen=50_000_01)
    cup = PrizeTerms(title="杯子", kind="pickup", parts=10)
    many = replace(POINTS, parts=500_000)
    luxury = draft_draw(cast, prizes=[car])
    with cast.north_rewards.scope() as scope, pytest.raises(NotCompliant, match="50,000"):
        draws.submit_draw(scope=scope, draw_id=luxury.pk)
    draw = draft_draw(cast, prizes=[replace(car, value_fen=50_000_00), cup, many], text="")
    with cast.north_rewards.scope() as scope:
        revision = draws.submit_draw(scope=scope, draw_id=draw.pk)
        found = {
            str(each.finding.args["what"]): each.finding.severity
            for each in findings_of(scope=scope, revision=revision)
        }
    assert found == {"unstated": "warn", "gains": "warn", "rules": "warn"}
    free = draft_draw(cast, price_points=0)
    with cast.north_rewards.scope() as scope:
        [endless] = findings_of(scope=scope, revision=draws.submit_draw(scope=scope, draw_id=free.pk))
        assert endless.finding.args["what"] == "endless"
    bare = draft_draw(cast, stock=0)
    with cast.north_rewards.scope() as scope, pytest.raises(NotReady):
        draws.submit_draw(scope=scope, draw_id=bare.pk)
    wrong: dict[Any, dict[str, Any]] = {
        no.OddsTooMany: {"prizes": [*always(PICKUP), POINTS]},
        no.PrizeUnclear: {"prizes": [replace(POINTS, points=0)]},
        no.DrawTermsUnclear: {"times_day": 0},
    }
    for refusal, terms in wrong.items():
        with pytest.raises(refusal):
            draft_draw(cast, **terms)
