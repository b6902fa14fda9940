"""`manage.py up` for a bank that is going to be killed many times: `python -m tests.chaos.bank PORT`.

It gives up on no part, however often that dies; its programs reach the database through `CHAOS_DATABASE_URL` and
know the kinds of work of `tests.chaos.site`.
"""

import os
import sys
from typing import Any

from config import embedded
from config.embedded import supervisor
from config.running import programs, up

supervisor.DEATHS = 1_000_000

_environment_of = programs.environment_of


def _environment(**given: Any) -> dict[str, str]:
    keys = embedded.secrets("main")
    there = embedded.addresses("main")
    return _environment_of(**given) | {
        "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
        "DATABASE_URL": os.environ["CHAOS_DATABASE_URL"].format(password=keys["app_password"]),
        "DATABASE_OWNER_URL": there.database_owner_url,
        "REDIS_URL": there.redis_url,
        "SECRET_KEY": keys["secret_key"],
        "DATA_KEY": keys["data_key"],
    }


if __name__ == "__main__":
    programs.environment_of = _environment
    up.run(host="127.0.0.1", port=int(sys.argv[1]), demo=True)
