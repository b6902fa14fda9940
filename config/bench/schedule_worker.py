"""One worker process of `bench schedule`: asks each second, as the ticker makes it, until nothing of the rush is left.

    python -m config.bench.schedule_worker DATABASE

A line on its output says when it is ready; a line on its input lets it go.
"""

import json
import sys
import time
from collections.abc import Sequence

import django


def main(database: str) -> None:
    django.setup()
    from django.conf import settings
    from django.db import connections

    from campaigns.jobs.due_models import Due
    from campaigns.jobs.kinds import register_due
    from campaigns.jobs.services.due import TASK, run_due
    from campaigns.lib.clock import now
    from campaigns.tenants.scopes import Scope, system
    from config.bench.rush import KIND, ring
    from config.bench.scratch import speak_to

    speak_to(database)
    assert settings.DATABASES["default"]["NAME"] == database

    def one(scope: Scope, due: Due) -> None:
        ring(scope, [due])

    def many(scope: Scope, dues: Sequence[Due]) -> None:
        ring(scope, dues)

    register_due(KIND, one, label=KIND, many=many)
    run_due(scope=system(at=now(), cause=TASK), clock=now)
    print("ready", flush=True)
    until = time.monotonic() + float(sys.stdin.readline())
    done = 0
    while time.monotonic() < until:
        done += run_due(scope=system(at=now(), cause=TASK), clock=now).done
        time.sleep(max(0.0, 1 - time.time() % 1))
    cpu = time.process_time()
    connections["default"].close()
    print(json.dumps({"done": done, "cpu_seconds": round(cpu, 2)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
