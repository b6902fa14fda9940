"""Rules of passwords beside Django's own: which kinds of characters, and nothing about their owner.

Named in the setting AUTH_PASSWORD_VALIDATORS; Django's `validate_password(password, login)` asks them all.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns.access.selectors import whose_login
from campaigns.tenants.rules import pinyin_of


class KindsOfCharacters:
    """At least `kinds` of four: small letters, capital letters, digits, anything else."""

    def __init__(self, kinds: int = 2) -> None:
        self.kinds = kinds

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when the password has fewer kinds."""
        kinds = {
            "small" if c.islower() else "capital" if c.isupper() else "digit" if c.isdigit() else "else"
            for c in password
        }
        if len(kinds) < self.kinds:
            raise ValidationError(self.get_help_text(), code="too_few_kinds")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return _(
            "At least %(kinds)s kinds of characters: small letters, capital letters, digits, others."
        ) % {"kinds": self.kinds}


class NothingAboutTheOwner:
    """Neither the log-in name nor the person's name (in pinyin too) nor the staff number, anywhere in it."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when it names its owner; nothing is asked about a log-in that does not exist yet."""
        if user is None:
            return
        named = {user.username}
        if user.pk is not None and (whose := whose_login(login_id=user.pk)) is not None:
            named |= {whose.staff_number, whose.name, pinyin_of(whose.name).split(" ")[0]}
        typed = password.lower()
        # One or two letters say nothing; a name in Chinese is whole with two characters.
        if any(n.lower() in typed for n in named if len(n) >= (4 if n.isascii() else 2)):
            raise ValidationError(self.get_help_text(), code="about_the_owner")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return _("Nothing of your log-in name, your own name or your staff number.")
