"""For whom a placement is, and how often: as services take it, as it is frozen, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext

from campaigns.approvals.kinds import Line
from campaigns.customers.models import Profile, Tag
from campaigns.customers.tag_selectors import tags_usable
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branches_within
from content.rules import LimitIsBackward, TargetIsUnknown

# Frozen before there were any: for everybody, as often as one likes.
NAMES = ("branch_ids", "tag_ids", "stages", "times_day", "times_all", "is_fallback")


@dataclass(frozen=True, slots=True)
class Whom:
    """Empty: for everybody. `branch_ids`: customers of these branches and of all below them; `tag_ids`: who has one of
    these tags; `stages`: who is in one of these. `times_day`, `times_all` (within 180 days): at most so often to one
    customer. `is_fallback`: only where nothing else fills the slot.
    """

    branch_ids: Sequence[int] = ()
    tag_ids: Sequence[int] = ()
    stages: Sequence[str] = ()
    times_day: int | None = None
    times_all: int | None = None
    is_fallback: bool = False


def whom_of(given: Any) -> Whom:
    """Of a draft, or of a frozen payload."""
    if isinstance(given, Mapping):
        return Whom(**{name: given[name] for name in NAMES if name in given})
    return Whom(**{name: getattr(given, name) for name in NAMES})


def payload_of(whom: Whom) -> dict[str, Any]:
    """As it is frozen, sorted."""
    return asdict(whom) | {name: sorted(getattr(whom, name)) for name in ("branch_ids", "tag_ids", "stages")}


def check_whom(*, scope: Scope, whom: Whom) -> None:
    """Raise TargetIsUnknown for a branch outside the scope's, a tag that means nothing here, or no stage;
    LimitIsBackward for a limit that could never hold.
    """
    within = set(branches_within(scope=scope).filter(pk__in=whom.branch_ids).values_list("pk", flat=True))
    known = set(tags_usable(scope=scope).filter(pk__in=whom.tag_ids).values_list("pk", flat=True))
    is_known = within == set(whom.branch_ids) and known == set(whom.tag_ids)
    if not is_known or not set(whom.stages) <= set(Profile.Stage.values):
        raise TargetIsUnknown
    limits = [limit for limit in (whom.times_day, whom.times_all) if limit is not None]
    if any(limit < 1 for limit in limits) or (len(limits) == 2 and limits[0] > limits[1]):
        raise LimitIsBackward


def lines_of(whom: Whom) -> list[Line]:
    """What a reviewer reads of it."""
    lines = []
    if whom.branch_ids:
        names = Branch.objects.filter(pk__in=whom.branch_ids).order_by("pos").values_list("name", flat=True)
        lines.append(Line("branches", gettext("only these branches"), _join(names)))
    if whom.tag_ids:
        tags = Tag.objects.filter(pk__in=whom.tag_ids).order_by("name").values_list("name", flat=True)
        lines.append(Line("tags", gettext("only with one of these tags"), _join(tags)))
    if whom.stages:
        stages = [str(Profile.Stage(stage).label) for stage in whom.stages]
        lines.append(Line("stages", gettext("only in these stages"), _join(stages)))
    if whom.times_day is not None:
        lines.append(Line("times_day", gettext("at most so often a day"), str(whom.times_day)))
    if whom.times_all is not None:
        lines.append(Line("times_all", gettext("at most so often in all"), str(whom.times_all)))
    if whom.is_fallback:
        lines.append(Line("fallback", gettext("fallback"), gettext("only where nothing else fills the slot")))
    return lines


def _join(names: Any) -> str:
    return gettext(", ").join(names)
