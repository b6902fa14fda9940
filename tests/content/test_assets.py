"""Pictures come in as pixels, or not at all."""

import hashlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.lib.refusals import NotAllowed, Refusal
from content import rules
from content.files import path_of
from content.models import Asset, Rendition
from content.pictures import RENDITIONS
from content.services.assets import add_asset
from tests.support.cast import PASSWORD, Cast
from tests.support.content import png

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def files_in(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


def test_a_picture_is_kept_with_all_its_renditions_and_without_its_own_bytes(
    cast: Cast, media_root: Path
) -> None:
    raw = png() + b"<script>alert(1)</script>"
    with cast.north_editor.scope() as scope:
        asset = add_asset(scope=scope, raw=raw, name=" 朝霞 ", alt="红")
        made = list(Rendition.objects.filter(asset=asset))
    assert (asset.name, asset.width, asset.height, asset.colour) == ("朝霞", 90, 60, "#c82828")
    assert {m.name for m in made} == {"original", *(size.name for size in RENDITIONS)}
    for rendition in made:
        content = path_of(rendition.pk, rendition.format).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (rendition.size, rendition.sha256)
        assert b"script" not in content
    assert len(files_in(media_root)) == len(made)


@pytest.mark.parametrize(
    "raw", [b"", SVG, b"%PDF-1.7", png()[:40], b"GIF89a", b"<html><script>x</script></html>"]
)
def test_a_hostile_file_is_refused_and_nothing_is_stored(cast: Cast, media_root: Path, raw: bytes) -> None:
    with cast.north_editor.scope() as scope:
        with pytest.raises(Refusal) as refused:
            add_asset(scope=scope, raw=raw, name="x")
        assert refused.value.code.startswith(("content.picture.", "content.file."))
        assert not Asset.objects.exists() and not Rendition.objects.exists()
    assert files_in(media_root) == []


def test_the_same_picture_is_pointed_out_and_not_stored_twice(cast: Cast, media_root: Path) -> None:
    with cast.north_editor.scope() as scope:
        add_asset(scope=scope, raw=png(), name="朝霞")
        before = files_in(media_root)
        with pytest.raises(rules.AssetIsThere, match="朝霞"):
            add_asset(scope=scope, raw=png(), name="又一张")
        assert Asset.objects.count() == 1
    assert files_in(media_root) == before
    with cast.south_editor.scope() as scope:
        add_asset(scope=scope, raw=png(), name="南方的")  # another branch's library is no oracle


def test_a_full_disk_leaves_neither_rows_nor_files(
    cast: Cast, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from content import files

    put = files.os.replace
    seen: list[object] = []

    def full_after_three(source: object, target: object) -> None:
        seen.append(target)
        if len(seen) > 3:
            raise OSError(28, "No space left on device")
        put(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(files.os, "replace", full_after_three)
    with cast.north_editor.scope() as scope:
        with pytest.raises(OSError, match="No space"):
            add_asset(scope=scope, raw=png(), name="x")
        assert not Asset.objects.exists()
    assert files_in(media_root) == []


def test_only_makers_of_content_upload(cast: Cast) -> None:
    for name in ("north_reviewer", "nb_clerk", "ho_auditor"):
        with cast.play(name).scope() as scope, pytest.raises(NotAllowed):
            add_asset(scope=scope, raw=png(), name="x")


def test_uploading_many_gives_each_file_its_verdict(cast: Cast, client: Client) -> None:
    assert client.login(username="north_editor", password=PASSWORD)
    good = SimpleUploadedFile("朝霞.png", png(), "image/png")
    bad = SimpleUploadedFile("坏.png", SVG, "image/png")
    answer = client.post(
        reverse("admin:content_asset_upload"), {"files": [good, bad]}, headers={"Accept": "application/json"}
    )
    taken, refused = answer.json()["verdicts"]
    assert (taken["taken"], refused["taken"]) == (True, False)
    assert refused["words"] and refused["code"].startswith("content.picture.")
    with cast.north_editor.scope():
        assert [a.name for a in Asset.objects.all()] == ["朝霞"]
