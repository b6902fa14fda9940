"""Questions about compliance findings and word lists."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from campaigns.approvals.checks import check_of
from campaigns.approvals.finding_models import Finding, LiveWordList, WordList
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.lists import Standing as StandingList
from campaigns.approvals.lists import standing
from campaigns.approvals.models import Revision
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class FindingSaid:
    """A finding as the reviewer reads it: the rule, the place, the words with what stands around them."""

    finding: Finding
    check: str
    place: str
    says: str
    before: str
    after: str

    @property
    def is_open(self) -> bool:
        return not hasattr(self.finding, "acknowledgement")


def open_findings_of(*, scope: Scope, revision: Revision) -> QuerySet[Finding]:
    """Which findings of this revision has nobody acknowledged?"""
    found: QuerySet[Finding] = Finding.objects.within(scope).filter(
        revision=revision, acknowledgement__isnull=True
    )
    return found


def findings_of(*, scope: Scope, revision: Revision) -> list[FindingSaid]:
    """What was found in this revision, and who let it stand? In the order of its text, in the reader's language."""
    found = list(
        Finding.objects.within(scope)
        .filter(revision=revision)
        .select_related("acknowledgement")
        .order_by("id")
    )
    if not found:
        return []
    lines = kind_of(revision.kind).describe(scope, revision.payload).lines
    labels = {line.key: line.label for line in lines}
    said = []
    for finding in found:
        check = check_of(finding.rule)
        said.append(
            FindingSaid(
                finding,
                str(check.label) if check else finding.rule,
                labels.get(finding.line, ""),
                check.say(finding.args) if check else "",
                str(finding.args.get("before", "")),
                str(finding.args.get("after", "")),
            )
        )
    return said


def finding_counts(*, scope: Scope, revision_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many findings has each of these revisions? Those without any are left out."""
    counted = (
        Finding.objects.within(scope)
        .filter(revision_id__in=list(revision_ids))
        .values_list("revision_id")
        .annotate(many=Count("id"))
        .order_by()
    )
    return dict(counted)


def word_lists_within(*, scope: Scope) -> QuerySet[WordList]:
    """Which word lists belong to the scope's branches?"""
    return WordList.objects.within(scope)


def word_list_in_scope(*, scope: Scope, word_list_id: UUID) -> WordList:
    """The draft; raises NotFound for a foreign and an absent one alike."""
    found: WordList | None = word_lists_within(scope=scope).filter(pk=word_list_id).first()
    if found is None:
        raise NotFound
    return found


def live_word_list_of(*, scope: Scope, revision_id: UUID) -> LiveWordList | None:
    """The list in force that this revision became, if it is in force."""
    found: LiveWordList | None = LiveWordList.objects.within(scope).filter(revision_id=revision_id).first()
    return found


# Lists ready for use, by the revision that was approved: such a copy never changes. The latest used come last.
_READY: OrderedDict[UUID, StandingList] = OrderedDict()
_READY_AT_MOST = 64


def lists_for(*, scope: Scope, branch_pos: int) -> list[StandingList]:
    """Which word lists hold for what the branch at this position shows? Its own, and those of the branches above.

    One query; a second one when this process meets a version for the first time.
    """
    rows = list(
        LiveWordList.objects.visible(scope)
        .filter(branch__pos__lte=branch_pos, branch__pos_end__gte=branch_pos)
        .order_by("branch_pos", "id")
        .values_list("pk", "revision_id", "title", "number")
    )
    fresh = {pk: revision_id for pk, revision_id, _title, _number in rows if revision_id not in _READY}
    documents = dict(
        LiveWordList.objects.visible(scope).filter(pk__in=fresh).values_list("pk", "document")
        if fresh
        else []
    )
    found = []
    for pk, revision_id, title, number in rows:
        ready = _READY.get(revision_id)
        if ready is None:
            ready = standing(version=f"{title} v{number}", document=documents[pk])
            _READY[revision_id] = ready
        _READY.move_to_end(revision_id)
        found.append(ready)
    while len(_READY) > _READY_AT_MOST:
        _READY.popitem(last=False)
    return found
