import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.checks import refuse_to_serve  # noqa: E402 - needs what the line above has loaded

refuse_to_serve()

from campaigns.lib.memory import settle_memory  # noqa: E402

settle_memory()
