"""Proofs with what people really bring: a film as a phone makes it, played; photographs and wallpapers, served whole.

They fetch nothing. Where the means are not on this machine they say so:

    FENHANG_FFMPEG       an ffmpeg with libx264 (or one on the path)
    FENHANG_WALLPAPERS   folders of pictures, separated by ":" (or where Debian installs its wallpapers)
"""

import hashlib
import io
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from PIL import Image

from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from content.addresses import CONTENT_TYPES, staff_address
from content.models import Asset, RenderWork, Rendition
from content.pictures import LATER, RENDITIONS
from content.services.renderings import make_renditions
from tests.browser.conftest import Watched
from tests.support.cast import PASSWORD, Cast, build_cast
from tests.support.media_files import box

pytestmark = [pytest.mark.proof]

PLACE = "+30.2672+120.1531/"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "images"
INSTALLED = "/usr/share/desktop-base:/usr/share/backgrounds:/usr/share/wallpapers"


@pytest.fixture
def bank(address: str, settings: Any, tmp_path: Path) -> Cast:
    settings.MEDIA_ROOT = tmp_path / "media"
    return build_cast()


def ffmpeg() -> str:
    found = os.environ.get("FENHANG_FFMPEG") or shutil.which("ffmpeg")
    if not found:
        pytest.skip("no ffmpeg on this machine: name one by FENHANG_FFMPEG")
    return found


def phone_film(folder: Path) -> Path:
    """Four seconds, filmed upright: H.264 and AAC, turned by its matrix, the index at the end, the place in udta."""
    flat, film = folder / "flat.mp4", folder / "phone.mp4"
    quiet = [ffmpeg(), "-hide_banner", "-loglevel", "error", "-y"]
    sources = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=1280x720:rate=30",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440",
    ]
    coded = ["-t", "4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "30", "-c:a", "aac", "-b:a", "96k"]
    said = ["-metadata", f"location={PLACE}", "-metadata", "com.apple.quicktime.model=iPhone 17"]
    subprocess.run([*quiet, *sources, *coded, str(flat)], check=True, timeout=300)
    turned = [*quiet, "-display_rotation", "90", "-i", str(flat), "-c", "copy", *said, str(film)]
    subprocess.run(turned, check=True, timeout=300)
    raw = film.read_bytes()
    index = raw.index(b"moov") - 4
    assert raw.index(b"mdat") < index and index + int.from_bytes(raw[index : index + 4]) == len(raw)
    # And the place once more, as Android's camera writes it.
    said_there = b"\xa9xyz" + struct.pack(">HH", len(PLACE), 0x15C7) + PLACE.encode()
    udta = box(b"udta", struct.pack(">I", len(said_there) + 4) + said_there)
    film.write_bytes(raw[:index] + struct.pack(">I", len(raw) - index + len(udta)) + raw[index + 4 :] + udta)
    assert b"loci" in raw and b"Lavf" in raw
    return film


def uploaded(client: Client, files: list[Path]) -> list[dict[str, Any]]:
    """What the library says of each, one request a file, as its page sends them."""
    said = []
    for path in files:
        with path.open("rb") as file:
            answer = client.post(
                reverse("admin:content_asset_upload"),
                {"files": file},
                headers={"Accept": "application/json"},
            )
        said += answer.json()["verdicts"]
    return said


def test_a_film_of_a_phone_is_played_upright_and_tells_no_place(
    browser_page: Watched, bank: Cast, client: Client, tmp_path: Path
) -> None:
    film = phone_film(tmp_path)
    assert client.login(username="north_editor", password=PASSWORD)
    [verdict] = uploaded(client, [film])
    assert verdict["taken"], verdict
    with bank.north_editor.scope(at=now()) as scope:
        asset = Asset.objects.get(pk=verdict["id"])
        whole = Rendition.objects.get(asset=asset, name="original")
        served = b"".join(client.get(staff_address(scope=scope, rendition_id=whole.pk)))  # type: ignore[arg-type]
    assert hashlib.sha256(served).hexdigest() == whole.sha256
    for foreign in (PLACE.encode(), b"\xa9xyz", b"iPhone", b"loci", b"udta", b"Lavf"):
        assert foreign not in served, foreign
    assert served.index(b"moov") < served.index(b"mdat"), "players begin before they have all of it"
    browser_page.enter_as(bank.north_editor)
    browser_page.open(reverse("admin:content_asset_change", args=[asset.pk]))
    page = browser_page.page
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; return v.play(); }")
    page.wait_for_function("document.querySelector('video').currentTime > 1.5")
    told = page.evaluate(
        "() => { const v = document.querySelector('video');"
        " return [v.videoWidth, v.videoHeight, Math.round(v.duration), v.error?.message ?? '',"
        " v.webkitAudioDecodedByteCount > 0, v.webkitVideoDecodedByteCount > 0]; }"
    )
    assert told == [720, 1280, 4, "", True, True]
    # Somewhere in the middle, which asks for a range.
    page.evaluate("() => { document.querySelector('video').currentTime = 3; }")
    page.wait_for_function("document.querySelector('video').currentTime > 3.3")
    assert browser_page.wrongs == []


