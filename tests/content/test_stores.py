"""Files in an S3-compatible store: kept there, fetched when the shelf lacks them, refused in words when it is away."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from campaigns.lib.clock import now
from content.addresses import staff_address
from content.files import StoreIsAway, forget, name_of, path_of, read_file, there, there_by_name
from content.models import Asset, Rendition
from content.services.assets import add_asset
from content.shelf import disk_now, filled, tidy_shelf
from content.stores import bucket
from tests.support.cast import PASSWORD, Cast
from tests.support.content import png
from tests.support.media_files import film
from tests.support.s3 import BUCKET, Store, s3_server, signed


@pytest.fixture
def store(settings: Any) -> Iterator[Store]:
    with s3_server() as served:
        settings.MEDIA_S3 = served.settings(prefix="bank")
        yield served


def test_files_lie_in_the_store_and_the_shelf_is_filled_from_it(
    cast: Cast, media_root: Path, store: Store, client: Client
) -> None:
    with cast.north_editor.scope(at=now()) as scope:
        asset = add_asset(scope=scope, raw=png(), name="朝霞")
        video = add_asset(scope=scope, raw=film(), name="演示")
        made = list(Rendition.objects.filter(asset__in=[asset, video]))
        thumb = next(each for each in made if each.name == "thumb")
        whole = next(each for each in made if each.format == "mp4")
        addresses = [staff_address(scope=scope, rendition_id=each.pk) for each in (thumb, whole)]
    assert set(store.objects) == {f"/{BUCKET}/bank/{name_of(each.pk, each.format)}" for each in made}
    for each in made:
        kept = store.objects[f"/{BUCKET}/bank/{name_of(each.pk, each.format)}"]
        assert hashlib.sha256(kept).hexdigest() == each.sha256
    shutil.rmtree(media_root)  # another machine, or a shelf that was emptied
    assert hashlib.sha256(read_file(thumb.pk, "webp")).hexdigest() == thumb.sha256
    asked = len(store.asked)
    assert there(thumb.pk, "webp").exists() and len(store.asked) == asked  # once is enough
    assert client.login(username="north_editor", password=PASSWORD)
    answer = client.get(addresses[1], headers={"Range": "bytes=4-7"})
    assert (answer.status_code, b"".join(answer)) == (206, b"ftyp")
    assert answer["Content-Type"] == "video/mp4" and answer["X-Content-Type-Options"] == "nosniff"
    shutil.rmtree(media_root)
    assert all(there_by_name(name_of(each.pk, each.format)).exists() for each in made)  # as a backup asks
    forget([(thumb.pk, "webp")])
    assert f"/{BUCKET}/bank/{name_of(thumb.pk, 'webp')}" not in store.objects
    assert read_file(thumb.pk, "webp") == b""


def test_a_store_that_is_away_takes_nothing_and_says_so(
    cast: Cast, media_root: Path, store: Store, settings: Any
) -> None:
    settings.MEDIA_S3 = store.settings(secret="another")
    with cast.north_editor.scope() as scope:
        with pytest.raises(StoreIsAway):
            add_asset(scope=scope, raw=png(), name="x")
        assert not Asset.objects.exists() and not Rendition.objects.exists()
    assert store.objects == {} and [p for p in media_root.rglob("*") if p.is_file()] == []


def test_the_server_knows_a_good_signature_from_a_bad_one() -> None:
    assert not signed("GET", "/media/x", {}, b"")
    forged = "AWS4-HMAC-SHA256 Credential=fenhang/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    assert not signed(
        "GET", "/media/x", {"Authorization": forged, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b""
    )


def test_the_shelf_holds_what_was_used_last_and_never_the_only_copy(
    cast: Cast, media_root: Path, store: Store, settings: Any
) -> None:
    with cast.north_editor.scope() as scope:
        for n in range(8):
            add_asset(scope=scope, raw=png((n, 9, 9), (300, 200)), name=f"图{n}")
        made = sorted(Rendition.objects.all(), key=lambda each: str(each.pk))
    paths = [path_of(each.pk, each.format) for each in made]
    kept = bucket()
    assert kept is not None
    now = disk_now(media_root)
    for age, path in enumerate(reversed(paths)):  # the last made was used last
        os.utime(path, (now, now - 3_600 - age * 60))
    whole = sum(each.size for each in made)
    assert tidy_shelf(kept, whole) == 0  # there is room
    lost = made[0]
    store.objects.pop(f"/{BUCKET}/bank/{name_of(lost.pk, lost.format)}")
    opened = paths[1].open("rb")
    # Used again it stays, though it is among the oldest.
    assert there(made[2].pk, made[2].format) == paths[2] and paths[2].stat().st_mtime > now - 60
    gone = tidy_shelf(kept, whole // 2)
    there_still = [path.exists() for path in paths]
    assert 0 < gone == there_still.count(False)
    assert sum(each.size for each, here in zip(made, there_still, strict=True) if here) <= whole // 2
    assert there_still[0] and there_still[2], "the only copy, and what was used just now"
    others = [here for at, here in enumerate(there_still) if at not in (0, 2)]
    assert others == sorted(others), "the oldest went first"
    assert hashlib.sha256(opened.read()).hexdigest() == made[1].sha256  # who reads it reads on
    opened.close()
    assert (
        hashlib.sha256(read_file(made[1].pk, made[1].format)).hexdigest() == made[1].sha256
    )  # it comes back
    # What is fresh is never taken away, and while the store is away nothing is.
    for path in paths:
        if path.exists():
            os.utime(path, (now, now))
    assert tidy_shelf(kept, 1) == 0
    store.away = True
    assert tidy_shelf(kept, 1, now=now + 7_200) == 0
    store.away = False
    # By itself, once in a while, when something comes onto it.
    settings.MEDIA_SHELF_BYTES = 1
    (media_root / ".tidied").unlink(missing_ok=True)
    filled()
    assert (media_root / ".tidied").exists()
