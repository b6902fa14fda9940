"""What is said in a review beside deciding: comments, copies, reminders, and who is looking."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from campaigns.approvals.flow import open_step_of, say, seats_of
from campaigns.approvals.models import Look, Remark, Revision
from campaigns.approvals.moves import note, open_revision, person_of, words_of
from campaigns.approvals.people import askable, onlookers
from campaigns.approvals.rules import CannotSign, NotYours, TooSoon
from campaigns.approvals.selectors import revision_in_scope
from campaigns.approvals.telling import tell_about
from campaigns.tenants.scopes import Scope

VIEW = "approvals.revision.view"
REMIND_AFTER = timedelta(hours=1)
# Somebody whose page has not spoken for this long has gone.
LOOKS_FOR = timedelta(seconds=45)


def comment(*, scope: Scope, revision_id: UUID, words: str) -> Remark:
    """Say something that everybody in the review reads. Raises NotFound, WordsAreMissing, NobodyActs."""
    scope.demand(VIEW)
    person_of(scope)
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    remark = say(scope, revision, Remark.Deed.COMMENT, words=words_of(words))
    makers = {revision.author_id, revision.keeper_id} - {None, scope.person_id}
    tell_about(
        scope=scope,
        revision=revision,
        people=[person for person in makers if person],
        code="commented",
        part=str(remark.pk),
        comment=words.strip(),
    )
    note(scope, revision, "approvals.revision.comment", comment=words)
    return remark


def copy_to(*, scope: Scope, revision_id: UUID, people: Collection[UUID], words: str = "") -> Remark:
    """Let people who may look at reviews here know of this one (抄送). Raises NotFound, CannotSign."""
    scope.demand(VIEW)
    person_of(scope)
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    known = {one.person_id: one.person_name for one in onlookers(scope, revision.branch_id)}
    if not people or not set(people) <= set(known):
        raise CannotSign(name="–")
    to = [(person_id, known[person_id]) for person_id in dict.fromkeys(people)]
    remark = say(scope, revision, Remark.Deed.COPY, words=words, people=to)
    tell_about(
        scope=scope,
        revision=revision,
        people=[person_id for person_id, _name in to],
        code="copied",
        part=str(remark.pk),
        comment=words.strip(),
    )
    note(scope, revision, "approvals.revision.copy", comment=words, to="、".join(name for _id, name in to))
    return remark


def remind(*, scope: Scope, revision_id: UUID) -> Remark:
    """The maker asks those at the open step to hurry (催办), once an hour at most.

    Raises NotFound, ReviewIsClosed, NotYours, TooSoon.
    """
    revision = open_revision(scope, revision_id)
    if not revision.is_by(person_of(scope)):
        raise NotYours
    recent = Remark.objects.within(scope).filter(
        revision=revision, deed=Remark.Deed.REMIND, at__gt=scope.at - REMIND_AFTER
    )
    if recent.exists():
        raise TooSoon
    step = open_step_of(scope, revision)
    people = list(askable(scope, revision, seats_of(scope, step)).items()) if step else []
    remark = say(scope, revision, Remark.Deed.REMIND, step=step, people=people)
    asked = [person_id for person_id, _name in people]
    tell_about(scope=scope, revision=revision, people=asked, code="reminded", part=str(remark.pk))
    note(scope, revision, "approvals.revision.remind")
    return remark


def look_at(*, scope: Scope, revision_id: UUID) -> list[Look]:
    """Note that the scope's person has this review open; who else has it open now, the longest first."""
    scope.demand(VIEW)
    person_id = person_of(scope)
    revision: Revision = revision_in_scope(scope=scope, revision_id=revision_id)
    Look.objects.bulk_create(
        [
            Look(
                branch_id=revision.branch_id,
                branch_pos=revision.branch_pos,
                revision=revision,
                person_id=person_id,
                person_name=scope.facts.actor_name,
                seen_at=scope.at,
            )
        ],
        update_conflicts=True,
        unique_fields=["revision", "person_id"],
        update_fields=["seen_at"],
    )
    others = Look.objects.within(scope).filter(revision=revision, seen_at__gt=scope.at - LOOKS_FOR)
    return list(others.exclude(person_id=person_id).order_by("id"))
