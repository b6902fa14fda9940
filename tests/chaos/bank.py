"""`manage.py up` for a bank that is going to be killed many times: `python -m tests.chaos.bank PORT`.

It gives up on no part, however often that dies, and its programs know the kinds of work of `tests.chaos.site`.
"""

import os
import sys
from typing import Any

from config.embedded import supervisor
from config.running import programs, up

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings"}

_environment_of = programs.environment_of


def _environment(**given: Any) -> dict[str, str]:
    return _environment_of(**given) | SETTINGS


if __name__ == "__main__":
    supervisor.DEATHS = 1_000_000
    os.environ |= SETTINGS
    programs.environment_of = _environment
    up.run(host="127.0.0.1", port=int(sys.argv[1]), demo=True)
