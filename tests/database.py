"""Loaded before Django's settings: the tests run on an embedded PostgreSQL of their own, as the app roles."""

import os

os.environ["FENHANG_TESTING"] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config import embedded

embedded.start_for_tests()
