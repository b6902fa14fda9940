"""Posters drawn in code, so that the demo bank ships no picture files: calm bands of colour, hills, coins.

Words are set by the page, never drawn into the picture.
"""

import io
import math

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


def _mix(a: Colour, b: Colour, t: float) -> Colour:
    return tuple(round(x + (y - x) * t) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def _sky(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    strip = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        strip.putpixel((0, y), _mix(top, bottom, y / size[1]))
    return strip.resize(size)


def _hills(picture: Image.Image, colour: Colour, base: float, swing: float, phase: float) -> None:
    width, height = picture.size
    line = [
        (
            x,
            height
            * (base + swing * math.sin(phase + x / width * math.tau * 0.9) * math.cos(x / width * 2 + phase)),
        )
        for x in range(0, width + 8, 8)
    ]
    ImageDraw.Draw(picture).polygon([*line, (width, height), (0, height)], fill=colour)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def spring(size: tuple[int, int] = (1080, 720)) -> bytes:
    """Morning hills with a low sun: the savings poster."""
    picture = _sky(size, (250, 214, 165), (255, 244, 224))
    width, height = size
    glow = Image.new("L", size, 0)
    ImageDraw.Draw(glow).ellipse((width * 0.57, height * 0.14, width * 0.81, height * 0.51), fill=190)
    picture.paste(
        Image.new("RGB", size, (255, 176, 120)), mask=glow.filter(ImageFilter.GaussianBlur(width // 20))
    )
    ImageDraw.Draw(picture).ellipse(
        (width * 0.62, height * 0.22, width * 0.76, height * 0.43), fill=(239, 108, 77)
    )
    for colour, base, swing, phase in [
        ((214, 164, 134), 0.56, 0.06, 0.3),
        ((168, 120, 108), 0.66, 0.07, 1.7),
        ((110, 84, 92), 0.76, 0.06, 3.1),
        ((58, 52, 70), 0.88, 0.05, 4.4),
    ]:
        _hills(picture, colour, base, swing, phase)
    return _png(picture)


def coins(size: tuple[int, int] = (1080, 720)) -> bytes:
    """Stacks that grow from left to right: the coupon poster."""
    picture = _sky(size, (18, 74, 92), (28, 122, 128))
    draw = ImageDraw.Draw(picture)
    width, height = size
    thick, across = height // 22, width // 9
    for stack in range(6):
        left = width * 0.08 + stack * across * 1.34
        for coin in range(2 + stack * 2):
            top = height * 0.86 - coin * thick
            edge, face = (196, 142, 52), (244, 200, 98)
            draw.rounded_rectangle((left, top, left + across, top + thick * 0.86), thick // 3, fill=edge)
            draw.rounded_rectangle((left, top, left + across, top + thick * 0.42), thick // 4, fill=face)
    return _png(picture)


def lake(size: tuple[int, int] = (1080, 720)) -> bytes:
    """A lake at dusk: the branch's own poster."""
    picture = _sky(size, (64, 86, 140), (236, 178, 170))
    _hills(picture, (92, 96, 140), 0.50, 0.05, 0.9)
    _hills(picture, (62, 70, 112), 0.56, 0.04, 2.6)
    draw = ImageDraw.Draw(picture)
    width, height = size
    draw.rectangle((0, height * 0.62, width, height), fill=(88, 110, 158))
    for row in range(28):
        y = height * (0.63 + row * 0.0135)
        reach = width * (0.12 + 0.30 * ((row * 37) % 11) / 11)
        middle = width * (0.30 + 0.45 * ((row * 53) % 17) / 17)
        draw.line((middle - reach / 2, y, middle + reach / 2, y), fill=(176, 170, 196), width=2 + row // 8)
    return _png(picture)
