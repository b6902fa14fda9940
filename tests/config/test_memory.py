"""What a page does no second time."""

import gc
from types import SimpleNamespace

from unfold.templatetags import unfold_list

from config.desk import lists
from config.running.memory import settle_memory


def test_the_collector_walks_what_is_loaded_no_more():
    before = gc.get_freeze_count()
    try:
        settle_memory()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()


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
