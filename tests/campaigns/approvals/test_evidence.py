"""The evidence sheet: what it says, that others can check it, and that nothing in it is a silent box."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdfium2 import PdfDocument
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from campaigns.approvals.evidence.as_json import CHECK, json_sheet, sheet_hash
from campaigns.approvals.evidence.as_pdf import glyphs, pdf_sheet
from campaigns.approvals.evidence.collecting import evidence_of
from campaigns.approvals.evidence.tree import Evidence
from campaigns.approvals.evidence.typesetting import lines_of, visible
from campaigns.approvals.models import Revision
from campaigns.approvals.services.evidence import take_evidence
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.reviews import send_back_revision
from campaigns.audit.models import Entry
from campaigns.audit.services import seal_audit
from campaigns.lib.clock import now
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.roles import PRESETS
from campaigns.tenants.rules import may
from campaigns.tenants.scopes import system_scope
from content.files import path_of
from content.models import Item, Rendition
from content.services.items import submit_item
from tests.support.cast import AT, Cast
from tests.support.content import approve, submitted_item

ZONE = ZoneInfo("Asia/Shanghai")
RARE = "𠮷野 㐂 🧧\u200b\u202e一"


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, as a reader copies it."""
    return [page.get_textpage().get_text_bounded() for page in PdfDocument(pdf)]


def text_of(pdf: bytes) -> str:
    return "\n".join(pages_of(pdf))


@pytest.fixture
def approved(cast: Cast) -> Revision:
    """Sent back once, submitted again, approved, live, and taken down."""
    first = submitted_item(
        cast.north_editor, title=f"春节存款{RARE}", body="<p>第一段。</p><p>第二段：" + "存" * 300 + "。</p>"
    )
    with cast.north_reviewer.scope(at=AT + timedelta(hours=1)) as scope:
        send_back_revision(scope=scope, revision_id=first.pk, sha256=first.sha256, comment="请补充风险提示")
    with cast.north_editor.scope(at=AT + timedelta(hours=2)) as scope:
        second = submit_item(scope=scope, item_id=Item.objects.get().pk)
    approve(cast.north_reviewer, second, at=AT + timedelta(hours=3))
    with cast.north_reviewer.scope(at=AT + timedelta(hours=4)) as scope:
        take_down(scope=scope, subject=second.subject, reason="利率有误")
    return second


@pytest.fixture
def evidence(cast: Cast, approved: Revision) -> Evidence:
    with cast.ho_auditor.scope() as scope:
        return evidence_of(scope, approved.pk)


def test_it_says_what_was_approved_by_whom_and_when(
    cast: Cast, approved: Revision, evidence: Evidence
) -> None:
    assert (evidence.title, evidence.revision, evidence.state_words) == (f"春节存款{RARE}", 2, "已下线")
    assert (evidence.branch, evidence.made_by) == ("北方省分行", "north_editor")
    assert evidence.approved.sha256 == approved.sha256 and evidence.approved.is_whole
    assert {fact.label: fact.value for fact in evidence.facts}["摘要"] == "三年期利率上浮"
    [stage] = evidence.stages
    assert [(d.person, d.verdict, d.sha256) for d in stage.decisions] == [
        ("north_reviewer", "approve", approved.sha256)
    ]
    assert [(move.state, move.at) for move in evidence.moves] == [
        ("submitted", AT + timedelta(hours=2)),
        ("approved", AT + timedelta(hours=3)),
        ("taken_down", AT + timedelta(hours=4)),
    ]
    assert [deed.verb for deed in evidence.deeds] == [
        "content.item.add",
        "content.item.submit",
        "approvals.revision.send_back",
        "content.item.submit",
        "approvals.revision.approve",
        "content.item.take_down",
    ]
    assert {deed.seal for deed in evidence.deeds} == {None}
    with cast.north_editor.scope():
        kept = set(Rendition.objects.values_list("sha256", flat=True))
    assert kept <= {file.sha256 for file in evidence.files}
    assert {file.where for file in evidence.files} > {"picture", "picture.renditions[fallback]"}
    [picture] = evidence.pictures
    assert picture.body.startswith(b"\xff\xd8") and picture.label == "图片"


