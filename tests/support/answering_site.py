"""The whole site for tests that hurt it: at the test's database, by way of a relay that may lose replies, and a process
that dies between effect and answer where the request asks for it.
"""

import os
import signal
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_site = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the lines above have loaded
from django.db import connections  # noqa: E402

from config.bench.scratch import speak_to  # noqa: E402

# The first request with this header and this name in it kills the process that serves it, once all that it does is
# committed; those that come after it are answered.
DIES = "X-Test-Dies"


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    answer: Iterable[bytes] = _site(environ, start_response)
    if (name := environ.get("HTTP_X_TEST_DIES")) and _is_first(name):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


def _is_first(name: str) -> bool:
    try:
        os.close(os.open(os.path.join(os.environ["ANSWERING_DEATHS"], name), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


if "ANSWERING_DATABASE" in os.environ:
    speak_to(os.environ["ANSWERING_DATABASE"])
    for _alias in ("default", "aside"):
        settings.DATABASES[_alias]["HOST"] = os.environ["ANSWERING_RELAY"]
        connections[_alias].settings_dict["HOST"] = os.environ["ANSWERING_RELAY"]
