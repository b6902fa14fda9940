"""Content items and placements, and the published copies of both; assets are in `content.asset_models`."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.lib.products import ProductClass
from campaigns.planning.models import Campaign
from campaigns.tenants.models import TenantModel, tracked
from content.asset_models import Asset, Folder, RenderWork, Rendition, Use

__all__ = [
    "Asset",
    "Draft",
    "Folder",
    "Item",
    "LiveItem",
    "LivePlacement",
    "Placement",
    "Published",
    "RenderWork",
    "Rendition",
    "Shown",
    "Slot",
    "Use",
]


class Shown(TenantModel):
    """When and where something is shown: the columns that drafts and published copies share."""

    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"), default=FOREVER)
    handed_down = models.BooleanField(
        _("also for the branches below"),
        default=False,
        help_text=_("Customers of every branch below see it too."),
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(shown_from__lt=F("shown_until")), name="%(app_label)s_%(class)s_window_is_forward"
            ),
        ]


class Draft(Shown):
    """Who worked on a draft last, and when. `author_id` is a person; `changed_at` tells two editors apart."""

    author_id = models.UUIDField(_("maker"), null=True, editable=False)
    author_name = models.CharField(_("maker"), max_length=60, editable=False, blank=True)
    changed_at = models.DateTimeField(_("changed at"), editable=False)

    class Meta(Shown.Meta):
        abstract = True


class Published(Shown):
    """A published copy: written by go-live alone, from an approved revision; the database refuses all else."""

    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)

    class Meta(Shown.Meta):
        abstract = True


@tracked()
class Item(Draft):
    """The draft of one piece of content. `batch_id` names a coupon batch, own or handed down from above.

    A published batch of a branch above is visible while its draft is not, so there is no foreign key to check.
    """

    class Kind(models.TextChoices):
        POSTER = "poster", _("Poster")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.POSTER)
    title = models.CharField(_("title"), max_length=60)
    summary = models.CharField(
        _("summary"), max_length=120, blank=True, help_text=_("One line under the title.")
    )
    body = models.TextField(_("text"), blank=True)
    product_class = models.CharField(
        _("product class"),
        max_length=12,
        choices=ProductClass,
        blank=True,
        help_text=_("What the text advertises, if anything: it decides who reviews it and what it must say."),
    )
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="items", verbose_name=_("picture")
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="items", verbose_name=_("campaign")
    )
    batch_id = models.UUIDField(_("coupon batch"), null=True, blank=True)

    class Meta(Draft.Meta):
        verbose_name = _("content item")
        verbose_name_plural = _("content items")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


# The campaign is in the frozen revision; history need not copy it.
@tracked(exclude=("campaign_id",))
class LiveItem(Published):
    """What customers see of an item. `picture`: alt, colour, width, height and the list of renditions.

    `campaign_id` is the campaign of the approved revision: what an emergency stop of that campaign finds it by.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.OneToOneField(Item, models.PROTECT, related_name="live", verbose_name=_("content item"))
    kind = models.CharField(_("kind"), max_length=16, choices=Item.Kind)
    title = models.CharField(_("title"), max_length=60)
    summary = models.CharField(_("summary"), max_length=120, blank=True)
    body = models.TextField(_("text"), blank=True)
    picture = models.JSONField(_("picture"))
    batch_id = models.UUIDField(_("coupon batch"), null=True)
    campaign_id = models.UUIDField(_("campaign"), null=True)

    class Meta(Published.Meta):
        verbose_name = _("published content")
        verbose_name_plural = _("published content")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class Slot(models.TextChoices):
    """Places of the mini-program that placements fill."""

    HOME_BANNER = "home.banner", _("Home: banner")
    HOME_FEED = "home.feed", _("Home: feed")


@tracked()
class Placement(Draft):
    """The draft of what fills a slot, and when. The higher `priority` comes first."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slot = models.CharField(_("slot"), max_length=40, choices=Slot)
    item = models.ForeignKey(Item, models.PROTECT, related_name="placements", verbose_name=_("content item"))
    priority = models.SmallIntegerField(_("priority"), default=0, help_text=_("The higher one comes first."))

    class Meta(Draft.Meta):
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        ordering = ["slot", "-priority", "-id"]

    def __str__(self) -> str:
        return f"{self.get_slot_display()} · {self.item}"


@tracked()
class LivePlacement(Published):
    """What fills a slot for customers. It shows only while its item's own published copy is shown too."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    placement = models.OneToOneField(
        Placement, models.PROTECT, related_name="live", verbose_name=_("placement")
    )
    slot = models.CharField(_("slot"), max_length=40, choices=Slot)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name=_("content item"))
    priority = models.SmallIntegerField(_("priority"), default=0)

    class Meta(Published.Meta):
        verbose_name = _("published placement")
        verbose_name_plural = _("published placements")
        ordering = ["slot", "-priority", "-id"]

    def __str__(self) -> str:
        return self.get_slot_display()
