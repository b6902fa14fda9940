"""Who is told what of local versions: a changed original to those who made versions of it, an objection to who handed
it down, the answer to who objected.
"""

from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import lay
from campaigns.lib.refs import read_ref, ref
from campaigns.notices.services import tell
from campaigns.tenants.scopes import Scope
from content.models import Item, Objection, Original

CHANGED, RAISED, ANSWERED = (
    "content.original.changed",
    "content.objection.raised",
    "content.objection.answered",
)


def lay_change(*, scope: Scope, item_id: UUID, revision: Revision) -> None:
    """An item went live that branches have versions of: have their makers told, beside the approval."""
    original = Original.objects.within(scope).filter(item_id=item_id, revision_id=revision.pk).first()
    if original is not None and Item.objects.within(scope).filter(original_id=item_id).exists():
        lay(
            scope=scope,
            kind=CHANGED,
            subject=ref("content.original", original.pk),
            version="1",
            at=scope.at,
            branch_id=original.branch_id,
            branch_pos=original.branch_pos,
        )


def tell_of_change(*, scope: Scope, due: Due) -> int:
    """Tell the makers of local versions; how many people."""
    original = Original.objects.within(scope).filter(pk=UUID(read_ref(due.subject).id)).first()
    if original is None:
        return 0
    makers = Item.objects.within(scope).filter(original_id=original.item_id).exclude(basis=original)
    people = {person for person in makers.values_list("author_id", flat=True) if person is not None}
    tell(
        scope=scope,
        people=people,
        code=CHANGED,
        key=f"{CHANGED}:{original.pk}",
        subject=due.subject,
        branch_id=original.branch_id,
        title=original.title,
        number=original.number,
    )
    return len(people)


def lay_objection(*, scope: Scope, objection: Objection) -> None:
    """Who handed it down is out of the branch's sight: the system tells them."""
    lay(
        scope=scope,
        kind=RAISED,
        subject=ref("content.objection", objection.pk),
        version="1",
        at=scope.at,
        branch_id=objection.branch_id,
        branch_pos=objection.branch_pos,
    )


def tell_of_objection(*, scope: Scope, due: Due) -> int:
    """Tell who made the original; how many people."""
    found = Objection.objects.within(scope).filter(pk=UUID(read_ref(due.subject).id))
    objection = found.select_related("original__item", "branch").first()
    if objection is None or objection.original.item.author_id is None:
        return 0
    tell(
        scope=scope,
        people=[objection.original.item.author_id],
        code=RAISED,
        key=f"{RAISED}:{objection.pk}",
        subject=due.subject,
        opens=ref("content.original", objection.original_id),
        branch_id=objection.original.branch_id,
        title=objection.original.title,
        branch=objection.branch.name,
    )
    return 1


def tell_answer(*, scope: Scope, objection: Objection) -> None:
    """Tell who objected what was answered."""
    tell(
        scope=scope,
        people=[objection.person_id],
        code=ANSWERED,
        key=f"{ANSWERED}:{objection.pk}",
        subject=ref("content.objection", objection.pk),
        opens=ref("content.item", objection.item_id),
        branch_id=objection.branch_id,
        title=objection.item.title,
    )
