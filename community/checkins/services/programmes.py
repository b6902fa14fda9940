"""Check-in programmes: drafts, and the published copies that approvals write."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from community.checkins.models import LiveProgramme, Programme, ProgrammeBudget
from community.checkins.refusals import GroupsUnfit
from community.checkins.selectors import programme_in_scope
from community.checkins.terms import ProgrammeTerms, thawed
from community.groups.models import Group
from community.groups.selectors import groups_within, kinds_in_use

CODE = "community.programme"


@transaction.atomic
def add_programme(*, scope: Scope, terms: ProgrammeTerms) -> Programme:
    """A new draft of the branch the scope stands at. Raises ProgrammeUnclear, GroupsUnfit."""
    scope.demand("community.programme.add")
    _check(scope, terms)
    programme: Programme = Programme.objects.create(
        branch_id=scope.branch_id, branch_pos=scope.branch_pos, **terms.columns()
    )
    _note(scope, programme, "community.programme.add")
    return programme_in_scope(scope=scope, programme_id=programme.pk)


@transaction.atomic
def change_programme(*, scope: Scope, programme_id: UUID, terms: ProgrammeTerms) -> Programme:
    """Change the draft; the published copy serves on until the change is approved. Voids a review under way.

    Raises NotFound, and as `add_programme`.
    """
    scope.demand("community.programme.change")
    programme = programme_in_scope(scope=scope, programme_id=programme_id)
    _check(scope, terms)
    # Before the first write: its lock orders an edit and an approval.
    reviews.void_review(scope=scope, subject=ref(CODE, programme_id))
    Programme.objects.within(scope).filter(pk=programme_id).update(**terms.columns())
    _note(scope, programme, "community.programme.change")
    return programme_in_scope(scope=scope, programme_id=programme_id)


def submit_programme(*, scope: Scope, programme_id: UUID) -> Revision:
    """Freeze the draft for review by another person. Raises NotFound, and what `submit_revision` refuses."""
    scope.demand("community.programme.submit")
    programme_in_scope(scope=scope, programme_id=programme_id)
    return reviews.submit_revision(scope=scope, subject=ref(CODE, programme_id))


def take_down_programme(*, scope: Scope, programme_id: UUID, reason: str) -> None:
    """Nobody checks in any more; what was given stays given. Raises NotFound."""
    scope.demand("community.programme.take_down")
    programme_in_scope(scope=scope, programme_id=programme_id)
    live.take_down(scope=scope, subject=ref(CODE, programme_id), reason=reason)


def publish_programme(
    *, scope: Scope, programme_id: UUID, revision_id: UUID, sha256: str, payload: Mapping[str, Any]
) -> LiveProgramme:
    """Write the published copy from an approved revision's payload, and set its points aside.

    Called by approvals at go-live alone. Raises NotFound.
    """
    programme = programme_in_scope(scope=scope, programme_id=programme_id)
    columns = {
        **promised(payload=payload),
        "revision_id": revision_id,
        "sha256": sha256,
        "shown_from": scope.at,
    }
    if not LiveProgramme.objects.within(scope).filter(programme_id=programme_id).update(**columns):
        LiveProgramme.objects.create(
            programme_id=programme_id,
            branch_id=programme.branch_id,
            branch_pos=programme.branch_pos,
            **columns,
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT fund_programme(%s, %s)", [programme_id, columns["points_cap"]])
    return LiveProgramme.objects.within(scope).get(programme_id=programme_id)


def withdraw_programme(*, scope: Scope, programme_id: UUID) -> None:
    """Delete the published copy. Called by approvals at take-down alone; its history stays."""
    LiveProgramme.objects.within(scope).filter(programme_id=programme_id).delete()


def promised(*, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the published copy that a revision's JSON decides."""
    terms = thawed(payload)
    return terms.columns() | {"shown_until": terms.closes_at}


def hand_over_programmes(*, scope: Scope, closed: Any, successor: Any) -> int:
    """Programmes of a branch that closes are the successor's; check-ins go where their groups go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hand_over_check_ins(%s, %s)", [closed.pk, successor.pk])
    moved = {"branch": successor, "branch_pos": successor.pos}
    for owned in (LiveProgramme, ProgrammeBudget):
        owned.objects.within(scope).filter(branch=closed).update(**moved)
    return Programme.objects.within(scope).filter(branch=closed).update(**moved)


def _check(scope: Scope, terms: ProgrammeTerms) -> None:
    terms.check()
    known = set(kinds_in_use().filter(pk__in=list(terms.kinds)).values_list("pk", flat=True))
    groups = groups_within(scope=scope).filter(pk__in=list(terms.group_ids), dissolved_at=None)
    if known != set(terms.kinds) or set(groups.values_list("pk", flat=True)) != set(terms.group_ids):
        raise GroupsUnfit


def groups_named(*, scope: Scope, terms: ProgrammeTerms) -> list[Group]:
    """The groups that the terms name, as far as they are within the scope."""
    return list(groups_within(scope=scope).filter(pk__in=list(terms.group_ids)).order_by("name", "id"))


def _note(scope: Scope, programme: Programme, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, programme.pk),
        subject_name=programme.title,
        branch_id=programme.branch_id,
        branch_pos=programme.branch_pos,
    )
