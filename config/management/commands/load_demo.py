"""The demo bank, into an empty database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from campaigns.lib.clock import now
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from config.demo.story import tell


class Command(BaseCommand):
    help = "Load the demo bank: tree, people, a campaign with a coupon, posters, a week of claims. Empty database only."

    def handle(self, *args: Any, **options: Any) -> None:
        at = now()
        with system_scope(at=at, cause="load_demo"):
            if Branch.objects.exists():
                raise CommandError(
                    _("There is a bank in this database already; the demo is for an empty one.")
                )
        tell(at=at, say=self.stdout.write)
