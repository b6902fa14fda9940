"""Entry codes (活码): one code on a poster, behind it group after group; and where branches stand."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked
from community.groups.models import Group, GroupKind


@tracked()
class BranchPlace(TenantModel):
    """Where a branch receives its customers: whole millionths of a degree, GCJ-02, as maps in China have it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lat_micro = models.IntegerField(_("latitude"))
    lon_micro = models.IntegerField(_("longitude"))

    class Meta:
        verbose_name = _("position of a branch")
        verbose_name_plural = _("positions of branches")
        ordering = ["branch_pos"]
        constraints = [
            models.UniqueConstraint(fields=["branch"], name="community_branchplace_is_one_a_branch"),
            models.CheckConstraint(
                condition=Q(lat_micro__range=(-90_000_000, 90_000_000))
                & Q(lon_micro__range=(-180_000_000, 180_000_000)),
                name="community_branchplace_is_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lat_micro / 1_000_000:.6f}, {self.lon_micro / 1_000_000:.6f}"


@tracked(exclude=("full_told_at",))
class EntryCode(TenantModel):
    """One code to be printed: who scans it sees the QR of the group that takes members just now.

    `picks` order: the first of its own lines that is open. Nearest: of the codes of the branches below, the one of
    the nearest branch within `radius_m` metres; it has no lines of its own. `slug` is random, and stays what it was
    when everything behind it changes.
    """

    class Picks(models.TextChoices):
        ORDER = "order", _("groups in order")
        NEAREST = "nearest", _("the nearest branch")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.CharField(_("address"), max_length=16, editable=False)
    title = models.CharField(_("title"), max_length=60)
    says = models.CharField(_("invitation"), max_length=200, blank=True)
    kind = models.ForeignKey(
        GroupKind, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("kind")
    )
    picks = models.CharField(_("chooses"), max_length=8, choices=Picks, default=Picks.ORDER)
    radius_m = models.PositiveIntegerField(_("within (metres)"), default=5_000)
    is_open = models.BooleanField(_("in use"), default=True)
    full_told_at = models.DateTimeField(_("full told at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("entry code")
        verbose_name_plural = _("entry codes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="community_entrycode_slug_is_unique"),
            models.CheckConstraint(
                condition=Q(radius_m__gte=100, radius_m__lte=100_000),
                name="community_entrycode_radius_is_100_m_to_100_km",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@tracked(exclude=("qr", "attempt", "lease_until", "tries", "why"))
class EntryGroup(TenantModel):
    """One group behind an entry code. It is passed over when the group has `most_members` (colleagues counted), when
    its QR was shown `most_shows` times, and outside its hours (`from_time` to `until_time`, the branch's clock).

    A group of WeCom has a way to join of WeCom's own: `config_id`, and `qr`, the picture that WeCom draws. For one
    kept by hand the QR is drawn of `link`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.ForeignKey(EntryCode, models.PROTECT, related_name="lines", verbose_name=_("entry code"))
    group = models.ForeignKey(
        Group, models.PROTECT, related_name="entry_lines", verbose_name=_("community group")
    )
    place = models.PositiveSmallIntegerField(_("place in the order"))
    most_members = models.PositiveIntegerField(_("passed over from (members)"), default=190)
    most_shows = models.PositiveIntegerField(_("passed over after (shows)"), null=True, blank=True)
    from_time = models.TimeField(_("from"), null=True, blank=True)
    until_time = models.TimeField(_("until"), null=True, blank=True)
    link = models.CharField(_("link to join"), max_length=300, blank=True, default="")
    config_id = models.CharField(max_length=64, blank=True, default="", editable=False)
    qr = models.BinaryField(null=True, blank=True, editable=False)
    attempt = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    why = models.JSONField(default=dict, blank=True, editable=False)
    ended_at = models.DateTimeField(_("taken out at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("group of an entry code")
        verbose_name_plural = _("groups of entry codes")
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "group"],
                condition=Q(ended_at__isnull=True),
                name="community_entrygroup_stands_once_in_a_code",
            ),
            models.CheckConstraint(
                condition=Q(most_members__gte=1, most_members__lte=500),
                name="community_entrygroup_limit_is_1_to_500",
            ),
            models.CheckConstraint(
                condition=Q(from_time__isnull=True, until_time__isnull=True)
                | Q(from_time__isnull=False, until_time__isnull=False, until_time__gt=F("from_time")),
                name="community_entrygroup_hours_are_forward",
            ),
        ]

    def __str__(self) -> str:
        return str(self.group)


class EntryShows(TenantModel):
    """How often the QR of one line was shown on a day (the branch's), in one of a few slots: many who scan at once
    do not wait for one row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    line = models.ForeignKey(
        EntryGroup, models.PROTECT, related_name="shows", verbose_name=_("community group")
    )
    day = models.DateField(_("day"))
    slot = models.PositiveSmallIntegerField()
    many = models.PositiveIntegerField(_("shows"))

    class Meta:
        verbose_name = _("shows of a day")
        verbose_name_plural = _("shows of a day")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "day", "slot"], name="community_entryshows_is_one_a_slot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.many}"
