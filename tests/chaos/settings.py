"""The installation's settings with the kinds of work that the kills are counted by, and a lossy way to the database."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES as _DATABASES
from config.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.chaos.site"]

# Migrations of the start are not under fire: the relay is there before the bank, its loss comes later.
for _alias in _DATABASES:
    if "CHAOS_RELAY" in os.environ and _alias != "owner":
        _DATABASES[_alias]["HOST"] = os.environ["CHAOS_RELAY"]
