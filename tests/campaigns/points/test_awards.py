"""Points for many: a list judged row by row, agreed to by one person or two, posted once, and taken back as a whole."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection

from campaigns.audit.models import Entry as Note
from campaigns.customers.models import Customer
from campaigns.customers.services.consents import note_birth
from campaigns.customers.services.customers import add_customer
from campaigns.customers.services.identities import link_identity
from campaigns.customers.services.merges import merge_customers
from campaigns.customers.services.tag_definitions import add_category, add_tag
from campaigns.customers.services.tags import tag_customers
from campaigns.jobs import long_results
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long import stop_job
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.notices.models import Notice
from campaigns.points.award_files import path_of
from campaigns.points.models import Award, AwardLot, AwardRow, Entry, Movement
from campaigns.points.refusals import awards as no
from campaigns.points.refusals.desk import ReasonNotGiven
from campaigns.points.rules import key_of
from campaigns.points.selectors.awards import award_in_scope, progress_of, sums_by_issuer, words_of_award
from campaigns.points.selectors.balances import balance_of, lots_of
from campaigns.points.services import award_runs, awards, desk, postings
from campaigns.points.services.awards import AwardTerms
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_desk import adjust
from tests.support import jobs
from tests.support.cast import AT, Cast, hired
from tests.support.customers import anonymous
from tests.support.points_walk import assert_ledger_agrees

TERMS = AwardTerms(title="双十一回馈", reason="双十一活动回馈客户")


def load(cast: Cast, text: str, *, by: str = "north_rewards", **terms: Any) -> Award:
    """A list, with its rows judged."""
    said = AwardTerms(**{"title": TERMS.title, "reason": TERMS.reason} | terms)
    with cast.play(by).scope() as scope:
        award = awards.load_award(scope=scope, terms=said, file=io.BytesIO(text.encode()), name="回馈.csv")
    work()
    return now(award)


def work(**more: Any) -> None:
    while jobs.run(**more):
        pass


def agrees() -> None:
    with system_scope(at=AT, cause="test"):
        assert_ledger_agrees()


def now(award: Award) -> Award:
    with system_scope(at=AT, cause="test") as scope:
        return award_in_scope(scope=scope, award_id=award.pk)


def words(award: Award) -> list[tuple[int, str]]:
    with system_scope(at=AT, cause="test"):
        return list(AwardRow.objects.filter(award=award).order_by("line").values_list("line", "word"))


def usable(cast: Cast, who: str) -> int:
    with system_scope(at=AT, cause="test") as scope:
        return balance_of(scope=scope, customer_id=cast.customers[who].customer.pk).usable


def another(cast: Cast, number: str, **more: Any) -> UUID:
    with system_scope(at=AT, cause="test") as scope:
        return add_customer(
            scope=scope, branch_id=cast.branch["NB"].pk, number=number, source="test", **more
        ).pk


def test_each_row_has_its_verdict_and_the_good_ones_are_posted_once(cast: Cast) -> None:
    blocked, minor = another(cast, "N-9001"), another(cast, "N-9002")
    with system_scope(at=AT, cause="test") as scope:
        Customer.objects.filter(pk=blocked).update(status="blocked")
        note_birth(scope=scope, customer_id=minor, born=date(2015, 1, 1), reason="开户资料")
    nb, nb2, sb = (cast.customers[name].number for name in ("nb", "nb2", "sb"))
    text = (
        f'客户号,积分\n{nb},300\n{nb2},"1,00"\n{nb2},200.0\n{nb},5\n{sb},10\nN-nobody,10\nN-9001,10\nN-9002,10\n'
        f"{nb2},-3\n{nb2},1.5\n,7\n{nb2},1e3\n{nb2},0\n"
    )
    award = load(cast, text)
    assert words(award) == [
        (2, ""), (3, "amount"), (4, ""), (5, "twice"), (6, "unknown"), (7, "unknown"), (8, "closed"), (9, "minor"),
        (10, "amount"), (11, "amount"), (12, "unknown"), (13, "amount"), (14, "amount"),
    ]  # fmt: skip
    assert (award.state, award.rows, award.customers, award.points, award.refused, award.alone) == (
        "judged", 13, 2, 500, 11, 1_000,
    )  # fmt: skip
    # Nothing is given by looking. The content is gone, and the refused rows are a table for who loaded it.
    assert usable(cast, "nb") == 0
    assert award.gone_at is not None and award.judge_job_id is not None
    with system_scope(at=AT, cause="test") as scope:
        rows = list(csv.reader(io.StringIO(long_results.path_of(award.judge_job_id).read_text("utf-8-sig"))))
        assert rows[2][:4] == ["5", nb, "5", "同一位客户在名单中重复出现，只按第一次发放"]
        assert len(rows) == 12 and dict(words_of_award(scope=scope, award=award))["unknown"] == 3
    with cast.nb_manager.scope() as scope, pytest.raises(NotFound):
        award_in_scope(scope=scope, award_id=award.pk)
    with cast.north_rewards.scope() as scope:
        assert awards.ask_award(scope=scope, award_id=award.pk).state == "agreed"
        with pytest.raises(no.AwardNotJudged):
            awards.ask_award(scope=scope, award_id=award.pk)
    work()
    award = now(award)
    assert (award.state, usable(cast, "nb"), usable(cast, "nb2")) == ("posted", 300, 200)
    with system_scope(at=AT, cause="test") as scope:
        [lot] = AwardLot.objects.filter(award=award)
        movement = Movement.objects.get(pk=lot.movement_id)
        assert (movement.key, movement.cause, movement.customer_id, movement.title, movement.reason) == (
            lot.pk, f"points.award:{award.pk}", None, TERMS.title, TERMS.reason,
        )  # fmt: skip
        # The home branch of both owes it.
        back = Entry.objects.get(movement=movement, customer=None)
        assert (back.issuer_id, back.points) == (cast.branch["NB"].pk, -500)
        done = progress_of(scope=scope, award=award)
        assert (done.lots, done.posted, done.customers, done.points) == (1, 1, 2, 500)
        verbs = Note.objects.filter(verb__startswith="points.award.").values_list("verb", flat=True)
        assert sorted(verbs) == ["points.award.add", "points.award.ask"]
        # Once more by hand: the verb finds nothing to post.
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM post_award_lot(%s)", [award.pk])
            assert cursor.fetchone() is None
    with cast.north_rewards.scope() as scope, pytest.raises(no.AwardDecided):
        awards.go_on_with_award(scope=scope, award_id=award.pk)
    assert usable(cast, "nb") == 300
    agrees()


def test_above_the_limit_of_a_day_another_person_agrees(cast: Cast) -> None:
    number = cast.customers["nb"].number
    first = load(cast, f"客户号\n{number}\n", each=700)
    with cast.north_rewards.scope() as scope:
        assert awards.ask_award(scope=scope, award_id=first.pk).state == "agreed"
    # 700 were given alone today: 301 more are above the limit, whoever they are for; by hand, for that customer.
    assert [adjust(cast, 301).state, adjust(cast, 10, who="nb2").state] == ["asked", "posted"]
    second = load(cast, f"customer number,points\n{number},301\n")
    with cast.north_rewards.scope() as scope:
        assert awards.ask_award(scope=scope, award_id=second.pk).state == "asked"
        with pytest.raises(no.AwardIsOwn):
            awards.decide_award(scope=scope, award_id=second.pk, is_agreed=True)
    with cast.ho_rewards.scope() as scope:
        [told] = Notice.objects.filter(key=f"points.waiting:{second.pk}")
        assert (told.code, told.args["title"]) == ("points.waiting", TERMS.title)
    with hired(cast, "rewards_operator", "S").scope() as scope, pytest.raises(NotFound):
        awards.decide_award(scope=scope, award_id=second.pk, is_agreed=True)
    with cast.nb_manager.scope() as scope, pytest.raises(NotFound):
        # At a branch below: the award is of the province.
        awards.decide_award(scope=scope, award_id=second.pk, is_agreed=True)
    boss = hired(cast, "branch_manager", "N")
    with boss.scope() as scope:
        with pytest.raises(NotAllowed):
            awards.take_back_award(scope=scope, award_id=second.pk, reason="不给了不给了")
        with pytest.raises(ReasonNotGiven):
            awards.decide_award(scope=scope, award_id=second.pk, is_agreed=False)
        # The manager holds no right to post: the agreement is what posts.
        agreed = awards.decide_award(scope=scope, award_id=second.pk, is_agreed=True)
        assert (agreed.state, agreed.decided_by_id) == ("agreed", boss.person.pk)
        with pytest.raises(no.AwardDecided):
            awards.decide_award(scope=scope, award_id=second.pk, is_agreed=True)
    work()
    assert (now(second).state, usable(cast, "nb")) == ("posted", 1_001)
    # A day later the limit is whole again; declined and withdrawn ones give nothing.
    third, fourth = (load(cast, f"客户号\n{number}\n", each=9_000) for _ in range(2))
    with cast.north_rewards.scope() as scope:
        awards.ask_award(scope=scope, award_id=third.pk)
        assert awards.drop_award(scope=scope, award_id=fourth.pk).state == "dropped"
        with pytest.raises(no.AwardNotJudged):
            awards.ask_award(scope=scope, award_id=fourth.pk)
    with cast.ho_reviewer.scope() as scope:
        awards.decide_award(scope=scope, award_id=third.pk, is_agreed=False, remark="金额过大")
    work()
    assert (now(third).state, usable(cast, "nb")) == ("refused", 1_001)


def test_taken_back_as_a_whole_customer_by_customer_and_what_is_spent_is_owed(cast: Cast) -> None:
    nb, nb2 = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    numbers = [cast.customers[name].number for name in ("nb", "nb2")]
    third = another(cast, "N-9100")
    award = load(cast, "客户号\n" + "\n".join([*numbers, "N-9100"]), each=100, months=None)
    with cast.north_rewards.scope() as scope:
        awards.ask_award(scope=scope, award_id=award.pk)
    work()
    with cast.north_rewards.scope() as scope:
        [lot] = AwardLot.objects.within(scope).filter(award=award)
        assert lot.movement_id is not None
        desk.take_back(scope=scope, movement_id=lot.movement_id, customer_id=nb2, reason="重复发放")
        postings.burn_points(
            scope=scope, customer_id=nb, points=60, title="兑换", key=key_of("test", award.pk)
        )
        with pytest.raises(ReasonNotGiven):
            awards.take_back_award(scope=scope, award_id=award.pk, reason="错")
        awards.take_back_award(scope=scope, award_id=award.pk, reason="名单有误，整批收回")
        with pytest.raises(no.AwardNotPosted):
            awards.take_back_award(scope=scope, award_id=award.pk, reason="名单有误，整批收回")
    with patch.object(award_runs, "BACK_AT_ONCE", 1):
        work()
    award = now(award)
    assert (award.state, usable(cast, "nb"), usable(cast, "nb2")) == ("returned", -60, 0)
    with system_scope(at=AT, cause="test") as scope:
        assert balance_of(scope=scope, customer_id=third).usable == 0
        done = progress_of(scope=scope, award=award)
        assert (done.returned, done.kept) == (2, 1)
        assert dict(AwardRow.objects.filter(award=award).values_list("customer_id", "back")) == {
            nb: "done", nb2: "before", third: "done",
        }  # fmt: skip
        assert Movement.objects.filter(kind="reverse", follows_id=lot.movement_id).count() == 3
        job = Job.objects.get(pk=award.job_id)
        assert (job.state, job.done, job.refused) == ("done", 3, 1)
    agrees()


def test_stopped_half_way_it_goes_on_behind_what_is_posted_or_is_taken_back(cast: Cast) -> None:
    numbers = [cast.customers[name].number for name in ("nb", "nb2")]
    three = "客户号\n" + "\n".join([*numbers, "N-9200"])
    another(cast, "N-9200")
    with patch.object(award_runs, "POSTED_AT_ONCE", 1):
        on, off = (load(cast, three, each=100) for _ in range(2))
    for award in (on, off):
        with cast.north_rewards.scope() as scope:
            awards.ask_award(scope=scope, award_id=award.pk)
        # A worker hands it back after a lot; it is stopped there.
        jobs.run(at_most=timedelta(0))
        with cast.north_rewards.scope() as scope:
            [job] = Job.objects.within(scope).filter(kind=awards.POST, state="waiting")
            assert progress_of(scope=scope, award=award).posted == 1
            stop_job(scope=scope, job_id=job.pk)
    with cast.north_rewards.scope() as scope:
        awards.go_on_with_award(scope=scope, award_id=on.pk)
        awards.go_on_with_award(scope=scope, award_id=on.pk)  # two jobs for one award post it once
        awards.take_back_award(scope=scope, award_id=off.pk, reason="名单有误，整批收回", owes_rest=False)
    work()
    assert (now(on).state, now(off).state) == ("posted", "returned")
    assert [usable(cast, name) for name in ("nb", "nb2")] == [100, 100]
    with system_scope(at=AT, cause="test") as scope:
        assert progress_of(scope=scope, award=on).customers == 3
        assert Movement.objects.filter(kind="reverse").count() == 1
    agrees()


def tagged(cast: Cast, *who: UUID) -> int:
    with system_scope(at=AT, cause="test") as scope:
        add_category(scope=scope, code="value", name="价值", owner_id=cast.branch["HO"].pk)
        tag = add_tag(scope=scope, code="vip", category_code="value", name="贵宾")
        tag_customers(scope=scope, tag_id=tag.pk, customer_ids=list(who))
    return int(tag.pk)


def test_who_was_merged_or_blocked_before_the_posting_and_who_pays(cast: Cast) -> None:
    nb, nb2 = (cast.customers[name].customer.pk for name in ("nb", "nb2"))
    with system_scope(at=AT, cause="test") as scope:
        one, two = (anonymous(scope, cast, "NB", f"openid-{n}") for n in range(2))
    gone = another(cast, "N-9302")
    tag = tagged(cast, nb, one, two, gone)
    terms = AwardTerms(
        title="生日积分",
        reason="生日月客户回馈",
        each=20,
        payer="own",
        waits_until=AT + timedelta(days=3),
        months=1,
    )
    with cast.ho_rewards.scope() as scope:
        award = awards.load_tag_award(scope=scope, terms=terms, tag_id=tag)
    work()
    assert now(award).customers == 4
    with system_scope(at=AT, cause="test") as scope:
        # One is nb, who is in the list as well; two is nb2, who is not.
        merge_customers(scope=scope, kept=nb, absorbed=one, why={"by": "test"})
        merge_customers(scope=scope, kept=nb2, absorbed=two, why={"by": "test"})
        Customer.objects.filter(pk=gone).update(status="blocked")
    with cast.ho_rewards.scope() as scope:
        awards.ask_award(scope=scope, award_id=award.pk)
    work()
    with system_scope(at=AT, cause="test") as scope:
        assert dict(AwardRow.objects.filter(award=award).values_list("customer_id", "word")) == {
            nb: "", one: "twice", nb2: "", gone: "gone",
        }  # fmt: skip
        [told] = sums_by_issuer(scope=scope, award=now(award))
        assert (told["issuer__name"], told["sum"], told["many"], told["posted"]) == ("总行", 40, 2, 40)
        for who in (nb, nb2):
            [lot] = lots_of(scope=scope, customer_id=who)
            assert (lot.pending, lot.rest, lot.active_at) == (20, 0, AT + timedelta(days=3))
        job = Job.objects.get(pk=now(award).job_id)
        assert (job.state, job.done, job.refused) == ("done", 4, 2)
    agrees()


def test_by_phone_or_by_tag(cast: Cast) -> None:
    nb, nb2, sb = (cast.customers[name].customer.pk for name in ("nb", "nb2", "sb"))
    with system_scope(at=AT, cause="test") as scope:
        link_identity(scope=scope, customer_id=nb2, kind="phone", value="13800138000", source="core")
    award = load(cast, "手机号\n+86 138-0013-8000\n13900139000\n", each=5)
    assert (words(award), award.points) == ([(2, ""), (3, "unknown")], 5)
    tag = tagged(cast, nb, nb2, sb)
    terms = AwardTerms(title="生日积分", reason="生日月客户回馈", each=50)
    with patch.object(award_runs, "LOT", 1):
        with cast.north_rewards.scope() as scope:
            with pytest.raises(no.AwardNotClear):
                awards.load_tag_award(
                    scope=scope, terms=AwardTerms(title="生日", reason="生日客户"), tag_id=tag
                )
            by_tag = awards.load_tag_award(scope=scope, terms=terms, tag_id=tag)
        work()
    by_tag = now(by_tag)
    # Customers of the south have it as well, and are not North's to give.
    assert (by_tag.state, by_tag.customers, by_tag.points, by_tag.refused) == ("judged", 2, 100, 0)


def test_rows_are_deleted_in_due_course_and_the_ledger_stays(cast: Cast) -> None:
    award = load(cast, f"客户号\n{cast.customers['nb'].number}\n", each=5)
    with cast.north_rewards.scope() as scope:
        awards.ask_award(scope=scope, award_id=award.pk)
    work()
    for days, left in ((60, 1), (91, 0)):
        with system_scope(at=AT + timedelta(days=days), cause="test") as scope:
            awards.delete_rows(scope=scope, award_id=award.pk)
            assert AwardRow.objects.filter(award=award).count() == left
    with cast.north_rewards.scope(at=AT + timedelta(days=91)) as scope, pytest.raises(no.AwardNotPosted):
        awards.take_back_award(scope=scope, award_id=award.pk, reason="名单有误，整批收回")
    assert (now(award).state, usable(cast, "nb")) == ("posted", 5)
    assert not path_of(award_id=award.pk).with_suffix(".part").exists()
