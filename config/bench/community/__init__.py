"""What the community costs, part by part: `manage.py bench community` runs all, `bench community checkins` one."""

from collections.abc import Callable, Sequence
from importlib import import_module

from config.bench.harness import Report
from config.bench.machine import machine

# Part -> where it is measured, and by what. Looked up when asked: the parts' sites begin with this package, too, and
# before there are models.
PARTS = {
    "calendar": ("config.bench.community.calendar", "calendar"),
    "checkins": ("config.bench.community.checkins", "check_ins"),
    "watch": ("config.bench.community.watch", "watch"),
}


def run(*, quick: bool, say: Callable[[str], None], parts: Sequence[str] = ()) -> Report:
    """The parts named, or all of them, one after the other, in one report."""
    report = Report("community", machine(), {"parts": ", ".join(parts or PARTS)})
    for name in parts or PARTS:
        module, measure = PARTS[name]
        getattr(import_module(module), measure)(report=report, quick=quick, say=say)
    return report
