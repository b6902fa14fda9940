import gc
from types import ModuleType

from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "config"
    verbose_name = "Fenhang"

    def __init__(self, app_name: str, app_module: ModuleType) -> None:
        """The collector of rubbish rests until all is loaded: its walks over what stays anyway were a quarter of a
        start (1.8 s of processor time with them, 1.3 s without), and of how long a killed part is away.
        """
        super().__init__(app_name, app_module)
        gc.disable()

    def ready(self) -> None:
        # Tasks are published by web processes and commands too, and need the app with the right broker.
        # Checks register themselves.
        from config import celery, checks  # noqa: F401
        from config.desk.lists import ask_headers_once
        from config.running import gauges

        ask_headers_once()
        gauges.register()
