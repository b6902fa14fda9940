"""How a review policy is itself reviewed: what is frozen, what holds then, what the reviewer reads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import checks
from campaigns.approvals.drawings import drawn_document
from campaigns.approvals.kinds import Description, Frozen, Kind, Line, kinds
from campaigns.approvals.models import LivePolicy, Policy, Revision
from campaigns.approvals.policy_rules import PolicyNeedsTwoPersons
from campaigns.approvals.policy_selectors import people_who_may_decide, policy_in_scope
from campaigns.approvals.policy_words import (
    POLICY_KIND,
    SEVERITY_NAMES,
    Names,
    conditions_of,
    faults,
    more_of,
    sentence_of,
    step_of,
    title_of,
)
from campaigns.approvals.routes import Document
from campaigns.approvals.services.policies import change_policy, put_in_force
from campaigns.lib.refs import read_ref
from campaigns.tenants.models import Role
from campaigns.tenants.rules import may
from campaigns.tenants.scopes import Scope

PHONE = "approvals/policy_phone.html"
STYLES = ("approvals/route.css",)


def names_of(*, scope: Scope, document: Document | None = None) -> Names:
    """What codes are called, and who of a document's people may decide: one query, two with people named in it."""
    roles = list(Role.objects.order_by("name"))
    deciding = frozenset(
        role.code for role in roles if may(frozenset(role.verbs), "approvals.revision.decide")
    )
    named = {
        UUID(seat["person_id"])
        for step in (document or {}).get("steps", ())
        for seat in step["seats"]
        if seat["by"] == "person"
    }
    people = people_who_may_decide(scope=scope, roles=set(deciding), ids=named) if named else []
    return Names(
        roles={role.code: str(role) for role in roles},
        kinds={kind.code: str(kind.label) for kind in kinds()},
        deciding=deciding,
        checks={check.code: str(check.label) for check in checks()},
        people=frozenset(str(person.pk) for person in people),
    )


def freeze_policy(scope: Scope, policy_id: UUID) -> Frozen:
    """The draft and what it still lacks. Raises NotFound."""
    policy = policy_in_scope(scope=scope, policy_id=policy_id)
    return Frozen(
        policy.title,
        payload_of(policy=policy),
        policy.branch_id,
        policy.branch_pos,
        faults(policy.document, names_of(scope=scope, document=policy.document)),
    )


def payload_of(*, policy: Policy | LivePolicy) -> dict[str, Any]:
    """The policy as routes read it: the document with title and rank in it."""
    return {**policy.document, "title": policy.title, "rank": policy.rank}


def describe_policy(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The policy as sentences, and drawn."""
    names = names_of(scope=scope)
    lines = [
        Line("title", gettext("title"), payload["title"]),
        Line("rank", gettext("rank"), str(payload["rank"])),
        Line("conditions", gettext("holds for"), conditions_of(payload, names)),
        Line("off", gettext("state"), gettext("switched off") if payload["off"] else gettext("in force")),
    ]
    for number, step in enumerate(payload["steps"], start=1):
        said = f"{title_of(step['title'])}\n{step_of(step, names)}\n{more_of(step)}"
        lines.append(Line(f"step.{number}", gettext("step %(n)s") % {"n": number}, said))
    for code, severity in payload["findings"].items():
        label = names.checks.get(code, code)
        lines.append(Line(f"finding.{code}", label, str(SEVERITY_NAMES[severity])))
    return Description(
        template=PHONE,
        context={
            "title": payload["title"],
            "sentence": sentence_of(payload, names),
            "steps": drawn_document(document=payload, names=names),
        },
        lines=lines,
        styles=STYLES,
    )


def _restore(scope: Scope, policy_id: UUID, payload: Mapping[str, Any]) -> None:
    document = dict(payload)
    title, rank = document.pop("title"), document.pop("rank")
    change_policy(scope=scope, policy_id=policy_id, title=title, rank=rank, document=document)


def _take_down(scope: Scope, policy_id: UUID) -> None:
    raise PolicyNeedsTwoPersons


def _differences(scope: Scope, revision: Revision) -> list[str]:
    policy_id = UUID(read_ref(revision.subject).id)
    live = LivePolicy.objects.within(scope).filter(policy_id=policy_id).first()
    if live is None:
        return ["approvals_livepolicy"]
    found = payload_of(policy=live)
    keys = {*found, *revision.payload}
    return sorted(key for key in keys if key not in found or found[key] != revision.payload.get(key))


POLICY = Kind(
    code=POLICY_KIND,
    label=_("Review policy"),
    freeze=freeze_policy,
    go_live=lambda scope, revision: put_in_force(scope=scope, revision=revision),
    take_down=_take_down,
    describe=describe_policy,
    restore=_restore,
    differences=_differences,
)
