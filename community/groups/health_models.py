"""How groups are doing: a row for each night, and what WeCom says of their owners."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel
from community.groups.models import Group
from community.groups.wecom_models import WeComAccount


class GroupHealth(TenantModel):
    """One group at the end of one day (the branch's). `silent_days` since the last sign of life; `reply_minutes` of
    its owner, as WeCom counts it; None where nobody knows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    group = models.ForeignKey(
        Group, models.PROTECT, related_name="healths", verbose_name=_("community group")
    )
    day = models.DateField(_("day"))
    members = models.PositiveIntegerField(_("members"))
    joined_7 = models.PositiveIntegerField(_("joined in 7 days"))
    left_7 = models.PositiveIntegerField(_("left in 7 days"))
    joined_30 = models.PositiveIntegerField(_("joined in 30 days"))
    left_30 = models.PositiveIntegerField(_("left in 30 days"))
    silent_days = models.PositiveIntegerField(_("days of silence"))
    reply_minutes = models.PositiveIntegerField(_("minutes until the owner replies"), null=True)
    word = models.CharField(_("health"), max_length=8, choices=Group.Health)

    class Meta:
        verbose_name = _("health of a group")
        verbose_name_plural = _("health of groups")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["group", "day"], name="community_grouphealth_is_one_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_word_display()}"


class OwnerFigures(TenantModel):
    """What WeCom counts of one owner on one day: it tells figures of owners, and not of each group."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(
        WeComAccount, models.PROTECT, related_name="figures", verbose_name=_("WeCom account")
    )
    day = models.DateField(_("day"))
    groups = models.PositiveIntegerField(_("community groups"), default=0)
    groups_spoken = models.PositiveIntegerField(_("groups with messages"), default=0)
    messages = models.PositiveIntegerField(_("messages"), default=0)
    reply_minutes = models.PositiveIntegerField(_("minutes until the owner replies"), null=True)

    class Meta:
        verbose_name = _("figures of an owner")
        verbose_name_plural = _("figures of owners")
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="community_ownerfigures_is_one_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.day}"


class GroupSign(TenantModel):
    """The last sign of life in a group that somebody noted by hand; what rooms above know is asked of them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    group = models.OneToOneField(
        Group, models.PROTECT, related_name="sign", verbose_name=_("community group")
    )
    at = models.DateTimeField(_("last sign of life"))
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return self.note
