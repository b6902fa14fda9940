"""Files in an S3-compatible store: kept there, fetched when the shelf lacks them, refused in words when it is away."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from campaigns.lib.clock import now
from content.addresses import staff_address
from content.files import StoreIsAway, forget, name_of, read_file, there, there_by_name
from content.models import Asset, Rendition
from content.services.assets import add_asset
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
