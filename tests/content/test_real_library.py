"""Real photographs through the whole path: taken in, cut, rendered, told apart, frozen with the hash of each file."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from campaigns.tenants.scopes import system_scope
from content.asset_payloads import asset_payload
from content.asset_selectors import look_alikes
from content.files import read_file
from content.models import Asset
from content.pictures import LATER, RENDITIONS
from content.services.asset_versions import set_focal_point
from content.services.assets import add_asset
from content.services.renderings import make_renditions
from tests.support.cast import AT, Cast
from tests.support.hostile import encoded

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "images"
# Debian's wallpapers, where they are installed (desktop-base and the like); pictures of twenty megapixels.
WALLPAPERS = [Path("/usr/share/desktop-base"), Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers")]
KNOWN = {".jpg", ".jpeg", ".png", ".webp"}


def photographs() -> list[Path]:
    places = [SHARED, *WALLPAPERS]
    found = {path.resolve() for place in places if place.is_dir() for path in place.rglob("*")}
    return sorted(
        path for path in found if path.suffix.lower() in KNOWN and path.stat().st_size < 20 * 1024**2
    )


@pytest.mark.real_data
def test_real_photographs_through_the_whole_path(cast: Cast, media_root: Path) -> None:
    files = photographs()
    if not files:
        pytest.skip("no photographs here")
    taken = []
    with cast.north_editor.scope() as scope:
        for path in files[:8]:
            asset = add_asset(scope=scope, raw=path.read_bytes(), name=path.stem, alt=path.stem)
            with Image.open(path) as image:
                assert {asset.width, asset.height} == set(image.size)
            taken.append(asset)
        # The first one once more, smaller and squeezed: it is another picture, and pointed out.
        with Image.open(files[0]) as image:
            small = image.convert("RGB").resize((image.width // 2, image.height // 2))
        twin = add_asset(scope=scope, raw=encoded(small, "JPEG", quality=55), name="压缩")
        assert taken[0].pk in [one.pk for one in look_alikes(scope=scope, asset=twin)]
        assert [len(look_alikes(scope=scope, asset=one)) for one in taken[1:]] == [0] * (len(taken) - 1)
        set_focal_point(scope=scope, asset_id=taken[0].pk, x=900, y=100)
    made = make_renditions(open_scope=lambda: system_scope(at=AT, cause="test"), clock=lambda: AT)
    assert made == (len(taken) + 1) * len(LATER)
    with cast.north_editor.scope() as scope:
        for asset in Asset.objects.filter(pk__in=[one.pk for one in taken]):
            frozen = asset_payload(scope=scope, asset=asset)["renditions"]
            assert {one["name"] for one in frozen} == {"original", *(s.name for s in (*RENDITIONS, *LATER))}
            for one in frozen:
                content = read_file(one["id"], one["format"])
                assert hashlib.sha256(content).hexdigest() == one["sha256"]
                assert b"Exif" not in content and b"http://ns.adobe.com" not in content
