"""What a page does no second time."""

import gc
from types import SimpleNamespace

from unfold.templatetags import unfold_list

from campaigns.lib.memory import settle_memory, settled_memory
from config.desk import lists


def test_the_collector_walks_what_is_loaded_no_more():
    before = gc.get_freeze_count()
    try:
        settle_memory()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()


def test_a_worker_walks_less_often_and_a_command_only_while_it_works():
    found, before = gc.get_threshold(), (700, 10, 10)
    gc.set_threshold(*before)  # whatever an earlier test left
    try:
        with settled_memory():
            assert gc.get_threshold()[0] > 10 * before[0] and gc.get_freeze_count() > 10_000
        assert gc.get_threshold() == before and gc.get_freeze_count() == 0
    finally:
        gc.set_threshold(*found)


def test_a_list_is_asked_for_its_headers_once_however_many_rows_it_has(monkeypatch):
    asked = []

    def headers(changelist):
        asked.append(changelist)
        yield {"text": "标题"}

    monkeypatch.setattr(lists, "_headers_of", headers)
    one, other = SimpleNamespace(), SimpleNamespace()
    for _row in range(3):
        assert unfold_list.result_headers(one) == [{"text": "标题"}]
    unfold_list.result_headers(other)
    assert asked == [one, other]
