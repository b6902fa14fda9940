"""What livestreams tell the rooms below: their kind and check, what happens at their times, steps of customers."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import register_check
from campaigns.approvals.kinds import register
from campaigns.customers import steps
from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import NotYet
from campaigns.jobs.kinds import register_due
from campaigns.lib.refs import read_ref
from campaigns.outreach.kinds import register_touch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.steps import register_step
from community.livestreams.block import LIVESTREAM
from community.livestreams.calendar_layer import register_layer
from community.livestreams.models import Comment, QuizAnswer, Watch
from community.livestreams.notes import CODE
from community.livestreams.platforms import register_platforms
from community.livestreams.publishing import CHECK, KIND
from community.livestreams.reminding import TOUCH
from community.livestreams.selectors import shown_to_customer
from community.livestreams.services import showings
from community.livestreams.services.livestreams import ANNOUNCE, END, START, hand_over_livestreams
from community.livestreams.services.viewers import forget_viewer, merge_viewer, part_viewer
from content.blocks.registry import register_block
from content.shown_elsewhere import register_shower


def register_livestreams() -> None:
    """Called once, when the applications are ready."""
    register_platforms()
    register_shower(CODE, cover_shown)
    register(KIND)
    register_block(LIVESTREAM)
    register_touch(TOUCH)
    register_layer()
    register_check(CHECK)
    register_due(ANNOUNCE, _announce, label=_("Announce a livestream"))
    register_due(START, _start, label=_("Begin a livestream that nobody began"))
    register_due(END, _end, label=_("End a livestream that nobody ended"))
    register_due(showings.LEAVE, _leave, label=_("Note who watched a livestream"))
    steps.register_step("merge", name="community: livestreams", act=merge_viewer)
    steps.register_step("unmerge", name="community: livestreams", act=part_viewer)
    steps.register_step("erase", name="community: comments", act=forget_viewer)
    steps.register_told(name="community: livestreams", act=tell_watched)
    register_step("hand_over", name="community: livestreams", act=hand_over_livestreams)


def cover_shown(scope: Scope, livestream_id: UUID) -> Any:
    """The cover of a livestream that the customer's branch shows."""
    rows = shown_to_customer(scope=scope).filter(livestream_id=livestream_id)
    return rows.values_list("cover", flat=True).first()


def tell_watched(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a customer watched, said and answered."""
    rows = Watch.objects.within(scope).filter(customer_id=customer_id).order_by("id")
    for row in rows:
        yield (
            "livestreams",
            {
                "livestream": str(row.livestream_id),
                "joined_at": row.first_at,
                "last_at": row.last_at,
                "seconds": row.seconds,
                "likes": row.likes,
            },
        )
    for said in Comment.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield "livestream_comments", {"at": said.at, "text": said.text, "state": said.state}
    for given in QuizAnswer.objects.within(scope).filter(customer_id=customer_id).order_by("id"):
        yield "livestream_answers", {"at": given.at, "option": given.option, "is_right": given.is_right}


def _announce(scope: Scope, due: Due) -> None:
    showings.announce_due(scope=scope, livestream_id=_id_of(due))


def _start(scope: Scope, due: Due) -> None:
    showings.start_due(scope=scope, livestream_id=_id_of(due))


def _end(scope: Scope, due: Due) -> None:
    showings.end_due(scope=scope, livestream_id=_id_of(due))


def _leave(scope: Scope, due: Due) -> None:
    if showings.note_left(scope=scope, livestream_id=_id_of(due)):
        raise NotYet


def _id_of(due: Due) -> UUID:
    return UUID(read_ref(due.subject).id)
