"""What becomes of an approved livestream: its showing, and the times for which its hosts and its channel are booked."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked
from community.livestreams.models.plans import Livestream
from community.livestreams.rules import State


@tracked()
class Showing(TenantModel):
    """How far a livestream is. Its moves are in rules.py, and in a trigger; what is approved is in `Broadcast`.

    `planned_from` and `planned_until` are those approved; `started_at` is the real beginning, from which all minutes
    count. `replay_url`: an https address; empty where the channel itself plays it again.
    """

    State = State

    livestream = models.OneToOneField(
        Livestream, models.PROTECT, primary_key=True, related_name="showing", verbose_name=_("livestream")
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PLANNED)
    planned_from = models.DateTimeField(_("begins"))
    planned_until = models.DateTimeField(_("ends at"))
    announced_at = models.DateTimeField(_("announced at"), null=True)
    started_at = models.DateTimeField(_("began at"), null=True)
    ended_at = models.DateTimeField(_("was over at"), null=True)
    handed_down = models.BooleanField(_("also for the branches below"), default=False)
    replay_url = models.CharField(_("address of the replay"), max_length=300, blank=True, default="")
    why = models.CharField(_("why cancelled"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("showing of a livestream")
        verbose_name_plural = _("showings of livestreams")
        ordering = ["planned_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["planned", "announced", "cancelled"],
                    started_at__isnull=True,
                    ended_at__isnull=True,
                )
                | Q(state="live", started_at__isnull=False, ended_at__isnull=True)
                | Q(state__in=["ended", "replay"], started_at__isnull=False, ended_at__gte=F("started_at")),
                name="community_showing_has_the_moments_of_its_state",
            ),
            models.CheckConstraint(
                condition=Q(planned_from__lt=F("planned_until")), name="community_showing_window_is_forward"
            ),
        ]
        indexes = [models.Index(fields=["planned_from"], name="community_showing_by_time")]

    def __str__(self) -> str:
        return self.state


class Booking(TenantModel):
    """A host or a channel is taken for the time of a livestream. The database lets no two of one overlap, whoever's
    they are and at whichever branch. No history: revisions and showings tell it.
    """

    class Kind(models.TextChoices):
        HOST = "host", _("host")
        CHANNEL = "channel", _("live channel")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    livestream = models.ForeignKey(
        Livestream, models.PROTECT, related_name="bookings", verbose_name=_("livestream")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    # A person or a channel: both have random ids, so an overlap tells nothing to who does not know the id.
    taken = models.UUIDField(_("who or what"))
    span = DateTimeRangeField(_("from until"))

    class Meta:
        verbose_name = _("booking of a livestream")
        verbose_name_plural = _("bookings of livestreams")
        ordering = ["span"]
        constraints = [
            ExclusionConstraint(
                name="community_booking_is_of_one_livestream_at_once",
                # Two ranges, of which the first is of one id: PostgreSQL has a GiST of ranges of its own, and none of
                # ids without an extension, which a restore by the owner could not bring back.
                expressions=[
                    (
                        models.Func(
                            F("taken"), F("taken"), models.Value("[]"), function="community_uuidrange"
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("span", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.taken}"
