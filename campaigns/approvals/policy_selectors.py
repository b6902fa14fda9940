"""Questions about review policies: which hold for a branch, which steps a revision needs, what a change would do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import QuerySet

from campaigns.approvals import routes
from campaigns.approvals.kinds import Facts, Frozen, kind_of
from campaigns.approvals.models import LivePolicy, Policy, Revision
from campaigns.approvals.policy_rules import clean_document
from campaigns.approvals.routes import Ancestor, Document, StepPlan
from campaigns.approvals.selectors import revision_in_scope, revisions_within
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Assignment, Branch, Person
from campaigns.tenants.scopes import Scope


def policies_within(*, scope: Scope) -> QuerySet[Policy]:
    """Which policies do the scope's branches have, drafts among them?"""
    return Policy.objects.within(scope).select_related("branch")


def policy_in_scope(*, scope: Scope, policy_id: UUID) -> Policy:
    """The draft; raises NotFound for a foreign and an absent one alike."""
    policy = policies_within(scope=scope).filter(pk=policy_id).first()
    if policy is None:
        raise NotFound
    return policy


def policies_from_above(*, scope: Scope) -> list[LivePolicy]:
    """Which policies of the branches above hold here too? Head office's first."""
    rows = LivePolicy.objects.visible(scope).filter(
        branch_id__in=scope.ancestors, shown_from__lte=scope.at, shown_until__gt=scope.at
    )
    return list(rows.select_related("branch").order_by("branch_pos", "rank", "id"))


@dataclass(frozen=True, slots=True)
class LivePolicyRow:
    """A policy that holds, as a route takes it. `document` has title and rank in it."""

    policy_id: UUID
    reference: str
    document: Document


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """The branches from one up to head office, each with the policies that are live there, by rank."""

    line: tuple[Ancestor, ...]
    names: Mapping[int, str]
    policies: tuple[tuple[LivePolicyRow, ...], ...]

    @property
    def documents(self) -> tuple[tuple[routes.Referred, ...], ...]:
        """As `routes.route` takes them."""
        return tuple(tuple((row.reference, row.document) for row in rows) for rows in self.policies)

    def route(self, *, kind: str, facts: Facts) -> tuple[StepPlan, ...]:
        return routes.route(self.documents, kind=kind, facts=facts, line=self.line)

    def severities(self, *, kind: str, facts: Facts) -> dict[str, str]:
        return routes.severities(self.documents, kind=kind, facts=facts, line=self.line)


def policies_on_line(*, scope: Scope, branch_id: int) -> PolicyLine:
    """What do the policies of this branch, and of those above it, ask for? One query.

    The scope may stand at the branch, above it or below it; raises NotFound for a branch beside its line.
    """
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_ON_LINE, [branch_id, scope.lo, scope.hi, list(scope.ancestors), scope.at, scope.at])
        rows = cursor.fetchall()
    line: dict[int, Ancestor] = {}
    names: dict[int, str] = {}
    policies: dict[int, list[LivePolicyRow]] = {}
    for branch, level, name, policy_id, revision_id, title, rank, document in rows:
        line[branch], names[branch] = Ancestor(branch, level), name
        found = policies.setdefault(branch, [])
        if policy_id is not None:
            whole = {**orjson.loads(document), "title": title, "rank": rank}
            found.append(LivePolicyRow(policy_id, ref("approvals.revision", revision_id), whole))
    if not line or next(iter(line)) != branch_id:
        raise NotFound
    return PolicyLine(tuple(line.values()), names, tuple(tuple(found) for found in policies.values()))


# A definer function names the line; which of its branches and policies are seen, the walls decide.
_ON_LINE = """
SELECT b.id, b.level, b.name, p.policy_id, p.revision_id, p.title, p.rank, p.document::text
  FROM unnest((SELECT tenants_line(b.id) FROM tenants_branch b WHERE b.id = %s AND (b.pos BETWEEN %s AND %s
               OR b.id = ANY (%s)))) WITH ORDINALITY AS up (id, steps)
  JOIN tenants_branch b ON b.id = up.id
  LEFT JOIN approvals_livepolicy p ON p.branch_id = b.id AND p.handed_down AND p.shown_from <= %s AND p.shown_until > %s
 ORDER BY up.steps, p.rank, p.id
"""


