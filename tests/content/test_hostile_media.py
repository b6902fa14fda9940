"""Films, sounds and PDFs of strangers: refused by name, cheaply, or written anew without what does not belong."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from campaigns.lib.refusals import Refusal
from content.media.taking import kind_of, take_media
from tests.support.hostile import hostile_pictures
from tests.support.media_files import (
    PICTURES,
    SECRET,
    SOUNDS,
    film,
    hostile_media,
    hostile_pdfs,
    leaflet,
    song,
    tune,
)

HERE = Path(__file__).resolve().parents[2]
# The quick part of the corpus: what takes a child process or a second to make is looked at in the long proof.
SLOW = ("pdf", "film of a million", "film with an index of a million", "film of boxes", "sound of three")


def trial(folder: Path, files: dict[str, bytes]) -> dict[str, Any]:
    """Each file's cost in a process of its own, whose memory is limited."""
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.media_trial", str(folder)],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=300,
    )
    for name in files:  # pytest keeps its folders, and these are large
        (folder / name).unlink()
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def judged(raw: bytes) -> str | None:
    try:
        take_media(io.BytesIO(raw), io.BytesIO(), kind=kind_of(raw[:4096]))
    except Refusal as refusal:
        return refusal.code if "{" not in refusal.detail("zh") + refusal.detail("en") else "says braces"
    return None


def test_most_hostile_files_meet_their_refusal_here_and_now() -> None:
    found = {name: (raw, code) for name, (raw, code) in hostile_media().items() if not name.startswith(SLOW)}
    quick = {n: (raw, c) for n, (raw, c) in found.items() if kind_of(raw[:4096]) != "picture" and c != "any"}
    assert len(quick) > 60
    assert {name: judged(raw) for name, (raw, _code) in quick.items()} == {
        name: code for name, (_raw, code) in quick.items()
    }


def test_a_few_pdfs_meet_theirs_in_their_own_process() -> None:
    corpus = hostile_pdfs()
    asked = ("pdf", "pdf with a script under an odd name", "pdf with a script in a packed object",
             "pdf under a password", "pdf cut at 4 of 8")  # fmt: skip
    assert {name: judged(corpus[name][0]) for name in asked} == {name: corpus[name][1] for name in asked}


@pytest.mark.proof
def test_two_hundred_hostile_files_are_each_refused_within_two_seconds_and_256_mb(tmp_path: Path) -> None:
    corpus = hostile_media()
    answer = trial(tmp_path, {name: raw for name, (raw, _code) in corpus.items()})
    rows = {row["name"]: row for row in answer["rows"]}
    assert len(rows) + len(hostile_pictures()) >= 200  # those of pictures: test_hostile_pictures.py
    told = {name: code for name, (_raw, code) in corpus.items() if code != "any"}
    assert {name: rows[name]["code"] for name in told} == told
    assert [row for row in rows.values() if row["seconds"] >= 2 or row["peak_mb"] >= 256] == []
    assert answer["child_mb"] < 256
    assert [name for name, row in rows.items() if row["foreign"]] == []


def test_a_film_keeps_its_samples_and_loses_place_device_and_telemetry() -> None:
    raw, out = film(inside=SECRET), io.BytesIO()
    media = take_media(io.BytesIO(raw), out, kind="video")
    kept = out.getvalue()
    assert (media.format, media.details, media.width, media.height) == (
        "mp4", {"seconds": 2, "codecs": ["AAC", "H.264"]}, 640, 360,
    )  # fmt: skip
    assert all(sample in kept for sample in [*PICTURES, *SOUNDS])
    assert b"+30.2672" in raw and b"iPhone" in raw
    assert b"+30.2672" not in kept and b"iPhone" not in kept and b"mebx" not in kept
    # The index comes first, and each offset in it leads to its sample.
    assert kept.index(b"moov") < kept.index(b"mdat")
    first = kept.index(b"co64")
    place = int.from_bytes(kept[first + 12 : first + 20])
    assert kept[place : place + 900] == PICTURES[0]
    again = io.BytesIO()
    take_media(io.BytesIO(kept), again, kind="video")
    assert again.getvalue() == kept  # what was written anew is as it would be written


def test_a_sound_keeps_its_frames_and_loses_its_tags() -> None:
    for raw, format in ((tune(), "mp3"), (song(), "m4a")):
        out = io.BytesIO()
        media = take_media(io.BytesIO(raw), out, kind=kind_of(raw[:4096]))
        assert (media.format, media.width) == (format, 0)
        assert b"script" not in out.getvalue() and b"iPhone" not in out.getvalue()


def test_a_pdf_keeps_its_pages_and_loses_its_author() -> None:
    written, out = io.BytesIO(), io.BytesIO()
    leaflet(3).save(written)
    media = take_media(written, out, kind="pdf")
    assert media.details == {"pages": 3}
    with pikepdf.open(out) as pdf:
        assert len(pdf.pages) == 3
        assert "/Info" not in pdf.trailer and "/Metadata" not in pdf.Root


def test_what_a_file_is_its_content_says_and_not_its_name() -> None:
    assert (
        kind_of(b"\xff\xd8\xff\xe0 %PDF-1.7") == "picture"
    )  # a picture with a PDF inside: pixels alone come through
    assert kind_of(b"junk %PDF-1.7") == "pdf"
    assert kind_of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == "picture"
    assert kind_of(film()[:4096]) == "video"
    assert kind_of(tune()[:4096]) == "audio"
    assert kind_of(b"<svg onload=alert(1)>") == "picture"
