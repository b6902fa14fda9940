"""What a redemption gives, and when and where: the columns that draft, published copy and terms share."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.models import TenantModel


class Kind(models.TextChoices):
    """What a coupon is. Each has its amounts (a CHECK), its worth (`rules.py`) and its sentence (`sentences.py`)."""

    CASH_OFF = "cash_off", _("Money off")
    PERCENT_OFF = "percent_off", _("Percentage off")
    GIFT = "gift", _("Gift or exchange")
    TOP_UP = "top_up", _("Phone credit or data")
    BANK_RIGHT = "bank_right", _("Bank right")
    RED_PACKET = "red_packet", _("Red packet")


class FaceUnit(models.TextChoices):
    """In what the face value of phone credit or data is counted."""

    YUAN = "yuan", _("yuan of phone credit")
    MB = "mb", _("MB of data")
    GB = "gb", _("GB of data")


class DayRule(models.TextChoices):
    """On which days by the State Council's calendar; empty: on all."""

    NOT_HOLIDAYS = "not_holidays", _("not on public holidays")
    HOLIDAYS = "holidays", _("on public holidays only")
    WORKDAYS = "workdays", _("on workdays only")


# What is empty unless the kind has it.
_NO_THING = Q(thing="")
_NO_FACE = Q(face_value__isnull=True, face_unit="")


def percent_field(label: Any) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        label, default=0, db_default=0, blank=True, validators=[MaxValueValidator(100)]
    )


def int_array(label: Any) -> ArrayField:
    return ArrayField(models.IntegerField(), verbose_name=label, default=list, db_default=[], blank=True)


class Giving(TenantModel):
    """What a redemption gives, and when and where: the columns that draft, published copy and terms share.

    `off_fen` is the most that a redemption is worth, whatever the kind: the money off, the cap of a percentage, what a
    gift, a right or a top-up is settled at, the amount of a red packet.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.CASH_OFF)
    threshold_fen = models.BigIntegerField(
        _("order from (fen)"), default=0, validators=[MinValueValidator(0)]
    )
    off_fen = models.BigIntegerField(_("money off (fen)"), validators=[MinValueValidator(1)])
    percent = models.PositiveSmallIntegerField(
        _("percent off"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    # Of a gift and a bank right: what it is called.
    thing = models.CharField(_("name of the gift or right"), max_length=40, blank=True, db_default="")
    face_value = models.PositiveIntegerField(
        _("face value"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    face_unit = models.CharField(
        _("unit of the face value"), max_length=4, choices=FaceUnit, blank=True, db_default=""
    )
    # Local time of the place of redemption; until before from: over midnight. What begins on a Friday evening is a
    # Friday's until it ends.
    hours_from = models.TimeField(_("hours from"), null=True, blank=True)
    hours_until = models.TimeField(_("hours until"), null=True, blank=True)
    # Monday is 1; empty: every day.
    weekdays = int_array(_("weekdays"))
    day_rule = models.CharField(
        _("workdays and holidays"), max_length=12, choices=DayRule, blank=True, db_default=""
    )
    # Each with all below it; empty: anywhere.
    redeem_branches = int_array(_("may be redeemed at"))
    # Each latitude and longitude in millionths of a degree, and metres; empty: anywhere.
    circles = ArrayField(
        ArrayField(models.IntegerField(), size=3),
        verbose_name=_("redeemed near"),
        default=list,
        db_default=[],
        blank=True,
    )

    # At these tills alone, at none of the bank's; empty: at none of a merchant's.
    redeem_merchants = ArrayField(
        models.UUIDField(), verbose_name=_("redeemed at merchants"), default=list, db_default=[], blank=True
    )

    # Who pays which part of a redemption, in percent; all zero: `payer` pays all of it.
    head_office_percent = percent_field(_("head office pays (%)"))
    branch_percent = percent_field(_("branch pays (%)"))
    merchant_percent = percent_field(_("merchant pays (%)"))

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(head_office_percent=0, branch_percent=0, merchant_percent=0)
                | Q(head_office_percent=100 - F("branch_percent") - F("merchant_percent")),
                name="%(app_label)s_%(class)s_payers_are_one_or_sum_to_100",
            ),
            models.CheckConstraint(
                # What must be there is said to be: a CHECK that comes to NULL would let it pass.
                condition=Q(off_fen__gt=0, threshold_fen__gte=0)
                & (
                    (
                        Q(kind=Kind.CASH_OFF, percent__isnull=True)
                        & (Q(threshold_fen=0) | Q(threshold_fen__gte=F("off_fen")))
                        & _NO_THING
                        & _NO_FACE
                    )
                    | (
                        Q(kind=Kind.PERCENT_OFF, percent__isnull=False, percent__range=(1, 99))
                        & _NO_THING
                        & _NO_FACE
                    )
                    | (
                        Q(kind__in=[Kind.GIFT, Kind.BANK_RIGHT], threshold_fen=0, percent__isnull=True)
                        & ~_NO_THING
                        & _NO_FACE
                    )
                    | (
                        Q(kind=Kind.TOP_UP, threshold_fen=0, percent__isnull=True)
                        & Q(face_value__isnull=False, face_value__gte=1, face_unit__in=FaceUnit.values)
                        & _NO_THING
                    )
                    | (Q(kind=Kind.RED_PACKET, threshold_fen=0, percent__isnull=True) & _NO_THING & _NO_FACE)
                ),
                name="%(app_label)s_%(class)s_kind_has_its_own_amounts",
            ),
            models.CheckConstraint(
                condition=Q(hours_from__isnull=True, hours_until__isnull=True)
                | (Q(hours_from__isnull=False, hours_until__isnull=False) & ~Q(hours_from=F("hours_until"))),
                name="%(app_label)s_%(class)s_hours_are_two_or_none",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7])
                & Q(day_rule__in=["", *DayRule.values]),
                name="%(app_label)s_%(class)s_days_are_known",
            ),
        ]
