"""Run in a process of its own, `python -m tests.support.picture_trial VERB FILE...`: what each picture costs.

Prints one JSON list of {"name", "code", "seconds", "peak_mb"}; `seconds` are the processor's,
`peak_mb` is the most memory the process held meanwhile.
VERB is "read", or "render" to make every rendition and the original as well.
"""

import json
import resource
import sys
import time
from pathlib import Path

from campaigns.lib.refusals import Refusal
from content.pictures import read_picture, render_all, render_original

STOP = 1024**3  # what the machine is spared, should a picture get through; the tests ask for far less


def main(verb: str, files: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (STOP, STOP))
    rows = []
    for file in files:
        raw = Path(file).read_bytes()
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        began, code = time.process_time(), None
        try:
            picture = read_picture(raw)
            if verb == "render":
                render_all(picture)
                render_original(picture)
        except Refusal as refusal:
            code = refusal.code
        seconds = time.process_time() - began
        peak = _peak_mb()
        rows.append({"name": Path(file).name, "code": code, "seconds": seconds, "peak_mb": peak})
    print(json.dumps(rows))


def _peak_mb() -> float:
    # Not getrusage: its figure is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
