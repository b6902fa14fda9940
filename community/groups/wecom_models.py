"""What is known of WeCom: colleagues' user ids, the group chats that it lists, and the runs that fetch them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Person, TenantModel, tracked


@tracked()
class WeComAccount(TenantModel):
    """Whose user id that is in WeCom. Groups which the account owns belong to `branch`.

    Written by a verb alone, since a user id is one person's in the whole bank; in lower case, as WeCom compares them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="wecom_accounts", verbose_name=_("colleague")
    )
    userid = models.CharField(_("WeCom user id"), max_length=64)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("WeCom account")
        verbose_name_plural = _("WeCom accounts")
        ordering = ["userid"]
        constraints = [
            models.UniqueConstraint(
                fields=["userid"],
                condition=Q(ended_at__isnull=True),
                name="community_wecomaccount_is_of_one_person",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(ended_at__isnull=True),
                name="community_wecomaccount_is_a_persons_only_one",
            ),
        ]

    def __str__(self) -> str:
        return self.userid


class Chat(TenantModel):
    """A group chat as WeCom lists it, and when it is to be fetched. Head office's, whoever the group belongs to.

    `due_at` is empty for one that waits for nothing. `attempt` and `lease_until` are of the worker that has it in its
    hands; `why` says in both languages why there is no group of it, or why it cannot be fetched. One `is_stuck` is not
    asked for again until somebody, or WeCom itself, says so.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chat_id = models.CharField(_("WeCom group id"), max_length=64)
    name = models.CharField(_("name"), max_length=60, blank=True, default="")
    owner_userid = models.CharField(_("user id of the owner"), max_length=64, blank=True, default="")
    due_at = models.DateTimeField(_("to be fetched from"), null=True, blank=True)
    attempt = models.UUIDField(_("attempt"), null=True, blank=True)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    is_stuck = models.BooleanField(_("stands still"), default=False)
    why = models.JSONField(_("why"), default=dict, blank=True)
    fetched_at = models.DateTimeField(_("fetched at"), null=True, blank=True)
    listed_at = models.DateTimeField(_("listed at"), null=True, blank=True)
    gone_at = models.DateTimeField(_("gone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("group chat in WeCom")
        verbose_name_plural = _("group chats in WeCom")
        ordering = ["chat_id"]
        constraints = [
            models.UniqueConstraint(fields=["chat_id"], name="community_chat_id_is_unique"),
            models.CheckConstraint(
                condition=Q(attempt__isnull=True, lease_until__isnull=True)
                | Q(attempt__isnull=False, lease_until__isnull=False),
                name="community_chat_is_held_for_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="community_chat_due"),
        ]

    def __str__(self) -> str:
        return self.name or self.chat_id


class GroupSync(TenantModel):
    """One run through all group chats of WeCom: first the list, page by page, then what was listed, one by one.

    `cursor` is where the list goes on after a worker's death. Head office's, and one at a time.
    """

    class State(models.TextChoices):
        LISTING = "listing", _("reading the list")
        FETCHING = "fetching", _("fetching groups")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.LISTING)
    asked_at = models.DateTimeField(_("asked at"))
    asked_by_name = models.CharField(_("asked by"), max_length=60, blank=True, default="")
    cursor = models.CharField(_("cursor"), max_length=256, blank=True, default="")
    attempt = models.UUIDField(_("attempt"), null=True, blank=True)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    ready_at = models.DateTimeField(_("goes on at"))
    listed = models.PositiveIntegerField(_("listed"), default=0)
    fetched = models.PositiveIntegerField(_("fetched"), default=0)
    founded = models.PositiveIntegerField(_("new groups"), default=0)
    joined = models.PositiveIntegerField(_("have joined"), default=0)
    left = models.PositiveIntegerField(_("have left"), default=0)
    dissolved = models.PositiveIntegerField(_("dissolved"), default=0)
    why = models.JSONField(_("why"), default=dict, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("synchronisation with WeCom")
        verbose_name_plural = _("synchronisations with WeCom")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(state__in=["listing", "fetching"]),
                name="community_groupsync_is_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["listing", "fetching"], ended_at__isnull=True)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
                name="community_groupsync_that_is_over_has_ended",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_state_display())

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None
