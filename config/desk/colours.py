"""One accent colour per installation becomes the eleven steps that the theme paints with. Pure."""

import math

# Lightness and share of the accent's chroma of each step, in OKLCH: white text on 600 and 600 on white keep
# more than 4.5:1 at every hue, as does 500 on the dark ground.
_STEPS = {
    "50": (0.975, 0.12),
    "100": (0.945, 0.22),
    "200": (0.895, 0.40),
    "300": (0.820, 0.62),
    "400": (0.730, 0.86),
    "500": (0.650, 1.00),
    "600": (0.480, 1.00),
    "700": (0.430, 0.92),
    "800": (0.375, 0.80),
    "900": (0.325, 0.68),
    "950": (0.245, 0.52),
}


def steps_of(accent: str) -> dict[str, str]:
    """Steps 50 to 950 of `accent` ("#1f5fa8") as CSS colours. Raises ValueError for anything else."""
    chroma, hue = _chroma_and_hue(accent)
    return {step: f"oklch({light} {chroma * share:.4f} {hue:.2f})" for step, (light, share) in _STEPS.items()}


def _chroma_and_hue(accent: str) -> tuple[float, float]:
    """From sRGB by way of OKLab (Ottosson 2020)."""
    digits = accent.removeprefix("#")
    if len(digits) != 6:
        raise ValueError(f"not a colour of the form #rrggbb: {accent!r}")
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
