"""Founds a bank in an empty database: head office, the preset roles, and the first administrator."""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.access.services.passwords import adopt_password
from campaigns.lib.clock import now
from campaigns.tenants.models import Branch, Login
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.assignments import assign_role, load_roles
from campaigns.tenants.services.branches import add_head_office
from campaigns.tenants.services.people import add_login, add_person

PASSWORD_VARIABLE = "FENHANG_ADMIN_PASSWORD"  # noqa: S105


class Command(BaseCommand):
    help = (
        "Make head office, the preset roles and the first administrator. The password is read from the variable "
        f"{PASSWORD_VARIABLE}, from standard input, or asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--code", default="HO", help="head office's code, e.g. HO")
        parser.add_argument("--name", required=True, help="head office's name, e.g. 分行银行总行")
        parser.add_argument(
            "--admin", required=True, metavar="USERNAME", help="log-in name of the administrator"
        )
        parser.add_argument(
            "--admin-name", default="", help="the administrator's own name, else the log-in name"
        )
        parser.add_argument("--staff-number", default="0001", help="the administrator's staff number")

    def handle(self, *args: Any, **options: Any) -> None:
        at = now()
        with transaction.atomic():
            with system_scope(at=at, cause="setup_bank") as scope:
                there = Branch.objects.order_by("pos").first()
                if there is not None:
                    raise CommandError(
                        _("There is a bank already: “%(name)s” (%(code)s). Nothing was changed.")
                        % {"name": there.name, "code": there.code}
                    )
                username = options["admin"]
                password = _password(Login(username=username))
                load_roles()
                root = add_head_office(scope=scope, code=options["code"], name=options["name"])
            # A second scope, since the first one was opened before there was a head office to stand at.
            with system_scope(at=at, cause="setup_bank") as scope:
                person = add_person(
                    scope=scope,
                    branch_id=root.pk,
                    name=options["admin_name"] or username,
                    staff_number=options["staff_number"],
                )
                login = add_login(scope=scope, person=person, username=username, password=password)
                adopt_password(login=login, at=at)
                assign_role(scope=scope, person=person, role="administrator", branch_id=root.pk, held_from=at)
        self.stdout.write(
            _("“%(name)s” stands; “%(admin)s” may log in.") % {"name": root.name, "admin": username}
        )


def _password(login: Login) -> str:
    """From the environment, from standard input, or typed twice. Raises CommandError when it is too weak."""
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password and not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    elif not password:
        password = getpass.getpass(_("Password: "))
        if password != getpass.getpass(_("Again: ")):
            raise CommandError(_("The two passwords differ. Nothing was changed."))
    try:
        validate_password(password, login)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password
