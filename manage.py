#!/usr/bin/env python
"""Fenhang's commands. Those that need the database start the embedded one for as long as they run."""

import errno
import os
import shutil
import sys

# They need no service, or start their own (`up`).
_WITHOUT_SERVICES = {
    *(
        "up",
        "sql_roles",
        "drill",
        "help",
        "version",
        "makemigrations",
        "makemessages",
        "compilemessages",
        "compile_words",
    ),
    *(
        "check",
        "collectstatic",
        "findstatic",
        "diffsettings",
        "startapp",
        "spectacular",
        "wechat_standin",
        "test",
    ),
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import embedded
    from config.running import up

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        if sys.argv[1:2] == ["up"] and (options := up.understood(sys.argv[2:])) is not None:
            up.run(**options)
        elif _needs_services(sys.argv):
            with embedded.ensure():
                _execute()
        else:
            _execute()
    except embedded.StartRefused as refused:
        sys.exit(f"{refused}")
    except OSError as failed:
        if failed.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        path = embedded.var_dir()
        free = shutil.disk_usage(path if path.exists() else path.parent).free // 1_000_000
        sys.exit(str(embedded.StartRefused("no_disk", path=path, free=free, needed=150)))


def _needs_services(arguments: list[str]) -> bool:
    if len(arguments) < 2 or {"-h", "--help", "--version"} & set(arguments):
        return False
    return arguments[1] not in _WITHOUT_SERVICES


def _execute() -> None:
    from django.core.management import execute_from_command_line

    from campaigns.lib.refusals import Refusal

    try:
        execute_from_command_line(sys.argv)
    except Refusal as no:
        sys.exit(f"{no.detail('zh')}\n{no.detail('en')}")


if __name__ == "__main__":
    main()
