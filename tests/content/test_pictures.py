"""A picture is its pixels: upright, in sRGB; and it is shown at the sizes the screens ask for."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageStat

from content.picture_limits import Limits
from content.pictures import (
    RENDITIONS,
    Picture,
    average_colour,
    read_picture,
    render,
    render_all,
    render_named,
    render_original,
    sha256_of,
)
from tests.support.hostile import encoded, jpeg_with, photo

IMAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "images"

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def read(image: Image.Image, kind: str = "PNG", **options: object) -> Picture:
    return read_picture(encoded(image, kind, **options))


def shown(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, ...], within: int = 12) -> bool:
    found = image.getpixel(at)
    return isinstance(found, tuple) and all(abs(a - b) <= within for a, b in zip(found, colour, strict=True))


def four_corners(width: int = 60, height: int = 40) -> Image.Image:
    """Red at the top left, green right, blue below left, white below right."""
    image = Image.new("RGB", (width, height))
    for n, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        image.paste(colour, (n % 2 * width // 2, n // 2 * height // 2, width, height))
    return image.copy() if n else image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_allowed_kind_keeps_its_picture(kind: str) -> None:
    picture = read(four_corners(), kind)
    assert (picture.width, picture.height, picture.pixels.mode) == (60, 40, "RGB")
    assert picture.source_format == kind.lower()
    assert near(picture.pixels, (5, 5), RED)
    assert near(picture.pixels, (55, 35), WHITE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_whatever_way_the_camera_was_held(kind: str, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = four_corners().transpose(undo[orientation]) if orientation > 1 else four_corners()
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read(stored, kind, exif=exif, quality=95)
    assert picture.pixels.size == (picture.source_width, picture.source_height) == (60, 40)
    # Away from the borders: JPEG and WebP blur colours by a few pixels.
    corners = [picture.pixels.getpixel(at) for at in ((8, 8), (52, 8), (8, 32), (52, 32))]
    for found, colour in zip(corners, (RED, GREEN, BLUE, WHITE), strict=True):
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 30


def test_where_and_with_what_a_photo_was_taken_is_forgotten() -> None:
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    exif[0x8825] = {1: "N", 2: (39.0, 54.0, 20.0)}
    raw = encoded(photo(), "JPEG", exif=exif, comment=b"secret words")
    assert b"PhoneMaker" in raw
    assert b"secret words" in raw
    picture = read_picture(raw)
    for rendered in [*render_all(picture), render_original(picture)]:
        assert b"PhoneMaker" not in rendered.content
        assert b"secret words" not in rendered.content
        again = shown(rendered.content)
        assert not again.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp", "dpi"} & set(again.info)


def swapped_profile() -> bytes:
    """A valid profile in which what is called red is green, and the other way round."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    head = srgb[:400].replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return head + srgb[400:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_of_another_profile_become_srgb(kind: str) -> None:
    picture = read(Image.new("RGB", (32, 32), RED), kind, icc_profile=swapped_profile(), quality=95)
    assert near(picture.pixels, (9, 9), GREEN)


def test_transparency_survives_the_change_of_profile() -> None:
    picture = read(Image.new("RGBA", (9, 9), (255, 0, 0, 128)), icc_profile=swapped_profile())
    assert near(picture.pixels, (4, 4), (0, 255, 0, 128), within=2)


def test_a_profile_for_other_channels_is_ignored() -> None:
    grey = read(Image.new("L", (9, 9), 77), icc_profile=swapped_profile())
    assert near(grey.pixels, (4, 4), (77, 77, 77), within=1)
    ink = read(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", icc_profile=swapped_profile())
    assert near(ink.pixels, (9, 9), RED)


def test_printers_ink_palettes_and_deep_greys_become_rgb() -> None:
    assert near(read(Image.new("CMYK", (32, 32), (255, 0, 255, 0)), "JPEG").pixels, (9, 9), GREEN)
    assert near(read(four_corners().quantize(8)).pixels, (55, 5), GREEN, within=2)
    deep = Image.new("I;16", (3, 1))
    for n, value in enumerate((0, 0x8000, 0xFFFF)):
        deep.putpixel((n, 0), value)
    assert [read(deep).pixels.getpixel((n, 0))[0] for n in range(3)] == [0, 128, 255]  # type: ignore[index]
    assert near(read(Image.new("1", (9, 9), 1)).pixels, (4, 4), WHITE, within=0)


def test_what_is_see_through_stays_so_and_stands_on_white_in_jpeg() -> None:
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, 20, 40))
    picture = read(palette, transparency=0)
    assert picture.is_transparent
    assert picture.pixels.getpixel((30, 5)) == (0, 0, 0, 0)
    assert picture.pixels.getpixel((5, 5)) == (255, 0, 0, 255)
    flat = shown(render(picture, width=40, fmt="jpeg"))
    assert near(flat, (32, 20), WHITE)
    assert near(flat, (8, 20), RED)
    assert shown(render(picture, width=40, fmt="webp")).mode == "RGBA"
    keyed = read(Image.new("RGB", (9, 9), RED), transparency=RED)
    assert keyed.pixels.getpixel((4, 4)) == (255, 0, 0, 0)


def test_an_alpha_channel_that_hides_nothing_is_dropped() -> None:
    assert not read(photo(mode="RGBA")).is_transparent


def test_a_jpeg_larger_than_any_screen_is_halved_until_it_fits() -> None:
    raw = encoded(four_corners(800, 600), "JPEG")
    for kept, size in [
        (480_000, (800, 600)),
        (479_999, (400, 300)),
        (120_000, (400, 300)),
        (20_000, (100, 75)),
    ]:
        picture = read_picture(raw, limits=Limits(jpeg_kept=kept))
        assert picture.pixels.size == (picture.width, picture.height) == size
        assert (picture.source_width, picture.source_height) == (800, 600)
        assert near(picture.pixels, (size[0] - 20, 20), GREEN)


