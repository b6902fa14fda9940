"""Questions about awards: which there are, how far one is, whom it reached and whom not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from campaigns.lib.refusals import NotFound
from campaigns.points.models import Award, AwardLot, AwardRow
from campaigns.tenants.scopes import Scope


def awards_within(*, scope: Scope) -> QuerySet[Award]:
    """Which awards were asked for at the scope's branches? Newest first."""
    return Award.objects.within(scope).select_related("branch").order_by("-id")


def award_in_scope(*, scope: Scope, award_id: UUID | str) -> Award:
    """The award; raises NotFound for a foreign and an absent one alike."""
    found = awards_within(scope=scope).filter(pk=award_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """Lots, customers and points posted so far; `returned`: customers whose points were taken back, and `kept`: who
    could not be taken back from.
    """

    lots: int
    posted: int
    customers: int
    points: int
    returned: int
    kept: int


def progress_of(*, scope: Scope, award: Award) -> Progress:
    """How far is it?"""
    done = Q(posted_at__isnull=False)
    lots: dict[str, Any] = (
        AwardLot.objects.within(scope)
        .filter(award=award)
        .aggregate(
            lots=Count("id"),
            posted=Count("id", filter=done),
            customers=Sum("customers", filter=done),
            points=Sum("points", filter=done),
        )
    )
    back: dict[str, Any] = {"returned": 0, "kept": 0}
    if award.state in (Award.State.RETURNING, Award.State.RETURNED):
        back = (
            AwardRow.objects.within(scope)
            .filter(award=award)
            .aggregate(
                returned=Count("id", filter=Q(back="done")),
                kept=Count("id", filter=Q(back__in=["before", "gone"])),
            )
        )
    return Progress(
        lots["lots"],
        lots["posted"],
        lots["customers"] or 0,
        lots["points"] or 0,
        back["returned"],
        back["kept"],
    )


def sums_by_issuer(*, scope: Scope, award: Award, limit: int = 100) -> Sequence[Mapping[str, Any]]:
    """Customers and points by who issues them, and how many of the points are posted; the most first."""
    done = Q(posted_at__isnull=False)
    rows = (
        AwardLot.objects.within(scope)
        .filter(award=award)
        .values("issuer_id", "issuer__name")
        .annotate(many=Sum("customers"), sum=Sum("points"), posted=Sum("points", filter=done))
        .order_by("-sum", "issuer_id")
    )
    return list(rows[:limit])


def lots_of_award(*, scope: Scope, award: Award, limit: int = 50) -> list[AwardLot]:
    """The lots that are posted, newest first."""
    rows = AwardLot.objects.within(scope).filter(
        award=award, posted_at__isnull=False, movement_id__isnull=False
    )
    return list(rows.select_related("issuer").order_by("-number")[:limit])


def words_of_award(*, scope: Scope, award: Award) -> list[tuple[str, int]]:
    """How many rows were refused for which reason? The most first."""
    rows = (
        AwardRow.objects.within(scope)
        .filter(award=award)
        .exclude(word="")
        .values_list("word")
        .annotate(many=Count("id"))
        .order_by("-many", "word")
    )
    return [(word, many) for word, many in rows]


def rows_of_award(*, scope: Scope, award: Award, only: str) -> QuerySet[AwardRow]:
    """Its rows in the order of the list: all, those that are good ("good"), refused ("refused")."""
    rows = (
        AwardRow.objects.within(scope).filter(award=award).select_related("customer", "home").order_by("line")
    )
    if only == "good":
        return rows.filter(word="")
    return rows.exclude(word="") if only == "refused" else rows
