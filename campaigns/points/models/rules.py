"""Rules that give points for what customers do: as drafted, as published, what each event came to, and what is counted
against the caps.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.points.earning_rules import PERIODS
from campaigns.points.models.ledger import Ends
from campaigns.tenants.models import TenantModel, tracked


def _ints(label: Any) -> ArrayField:
    return ArrayField(models.IntegerField(), verbose_name=label, default=list, db_default=[], blank=True)


def _most(label: Any) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(label, null=True, blank=True, validators=[MinValueValidator(1)])


def _one_or_more(name: str) -> Q:
    return Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 1})


class Earns(TenantModel):
    """What a rule says: the columns that draft and published copy share.

    `points` for each event, or for each full `per` of the event's number `counted_by` (fen, where that is money).
    `boosts`: [{"by": "weekday" | "tag" | "branch", "of": 1 to 7 or an id, "percent": 1 to 1000}], the highest that fits
    applies. Caps are points of one customer in a local day, week (Monday), month or in all, and trim; times are events
    that gave points, and refuse.
    """

    title = models.CharField(_("what the statement says"), max_length=80)
    event_kind = models.CharField(_("event"), max_length=60)
    source = models.CharField(_("told by the system"), max_length=40, blank=True, db_default="")
    points = models.PositiveIntegerField(_("points"), validators=[MinValueValidator(1)])
    counted_by = models.CharField(_("for every so much of"), max_length=40, blank=True, db_default="")
    per = models.BigIntegerField(_("so much"), null=True, blank=True, validators=[MinValueValidator(1)])
    boosts = models.JSONField(_("multipliers"), default=list, db_default=models.Value([], models.JSONField()))
    cap_day = _most(_("points a day"))
    cap_week = _most(_("points a week"))
    cap_month = _most(_("points a month"))
    cap_all = _most(_("points in all"))
    times_day = _most(_("times a day"))
    times_all = _most(_("times in all"))
    runs_from = models.DateTimeField(_("events from"))
    runs_until = models.DateTimeField(_("events until"))
    handed_down = models.BooleanField(_("also for the branches below"), default=True)
    # Whose customers; empty: all it is for. Each stands for all below it.
    branches = _ints(_("customers of the branches"))
    tags_any = _ints(_("with any of the tags"))
    tags_none = _ints(_("with none of the tags"))
    pending_days = models.PositiveSmallIntegerField(_("in force after days"), default=0, blank=True)
    waits_for = models.CharField(_("in force once they did"), max_length=60, blank=True, db_default="")
    months = models.PositiveSmallIntegerField(
        _("good for months"), null=True, blank=True, default=12, validators=[MinValueValidator(1)]
    )
    ends = models.CharField(_("to the end of"), max_length=8, choices=Ends, default=Ends.YEAR)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=1)
                & (Q(counted_by="", per__isnull=True) | (~Q(counted_by="") & Q(per__isnull=False, per__gte=1))),
                name="%(app_label)s_%(class)s_gives_for_each_or_for_so_much",
            ),
            models.CheckConstraint(
                condition=_one_or_more("cap_day") & _one_or_more("cap_week") & _one_or_more("cap_month")
                & _one_or_more("cap_all") & _one_or_more("times_day") & _one_or_more("times_all")
                & _one_or_more("months"),
                name="%(app_label)s_%(class)s_limits_are_one_or_more",
            ),
            models.CheckConstraint(
                condition=Q(runs_from__lt=F("runs_until")), name="%(app_label)s_%(class)s_window_is_forward"
            ),
            models.CheckConstraint(
                condition=Q(pending_days=0) | Q(waits_for=""),
                name="%(app_label)s_%(class)s_waits_for_days_or_for_an_event",
            ),
            models.CheckConstraint(
                condition=Q(branches__len=0) | Q(handed_down=True),
                name="%(app_label)s_%(class)s_is_for_somebody",
            ),
        ]  # fmt: skip


@tracked()
class Rule(Earns):
    """The draft of a rule. What events are answered by is the published copy (`LiveRule`) alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta(Earns.Meta):
        verbose_name = _("points rule")
        verbose_name_plural = _("points rules")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


