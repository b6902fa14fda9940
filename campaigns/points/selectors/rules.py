"""Questions about rules that give points."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Sum

from campaigns.customers.models import Tag
from campaigns.lib.refusals import NotFound
from campaigns.points.earning_rules import PERIODS, Giving, Span
from campaigns.points.models import Earning, Rule
from campaigns.points.rule_terms import RuleTerms
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def rule_in_scope(*, scope: Scope, rule_id: UUID | str) -> Rule:
    """A draft of the scope's branches. Raises NotFound."""
    found: Rule | None = Rule.objects.within(scope).select_related("branch").filter(pk=rule_id).first()
    if found is None:
        raise NotFound
    return found


def giving_of(*, terms: RuleTerms) -> Giving:
    """What the terms give, with where the branches stand now that they name. A query where they name any; a branch
    that has closed stands where its successor does.
    """
    named = {*terms.branches, *(boost.of for boost in terms.boosts if boost.by == "branch")}
    spans = {}
    if named:
        for branch in Branch.objects.filter(pk__in=named).select_related("successor"):
            stands = branch.successor or branch
            spans[branch.pk] = Span(stands.pos, stands.pos_end)
    limits: dict[str, dict[str, int]] = {"cap": {}, "times": {}}
    for what, found in limits.items():
        for period in PERIODS:
            most = getattr(terms, f"{what}_{period}", None)
            if most is not None:
                found[period] = most
    return Giving(
        points=terms.points,
        per=terms.per,
        boosts=tuple(terms.boosts),
        caps=limits["cap"],
        times=limits["times"],
        branches=tuple(terms.branches),
        tags_any=frozenset(terms.tags_any),
        tags_none=frozenset(terms.tags_none),
        spans=spans,
    )


class Names(NamedTuple):
    """What tags and branches are called, by id."""

    tags: Mapping[int, str]
    branches: Mapping[int, str]


def names_in(*, terms: RuleTerms) -> Names:
    """The names of all that the terms point to. At most two queries."""
    tags = {*terms.tags_any, *terms.tags_none, *(boost.of for boost in terms.boosts if boost.by == "tag")}
    branches = {*terms.branches, *(boost.of for boost in terms.boosts if boost.by == "branch")}
    return Names(
        _named(Tag, tags, "name") if tags else {}, _named(Branch, branches, "name") if branches else {}
    )


def _named(model: Any, keys: Collection[int], column: str) -> dict[int, str]:
    return dict(model.objects.filter(pk__in=keys).values_list("pk", column))


class Came(NamedTuple):
    """What events came to under a rule: how many earnings in each state and for each reason, and the points."""

    many: int
    points: int
    trimmed: int
    refused: Mapping[str, int]


def came_to(*, scope: Scope, rule_id: UUID) -> Came:
    """What the rule has given so far, and why not. One query."""
    rows = (
        Earning.objects.within(scope)
        .filter(rule_id=rule_id)
        .values("state", "word")
        .annotate(many=Count("id"), given=Sum("points"), asked=Sum("asked"))
    )
    many = points = trimmed = 0
    refused: dict[str, int] = {}
    for row in rows:
        if row["state"] in (Earning.State.EARNED, Earning.State.PENDING, Earning.State.READY):
            many += row["many"]
            points += row["given"]
        trimmed += row["asked"] - row["given"] if row["word"] in ("trimmed", "capped") else 0
        if row["word"]:
            refused[row["word"]] = refused.get(row["word"], 0) + row["many"]
    return Came(many, points, trimmed, refused)


def not_all_given(*, scope: Scope, rule_id: UUID, limit: int = 20) -> list[Earning]:
    """The newest events that came to nothing, or to less than asked."""
    rows = Earning.objects.within(scope).filter(rule_id=rule_id).exclude(word="")
    return list(rows.select_related("customer", "branch").order_by("-id")[:limit])
