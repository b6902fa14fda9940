"""Texts and consents for tests."""

from datetime import datetime

from campaigns.customers.consent_models import ConsentText, Purpose
from campaigns.customers.services.consent_texts import publish_text
from campaigns.tenants.scopes import Scope, system_scope
from tests.support.cast import AT


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
