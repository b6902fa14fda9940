"""Pictures: taken in from anyone, kept as pixels only, rendered for the screens that show them. Pure."""

import hashlib
import io
import math
from dataclasses import dataclass
from typing import BinaryIO, Literal

import imagehash
from PIL import Image, ImageCms

from content.picture_files import Frame, take_frame
from content.picture_limits import DamagedPicture, Limits, PictureTooLarge

Format = Literal["webp", "jpeg", "png", "avif"]
# At these, the three lossy ones are not to be told apart on a phone; AVIF is then half of WebP.
_QUALITY: dict[Format, int] = {"webp": 82, "jpeg": 85, "png": 0, "avif": 60}
_LONGEST: dict[Format, int] = {"webp": 16_383, "jpeg": 65_535, "png": 65_535, "avif": 16_383}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is nothing but its pixels: sRGB, upright, mode RGB, or RGBA when something shows through."""

    pixels: Image.Image
    width: int
    height: int
    source_format: str  # jpeg, png, gif, webp
    source_width: int  # as uploaded, upright; larger than `width` when the picture was reduced
    source_height: int

    @property
    def is_transparent(self) -> bool:
        return self.pixels.mode == "RGBA"


def read_picture(raw: bytes | BinaryIO, *, limits: Limits | None = None) -> Picture:
    """Decode an upload and keep its pixels alone: the first frame, upright, in sRGB, without any metadata.

    Raises a refusal `content.picture.*`: empty, too_large, too_many_pixels, too_long, implausible, not_a_picture,
    kind_not_allowed, damaged. Sizes are refused by the header, before anything is decoded.
    """
    limits = limits or Limits()
    content = raw if isinstance(raw, bytes) else raw.read(limits.file_bytes + 1)
    if len(content) > limits.file_bytes:
        raise PictureTooLarge(limit_mb=limits.file_bytes // 1024**2)
    frame = take_frame(content)
    limits.check(
        kind=frame.kind,
        width=frame.width,
        height=frame.height,
        progressive=frame.progressive,
        file_bytes=len(content),
    )
    image = _decode(frame, jpeg_kept=limits.jpeg_kept)
    image = _upright(_to_srgb(image, frame.profile), frame.orientation)
    image.info = {}  # Pillow would write some of it into what is rendered
    sideways = frame.orientation >= 5
    return Picture(
        pixels=image,
        width=image.width,
        height=image.height,
        source_format=frame.kind,
        source_width=frame.height if sideways else frame.width,
        source_height=frame.width if sideways else frame.height,
    )


def _decode(frame: Frame, *, jpeg_kept: int) -> Image.Image:
    """The frame's pixels; of a JPEG with more than `jpeg_kept` a half, quarter or eighth in each direction."""
    try:
        image = Image.open(io.BytesIO(frame.body), formats=[frame.kind.upper()])
        # Our walk and the decoder must agree on the size, or the limits were checked on something else.
        if image.size != (frame.width, frame.height):
            raise DamagedPicture
        surplus = frame.width * frame.height / jpeg_kept
        if frame.kind == "jpeg" and surplus > 1:
            # The decoder takes the smaller scale straight from the coefficients: no memory is needed for the rest.
            scale = 2 ** math.ceil(math.log(surplus, 4))
            image.draft(None, (max(1, frame.width // scale), max(1, frame.height // scale)))
        image.load()
    except (DamagedPicture, MemoryError):
        raise
    except Exception as error:  # Pillow's readers raise whatever the broken bytes lead them to
        raise DamagedPicture from error
    if not image.mode.startswith("I"):
        return image
    # 16 bits a channel: convert() would clip all above 255 to white.
    eight = image.point(lambda value: value / 256).convert("L")
    eight.info = {}
    return eight


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB or RGBA in sRGB. A profile that is broken, or made for other channels, is as good as none."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            if space == "RGB" and image.mode != "CMYK":
                image = _transform(image.convert(mode), source, mode)
            elif space == "CMYK" and image.mode == "CMYK":
                image = _transform(image, source, "RGB")
            elif space == "GRAY" and image.mode in ("1", "L"):
                image = _transform(image.convert("L"), source, "RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass
    if image.mode != mode:
        image = image.convert(mode)
    is_opaque = mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255)
    return image.convert("RGB") if is_opaque else image


def _transform(image: Image.Image, source: ImageCms.ImageCmsProfile, mode: str) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode=mode,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # only inPlace gives None
    return converted


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


@dataclass(frozen=True, slots=True)
class RenditionSize:
    """A size that some screen asks for. Pixels; no `height` keeps the picture's own proportion."""

    name: str
    width: int
    height: int | None
    format: Format
    why: str


# A mini-program's screen is 750 units wide on every phone. Portraits of a feed and posters keep their proportion.
RENDITIONS: tuple[RenditionSize, ...] = (
    RenditionSize("thumb", 160, 160, "webp", "the wall of the asset library, lists, grid icons"),
    RenditionSize(
        "banner", 750, 340, "webp", "the home page's banner; one proportion, so that nothing jumps"
    ),
    RenditionSize("poster", 750, None, "webp", "a poster or an article's picture across the phone"),
    RenditionSize("desk", 1080, None, "webp", "phones of high density, and the review page at a desk"),
    RenditionSize("share", 500, 400, "jpeg", "the card when a page is shared in WeChat: 5 to 4"),
    RenditionSize("fallback", 750, None, "jpeg", "phones without WebP, and group posts through WeCom"),
)
# A worker makes these: AVIF takes seconds a picture. The names say whose place they take.
LATER: tuple[RenditionSize, ...] = (
    RenditionSize("banner.avif", 750, 340, "avif", "the banner at half the bytes, where AVIF is known"),
    RenditionSize("poster.avif", 750, None, "avif", "a poster across the phone, likewise"),
    RenditionSize("desk.avif", 1080, None, "avif", "phones of high density, likewise"),
    RenditionSize("banner.jpeg", 750, 340, "jpeg", "the banner for phones without WebP"),
)
_BY_NAME = {size.name: size for size in (*RENDITIONS, *LATER)}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of one rendition, with what its row says about them."""

    name: str
    format: Format
    width: int
    height: int
    content: bytes
    sha256: str


def render_all(picture: Picture, *, focal: tuple[float, float] = (0.5, 0.5)) -> list[Rendered]:
    """Every rendition of RENDITIONS, in its order."""
    return [render_named(picture, name=size.name, focal=focal) for size in RENDITIONS]


def render_named(picture: Picture, *, name: str, focal: tuple[float, float] = (0.5, 0.5)) -> Rendered:
    """One rendition by its name in RENDITIONS or LATER. Raises KeyError for an unknown name."""
    size = _BY_NAME[name]
    _, (width, height) = _fit(picture, width=size.width, height=size.height, focal=focal, fmt=size.format)
    content = render(picture, width=size.width, height=size.height, focal=focal, fmt=size.format)
    return Rendered(name, size.format, width, height, content, sha256_of(content))


def render_original(picture: Picture) -> Rendered:
    """The picture at its full size, as kept in place of the upload.

    Photographs (JPEG and opaque WebP) as JPEG of high quality, drawings and anything transparent as PNG.
    """
    is_photo = picture.source_format in ("jpeg", "webp") and not picture.is_transparent
    fmt: Format = "jpeg" if is_photo else "png"
    content = _encode(picture.pixels, fmt=fmt, quality=92)
    return Rendered("original", fmt, picture.width, picture.height, content, sha256_of(content))


def render(
    picture: Picture,
    *,
    width: int,
    height: int | None = None,
    focal: tuple[float, float] = (0.5, 0.5),
    fmt: Format = "webp",
    quality: int | None = None,
) -> bytes:
    """The picture at `width` pixels, encoded; the same call gives the same bytes.

    With `height`, the largest part of that proportion is cut out, as near to `focal` (fractions of width and height
    from the top left) as the edges allow. Never enlarged: a smaller picture keeps its pixels, in the asked proportion.
    JPEG has no transparency and stands on white. Raises ValueError when `width`, `height` or `focal` make no sense.
    """
    box, size = _fit(picture, width=width, height=height, focal=focal, fmt=fmt)
    # With a gap of 3 the first step is a box average to about three times the size, which Lanczos then sharpens:
    # several times faster than Lanczos alone, and not to be told apart.
    # Pillow forgets the gap for RGBA, and mixes hidden colours in unless they are weighed by their alpha first.
    pixels = picture.pixels.convert("RGBa") if picture.is_transparent else picture.pixels
    image = pixels.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0).convert(
        picture.pixels.mode
    )
    return _encode(image, fmt=fmt, quality=_QUALITY[fmt] if quality is None else quality)


def _fit(
    picture: Picture, *, width: int, height: int | None, focal: tuple[float, float], fmt: Format
) -> tuple[tuple[float, float, float, float], tuple[int, int]]:
    """The part of the picture to show (left, top, right, bottom) and the size to show it at."""
    if width < 1 or (height is not None and height < 1) or not all(0 <= part <= 1 for part in focal):
        raise ValueError(f"cannot render at {width}x{height} around {focal}")
    across, down = float(picture.width), float(picture.height)
    if height is not None:
        across, down = min(across, down * width / height), min(down, across * height / width)
    left = min(max(focal[0] * picture.width - across / 2, 0.0), picture.width - across)
    top = min(max(focal[1] * picture.height - down / 2, 0.0), picture.height - down)
    shrink = min(1.0, width / across, _LONGEST[fmt] / down)
    size = max(1, round(across * shrink)), max(1, round(down * shrink))
    return (left, top, left + across, top + down), size


def _encode(image: Image.Image, *, fmt: Format, quality: int) -> bytes:
    out = io.BytesIO()
    if fmt == "png":
        image.save(out, "PNG")
    elif fmt == "webp":
        image.save(out, "WEBP", quality=quality, method=4)
    elif fmt == "avif":
        # One thread: workers and web processes are as many as there are cores already.
        image.save(out, "AVIF", quality=quality, speed=7, max_threads=1)
    else:
        _on_white(image).save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def average_colour(picture: Picture) -> str:
    """The colour that stands in the picture's place until it arrives: "#rrggbb", transparency seen on white."""
    red, green, blue = _on_white(picture.pixels.resize((1, 1), Image.Resampling.BOX)).getpixel((0, 0))  # type: ignore[misc]
    return f"#{red:02x}{green:02x}{blue:02x}"


def look_of(picture: Picture) -> int | None:
    """64 bits that change little when a picture is scaled, recoloured or compressed, as a signed number.

    None for what has no gradients to speak of: all plain surfaces would look alike.
    """
    small = _on_white(picture.pixels.resize((72, 64), Image.Resampling.BOX, reducing_gap=3.0))
    bits = imagehash.dhash(small, hash_size=8).hash.flatten()
    ones = int(bits.sum())
    if not 4 <= ones <= 60:
        return None
    number = int("".join("1" if bit else "0" for bit in bits), 2)
    return number - 2**64 if number >= 2**63 else number


def sha256_of(content: bytes) -> str:
    """The hash that names these bytes: 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
