"""What differs between two revisions: in words, sentence by sentence, and on a page of its own."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.approvals.differences import Piece, pieces
from campaigns.approvals.kinds import Line
from campaigns.approvals.rules import changes

_TEXTS = st.text(st.sampled_from("存款利率。！\n甲乙 a𠮷"), max_size=60)


def marked(old: str, new: str) -> str:
    """As people write it down: -removed- and +added+."""
    signs = {"same": "", "removed": "-", "added": "+"}
    return "".join(f"{signs[p.how]}{p.text}{signs[p.how]}" for p in pieces(old, new))


@given(_TEXTS, _TEXTS)
def test_leaving_out_what_was_added_gives_the_old_text_and_the_other_way_round(old: str, new: str) -> None:
    found = pieces(old, new)
    assert "".join(p.text for p in found if p.how != "added") == old
    assert "".join(p.text for p in found if p.how != "removed") == new
    assert all(p.text for p in found)
    kinds = [p.how for p in found]
    assert all(one != two for one, two in pairwise(kinds))
    assert "added removed" not in " ".join(kinds)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("三年期利率上浮", "五年期利率上浮", "-三-+五+年期利率上浮"),
        ("到网点办理。", "到网点办理。", "到网点办理。"),
        ("", "新的", "+新的+"),
        # A sentence in the middle is a sentence, not letters found here and there.
        (
            "一次办好。三年期。",
            "一次办好。年年有余，三生有幸！三年期。",
            "一次办好。+年年有余，三生有幸！+三年期。",
        ),
        # One edited, one replaced by another about something else.
        (
            "利率上浮一成。请到网点。",
            "利率上浮两成。扫码办理！",
            "利率上浮-一-+两+成。-请到网点。-+扫码办理！+",
        ),
        ("甲。\n乙。\n", "乙。\n甲。\n", "+乙。\n+甲。\n-乙。\n-"),
        ("他说：“好。”走了。", "他说：“行。”走了。", "他说：“-好-+行+。”走了。"),
    ],
)
def test_a_change_reads_as_people_would_mark_it(old: str, new: str, said: str) -> None:
    assert marked(old, new) == said


def test_long_texts_are_compared_by_sentences_and_hopeless_ones_not_at_all() -> None:
    lines = [f"第{n}条：本行保留最终解释权。" for n in range(3000)]
    changed = [*lines]
    changed[1500] = changed[1500].replace("最终", "")
    found = pieces("\n".join(lines), "\n".join(changed))
    assert [p for p in found if p.how != "same"] == [Piece("removed", "最终")]
    # Each letter is like each other one: comparing would take hours.
    old, new = "甲" + "哈" * 100_000 + "乙", "丙" + "哈" * 100_001 + "丁"
    assert pieces(old, new) == (Piece("removed", old), Piece("added", new))


def test_a_line_that_came_or_went_is_a_change_too() -> None:
    old = [Line("a", "标题", "甲"), Line("b", "摘要", "乙")]
    new = [Line("c", "正文", "丙"), Line("a", "标题", "甲")]
    found: list[Any] = [(c.label, c.pieces) for c in changes(old=old, new=new)]
    assert found == [("正文", (Piece("added", "丙"),)), ("摘要", (Piece("removed", "乙"),))]
