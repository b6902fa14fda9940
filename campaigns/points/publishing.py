"""How a points rule is approved: what is frozen, what goes live, what the reviewer reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.customers.selectors import reach_of
from campaigns.events.registry import kinds
from campaigns.lib.refs import read_ref
from campaigns.points.models import LiveRule
from campaigns.points.rule_terms import RuleTerms, frozen, terms_of, thawed
from campaigns.points.selectors.rules import Names, names_in, rule_in_scope
from campaigns.points.sentences import sentence
from campaigns.points.services.rules import change_rule, promised, publish_rule, withdraw_rule
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope

CODE = "points.rule"
COPIES = Copies(LiveRule, "rule_id")


def said(terms: RuleTerms, names: Names, language: str = "") -> str:
    """What the rule gives, in one sentence; in the reader's language unless told otherwise."""
    return sentence(
        terms=terms,
        kinds=kinds(),
        tags=names.tags,
        branches=names.branches,
        language=language or get_language() or "zh-hans",
    )


def freeze_rule(scope: Scope, rule_id: UUID) -> Frozen:
    """The draft as JSON, with its sentence and the names it was read with. Raises NotFound."""
    rule = rule_in_scope(scope=scope, rule_id=rule_id)
    terms = terms_of(rule)
    names = names_in(terms=terms)
    payload = frozen(terms) | {
        "sentence": said(terms, names, "zh-hans"),
        "sentence_en": said(terms, names, "en"),
        "tag_names": {str(key): name for key, name in sorted(names.tags.items())},
        "branch_names": {str(key): name for key, name in sorted(names.branches.items())},
    }
    missing = [gettext("a window that is not over yet")] if terms.runs_until <= scope.at else []
    return Frozen(
        title=rule.title,
        payload=payload,
        branch_id=rule.branch_id,
        branch_pos=rule.branch_pos,
        missing=missing,
    )


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """To how many it is open. What points are worth in fen nobody has said, so no policy asks for it."""
    return Facts(
        audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"])
    )


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision."""
    publish_rule(
        scope=scope,
        rule_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, rule_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_rule(scope=scope, rule_id=rule_id)


def window_of(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Which events it answers, by their moments."""
    return datetime.fromisoformat(payload["runs_from"]), datetime.fromisoformat(payload["runs_until"])


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, promised(payload=revision.payload))


def restore(scope: Scope, rule_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises the refusals of its terms, as any change."""
    change_rule(scope=scope, rule_id=rule_id, terms=thawed(payload))


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The rule as a line of the statement on a phone, and what it says fact by fact."""
    terms, zone = thawed(payload), zone_of(scope=scope)
    names = Names(
        {int(key): name for key, name in payload["tag_names"].items()},
        {int(key): name for key, name in payload["branch_names"].items()},
    )
    words = said(terms, names)
    first, last = (
        date_format(moment.astimezone(zone), "Y-m-d H:i") for moment in (terms.runs_from, terms.runs_until)
    )
    kind = kinds().get(terms.event_kind)
    return Description(
        template="points/phone_rule.html",
        context={"title": terms.title, "sentence": words, "points": terms.points},
        lines=[
            Line("title", gettext("what the statement says"), terms.title),
            Line("sentence", gettext("what it gives"), words),
            Line("event", gettext("event"), str(kind.label) if kind else terms.event_kind),
            Line("source", gettext("told by"), terms.source or gettext("whoever tells it")),
            Line("window", gettext("events within"), f"{first} – {last}"),
            Line(
                "reach",
                gettext("for"),
                gettext("this branch and those below") if terms.handed_down else gettext("this branch alone"),
            ),
        ],
        styles=("points/rule.css",),
    )


KIND = Kind(
    code=CODE,
    label=_("Points rule"),
    freeze=freeze_rule,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    window=window_of,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def register_kind() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