def pictures() -> list[Path]:
    """One of each: wallpapers come in a dozen sizes, of which the largest is taken."""
    places = [SHARED, *map(Path, os.environ.get("FENHANG_WALLPAPERS", INSTALLED).split(":"))]
    found: dict[tuple[Path, str], Path] = {}
    for path in sorted({each.resolve() for place in places if place.is_dir() for each in place.rglob("*")}):
        if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}:
            is_sized = path.stem.replace("x", "").isdigit()
            key = (path.parent, "" if is_sized else path.name)
            if key not in found or path.stat().st_size > found[key].stat().st_size:
                found[key] = path
    return list(found.values())


def test_photographs_and_wallpapers_are_served_as_they_were_taken_in(bank: Cast, client: Client) -> None:
    files = pictures()
    if not any(SHARED not in path.parents for path in files):
        pytest.skip("no wallpapers on this machine: name their folders by FENHANG_WALLPAPERS")
    assert client.login(username="north_editor", password=PASSWORD)
    verdicts = uploaded(client, files)
    # What is refused is refused by name: too large a file, too many pixels, or there already under another name.
    refused = {
        path.name: said["code"]
        for path, said in zip(files, verdicts, strict=True)
        if not said["taken"]
        and said["code"]
        not in ("content.picture.too_large", "content.picture.too_many_pixels", "content.asset.is_there")
    }
    assert refused == {}
    ids = [said["id"] for said in verdicts if said["taken"]]
    assert len(ids) > len(files) // 2
    made = 1
    while made:
        made = make_renditions(open_scope=lambda: system_scope(at=now(), cause="proof"), clock=now)
    wanted = {"original", *(size.name for size in (*RENDITIONS, *LATER))}
    with bank.north_editor.scope(at=now()) as scope:
        assert list(RenderWork.objects.values_list("asset__name", "why")) == []
        rows = list(Rendition.objects.filter(asset__in=ids, version=F("asset__version")))
        addresses = {row.pk: staff_address(scope=scope, rendition_id=row.pk) for row in rows}
    for asset_id in ids:
        assert {row.name for row in rows if str(row.asset_id) == asset_id} == wanted, asset_id
    for row in rows:
        answer = client.get(addresses[row.pk])
        served = b"".join(answer)  # type: ignore[arg-type]
        assert answer["Content-Type"] == CONTENT_TYPES[row.format]
        assert (len(served), hashlib.sha256(served).hexdigest()) == (row.size, row.sha256)
        assert b"Exif\0" not in served and b"ns.adobe.com" not in served
        with Image.open(io.BytesIO(served)) as image:
            assert image.size == (row.width, row.height) and not image.getexif()
    print(f"{len(ids)} of {len(files)} pictures, {len(rows)} files")