def test_somebody_else_checks_it_with_ten_lines_of_code(evidence: Evidence, tmp_path: Path) -> None:
    sheet = json.loads(json_sheet(evidence))
    assert sheet["how_to_check"] == CHECK.splitlines() and len(CHECK.splitlines()) <= 12

    def verdict() -> str:
        (tmp_path / "evidence.json").write_text(json.dumps(sheet, ensure_ascii=False))
        done = subprocess.run(
            [sys.executable, "-I", "-c", CHECK], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    assert verdict() == "ok"
    sheet["evidence"]["stages"][0]["decisions"][0]["person"] = "somebody else"
    assert verdict() == "AssertionError"


def test_the_same_evidence_makes_the_same_sheet_and_taking_one_does_not_change_the_next(
    cast: Cast, approved: Revision, evidence: Evidence
) -> None:
    with cast.ho_auditor.scope(at=AT + timedelta(days=1)) as scope:
        taken = take_evidence(scope=scope, revision_id=approved.pk, form="pdf")
        assert taken == evidence
        entry = Entry.objects.get(verb="approvals.revision.evidence")
        assert entry.detail["sheet_sha256"] == sheet_hash(evidence) and entry.detail["form"] == "pdf"
        assert evidence_of(scope, approved.pk) == evidence
    with cast.north_reviewer.scope() as scope:
        assert evidence_of(scope, approved.pk) == evidence
    assert json_sheet(evidence) == json_sheet(taken)
    assert pdf_sheet(evidence, zone=ZONE) == pdf_sheet(taken, zone=ZONE)
    for part in fields(Evidence):
        if isinstance(getattr(evidence, part.name), str):
            assert sheet_hash(replace(evidence, **{part.name: "x"})) != sheet_hash(evidence)


def test_the_pdf_says_it_all_and_every_character_of_it_has_a_glyph(evidence: Evidence) -> None:
    pdf = pdf_sheet(evidence, zone=ZONE)
    said = text_of(pdf)
    flat = "".join(said.split())
    assert {char for char in said if ord(char) not in glyphs()} <= {"\r", "\n"}
    # What the font cannot draw, or hides, is said by its number.
    assert "春节存款〔U+20BB7〕野㐂〔U+1F9E7〕〔U+200B〕〔U+202E〕一" in flat
    for words in (
        "审核凭证", evidence.number, evidence.approved.sha256, sheet_hash(evidence), "north_reviewer", "已批准",
        "存" * 300, "2026-11-2213:00:00(UTC+0800)", "如何核验Howtocheck", "尚未封存",
    ):  # fmt: skip
        assert "".join(words.split()) in flat, words
    pages = pages_of(pdf)
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert sheet_hash(evidence) in page and f"{number} / {len(pages)}" in page
    pictures = [each for page in PdfDocument(pdf) for each in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE])]
    assert len(pictures) == 1


def test_a_picture_that_is_no_longer_the_approved_one_is_not_shown(cast: Cast, approved: Revision) -> None:
    with cast.north_editor.scope():
        file = Rendition.objects.get(name="fallback")
    path = path_of(file.pk, file.format)
    path.write_bytes(path.read_bytes() + b" ")
    for _file in ("changed", "gone"):
        with cast.ho_auditor.scope() as scope:
            found = evidence_of(scope, approved.pk)
        assert [picture.body for picture in found.pictures] == [b""]
        assert "文件已不存在，或与批准时不一致" in "".join(text_of(pdf_sheet(found, zone=ZONE)).split())
        path.unlink(missing_ok=True)


@pytest.mark.real_clock  # seals go by the server's
def test_the_seal_that_covers_it_is_named(cast: Cast, approved: Revision, tmp_path: Path) -> None:
    with system_scope(at=now() + timedelta(minutes=5), cause="test") as scope:
        made = seal_audit(scope=scope, head_file=tmp_path / "head.json")
    with cast.ho_auditor.scope() as scope:
        found = evidence_of(scope, approved.pk)
    assert {deed.seal for deed in found.deeds} <= {seal.number for seal in made}
    assert {seal.sha256 for seal in found.seals} <= {bytes(seal.digest).hex() for seal in made}
    assert found.seals


def test_who_may_take_it_and_of_what(cast: Cast, approved: Revision) -> None:
    roles = {role for role in PRESETS if may(frozenset(PRESETS[role][2]), "approvals.revision.evidence")}
    assert roles == {"reviewer", "branch_manager", "auditor", "administrator"}
    for who in ("north_reviewer", "ho_auditor", "ho_administrator"):
        with cast.play(who).scope() as scope:
            assert take_evidence(scope=scope, revision_id=approved.pk, form="json")
    with cast.north_editor.scope() as scope, pytest.raises(NotAllowed):
        take_evidence(scope=scope, revision_id=approved.pk, form="json")
    for who in ("sb_manager", "nb_manager", "south_reviewer"):
        with cast.play(who).scope() as scope, pytest.raises(NotFound):
            take_evidence(scope=scope, revision_id=approved.pk, form="json")


def test_what_was_changed_behind_the_back_is_said(cast: Cast, evidence: Evidence) -> None:
    forged = replace(evidence, approved=replace(evidence.approved, is_whole=False))
    assert "内容与提交时不一致" in "".join(text_of(pdf_sheet(forged, zone=ZONE)).split())


_CHARS = st.sampled_from("存款，。《》（a1 x-\n“”、：")


@given(st.text(_CHARS, max_size=60), st.integers(3, 12))
def test_lines_lose_nothing_fit_and_keep_marks_from_the_edges(text: str, width: int) -> None:
    lines = lines_of(text, width, len)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= width for line in lines)


def test_lines_break_as_chinese_and_latin_are_set() -> None:
    assert lines_of("存款利率，上浮", 4, len) == ["存款利", "率，上浮"]
    assert lines_of("请看《公告》。", 3, len) == ["请看", "《公", "告》。"]
    assert lines_of("see manage.py now", 10, len) == ["see", "manage.py", "now"]
    assert lines_of("a" * 7 + "\n\n存", 3, len) == ["aaa", "aaa", "a", "", "存"]


def test_nothing_invisible_passes() -> None:
    assert (
        visible("甲\t乙\r\n丙\x07\ufe0f", {ord(c) for c in "甲乙丙 \ufe0f"})
        == "甲 乙\n丙〔U+0007〕〔U+FE0F〕"
    )
