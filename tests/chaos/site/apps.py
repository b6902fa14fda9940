"""The kinds of work that the kills are counted by."""

from django.apps import AppConfig


class ChaosApp(AppConfig):
    name = "tests.chaos.site"
    label = "chaos"

    def ready(self) -> None:
        # Models exist only now.
        from tests.chaos.site.kinds import register_kinds

        register_kinds()
