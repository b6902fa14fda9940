"""Plans (SOP), the groups they run in, and the posts that come of them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Person, TenantModel, tracked
from community.groups.models import Group, GroupKind, Member


class Plans(TenantModel):
    """What a plan says beside its cards: the columns that draft and published copy share.

    `days`: its last day, counted from the group's day zero. `cards`: a list of JSON as `cards.Card.as_json` writes it.
    """

    title = models.CharField(_("title"), max_length=60)
    note = models.CharField(_("what it is for"), max_length=200, blank=True)
    kind = models.ForeignKey(
        GroupKind, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("kind of groups")
    )
    days = models.PositiveSmallIntegerField(
        _("lasts for days"), null=True, blank=True, default=30, help_text=_("Empty: without an end.")
    )
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    end_members = models.PositiveSmallIntegerField(
        _("ends early with so many members"),
        null=True,
        blank=True,
        help_text=_("As soon as a group has so many members, the plan is over there."),
    )
    cards = models.JSONField(_("cards"), default=list)
    handed_down = models.BooleanField(_("also for the branches below"), default=True)

    class Meta:
        abstract = True


@tracked()
class Plan(Plans):
    """The draft of a plan. Groups follow the published copy (`LivePlan`) only.

    `original_id`: what a branch changed of a plan of a branch above: its own texts, times and material, in the parts
    that are open. The plan itself may lie where this branch does not see it, so there is no key to check.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    original_id = models.UUIDField(_("original"), null=True, editable=False)

    class Meta(Plans.Meta):
        verbose_name = _("group plan")
        verbose_name_plural = _("group plans")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "original_id"],
                condition=Q(original_id__isnull=False),
                name="community_plan_is_changed_once_a_branch",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@tracked(exclude=("since",))
