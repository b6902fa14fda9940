"""WeChat's log-in server of the demo bank."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from config.standins.wechat import WeChatStandIn


class Command(BaseCommand):
    help = "Answer like WeChat's log-in server: the code demo-<unionid> logs that person in. Demo mode only."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8901)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                _("Whoever asks this server may log in as anybody: it runs in demo mode only.")
            )
        try:
            server = WeChatStandIn((options["host"], options["port"]))
        except OSError as error:
            raise CommandError(
                _("Cannot listen on %(host)s:%(port)s: %(reason)s.")
                % {"host": options["host"], "port": options["port"], "reason": error.strerror or error}
            ) from error
        with server:
            self.stdout.write(_("WeChat stand-in at %(url)s.") % {"url": server.url})
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                return
