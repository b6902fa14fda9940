"""How a consent text is approved: what is frozen, what the reviewer reads, what an approval and a take-down do."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Description, Frozen, Kind, Line
from campaigns.approvals.models import Revision
from campaigns.customers.consent_models import ConsentText, Purpose
from campaigns.customers.consent_selectors import draft_in_scope
from campaigns.customers.services.consent_texts import (
    NOUN,
    WORDS,
    change_draft,
    publish_draft,
    withdraw_text,
)
from campaigns.tenants.scopes import Scope


def freeze_draft(scope: Scope, draft_id: UUID) -> Frozen:
    """Every word of the draft, and from when it is to be valid. Raises NotFound."""
    draft = draft_in_scope(scope=scope, draft_id=draft_id)
    payload = {name: getattr(draft, name) for name in WORDS} | {"valid_from": draft.valid_from.isoformat()}
    return Frozen(str(draft), payload, draft.branch_id, draft.branch_pos)


def describe_text(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The text as customers read it, and beside it what follows from it."""
    valid_from = parse_datetime(payload["valid_from"])
    assert valid_from is not None
    moment = date_format(localtime(valid_from), "SHORT_DATETIME_FORMAT")
    again = gettext("yes: earlier consents count no more") if payload["asks_again"] else gettext("no")
    lines = [
        Line("purpose", gettext("purpose"), str(Purpose(payload["purpose"]).label)),
        Line("title", gettext("title"), payload["title"]),
        Line("text", gettext("text"), payload["text"]),
        Line("title_en", gettext("English title"), payload["title_en"]),
        Line("text_en", gettext("English text"), payload["text_en"]),
        Line("valid_from", gettext("valid from"), gettext("%(at)s, or when it is approved") % {"at": moment}),
        Line("asks_again", gettext("asks everybody again"), again),
    ]
    context = {"title": payload["title"], "text": payload["text"]}
    return Description("customers/phone_consent.html", context, lines, styles=("approvals/findings.css",))


def differences(scope: Scope, revision: Revision) -> list[str]:
    """What of the published version is not as it was approved."""
    made = ConsentText.objects.filter(revision_id=revision.pk).first()
    if made is None:
        return ["customers_consenttext"]
    return sorted(name for name in WORDS if getattr(made, name) != revision.payload[name])


def _restore(scope: Scope, draft_id: UUID, payload: Mapping[str, Any]) -> None:
    valid_from = parse_datetime(payload["valid_from"])
    assert valid_from is not None
    words = {name: payload[name] for name in WORDS}
    change_draft(scope=scope, draft_id=draft_id, valid_from=valid_from, **words)


def _take_down(scope: Scope, draft_id: UUID) -> None:
    withdraw_text(scope=scope, draft_id=draft_id)


def _go_live(scope: Scope, revision: Revision) -> None:
    publish_draft(scope=scope, revision=revision)


CONSENT_TEXT = Kind(
    code=NOUN,
    label=_("Consent text"),
    freeze=freeze_draft,
    go_live=_go_live,
    take_down=_take_down,
    describe=describe_text,
    restore=_restore,
    differences=differences,
)