class LivePlan(Plans):
    """The published copy, written by go-live alone. `since`: card id -> from when (UTC, ISO) it is in force as it is;
    a card that a new revision left alone keeps its moment.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    plan = models.OneToOneField(Plan, models.PROTECT, related_name="live", verbose_name=_("group plan"))
    original_id = models.UUIDField(_("original"), null=True)
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("in force from"))
    shown_until = models.DateTimeField(_("in force until"))
    since = models.JSONField(_("in force since"), default=dict)

    class Meta(Plans.Meta):
        verbose_name = _("published plan")
        verbose_name_plural = _("published plans")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["original_id"], condition=Q(original_id__isnull=False),
                name="community_liveplan_changes",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


@tracked(exclude=("lay_at", "laid_until"))
class PlanRun(TenantModel):
    """A plan applied to a group. The branch is the group's.

    `zero`: the group's day zero, local. `counts_from` (UTC): nothing that was due before is made up for, neither from
    before it was applied nor from a pause. Posts are laid until `laid_until`, and looked at again at `lay_at`.
    """

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("plan", "running")
        PAUSED = "paused", pgettext_lazy("plan", "paused")
        REACHED = "reached", pgettext_lazy("plan", "ended early")
        ENDED = "ended", pgettext_lazy("plan", "ended")
        STOPPED = "stopped", pgettext_lazy("plan", "stopped")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The plan may lie above the group's branch.
    plan_id = models.UUIDField(_("group plan"))
    plan_title = models.CharField(_("group plan"), max_length=60)
    group = models.ForeignKey(
        Group, models.PROTECT, related_name="plan_runs", verbose_name=_("community group")
    )
    zero = models.DateField(_("day zero"))
    counts_from = models.DateTimeField(_("counts from"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RUNNING)
    has_members_days = models.BooleanField(_("has days of members"), default=False)
    lay_at = models.DateTimeField(_("looked at again"))
    laid_until = models.DateTimeField(_("laid until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("plan in a group")
        verbose_name_plural = _("plans in groups")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan_id", "group"],
                condition=Q(state__in=["running", "paused"]),
                name="community_planrun_is_open_once_a_group",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["running", "paused"], ended_at__isnull=True)
                | Q(state__in=["reached", "ended", "stopped"], ended_at__isnull=False),
                name="community_planrun_is_over_at_a_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lay_at"], condition=Q(state="running"), name="community_planrun_to_lay"
            ),
            models.Index(fields=["group"], name="community_planrun_of_group"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.plan_title} · {self.group}"


class Post(TenantModel):
    """One message to one group, or to one member of it; from its moment on the owner's task. The branch is the group's.

    Laid weeks ahead and decided at `due_at`: then `text` and `material` are written as they are sent. `day` is local.
    `nth`: its number among the group's posts of that day. `result`: what WeCom says of the one target. No history:
    it is written once and moves as its trigger allows.
    """

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("post", "planned")
        DUE = "due", pgettext_lazy("post", "to be sent")
        CONFIRMED = "sent", pgettext_lazy("post", "sent")
        SKIPPED = "skipped", pgettext_lazy("post", "skipped")
        FAILED = "failed", pgettext_lazy("post", "failed")
        REFUSED = "refused", pgettext_lazy("post", "not sent")
        WITHDRAWN = "back", pgettext_lazy("post", "withdrawn")

    class Result(models.TextChoices):
        NONE = "", _("by hand")
        WAITING = "waiting", _("waits for confirmation in WeCom")
        SENT = "sent", _("sent by WeCom")
        FAILED = "failed", _("failed in WeCom")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(
        PlanRun, models.PROTECT, db_index=False, related_name="posts", verbose_name=_("plan in a group")
    )
    group = models.ForeignKey(
        Group, models.PROTECT, db_index=False, related_name="posts", verbose_name=_("community group")
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="posts",
        verbose_name=_("for a member"),
    )
    card_id = models.UUIDField(_("card"))
    occasion = models.CharField(_("occasion"), max_length=40)
    title = models.CharField(_("title"), max_length=40)
    day = models.DateField(_("local day"))
    due_at = models.DateTimeField(_("due at"))
    is_moved = models.BooleanField(_("moved by hand"), db_default=False, default=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PLANNED)
    nth = models.PositiveSmallIntegerField(_("number of the day"), null=True)
    revision_id = models.UUIDField(_("revision"), null=True)
    text = models.TextField(_("text"), blank=True)
    material = models.JSONField(_("material"), default=list, db_default=models.Value([], models.JSONField()))
    asks_check_in = models.BooleanField(_("asks to check in"), db_default=False, default=False)
    assignee = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="posts",
        verbose_name=_("who sends it"),
    )
    opened_at = models.DateTimeField(_("handed out at"), null=True)
    reminded = models.PositiveSmallIntegerField(_("reminders"), db_default=0, default=0)
    remind_at = models.DateTimeField(_("next reminder"), null=True)
    result = models.CharField(
        _("result in WeCom"), max_length=8, choices=Result, blank=True, db_default="", default=""
    )
    # When WeCom is asked for the result next; empty when it is not.
    ask_at = models.DateTimeField(_("result asked at"), null=True)
    # Why it is as it is: a code of `post_words`, or the words of who skipped it.
    why = models.CharField(_("why"), max_length=200, blank=True, db_default="", default="")
    ended_at = models.DateTimeField(_("done at"), null=True)
    ended_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("done by"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("group post")
        verbose_name_plural = _("group posts")
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "card_id", "occasion"], name="community_post_is_made_once_an_occasion"
            ),
            # Two posts that arrive together cannot both be the last one of the day.
            models.UniqueConstraint(
                fields=["group", "day", "nth"],
                condition=Q(nth__isnull=False),
                name="community_post_is_numbered_once",
            ),
            models.CheckConstraint(
                condition=Q(state="planned", opened_at__isnull=True, ended_at__isnull=True)
                | Q(state="due", opened_at__isnull=False, assignee__isnull=False, ended_at__isnull=True)
                | Q(state__in=["sent", "skipped", "failed"], opened_at__isnull=False, ended_at__isnull=False)
                | Q(state__in=["refused", "back"], ended_at__isnull=False),
                name="community_post_has_its_moments",
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(opened_at__gte=F("due_at")),
                name="community_post_is_never_early",
            ),
        ]
        indexes = [
            # The calendar: a branch's days, and head office's.
            models.Index(fields=["due_at", "branch_pos"], name="community_post_by_moment"),
            models.Index(fields=["due_at"], condition=Q(state="planned"), name="community_post_planned"),
            models.Index(fields=["remind_at"], condition=Q(state="due"), name="community_post_to_remind"),
            models.Index(fields=["assignee", "due_at"], condition=Q(state="due"), name="community_post_open_tasks"),
            models.Index(fields=["group", "due_at"], name="community_post_of_group"),
            models.Index(
                fields=["ask_at"],
                condition=Q(result="waiting", state__in=["due", "sent"], ask_at__isnull=False),
                name="community_post_to_ask",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.state not in (self.State.PLANNED, self.State.DUE)
