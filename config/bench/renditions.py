"""Photographs of 12 megapixels to every first rendition: what taking them apart, sRGB and our own sizes cost over bare
Pillow, which opens the file and makes the same sizes in the same formats.

The limit is bare Pillow as somebody would write it who knows it well: decoded once, each size cut and scaled by the
same filter with the same reducing gap, saved with the same settings. It trusts the file and keeps what is hidden in it.
Ours must do 0.9 of its photographs in the same time. Peak memory is that of a process that makes one of them.
"""

import io
import json
import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from PIL import Image, ImageFilter

from config.bench.harness import Report, Target, Variant, compare
from config.bench.machine import machine
from content.pictures import RENDITIONS, read_picture, render_all

CASE = "12 megapixels, six renditions"
_SIZE = (4000, 3000)
_ROOT = Path(__file__).resolve().parents[2]


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Both, photograph by photograph in turns. `quick` takes pictures of one megapixel."""
    count, rounds = (2, 2) if quick else (4, 6)
    say(f"drawing {count} photographs")
    raws = [photograph(nth, (1200, 900) if quick else _SIZE) for nth in range(count)]
    variants = [
        Variant("bare Pillow", lambda n: bare(raws[n % count])),
        Variant("ours", lambda n: ours(raws[n % count])),
    ]
    say(f"{rounds} rounds of {count}")
    found = compare(CASE, variants, rounds=rounds, items=count, with_database=False)
    parameters = {
        "photographs": count,
        "pixels": "1200x900" if quick else "4000x3000",
        "bytes": [len(raw) for raw in raws],
        "peak_mb": {name: peak(name, raws[0]) for name in ("bare", "ours")},
    }
    # 0.9 of the photographs in the same time is at most 1.11 of the time for one.
    return Report(
        "renditions",
        machine(with_database=False),
        parameters,
        [found],
        [Target(CASE, "ours", round(1 / 0.9, 3))],
    )


@cache
def photograph(seed: int, size: tuple[int, int]) -> bytes:
    """A JPEG as phones write it: gradients, edges, grain, and a place in its tags."""
    dice = random.Random(seed)
    small = Image.frombytes("RGB", (80, 60), dice.randbytes(80 * 60 * 3)).filter(ImageFilter.GaussianBlur(3))
    image = small.resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(size, 18).convert("RGB")
    image = Image.blend(image, grain, 0.08)
    tags = Image.Exif()
    tags[0x010F] = "Phone"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, exif=tags)
    return out.getvalue()


def ours(raw: bytes) -> int:
    """Taken in and rendered as the library does; how many bytes."""
    return sum(len(made.content) for made in render_all(read_picture(raw)))


def bare(raw: bytes) -> int:
    """The same sizes and formats by Pillow alone."""
    image = Image.open(io.BytesIO(raw)).convert("RGB")
    total = 0
    for size in RENDITIONS:
        width, height = image.size
        across, down = float(width), float(height)
        if size.height is not None:
            across = min(across, down * size.width / size.height)
            down = min(down, across * size.height / size.width)
        left, top = (width - across) / 2, (height - down) / 2
        shrink = min(1.0, size.width / across)
        made = image.resize(
            (round(across * shrink), round(down * shrink)),
            Image.Resampling.LANCZOS,
            box=(left, top, left + across, top + down),
            reducing_gap=3.0,
        )
        out = io.BytesIO()
        if size.format == "webp":
            made.save(out, "WEBP", quality=82, method=4)
        else:
            made.save(out, "JPEG", quality=85, optimize=True, progressive=True)
        total += len(out.getvalue())
    return total


def peak(name: str, raw: bytes) -> float:
    """The most memory that a process holds which makes all renditions of one photograph, in MB."""
    program = (
        "import json,sys; from config.bench import renditions; raw = sys.stdin.buffer.read();"
        f" renditions.{name}(raw); text = open('/proc/self/status').read();"
        " print(json.dumps(int(text.split('VmHWM:')[1].split()[0]) / 1024))"
    )
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", program], input=raw, capture_output=True, check=True, cwd=_ROOT
    )
    return round(float(json.loads(done.stdout)), 1)
