"""Run in a process of its own, `python -m tests.support.media_trial FOLDER`: what each file of the folder costs.

Prints one JSON object: "rows" of {"name", "code", "seconds", "peak_mb", "foreign"}, and "child_mb". Seconds are the
processor's, of a PDF with those of the child that looks at it, whose memory `child_mb` is; `foreign` tells whether
something of the upload that is no pixel, sample or page came through.
"""

import io
import json
import os
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

STOP = 1024**3  # what the machine is spared, should a file get through; the tests ask for far less
SECRETS = (b"<script", b"PK\3\4", b"+30.2672", b"iPhone", b"/Author")


def main(folder: str) -> None:
    import django

    django.setup()
    from campaigns.lib.refusals import Refusal
    from content.media.taking import kind_of, take_media
    from content.pictures import read_picture
    from tests.support.picture_trial import _peak_mb

    resource.setrlimit(resource.RLIMIT_AS, (STOP, STOP))
    rows = []
    for file in sorted(Path(folder).iterdir()):
        raw = file.read_bytes()
        out = io.BytesIO()
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        began, code = _processor(), None
        try:
            kind = kind_of(raw[:4096])
            if kind == "picture":
                read_picture(raw)
            else:
                take_media(io.BytesIO(raw), out, kind=kind)
        except Refusal as refusal:
            code = refusal.code
        rows.append(
            {
                "name": file.name,
                "code": code,
                "seconds": _processor() - began,
                "peak_mb": _peak_mb() - len(raw) / 1024**2,
                "foreign": code is None and any(secret in out.getvalue() for secret in SECRETS),
            }
        )
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "child_mb": children}))


def _processor() -> float:
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime


if __name__ == "__main__":
    main(sys.argv[1])
