"""Questions about what somebody is about to approve at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from campaigns.approvals.models import Step
from campaigns.approvals.selectors import queue, revisions_within
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import AnyOf

# How many reviews go at once.
AT_MOST = 5_000

# A revision, and the hash that was seen of it.
Seen = tuple[UUID, str]


def all_in_queue(*, scope: Scope) -> list[Seen]:
    """Everything that waits for the scope's person, the one due first at the top, up to AT_MOST: (revision, hash)."""
    return list(queue(scope=scope).values_list("pk", "sha256")[:AT_MOST])


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody is about to approve at once. `kinds`: code -> how many; `reward_fen`: all of it together, in fen.

    `own` were made by who chose, `closed` are in review no more, `policy` stand at a step that a policy asks for.
    """

    total: int
    kinds: dict[str, int]
    reward_fen: int
    own: int
    closed: int
    policy: int


def choice_of(*, scope: Scope, chosen: Sequence[Seen]) -> Choice:
    """What do these reviews amount to? One query."""
    asked_by_policy = Step.objects.filter(revision=OuterRef("pk"), state=Step.State.OPEN).exclude(policy="")
    reward = Cast(KeyTextTransform("reward_fen", "facts"), BigIntegerField())
    mine = Q(author_id=scope.person_id) | Q(keeper_id=scope.person_id)
    rows = list(
        revisions_within(scope=scope)
        .filter(AnyOf(F("pk"), [revision_id for revision_id, _sha256 in chosen]))
        .order_by("kind")
        .values("kind")
        .annotate(
            many=Count("pk"),
            reward=Sum(reward),
            own=Count("pk", filter=mine),
            closed=Count("pk", filter=~Q(state="submitted")),
            policy=Count("pk", filter=Exists(asked_by_policy)),
        )
    )
    return Choice(
        total=sum(row["many"] for row in rows),
        kinds={row["kind"]: row["many"] for row in rows},
        reward_fen=sum(row["reward"] or 0 for row in rows),
        own=sum(row["own"] for row in rows),
        closed=sum(row["closed"] for row in rows),
        policy=sum(row["policy"] for row in rows),
    )
