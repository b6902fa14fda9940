"""Opens the way for the one administrator whom nobody else can reset: by whoever holds the server."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from campaigns.access.refusals import NotEnrolled
from campaigns.access.services.resets import remove_second_factor, reset_password
from campaigns.lib.clock import now
from campaigns.tenants.models import Login
from campaigns.tenants.scopes import system_scope


class Command(BaseCommand):
    help = (
        "Give a log-in a temporary password, good for 24 hours, and end its sessions; with --second-factor also remove "
        "its second factor. Audited as a deed of the system. For people, use the log-in's page in the admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="log-in name")
        parser.add_argument("--second-factor", action="store_true", help="remove the second factor as well")

    def handle(self, *args: Any, **options: Any) -> None:
        login = Login.objects.filter(username=options["username"]).first()
        if login is None:
            raise CommandError(_("There is no log-in “%(name)s”.") % {"name": options["username"]})
        with system_scope(at=now(), cause="reset_login") as scope:
            told = reset_password(scope=scope, login_id=login.pk)
            if options["second_factor"]:
                try:
                    remove_second_factor(scope=scope, login_id=login.pk)
                except NotEnrolled as refusal:
                    self.stderr.write(str(refusal))
        self.stdout.write(
            _("Temporary password of “%(name)s”, good for 24 hours: %(password)s")
            % {"name": login.username, "password": told.password}
        )
