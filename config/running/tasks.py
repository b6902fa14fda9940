"""A worker or the beat, as `up` starts them: what `celery -A config.celery worker` and `beat` do, without Celery's
command line, whose interactive shell alone took a sixth of a start; and of how long a killed one is away.

    python -m config.running.tasks worker --queue prompt --name worker --pool 2
    python -m config.running.tasks beat
"""

import argparse
import logging
import os
import socket
import sys

from config.celery import app


def main() -> int:
    """Until it is told to stop; the exit status."""
    asked = argparse.ArgumentParser(prog="config.running.tasks")
    parts = asked.add_subparsers(dest="part", required=True)
    parts.add_parser("beat")
    worker = parts.add_parser("worker")
    worker.add_argument("--queue", required=True)
    worker.add_argument("--name", required=True)
    worker.add_argument("--pool", type=int, required=True)
    options = asked.parse_args()
    # `up` has asked for the whole installation already.
    os.environ["CELERY_SKIP_CHECKS"] = "1"
    if options.part == "beat":
        app.Beat(quiet=True, loglevel=logging.WARNING).run()
        return 0
    running = app.Worker(
        hostname=f"{options.name}@{socket.gethostname()}",
        queues=[options.queue],
        concurrency=options.pool,
        loglevel=logging.WARNING,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    running.start()
    return int(running.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
