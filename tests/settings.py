"""The installation's settings, after the tests' own database has been started.

pytest finds this as it finds any Django settings: with the project on its path, which a plugin named on the command
line cannot count on (`pytest` does not put the folder it runs in there; `python -m pytest` does).
"""

from tests import database as database  # noqa: PLC0414  isort: skip - before the settings, which read what it sets

from config.settings import *  # noqa: F403
