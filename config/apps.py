from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "config"
    verbose_name = "Fenhang"

    def ready(self) -> None:
        # Tasks are published by web processes and commands too, and need the app with the right broker.
        # Checks register themselves.
        from config import celery, checks  # noqa: F401
        from config.desk.lists import ask_headers_once
        from config.running import gauges

        ask_headers_once()
        gauges.register()