@tracked()
class LiveRule(Earns):
    """The published copy: which events give points. Written by go-live alone, from an approved revision."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.OneToOneField(Rule, models.PROTECT, related_name="live", verbose_name=_("points rule"))
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(Earns.Meta):
        verbose_name = _("published points rule")
        verbose_name_plural = _("published points rules")
        ordering = ["runs_until", "id"]
        indexes = [
            models.Index(fields=["event_kind"], name="points_liverule_heard"),
        ]

    def __str__(self) -> str:
        return self.title


class Earning(TenantModel):
    """One event that a live rule answers: laid when the event is written, posted right after, once for a rule.

    `branch` is the customer's home then. `told`: what an event is known by, whatever its moment (sql/rules.py).
    `asked`: what the rule gives without its caps; `points`: what was given. `word`: why nothing, or less
    (earning_rules.Word). `revision_id` is the version that was live when it was told, and that it is answered by.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("to be given")
        EARNED = "earned", _("given")
        PENDING = "pending", _("given, waits for an event")
        READY = "ready", _("to be brought into force")
        REFUSED = "refused", _("not given")
        RETURNING = "returning", _("to be taken back")
        RETURNED = "returned", _("taken back")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.ForeignKey(
        Rule, models.PROTECT, db_index=False, related_name="earnings", verbose_name=_("points rule")
    )
    revision_id = models.UUIDField(_("revision"))
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    told = models.CharField(_("the event's own id"), max_length=36)
    event_id = models.UUIDField(_("event"))
    at = models.DateTimeField(_("done at"))
    heard_at = models.DateTimeField(_("told at"))
    amount = models.BigIntegerField(_("amount"), null=True)
    waits_for = models.CharField(_("in force once they did"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    asked = models.BigIntegerField(_("without caps"), db_default=0)
    points = models.BigIntegerField(_("points"), db_default=0)
    word = models.CharField(_("why not, or less"), max_length=16, blank=True, db_default="")
    movement_id = models.UUIDField(_("movement"), null=True)

    class Meta:
        verbose_name = _("points for an event")
        verbose_name_plural = _("points for events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "told"], name="points_earning_event_earns_once"),
            models.CheckConstraint(
                condition=Q(points__gte=0, asked__gte=F("points")), name="points_earning_is_asked_at_most"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "refused"], movement_id__isnull=True, points=0)
                | Q(state__in=["earned", "pending", "ready", "returning", "returned"],
                    movement_id__isnull=False, points__gte=1),
                name="points_earning_given_has_its_movement",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["waiting", "ready", "returning"]),
                name="points_earning_due",
            ),
            models.Index(
                fields=["waits_for", "customer"], condition=Q(state="pending"), name="points_earning_pending"
            ),
            models.Index(fields=["told"], name="points_earning_told"),
            models.Index(fields=["rule", "-id"], name="points_earning_of_rule"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.told


class RuleCount(TenantModel):
    """What a rule has given one customer in a period: points and times, against its caps. Written by the verb that
    settles earnings, which holds the row; `branch` is whose rule it is.

    No history: the earnings are its history.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.ForeignKey(
        Rule, models.PROTECT, db_index=False, related_name="counts", verbose_name=_("points rule")
    )
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    period = models.CharField(_("period"), max_length=8, choices=[(each, each) for each in PERIODS])
    starts = models.DateField(_("first day"))
    points = models.BigIntegerField(_("points"), db_default=0)
    times = models.IntegerField(_("times"), db_default=0)

    class Meta:
        verbose_name = _("points counted")
        verbose_name_plural = _("points counted")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "customer", "period", "starts"], name="points_rulecount_is_counted_once"
            ),
            models.CheckConstraint(
                condition=Q(points__gte=0, times__gte=0), name="points_rulecount_is_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.starts}"
