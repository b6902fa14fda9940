"""The night's judging of all tiers by workers that are killed: everybody is judged, and each rise is written once."""

from collections import Counter
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest

from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long_runs import run_long
from campaigns.points.models import CustomerTier, TierChange, TierDue, Wallet
from campaigns.points.services import ratings
from campaigns.points.services.postings import award_points
from campaigns.tenants.scopes import system, system_scope
from tests.campaigns.points.test_award_kills import agrees, killed
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.jobs import now_is, reopen
from tests.support.tiers import live_tiers

pytestmark = pytest.mark.commits

MANY, LOT = 40, 2


def rich(cast: Cast) -> list[UUID]:
    """Customers with enough for silver, of whom no sweep knows: the night finds them."""
    with system_scope(at=AT, cause="kill") as scope:
        who = [anonymous(scope, cast, "NB", f"tier-{n}") for n in range(MANY)]
        award_points(
            scope=scope, customer_ids=who, points=[1_500] * MANY, key=uuid4(), issuer_id=cast.branch["N"].pk,
            title="回馈",
        )  # fmt: skip
    assert not waiting()
    return who


def waiting() -> bool:
    with system_scope(at=AT, cause="kill"):
        return TierDue.objects.exists()


def asked(at: datetime) -> Job:
    with system_scope(at=at, cause="kill") as scope:
        job = ratings.ask_rating(scope=scope)
    assert job is not None
    return job


def night(job: Job, since: datetime) -> Any:
    """As the worker does it; each part is minutes after the one before, so that nobody waits for a dead one's lease."""

    def work(seen: Any) -> None:
        judge = ratings.rate_customers

        def counted(**given: Any) -> dict[str, int]:
            seen.value += 1
            return judge(**given)

        def clock() -> datetime:
            return since + timedelta(minutes=5 * seen.value)

        with patch.object(ratings, "rate_customers", counted), patch.object(ratings, "LOT", LOT):
            while not now_is(job).is_over:
                if not run_long(scope=system(at=clock(), cause="kill"), reopen=reopen, clock=clock):
                    sleep(0.01)

    return work


def judged() -> tuple[Counter[str], int]:
    """How often each kind of change was written, and of how many customers there are any."""
    with system_scope(at=AT, cause="kill"):
        rows = list(TierChange.objects.values_list("why", "customer_id"))
    return Counter(why for why, _who in rows), len({who for _why, who in rows})


def test_killed_judges_of_a_night_judge_everybody_once(committed_cast: Cast) -> None:
    who = rich(committed_cast)
    live_tiers(committed_cast)
    job = asked(AT)
    assert killed(8, 20261123, night(job, AT)) >= 4
    with system_scope(at=AT, cause="kill"):
        over = now_is(job)
        assert (over.state, over.done) == ("done", Wallet.objects.count())
        assert set(CustomerTier.objects.filter(customer_id__in=who).values_list("code", flat=True)) == {
            "silver"
        }
    kinds, customers = judged()
    assert kinds["reached"] == customers >= MANY
    agrees()


def test_who_goes_on_before_the_judging_leaves_somebody_out(committed_cast: Cast) -> None:
    """The control: the same deaths, and a worker that notes where it stands in a transaction of its own."""
    who = rich(committed_cast)
    live_tiers(committed_cast)

    def careless(seen: Any) -> None:
        while seen.value < MANY:
            first = seen.value
            seen.value += LOT
            sleep(0.01)
            with system_scope(at=AT, cause="kill") as scope:
                ratings.rate_customers(scope=scope, customer_ids=who[first : first + LOT])

    assert killed(8, 20261123, careless) >= 4
    assert judged()[1] < MANY
