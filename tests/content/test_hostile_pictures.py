"""What strangers upload: it is refused by name, cheaply, or only its pixels come through."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from campaigns.lib.refusals import Refusal
from content.picture_limits import Limits
from content.pictures import Format, read_picture, render, render_original
from tests.support.hostile import HostilePicture, encoded, hostile_pictures, photo, webp_of_frames

HERE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def corpus() -> dict[str, HostilePicture]:
    return hostile_pictures()


def trial(verb: str, folder: Path, pictures: dict[str, bytes]) -> list[dict[str, Any]]:
    """Each picture's cost in a fresh process, where a warning is an error."""
    for name, raw in pictures.items():
        (folder / name).write_bytes(raw)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.picture_trial", verb]
        + [str(folder / name) for name in pictures],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=300,
    )
    for name in pictures:  # pytest keeps its folders, and these are large
        (folder / name).unlink()
    assert done.returncode == 0, done.stderr[-2000:]
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_every_hostile_file_meets_its_refusal_in_time_and_memory(
    corpus: dict[str, HostilePicture], tmp_path: Path
) -> None:
    rows = trial("read", tmp_path, {name: picture.raw for name, picture in corpus.items()})
    assert {row["name"]: row["code"] for row in rows} == {name: p.refusal for name, p in corpus.items()}
    assert [row for row in rows if row["seconds"] >= 2] == []
    assert max(row["peak_mb"] for row in rows) < 256


def test_the_largest_allowed_pictures_stay_within_256_mb_with_all_their_renditions(tmp_path: Path) -> None:
    even = Image.new("RGB", (8000, 6000), "#c00")
    even.paste("#0c0", (100, 100, 7000, 3000))
    veil = Image.linear_gradient("L").resize((4000, 4000))
    largest = {
        "12 MP from a phone": ("render", encoded(photo(4000, 3000), "JPEG", quality=90)),
        "16 MP, see-through": (
            "render",
            encoded(Image.merge("RGBA", [*even.resize((4000, 4000)).split(), veil]), "PNG", compress_level=1),
        ),
        "48 MP, one pass": ("read", encoded(even, "JPEG")),
        "25 MP, progressive": (
            "read",
            encoded(even.resize((5000, 5000)), "JPEG", progressive=True, subsampling=0),
        ),
        "12 MP, webp": ("read", encoded(even.resize((4000, 3000)), "WEBP", method=0)),
    }
    for name, (
        verb,
        raw,
    ) in largest.items():  # one process each: memory once held would hide what comes later
        (row,) = trial(verb, tmp_path, {name: raw})
        assert row["code"] is None, name
        assert row["peak_mb"] < 256, name


def test_only_pixels_come_through_of_a_file_that_is_two_things(corpus: dict[str, HostilePicture]) -> None:
    allowed = {name: picture.raw for name, picture in corpus.items() if picture.refusal is None}
    assert len(allowed) > 10
    formats: tuple[Format, ...] = ("webp", "jpeg", "png")
    for name, raw in allowed.items():
        picture = read_picture(raw)
        outputs = [render(picture, width=100, fmt=fmt) for fmt in formats] + [
            render_original(picture).content
        ]
        for output in outputs:
            for foreign in (
                b"<script",
                b"<?php",
                b"PK\x03\x04",
                b"Exif",
                b"ICC_PROFILE",
                b"iCCP",
                b"tEXt",
                b"zTXt",
            ):
                assert foreign not in output, (name, foreign)


def test_an_animation_comes_through_as_its_first_frame() -> None:
    picture = read_picture(webp_of_frames(20))
    assert picture.pixels.size == (64, 64)
    assert all(value <= 3 for value in ImageStat.Stat(picture.pixels).mean)  # the first frame is black


def test_a_phone_photo_with_a_second_picture_inside_is_an_ordinary_jpeg() -> None:
    raw = encoded(photo(), "MPO", save_all=True, append_images=[photo().rotate(180)])
    picture = read_picture(raw)
    assert picture.source_format == "jpeg"
    assert ImageStat.Stat(ImageChops.difference(picture.pixels, photo())).mean[0] < 10


def test_a_stream_is_read_no_further_than_the_limit() -> None:
    endless = io.BytesIO(b"\xff\xd8\xff" + b"\0" * 5000)
    with pytest.raises(Refusal) as refused:
        read_picture(endless, limits=Limits(file_bytes=1000))
    assert refused.value.code == "content.picture.too_large"
    assert endless.tell() == 1001


def test_refusals_say_the_sizes_in_both_languages(corpus: dict[str, HostilePicture]) -> None:
    with pytest.raises(Refusal) as refused:
        read_picture(corpus["jpeg claiming 65500"].raw)
    assert refused.value.detail("zh") == "图片尺寸为 65500×65500，超过 5000 万像素的上限，请缩小后再上传。"
    assert refused.value.detail("en") == (
        "The picture is 65500×65500, above the limit of 50 megapixels: reduce it and upload it again."
    )
    with pytest.raises(Refusal) as refused:
        read_picture(corpus["heic"].raw)
    assert refused.value.detail("zh") == "不支持 HEIC 格式。请导出为 JPEG、PNG、WebP 或 GIF 再上传。"
    for name, picture in corpus.items():
        if picture.refusal and not name.startswith(("over", "png of a million", "jpeg of a million")):
            with pytest.raises(Refusal) as refused:
                read_picture(picture.raw)
            assert "{" not in refused.value.detail("zh") + refused.value.detail("en")


SMALL = Limits(
    jpeg_pixels=10**6, progressive_pixels=10**6, png_pixels=10**6, gif_pixels=10**6, webp_pixels=10**6
)
GOOD = [
    encoded(photo(), "JPEG"),
    encoded(photo(), "JPEG", progressive=True, exif=Image.Exif()),
    encoded(photo(), "PNG"),
    encoded(photo().quantize(8), "GIF"),
    encoded(photo(), "WEBP"),
    encoded(photo(mode="RGBA"), "WEBP", lossless=True),
    webp_of_frames(3),
]


@settings(deadline=None)
@given(
    st.sampled_from(GOOD), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6)
)
def test_a_file_broken_anywhere_is_a_picture_or_a_refusal_and_nothing_else(
    good: bytes, wounds: list[tuple[float, bytes]]
) -> None:
    raw = bytearray(good)
    for place, content in wounds:
        at = int(place * (len(raw) - 1))
        raw[at : at + len(content)] = content
    mode = None
    with contextlib.suppress(Refusal):
        mode = read_picture(bytes(raw), limits=SMALL).pixels.mode
    assert mode in (None, "RGB", "RGBA")


@settings(deadline=None)
@given(st.sampled_from([good[:16] for good in GOOD] + [b""]), st.binary(max_size=200))
def test_bytes_of_no_sense_are_refused(start: bytes, rest: bytes) -> None:
    with pytest.raises(Refusal):
        read_picture(start + rest)
