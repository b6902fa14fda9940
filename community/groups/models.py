"""Community groups, what kinds of them there are, and who is in them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Person, TenantModel, tracked


@tracked(moves=())
class GroupKind(models.Model):
    """What groups are for: 宝妈理财群, 职场新人攒钱群. Bank-wide; never deleted, only taken out of use."""

    code = models.SlugField(_("code"), primary_key=True, max_length=40)
    name = models.CharField(_("name"), max_length=30)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("kind of group")
        verbose_name_plural = _("kinds of groups")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=("member_count", "staff_count", "health"))
class Group(TenantModel):
    """A community group of one branch, synchronised from WeCom or kept by hand.

    `chat_id` is WeCom's, empty for one kept by hand. `founded_at` (UTC) is when it came into being: day 0 of a plan.
    `member_count` is the number of members who have not left, kept by a trigger; `staff_count` that of the colleagues
    beside them, who take up places too (WeCom says it; 0 for a group kept by hand). `health` is last night's word.
    """

    class Source(models.TextChoices):
        WECOM = "wecom", _("from WeCom")
        HAND = "hand", _("kept by hand")

    class Health(models.TextChoices):
        HEALTHY = "healthy", _("healthy")
        SILENT = "silent", _("silent")
        LEAVING = "leaving", _("losing members")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=60)
    kind = models.ForeignKey(
        GroupKind, models.PROTECT, null=True, blank=True, related_name="groups", verbose_name=_("kind")
    )
    owner = models.ForeignKey(
        Person, models.PROTECT, related_name="community_groups", verbose_name=_("group owner")
    )
    source = models.CharField(_("how it is kept"), max_length=8, choices=Source, default=Source.HAND)
    chat_id = models.CharField(_("WeCom group id"), max_length=64, blank=True, default="")
    capacity = models.PositiveIntegerField(_("capacity"), default=200)
    member_count = models.PositiveIntegerField(_("members"), default=0, db_default=0, editable=False)
    staff_count = models.PositiveIntegerField(_("colleagues in it"), default=0, db_default=0, editable=False)
    health = models.CharField(
        _("health"), max_length=8, choices=Health, blank=True, default="", db_default="", editable=False
    )
    notice = models.CharField(_("group notice"), max_length=600, blank=True)
    founded_at = models.DateTimeField(_("founded at"))
    # A group that is dissolved stays for its history; nothing is planned for it any more.
    dissolved_at = models.DateTimeField(_("dissolved at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("community group")
        verbose_name_plural = _("community groups")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source="hand", chat_id="") | (Q(source="wecom") & ~Q(chat_id="")),
                name="community_group_of_wecom_has_its_id",
            ),
            models.UniqueConstraint(
                fields=["chat_id"], condition=~Q(chat_id=""), name="community_group_chat_id_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=500), name="community_group_capacity_is_1_to_500"
            ),
            models.CheckConstraint(
                condition=Q(dissolved_at__isnull=True) | Q(dissolved_at__gte=F("founded_at")),
                name="community_group_is_forward",
            ),
        ]
        indexes = [models.Index(fields=["owner"], name="community_group_of_owner")]

    def __str__(self) -> str:
        return self.name

    @property
    def in_it(self) -> int:
        """How many places are taken."""
        return self.member_count + self.staff_count


@tracked()
class Member(TenantModel):
    """One spell of one customer in one group; the open one has no end. The branch is the group's.

    A member whom WeCom names and the bank does not know has no customer; `person_key` is a keyed hash of what WeCom
    calls that member (campaigns/customers' look-up key), and is the customer's id for one added by hand.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    group = models.ForeignKey(
        Group, models.PROTECT, related_name="members", verbose_name=_("community group")
    )
    customer = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="group_memberships",
        verbose_name=_("customer"),
    )
    person_key = models.CharField(_("key"), max_length=64, editable=False)
    joined_at = models.DateTimeField(_("joined the group"))
    left_at = models.DateTimeField(_("left the group"), null=True, blank=True)

    class Meta:
        verbose_name = _("member of a group")
        verbose_name_plural = _("members of groups")
        ordering = ["joined_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "person_key"],
                condition=Q(left_at__isnull=True),
                name="community_member_is_in_a_group_once",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="community_member_is_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer"], condition=Q(left_at__isnull=True), name="community_member_of_customer"
            ),
            models.Index(fields=["group", "joined_at"], name="community_member_by_joining"),
        ]

    def __str__(self) -> str:
        return str(self.customer_id or self.person_key[:8])
