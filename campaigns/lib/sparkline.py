"""A line of figures as inline SVG: no script, no colours of its own. Pure."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, HEIGHT, EDGE = 120, 30, 3


def points_of(values: Sequence[float]) -> list[tuple[float, float]]:
    """Where each value stands in a field of WIDTH x HEIGHT; the line starts from nought, so that it tells no tale."""
    top = max([*values, 1])
    step = (WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    return [
        (round(EDGE + n * step, 1), round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / top, 1))
        for n, value in enumerate(values)
    ]


def sparkline(values: Sequence[float], label: str) -> SafeString:
    """The line with its last point marked; `label` says it in words to those who do not see it."""
    points = points_of(values)
    return format_html(
        '<svg class="fh-line" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="1.5"'
        ' vector-effect="non-scaling-stroke"/>'
        '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="currentColor" stroke-width="5" stroke-linecap="round"'
        ' vector-effect="non-scaling-stroke"/></svg>',
        WIDTH,
        HEIGHT,
        label,
        " ".join(f"{x},{y}" for x, y in points),
        *points[-1],
        *points[-1],
    )
