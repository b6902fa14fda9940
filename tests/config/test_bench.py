"""A bench says what it measured, against what, and whether the promise was kept."""

import time
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from config.bench import (
    approvals,
    audit,
    claims,
    close,
    events,
    grants,
    harness,
    home,
    importing,
    ledger,
    outbox,
    rls,
    schedule,
    search,
    tags,
    tree,
)
from config.bench.harness import Report, Target, Variant, compare
from tests.support.template import template_name

# Benches start programs of their own, which know of no other day.
pytestmark = pytest.mark.real_clock


def spin(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


@pytest.fixture
def unblocked(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        for alias in connections:
            connections[alias].close()


def test_a_variant_that_works_three_times_as_long_has_about_that_ratio(unblocked: None) -> None:
    variants = [Variant("short", lambda _n: spin(0.001)), Variant("long", lambda _n: spin(0.003))]
    comparison = compare("spinning", variants, rounds=5, items=4)
    assert comparison.base == "short"
    ratio = comparison.ratios["long"]["cpu"]
    assert ratio is not None
    assert 2 < ratio < 4
    assert comparison.figures["short"].items == 20
    assert comparison.figures["long"].p50_ms >= 2.9


def test_every_variant_of_a_round_does_the_same_items(unblocked: None) -> None:
    done: dict[str, list[int]] = {"a": [], "b": []}
    variants = [Variant(name, done[name].append) for name in done]
    compare("counting", variants, rounds=3, items=2)
    assert sorted(done["a"]) == sorted(done["b"])


def report(limit: float, cpu: float | None) -> Report:
    comparison = harness.Comparison("list", "no policies", {}, {"walled": {"cpu": cpu}})
    return Report("x", {}, {}, [comparison], [Target("list", "walled", limit)])


def test_a_target_is_met_missed_or_not_measured() -> None:
    assert report(1.3, 1.29).met is True
    assert report(1.3, 1.31).met is False
    assert report(1.3, None).met is None


def test_rls_runs_at_a_small_size_and_leaves_no_database_behind(unblocked: None) -> None:
    home = connections["default"].settings_dict["NAME"]
    found = rls.measure(branches=120, rows=600, rounds=2, say=lambda _words: None).as_json()
    assert set(found) == {"name", "machine", "parameters", "figures", "ratios", "targets", "met"}
    assert [t["case"] for t in found["targets"]][:2] == ["list page, head_office", "point read, head_office"]
    assert len(found["targets"]) == 8
    assert found["ratios"]["count, city"]["walled"]["cpu"] > 0
    assert connections["default"].settings_dict["NAME"] == home
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_rls'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("bench", [search, tree])
def test_search_and_tree_run_at_a_small_size(unblocked: None, bench: ModuleType) -> None:
    small = {
        search: {"branches": 120, "rows": 400, "rounds": 1},
        tree: {"sizes": (100, 150), "rows": 60, "rounds": 1, "moves": 1, "migrated": template_name()},
    }
    home = connections["default"].settings_dict["NAME"]
    found = bench.measure(**small[bench], say=lambda _words: None).as_json()
    assert [target for target in found["targets"] if target["value"] is None] == []
    assert connections["default"].settings_dict["NAME"] == home
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_database WHERE datname LIKE %s", [f"fenhang_bench_{found['name']}%"]
        )
        assert cursor.fetchone() == (0,)


def test_audit_runs_at_a_small_size_finds_no_false_alarm_and_leaves_no_database_behind(
    unblocked: None,
) -> None:
    found = audit.measure(branches=120, rows=400, days=40, samples=1, say=lambda _words: None).as_json()
    assert len(found["targets"]) == 3 * 14
    assert found["ratios"]["person, province"]["search"]["p99"] > 0
    assert found["parameters"]["verified_rows"] >= 400
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_audit'")
        assert cursor.fetchone() == (0,)


def test_approvals_runs_at_a_small_size_with_as_many_queries_for_many_as_for_few(unblocked: None) -> None:
    found = approvals.measure(
        branches=120, people=20, reviews=150, few=60, samples=1, bulk=3, migrated=template_name(),
        say=lambda _words: None,
    ).as_json()  # fmt: skip
    asked = found["parameters"]
    # Below head office a list may be empty at first.
    assert asked["queries_at_few"]["head office"] == asked["queries_at_many"]["head office"]
    assert [target for target in found["targets"] if target["value"] is None] == []
    assert found["ratios"]["signing 3"]["bulk approval"]["p50"] > 0
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_approvals'")
        assert cursor.fetchone() == (0,)


def test_tags_runs_at_a_small_size_and_all_ways_count_alike(unblocked: None) -> None:
    found = tags.measure(
        branches=120, customers=600, rounds=1, migrated=template_name(), say=lambda _words: None
    ).as_json()
    assert len(found["ratios"]) == 9
    assert len(found["targets"]) == 9
    assert [target for target in found["targets"] if target["value"] is None] == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_tags'")
        assert cursor.fetchone() == (0,)


def test_outbox_runs_at_a_small_size_and_leaves_no_database_behind(unblocked: None) -> None:
    found = outbox.measure(
        messages=30, rounds=2, waiting=100, delays=(0.0,), migrated=template_name(), say=lambda _words: None
    ).as_json()
    assert found["ratios"]["a receiver that takes 0 ms"]["outbox"]["share"] > 0
    assert [target for target in found["targets"] if target["value"] is None] == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_outbox'")
        assert cursor.fetchone() == (0,)


def test_claims_run_at_a_small_size_each_for_another_customer(unblocked: None) -> None:
    found = claims.measure(
        rounds=1, requests=64, sizes=(40,), migrated=template_name(), say=lambda _words: None
    ).as_json()
    assert {target["measure"] for target in found["targets"]} == {"per_claim", "cpu"}
    assert all(ratio["claims"]["share"] > 0 for case, ratio in found["ratios"].items() if "claims" in ratio)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_claims'")
        assert cursor.fetchone() == (0,)


def test_schedule_runs_at_a_small_size_and_does_each_of_the_rush_once(unblocked: None) -> None:
    found = schedule.measure(
        branches=40, rows=300, few=50, due=60, rounds=1, seconds=4, migrated=template_name(),
        say=lambda _words: None,
    ).as_json()  # fmt: skip
    assert [target for target in found["targets"] if target["value"] is None] == []
    assert sum(each["done"] for each in found["parameters"]["each_worker"]) == 60
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'fenhang_bench_schedule%'")
        assert cursor.fetchone() == (0,)


def test_events_runs_at_a_small_size(unblocked: None) -> None:
    found = events.measure(
        rounds=1, requests=32, batches=(20,), lots=1, customers=16, migrated=template_name(),
        say=lambda _words: None,
    ).as_json()  # fmt: skip
    assert [target["value"] is None for target in found["targets"]] == [False, False]
    assert found["ratios"]["rows into the partitions"]["verb"]["share"] > 0
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_events'")
        assert cursor.fetchone() == (0,)


def test_home_runs_at_a_small_size_and_nobody_is_shown_what_was_before_a_publish(unblocked: None) -> None:
    found = home.measure(
        branches=40, customers=80, items=60, rounds=1, requests=64, migrated=template_name(),
        say=lambda _words: None,
    ).as_json()  # fmt: skip
    assert [target["value"] is None for target in found["targets"]] == [False, False]
    assert found["figures"]["after a publish"]["each branch"]["items"] == 13


def test_ledger_runs_at_a_small_size(unblocked: None) -> None:
    found = ledger.measure(
        rows=2_000, rounds=1, seconds=1, migrated=template_name(), say=lambda _words: None
    ).as_json()
    assert [target["value"] is None for target in found["targets"]] == [False] * len(found["targets"])


def test_grants_runs_at_a_small_size_and_its_books_agree(unblocked: None) -> None:
    # It raises when coupons, stock, events and jobs do not agree.
    found = grants.measure(rows=200, rounds=2, migrated=template_name(), say=lambda _words: None).as_json()
    assert [target["case"] for target in found["targets"]] == ["coupons to a list"]
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_grants'")
        assert cursor.fetchone()[0] == 0


def test_close_runs_at_a_small_size_and_its_days_are_green(unblocked: None) -> None:
    # It raises when a day does not agree, or a period with its days.
    found = close.measure(
        branches=40, coupons=200, redemptions=40, rounds=1, migrated=template_name(), say=lambda _words: None
    ).as_json()
    assert len(found["targets"]) == 4 and found["met"]
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_close'")
        assert cursor.fetchone()[0] == 0


def test_import_runs_at_a_small_size_and_leaves_no_database_behind(unblocked: None) -> None:
    found = importing.measure(
        rows=200, rounds=2, large=300, migrated=template_name(), say=lambda _words: None
    ).as_json()
    assert {target["case"] for target in found["targets"]} == {"new rows", "unchanged rows"}
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = 'fenhang_bench_import'")
        assert cursor.fetchone()[0] == 0
