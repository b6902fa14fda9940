"""What this package adds to the rooms below: its approvable kind, and its steps of verbs that reach everywhere."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.customers import steps
from campaigns.customers.keeping import register_kept
from campaigns.customers.models import Customer
from campaigns.customers.retention import register_retention
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.scopes import Scope
from campaigns.tenants.steps import register_step
from community.checkins.models import CheckIn
from community.checkins.publishing import register_approval
from community.checkins.services.looking import let_go_of_pictures
from community.checkins.services.programmes import hand_over_programmes

PICTURES = "community.checkinpictures"


def merge_check_ins(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The absorbed one's days are the kept one's, but those on which both checked in: one of them is kept."""
    return _moved(kept, absorbed, None)


def return_check_ins(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge had moved goes back."""
    return _moved(kept, absorbed, [UUID(read_ref(each).id) for each in moved])


def forget_check_ins(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """Words and pictures are gone; days and points stay, under the customer's id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_check_ins(%s)", [customer.pk])
        many = cursor.fetchone()[0]
    return [ref("customers.customer", customer.pk)] if many else []


def tell_check_ins(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every check-in, with its words."""
    rows = CheckIn.objects.within(scope).filter(customer_id=customer_id).select_related("programme", "group")
    for each in rows.order_by("at", "id"):
        yield (
            "community_check_ins",
            {
                "programme": each.programme.title,
                "group": each.group.name,
                "day": each.day,
                "at": each.at,
                "is_makeup": each.is_makeup,
                "state": each.state,
                "words": each.text,
                "has_picture": each.has_picture,
                "points": each.points,
            },
        )


def let_go_of_old_pictures(scope: Scope, before: datetime, limit: int) -> int:
    """Pictures that were looked at long ago."""
    return let_go_of_pictures(scope=scope, before=before, limit=limit)


def register_checkins() -> None:
    """Called once, when the applications are ready."""
    register_approval()
    register_step("hand_over", name="community: check-in programmes", act=hand_over_programmes)
    steps.register_step("merge", name="community: check-ins", act=merge_check_ins)
    steps.register_step("unmerge", name="community: check-ins", act=return_check_ins)
    steps.register_step("erase", name="community: check-ins", act=forget_check_ins)
    steps.register_told(name="community: check-ins", act=tell_check_ins)
    register_kept(
        "community: check-ins",
        zh="打卡的日期与积分以客户编号保留，作为积分账簿的凭证；文字与图片已删除",
        en="days and points of check-ins under the customer's id, as what the points ledger rests on; words and"
        " pictures are deleted",
    )
    register_retention(
        PICTURES,
        label=_("pictures of check-ins"),
        days=90,
        zh="打卡图片仅用于核对当天打卡，90 天后删除",
        en="pictures prove the check-in of a day, and are deleted after 90 days",
        let_go=let_go_of_old_pictures,
    )


def _moved(kept: Customer, absorbed: Customer, only: list[UUID] | None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT move_check_ins(%s, %s, %s::uuid[])", [kept.pk, absorbed.pk, only])
        return [ref("community.checkin", each) for each in cursor.fetchone()[0]]
