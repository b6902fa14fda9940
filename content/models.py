"""Content items and placements, and the published copies of both; assets are in `content.asset_models`."""

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Profile
from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.lib.products import ProductClass
from campaigns.planning.models import Campaign
from campaigns.tenants.models import TenantModel, tracked
from content.asset_models import Asset, Folder, RenderWork, Rendition, Use
from content.category_models import Category
from content.editing_models import Editing
from content.handing_models import Objection, Original
from content.item_kinds import ItemKind, RiskLevel
from content.recall_models import Recall, Sighting

__all__ = [
    "Asset",
    "Category",
    "Draft",
    "Editing",
    "Folder",
    "Item",
    "LiveItem",
    "LivePlacement",
    "Objection",
    "Original",
    "Placement",
    "Published",
    "Recall",
    "RenderWork",
    "Rendition",
    "Shown",
    "Sighting",
    "Slot",
    "Stir",
    "Targeted",
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
        # The calendar reads the first few of each day, of head office as of an outlet.
        indexes = [
            models.Index(fields=["shown_from", "branch_pos"], name="%(app_label)s_%(class)s_begins"),
            models.Index(fields=["shown_until", "branch_pos"], name="%(app_label)s_%(class)s_ends"),
        ]


class Draft(Shown):
    """Who worked on a draft last, and when. `author_id` is a person; `changed_at` tells two editors apart."""

    author_id = models.UUIDField(_("maker"), null=True, editable=False)
    author_name = models.CharField(_("maker"), max_length=60, editable=False, blank=True)
    changed_at = models.DateTimeField(_("changed at"), editable=False)

    class Meta(Shown.Meta):
        abstract = True
        indexes = [
            *Shown.Meta.indexes,
            # What one maker has on the calendar, among a whole bank's.
            models.Index(fields=["author_id", "shown_from"], name="%(app_label)s_%(class)s_by_maker"),
        ]


class Published(Shown):
    """A published copy: written by go-live alone, from an approved revision; the database refuses all else."""

    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)

    class Meta(Shown.Meta):
        abstract = True


