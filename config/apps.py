from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "config"
    verbose_name = "Fenhang"

    def ready(self) -> None:
        # Tasks are published by web processes and commands too, and need the app with the right broker.
        from config import celery  # noqa: F401
