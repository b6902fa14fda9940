"""What is planned: channels, series, the draft of a livestream, and the published copy that customers see."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.points.models import Draw
from campaigns.tenants.models import TenantModel, tracked
from content.models import Asset


@tracked()
class Channel(TenantModel):
    """Where livestreams of a branch run. What the platform needs is in `account`, `room` and `url` (platforms.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=40)
    platform = models.CharField(_("platform"), max_length=16)
    account = models.CharField(_("account"), max_length=64, blank=True, default="")
    room = models.CharField(_("live room"), max_length=64, blank=True, default="")
    url = models.CharField(_("playlist address"), max_length=300, blank=True, default="")
    is_open = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("live channel")
        verbose_name_plural = _("live channels")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


@tracked()
class LiveSeries(TenantModel):
    """Livestreams that belong together, such as every Wednesday's. `weekdays`: Monday is 1; empty: any."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(_("title"), max_length=40)
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="series", verbose_name=_("live channel")
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("on the weekdays"), default=list, blank=True
    )
    is_open = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("series of livestreams")
        verbose_name_plural = _("series of livestreams")
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="community_liveseries_weekdays_are_1_to_7",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Streams(TenantModel):
    """What a livestream says: the columns that draft and published copy share. Lists as terms.py reads them.

    `hosts`: [{"id", "person", "name", "title", "is_guest"}], `person` the id of one of the bank's people or null.
    `run_sheet`: [{"id", "minute", "minutes", "heading", "script"}].
    `drops`: [{"id", "batch", "minute", "minutes", "words"}], `minute` null for one that is dropped by hand.
    `quiz`: [{"id", "question", "options", "right"}], `right` the place of the right option, from 0.
    `announce_from` null: as soon as it is approved. `replay_days`: how long it can be watched again; 0: not at all.
    """

    title = models.CharField(_("title"), max_length=60)
    theme = models.CharField(_("theme"), max_length=200, blank=True)
    planned_from = models.DateTimeField(_("begins"))
    planned_until = models.DateTimeField(_("ends at"))
    announce_from = models.DateTimeField(_("announced from"), null=True, blank=True)
    replay_days = models.PositiveSmallIntegerField(
        _("replay for days"), default=30, validators=[MinValueValidator(0), MaxValueValidator(365)]
    )
    hosts = models.JSONField(_("hosts and guests"), default=list, blank=True)
    run_sheet = models.JSONField(_("run-sheet"), default=list, blank=True)
    drops = models.JSONField(_("coupon drops"), default=list, blank=True)
    quiz = models.JSONField(_("quiz"), default=list, blank=True)
    handed_down = models.BooleanField(_("also for the branches below"), default=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_from__lt=F("planned_until")),
                name="%(app_label)s_%(class)s_window_is_forward",
            ),
            models.CheckConstraint(
                condition=Q(announce_from__isnull=True) | Q(announce_from__lte=F("planned_from")),
                name="%(app_label)s_%(class)s_is_announced_before_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(replay_days__lte=365), name="%(app_label)s_%(class)s_replay_is_a_year_at_most"
            ),
        ]


@tracked()
class Livestream(Streams):
    """The draft of a livestream. Customers meet the published copy (`Broadcast`) only.

    `products` and `materials` are ids of content items, own or handed down: a published item of a branch above is
    visible while its draft is not, so there is no foreign key to check.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    series = models.ForeignKey(
        LiveSeries,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="livestreams",
        verbose_name=_("series"),
    )
    channel = models.ForeignKey(
        Channel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="livestreams",
        verbose_name=_("live channel"),
    )
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="livestreams", verbose_name=_("cover")
    )
    draw = models.ForeignKey(
        Draw, models.PROTECT, null=True, blank=True, related_name="livestreams", verbose_name=_("prize draw")
    )
    products = ArrayField(models.UUIDField(), verbose_name=_("products"), default=list, blank=True)
    materials = ArrayField(models.UUIDField(), verbose_name=_("materials"), default=list, blank=True)

    class Meta(Streams.Meta):
        verbose_name = _("livestream")
        verbose_name_plural = _("livestreams")
        ordering = ["-planned_from", "-id"]
        indexes = [models.Index(fields=["planned_from"], name="community_livestream_by_time")]

    def __str__(self) -> str:
        return self.title


@tracked()
class Broadcast(Streams):
    """The published copy: what customers see. Written by go-live alone, from an approved revision.

    `play` is what the client plays; `cover` the frozen picture; `products` and `materials` as they were frozen, with
    what has to be said about each. How far it is stands in its showing (`Showing`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    livestream = models.OneToOneField(
        Livestream, models.PROTECT, related_name="live", verbose_name=_("livestream")
    )
    series_title = models.CharField(_("series"), max_length=40, blank=True)
    channel_id = models.UUIDField(_("live channel"))
    channel_name = models.CharField(_("live channel"), max_length=40)
    play = models.JSONField(_("what is played"))
    cover = models.JSONField(_("cover"), null=True)
    products = models.JSONField(_("products"))
    materials = models.JSONField(_("materials"))
    draw_id = models.UUIDField(_("prize draw"), null=True)
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(Streams.Meta):
        verbose_name = _("published livestream")
        verbose_name_plural = _("published livestreams")
        ordering = ["planned_from", "id"]

    def __str__(self) -> str:
        return self.title