def route_for(*, scope: Scope, kind: str, facts: Facts, branch_id: int) -> tuple[StepPlan, ...]:
    """Which steps does a thing of this kind at this branch need now? Never none. Raises NotFound."""
    return policies_on_line(scope=scope, branch_id=branch_id).route(kind=kind, facts=facts)


def facts_of(*, scope: Scope, revision: Revision) -> Facts:
    """What policies ask of a revision, as its kind answers."""
    frozen = Frozen(revision.title, revision.payload, revision.branch_id, revision.branch_pos)
    return kind_of(revision.kind).facts(scope, frozen)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a policy would do to a past revision: the steps as they are now, and as they would be with it.

    `is_shadowed`: it fits, but another policy of its branch is asked first.
    """

    revision: Revision
    facts: Facts
    does_match: bool
    is_shadowed: bool
    before: tuple[StepPlan, ...]
    after: tuple[StepPlan, ...]
    names: Mapping[int, str]

    @property
    def is_same(self) -> bool:
        """Whether the steps are the same, whoever asks for them."""
        return [replace(step, policy="") for step in self.before] == [
            replace(step, policy="") for step in self.after
        ]


def revisions_to_try(*, scope: Scope, limit: int = 50) -> list[Revision]:
    """On which past revisions can a policy be tried? The latest of the scope's branches."""
    rows = revisions_within(scope=scope).defer("payload").select_related("branch")
    return list(rows.order_by("-submitted_at", "-id")[:limit])


def try_policy(
    *,
    scope: Scope,
    revision_id: UUID,
    title: str,
    rank: int,
    document: Document,
    branch_id: int,
    policy_id: UUID | None = None,
) -> Trial:
    """Which steps would this revision have with the policy? Nothing is written.

    `policy_id` is the policy that the document would replace. Raises NotFound, PolicyIsMalformed.
    """
    scope.demand("approvals.policy.view")
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    facts = facts_of(scope=scope, revision=revision)
    now = policies_on_line(scope=scope, branch_id=revision.branch_id)
    new_id = policy_id or UUID(int=0)
    whole = {**clean_document(document), "title": title, "rank": rank}
    tried = LivePolicyRow(new_id, "tried", whole)
    policies = []
    for ancestor, rows in zip(now.line, now.policies, strict=True):
        kept = [row for row in rows if row.policy_id != new_id]
        if ancestor.branch_id == branch_id:
            kept.append(tried)
        policies.append(tuple(sorted(kept, key=lambda row: row.document["rank"])))
    then = replace(now, policies=tuple(policies))
    fits = any(up.branch_id == branch_id for up in now.line) and routes.matches(
        whole, kind=revision.kind, facts=facts, branch_level=now.line[0].level
    )
    held = routes.holding(then.documents, kind=revision.kind, facts=facts, line=then.line)
    return Trial(
        revision=revision,
        facts=facts,
        does_match=fits,
        is_shadowed=fits and all(reference != "tried" for _branch, reference, _document in held),
        before=now.route(kind=revision.kind, facts=facts),
        after=then.route(kind=revision.kind, facts=facts),
        names=now.names,
    )


def branch_names(*, scope: Scope, branch_ids: set[int]) -> dict[int, str]:
    """What are these branches called, as far as the scope sees them?"""
    seen = Branch.objects.filter(pk__in=branch_ids)
    inside = seen.filter(pos__range=(scope.lo, scope.hi)) | seen.filter(pk__in=scope.line)
    return dict(inside.values_list("pk", "name"))


def people_who_may_decide(
    *, scope: Scope, roles: set[str], words: str = "", ids: set[UUID] | None = None, limit: int = 20
) -> list[Person]:
    """Who of the scope's branches holds one of these roles, by a piece of the name or the staff number, or by id?"""
    held = Assignment.objects.within(scope).filter(
        role_id__in=roles, held_from__lte=scope.at, held_until__gt=scope.at
    )
    people: Any = (
        Person.objects.within(scope).filter(pk__in=held.values("person_id")).select_related("branch")
    )
    if ids is not None:
        return list(people.filter(pk__in=ids))
    if words:
        people = people.filter(name__contains=words) | people.filter(staff_number__startswith=words)
    return list(people.order_by("branch_pos", "name", "pk")[:limit])
