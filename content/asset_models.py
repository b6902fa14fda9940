"""The library: assets of every kind, the files made of them, the folders they lie in, and what uses them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked

# An asset without a beginning of its rights: PostgreSQL's '-infinity' does not fit a Python datetime either.
SINCE_EVER = FOREVER.replace(year=2000, month=1, day=1)
# Where the middle of a crop lies when nobody said so; thousandths of width and height from the top left.
MIDDLE = 500


@tracked()
class Folder(TenantModel):
    """A folder of a branch's library; a name stands once beside its siblings."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=40)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("inside")
    )

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "parent", "name"],
                name="content_folder_name_is_unique_beside_its_siblings",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name


# History would index its keys anew; where it lies and what covers it, the audit says.
@tracked(exclude=("folder", "cover"))
class Asset(TenantModel):
    """One thing of the library. `sha256` names what is kept of it: a picture's pixels, a file's checked content, or
    what a text, link or card says.

    `version` counts what it consists of, `take` how its crops were chosen: renditions of former ones stay for what was
    approved with them. `colour` stands in a picture's place until it arrives: "#rrggbb". `look` is a picture's
    difference hash as a signed number, None where it says nothing. `details`: `url` of a link; `app_id` and `path` of a
    mini-program card; `seconds`, `pages` or `codecs` of a file. `findable` is what search finds it by beside its name.
    """

    class Kind(models.TextChoices):
        PICTURE = "picture", _("Picture")
        VIDEO = "video", _("Video")
        AUDIO = "audio", _("Audio")
        PDF = "pdf", _("PDF document")
        TEXT = "text", _("Text snippet")
        LINK = "link", _("Link")
        CARD = "card", _("Mini-program card")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(
        _("kind"), max_length=8, choices=Kind, default=Kind.PICTURE, db_default=Kind.PICTURE, editable=False
    )
    name = models.CharField(_("name"), max_length=120)
    alt = models.CharField(
        _("description"),
        max_length=200,
        blank=True,
        help_text=_("Read aloud to people who cannot see the picture."),
    )
    text = models.TextField(_("text"), blank=True, default="", db_default="")
    details = models.JSONField(_("details"), default=dict, db_default={}, editable=False)
    sha256 = models.CharField(_("hash"), max_length=64, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    colour = models.CharField(_("average colour"), max_length=7, editable=False)
    look = models.BigIntegerField(_("difference hash"), null=True, editable=False)
    focal_x = models.SmallIntegerField(
        _("focal point, across"), default=MIDDLE, db_default=MIDDLE, editable=False
    )
    focal_y = models.SmallIntegerField(
        _("focal point, down"), default=MIDDLE, db_default=MIDDLE, editable=False
    )
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    take = models.PositiveIntegerField(_("crop"), default=0, db_default=0, editable=False)
    folder = models.ForeignKey(
        Folder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("folder"),
        db_constraint=False,
        db_index=False,
    )
    tags = ArrayField(
        models.CharField(max_length=20), verbose_name=_("tags"), default=list, db_default=[], blank=True
    )
    findable = models.CharField(_("found by"), max_length=1000, default="", db_default="", editable=False)
    cover = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cover picture"),
        db_constraint=False,
        db_index=False,
    )
    rights_from = models.DateTimeField(_("rights from"), default=SINCE_EVER, db_default=SINCE_EVER)
    rights_until = models.DateTimeField(_("rights until"), default=FOREVER)
    rights_note = models.CharField(
        _("whose rights"),
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text=_("Holder, contract number, what is allowed."),
    )
    owner_id = models.UUIDField(_("owner"), null=True, editable=False)
    retired_at = models.DateTimeField(_("removed at"), null=True, editable=False)
    added_at = models.DateTimeField(_("added at"), editable=False)
    added_by = models.CharField(_("added by"), max_length=60, editable=False, blank=True)

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "sha256"], name="content_asset_picture_is_unique_in_its_branch"
            ),
            models.CheckConstraint(
                condition=Q(focal_x__range=(0, 1000), focal_y__range=(0, 1000)),
                name="content_asset_focal_point_lies_inside",
            ),
            models.CheckConstraint(
                condition=Q(rights_from__lt=F("rights_until")), name="content_asset_rights_are_forward"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Has it pixels, and so renditions of several sizes?"""
        return self.kind == self.Kind.PICTURE


class Rendition(TenantModel):
    """A size or format made from an asset; "original" is the whole of it. Its bytes lie under its id.

    It belongs to one `version` of the asset and, where it is a crop, to one `take`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="renditions", verbose_name=_("asset"))
    name = models.CharField(_("name"), max_length=20)
    format = models.CharField(_("format"), max_length=8)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1)
    take = models.PositiveIntegerField(_("crop"), default=0, db_default=0)

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "version", "take", "name"],
                name="content_rendition_name_is_unique_in_its_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.width}×{self.height}"


class RenderWork(TenantModel):
    """Renditions of one version and crop of a picture that a worker has yet to make; gone when they are there.

    Whoever takes it moves `ready_at` ahead: a worker that dies leaves it to the next one. `why` is the last error.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="work", verbose_name=_("asset"))
    version = models.PositiveIntegerField(_("version"))
    take = models.PositiveIntegerField(_("crop"))
    ready_at = models.DateTimeField(_("ready at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    why = models.CharField(_("last error"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("renditions to make")
        verbose_name_plural = _("renditions to make")
        ordering = ["ready_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "version", "take"], name="content_renderwork_is_laid_once"
            ),
        ]
        indexes = [models.Index(fields=["ready_at"], name="content_renderwork_ready")]

    def __str__(self) -> str:
        return str(self.asset_id)


class Use(TenantModel):
    """A draft or a published copy (`is_live`) shows the asset. Triggers of those tables write it, and nobody else.

    `thing_id` is the content item; `sha256` what was approved, empty for a draft; the rights are the asset's. The
    foreign key is what keeps an asset that customers see from being deleted.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="uses", verbose_name=_("asset"))
    thing_id = models.UUIDField(_("content item"))
    is_live = models.BooleanField(_("live"))
    sha256 = models.CharField(max_length=64, blank=True)
    rights_from = models.DateTimeField(_("rights from"))
    rights_until = models.DateTimeField(_("rights until"))

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("uses")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["thing_id", "is_live", "asset"], name="content_use_is_noted_once"
            ),
        ]
        # Which live things of a line of branches may not be shown now is asked for every home page.
        indexes = [
            models.Index(
                fields=["branch", "rights_until"], condition=Q(is_live=True), name="content_use_rights_end"
            ),
            models.Index(
                fields=["branch", "rights_from"], condition=Q(is_live=True), name="content_use_rights_begin"
            ),
        ]

    def __str__(self) -> str:
        return str(self.thing_id)