# Category, and what is handed down, are in the frozen revision; history need not copy them.
@tracked(exclude=("category", "open_parts", "basis", "original_id", "own_parts"))
class Item(Draft):
    """The draft of one piece of content. `batch_id` names a coupon batch, own or handed down from above.

    A published batch of a branch above is visible while its draft is not, so there is no foreign key to check.
    """

    Kind = ItemKind

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=ItemKind, default=ItemKind.POSTER)
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
    # No key of the database: it would be checked over the whole table at an upgrade. Categories are never deleted.
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="items",
        verbose_name=_("category"),
    )
    link = models.CharField(
        _("link"),
        max_length=300,
        blank=True,
        db_default="",
        default="",
        help_text=_("Where a tap on it leads: a page of the mini-program (/pages/…) or a web address."),
    )
    product_code = models.CharField(_("product code"), max_length=32, blank=True, db_default="", default="")
    risk_level = models.CharField(
        _("risk level"), max_length=2, choices=RiskLevel, blank=True, db_default="", default=""
    )
    disclosure = models.TextField(
        _("risk disclosure"),
        max_length=2000,
        blank=True,
        db_default="",
        default="",
        help_text=_("What the rules of the product make you say; customers read it under the card."),
    )
    # What stands under the head, in this order: see content/blocks.
    blocks = models.JSONField(
        _("blocks"), default=list, blank=True, db_default=models.Value([], models.JSONField())
    )
    # What the branches below may change of it (content/localising.py).
    open_parts = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("open to branches"),
        default=list,
        db_default=[],
        blank=True,
    )
    # A local version: of what it was made, which parts are its own; all else is as in `basis`.
    basis = models.ForeignKey(
        Original,
        models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="local_versions",
        verbose_name=_("original"),
    )
    original_id = models.UUIDField(_("original"), null=True, editable=False)
    own_parts = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("own parts"),
        default=list,
        db_default=[],
        blank=True,
        editable=False,
    )

    class Meta(Draft.Meta):
        verbose_name = _("content item")
        verbose_name_plural = _("content items")
        ordering = ["-id"]
        constraints = [
            *Draft.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=ItemKind.values), name="content_item_kind_is_known"),
            models.CheckConstraint(
                condition=Q(risk_level__in=["", *RiskLevel.values]), name="content_item_risk_level_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title


# Campaign and original are in the frozen revision; history need not copy them.
@tracked(exclude=("campaign_id", "original_id", "basis_id", "original_sha256"))
class LiveItem(Published):
    """What customers see of an item. `picture`: alt, colour, width, height and the list of renditions; null for none.
    `blocks` as content/blocks freezes them; `category` is the code of one. Of a local version, `original_id` is the
    item that it stands in for, `basis_id` and `original_sha256` the approved original that it was made of.

    `campaign_id` is the campaign of the approved revision: what an emergency stop of that campaign finds it by.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.OneToOneField(Item, models.PROTECT, related_name="live", verbose_name=_("content item"))
    kind = models.CharField(_("kind"), max_length=16, choices=ItemKind)
    title = models.CharField(_("title"), max_length=60)
    summary = models.CharField(_("summary"), max_length=120, blank=True)
    body = models.TextField(_("text"), blank=True)
    picture = models.JSONField(_("picture"), null=True)
    batch_id = models.UUIDField(_("coupon batch"), null=True)
    category = models.CharField(_("category"), max_length=40, blank=True, db_default="", default="")
    link = models.CharField(_("link"), max_length=300, blank=True, db_default="", default="")
    product_class = models.CharField(
        _("product class"), max_length=12, choices=ProductClass, blank=True, db_default="", default=""
    )
    product_code = models.CharField(_("product code"), max_length=32, blank=True, db_default="", default="")
    risk_level = models.CharField(
        _("risk level"), max_length=2, choices=RiskLevel, blank=True, db_default="", default=""
    )
    disclosure = models.TextField(_("risk disclosure"), blank=True, db_default="", default="")
    blocks = models.JSONField(_("blocks"), default=list, db_default=models.Value([], models.JSONField()))
    campaign_id = models.UUIDField(_("campaign"), null=True)
    original_id = models.UUIDField(_("original"), null=True)
    basis_id = models.UUIDField(_("original"), null=True)
    original_sha256 = models.CharField(max_length=64, blank=True, db_default="", default="")

    class Meta(Published.Meta):
        verbose_name = _("published content")
        verbose_name_plural = _("published content")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def content_id(self) -> UUID:
        """By which id customers know it: a local version by that of the item it stands in for."""
        return self.original_id or self.item_id


class Slot(models.TextChoices):
    """Places of the mini-program that placements fill."""

    HOME_BANNER = "home.banner", _("Home: banner")
    HOME_GRID = "home.grid", _("Home: grid")
    HOME_POPUP = "home.popup", _("Home: pop-up")
    HOME_FEED = "home.feed", _("Home: feed")
    BRANCH_PAGE = "branch.page", _("Branch page")


class Targeted(models.Model):
    """For whom, and how often: the columns that drafts and published copies of placements share.

    Empty lists: for everybody. `branch_ids`: with all below them. Who has switched personal recommendation off is
    shown what is for everybody alone.
    """

    branch_ids = ArrayField(
        models.IntegerField(), verbose_name=_("only these branches"), default=list, db_default=[], blank=True
    )
    tag_ids = ArrayField(
        models.IntegerField(),
        verbose_name=_("only with one of these tags"),
        default=list,
        db_default=[],
        blank=True,
    )
    stages = ArrayField(
        models.CharField(max_length=10, choices=Profile.Stage),
        verbose_name=_("only in these stages"),
        default=list,
        db_default=[],
        blank=True,
    )
    times_day = models.PositiveSmallIntegerField(
        _("at most so often a day"), null=True, blank=True, help_text=_("To one customer; empty: no limit.")
    )
    times_all = models.PositiveSmallIntegerField(
        _("at most so often in all"),
        null=True,
        blank=True,
        help_text=_("To one customer, within 180 days; empty: no limit."),
    )
    is_fallback = models.BooleanField(
        _("fallback"),
        default=False,
        db_default=False,
        help_text=_("Shown only where nothing else fills the slot."),
    )

    class Meta:
        abstract = True


@tracked()
class Placement(Draft, Targeted):
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
class LivePlacement(Published, Targeted):
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


class Stir(models.Model):
    """Something changed that prepared pages are made of: written by triggers, asked by web processes, soon deleted.

    `kind`: a published copy of a branch, a customer, or "all". The column `xid` is the database's own (sql_delivery).
    """

    kind = models.CharField(max_length=8)
    branch_id = models.IntegerField(null=True)
    customer_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")

    def __str__(self) -> str:
        return self.kind
