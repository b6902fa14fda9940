"""Texts and consents for tests."""

from datetime import datetime

from campaigns.customers.consent_models import ConsentText, Permission, Purpose
from campaigns.customers.services.consent_texts import publish_text
from campaigns.customers.services.consents import Wish, set_own_consents
from campaigns.tenants.scopes import Scope, system_scope
from tests.support.cast import AT, CustomerPlayer


def publish(scope: Scope, purpose: str, *, valid_from: datetime, asks_again: bool = False) -> ConsentText:
    """The next version of this purpose's text."""
    return publish_text(
        scope=scope,
        purpose=purpose,
        title="授权书",
        title_en="Consent",
        text=f"我同意：{purpose}",
        text_en=f"I agree: {purpose}",
        valid_from=valid_from,
        asks_again=asks_again,
    )


def publish_all(at: datetime = AT) -> dict[str, ConsentText]:
    """A text for every purpose, valid from `at`."""
    with system_scope(at=at, cause="test") as scope:
        return {purpose: publish(scope, purpose, valid_from=at) for purpose in Purpose.values}


def say(player: CustomerPlayer, purpose: str, channel: str, is_given: bool, at: datetime = AT) -> int:
    """What a customer says in the mini-program; how many rows it made."""
    with player.scope(at) as scope:
        text = ConsentText.objects.filter(purpose=purpose, valid_from__lte=at).order_by("-version").first()
        wish = Wish(purpose, channel, is_given, text.sha256 if text else "")
        return len(set_own_consents(scope=scope, wishes=[wish]))


def mask_of(player: CustomerPlayer) -> int:
    with system_scope(at=AT, cause="test"):
        return int(Permission.objects.get(customer=player.customer).allowed)