@pytest.mark.parametrize(
    ("size", "asked", "given_size"),
    [
        ((1500, 1000), (750, None), (750, 500)),
        ((1500, 1000), (750, 340), (750, 340)),
        ((1500, 1000), (160, 160), (160, 160)),
        ((300, 200), (750, None), (300, 200)),  # never enlarged
        ((300, 200), (750, 340), (300, 136)),  # nor when cut: the proportion is kept
        ((200, 300), (160, 160), (160, 160)),
        ((4000, 1), (750, 340), (2, 1)),
        ((1, 4000), (160, 160), (1, 1)),
    ],
)
def test_sizes(size: tuple[int, int], asked: tuple[int, int | None], given_size: tuple[int, int]) -> None:
    picture = read(Image.new("RGB", size, RED))
    assert shown(render(picture, width=asked[0], height=asked[1], fmt="png")).size == given_size


def test_the_cut_stays_around_the_focal_point() -> None:
    picture = read(four_corners(800, 400))
    for focal, colour in [((0, 0), RED), ((1, 0), GREEN), ((0, 1), BLUE), ((1, 1), WHITE)]:
        cut = shown(render(picture, width=100, height=100, focal=focal, fmt="png"))
        assert near(cut, (50, 10 if focal[1] == 0 else 90), colour)
    middle = shown(render(picture, width=100, height=100, fmt="png"))
    assert [near(middle, (x, 10), colour) for x, colour in ((10, RED), (90, GREEN))] == [True, True]


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 400), st.integers(1, 400)),
    st.integers(1, 300),
    st.none() | st.integers(1, 300),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_any_size_can_be_asked_and_none_is_enlarged(
    size: tuple[int, int], width: int, height: int | None, focal: tuple[float, float]
) -> None:
    picture = read(Image.new("RGB", size, RED))
    got = shown(render(picture, width=width, height=height, focal=focal, fmt="png")).size
    assert got[0] <= min(width, size[0])
    assert got[1] <= (size[1] if height is None else min(height, size[1]))


@pytest.mark.parametrize("wrong", [{"width": 0}, {"width": 9, "height": 0}, {"width": 9, "focal": (1.1, 0)}])
def test_a_size_without_sense_is_an_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot render"):
        render(read(photo()), **wrong)  # type: ignore[arg-type]


def test_the_same_picture_gives_the_same_bytes() -> None:
    raw = encoded(photo(900, 700), "JPEG")
    first, second = (render_all(read_picture(raw)) for _ in range(2))
    assert [r.sha256 for r in first] == [r.sha256 for r in second]
    assert [sha256_of(r.content) for r in first] == [r.sha256 for r in first]
    assert render_all(read_picture(jpeg_with((0xFE, b"x")))) == render_all(read(photo(), "JPEG"))


def test_every_rendition_is_what_it_says() -> None:
    picture = read(photo(1600, 1200), "JPEG")
    made = render_all(picture)
    assert [(r.name, r.width, r.height) for r in made] == [
        ("thumb", 160, 160),
        ("banner", 750, 340),
        ("poster", 750, 562),
        ("desk", 1080, 810),
        ("share", 500, 400),
        ("fallback", 750, 562),
    ]
    for rendered, size in zip(made, RENDITIONS, strict=True):
        image = shown(rendered.content)
        assert image.size == (rendered.width, rendered.height)
        assert (image.format or "").lower() == rendered.format == size.format
    with pytest.raises(KeyError):
        render_named(picture, name="gigantic")


def test_the_original_is_kept_at_its_size_drawings_without_loss() -> None:
    drawing = render_original(read(four_corners()))
    assert drawing.format == "png"
    assert shown(drawing.content).tobytes() == four_corners().tobytes()
    kept = render_original(read(photo(300, 200), "JPEG"))
    assert (kept.format, kept.width, kept.height) == ("jpeg", 300, 200)


def test_a_colour_stands_in_until_the_picture_comes() -> None:
    assert average_colour(read(Image.new("RGB", (50, 20), (192, 0, 31)))) == "#c0001f"
    assert average_colour(read(Image.new("RGBA", (50, 20), (0, 0, 0, 0)))) == "#ffffff"
    half = Image.new("RGB", (20, 20), "black")
    half.paste("white", (0, 0, 10, 20))
    assert average_colour(read(half)) in ("#7f7f7f", "#808080")


@pytest.mark.real_data
@pytest.mark.skipif(not IMAGES.is_dir(), reason="the real pictures of ../shared/data/images are absent")
def test_real_pictures_come_through_looking_as_they_did() -> None:
    files = sorted(IMAGES.iterdir())
    assert len(files) >= 5
    for file in files:
        picture = read_picture(file.read_bytes())
        with Image.open(file) as image:
            # In Adobe RGB, the others in sRGB.
            source = image.info.get("icc_profile")
            before = image.convert("RGB")
        if file.name == "rocket.jpg":
            assert source
            space = ImageCms.ImageCmsProfile(io.BytesIO(source))
            assert max(ImageStat.Stat(ImageChops.difference(picture.pixels, before)).mean) > 5
            before = ImageCms.profileToProfile(before, space, ImageCms.createProfile("sRGB")) or before
        assert picture.pixels.size == before.size
        assert max(ImageStat.Stat(ImageChops.difference(picture.pixels, before)).mean) < 1
        small = shown(render(picture, width=400)).convert("RGB")
        reference = before.resize(small.size, Image.Resampling.LANCZOS)
        assert max(ImageStat.Stat(ImageChops.difference(small, reference)).mean) < 6
