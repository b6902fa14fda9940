"""Check-in programmes (打卡活动): what is asked of whom on which days, what it gives, and every check-in."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.models import Customer, CustomerModel
from campaigns.lib.ids import new_id
from campaigns.points.models import Ends
from campaigns.tenants.models import Person, TenantModel, tracked
from community.groups.models import Group


class Proof(models.TextChoices):
    """What a check-in asks for beside the tap."""

    NONE = "none", _("nothing more")
    TEXT = "text", _("a few words")
    PICTURE = "picture", _("a picture")
    QUIZ = "quiz", _("the answer to a question")
    CODE = "code", _("the code spoken in the group")
    POSITION = "position", _("being near a place")


class Looked(models.TextChoices):
    """When somebody looks at words and pictures."""

    AFTER = "after", _("counts at once, looked at afterwards")
    BEFORE = "before", _("counts once it was accepted")


class Programmes(TenantModel):
    """What a programme promises: the columns that draft and published copy share.

    It is for the groups named, or for those of `kinds`, or for all of the branch (and, `handed_down`, of those below).
    `first_day` and `last_day` are its first and its last, by the clock of the group's branch; `weekdays` those that
    count, Monday is 1. A make-up fills one of the last `makeup_days` days, and costs `makeup_cost` points.
    `streak_points` are for each full `streak_days` counting days in a row; `goal_points` for everybody of a group whose
    members checked in `goal_count` times together. `points_cap`: all that it may give; empty: no limit.
    """

    title = models.CharField(_("title"), max_length=60)
    text = models.TextField(_("words to customers"), max_length=1_000, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=40), verbose_name=_("kinds of groups"), default=list, blank=True
    )
    group_ids = ArrayField(models.UUIDField(), verbose_name=_("community groups"), default=list, blank=True)
    handed_down = models.BooleanField(_("also for the branches below"), default=False)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("days that count"))
    proof = models.CharField(_("what is asked"), max_length=8, choices=Proof, default=Proof.NONE)
    questions = models.JSONField(_("questions"), default=list, blank=True)
    place = models.CharField(_("place"), max_length=60, blank=True)
    # Millionths of a degree, GCJ-02 as maps in China have it.
    lat = models.IntegerField(_("latitude"), null=True, blank=True)
    lon = models.IntegerField(_("longitude"), null=True, blank=True)
    metres = models.PositiveIntegerField(_("metres around it"), null=True, blank=True)
    looked = models.CharField(_("words and pictures"), max_length=8, choices=Looked, default=Looked.AFTER)
    makeup_most = models.PositiveSmallIntegerField(_("make-ups of a customer"), default=0)
    makeup_days = models.PositiveSmallIntegerField(_("days back"), default=0)
    makeup_cost = models.PositiveIntegerField(_("points for a make-up"), default=0)
    points = models.PositiveIntegerField(_("points for a check-in"), default=0)
    streak_days = models.PositiveSmallIntegerField(_("days in a row"), default=0)
    streak_points = models.PositiveIntegerField(_("points for a streak"), default=0)
    goal_count = models.PositiveIntegerField(_("goal of a group"), default=0)
    goal_points = models.PositiveIntegerField(_("points for the goal"), default=0)
    points_cap = models.PositiveIntegerField(
        _("points in all"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    months = models.PositiveSmallIntegerField(
        _("good for months"),
        null=True,
        blank=True,
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    ends = models.CharField(_("to the end of"), max_length=8, choices=Ends, default=Ends.YEAR)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")), name="%(app_label)s_%(class)s_days_are_forward"
            ),
            models.CheckConstraint(
                condition=Q(weekdays__len__gte=1, weekdays__len__lte=7)
                & Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]),
                name="%(app_label)s_%(class)s_counts_days_of_the_week",
            ),
            models.CheckConstraint(
                condition=~Q(proof="position") | Q(lat__isnull=False, lon__isnull=False, metres__gte=1),
                name="%(app_label)s_%(class)s_position_has_its_place",
            ),
            models.CheckConstraint(
                condition=Q(streak_points=0) | Q(streak_days__gte=2),
                name="%(app_label)s_%(class)s_streak_has_its_days",
            ),
            models.CheckConstraint(
                condition=Q(goal_points=0) | Q(goal_count__gte=1),
                name="%(app_label)s_%(class)s_goal_has_its_number",
            ),
        ]


@tracked(exclude=("code_seed",))
class Programme(Programmes):
    """The draft of a programme. Customers meet the published copy (`LiveProgramme`) only.

    `code_seed`: what the spoken codes of its days are made from (`community_spoken_code`); never shown.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code_seed = models.UUIDField(_("seed of the codes"), default=uuid4, editable=False)

    class Meta(Programmes.Meta):
        verbose_name = _("check-in programme")
        verbose_name_plural = _("check-in programmes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


@tracked()
class LiveProgramme(Programmes):
    """The published copy: what check-ins are held to. Written by go-live alone, from an approved revision.

    Customers read it through verbs alone, since it has the right answers.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    programme = models.OneToOneField(
        Programme, models.PROTECT, related_name="live", verbose_name=_("check-in programme")
    )
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(Programmes.Meta):
        verbose_name = _("published check-in programme")
        verbose_name_plural = _("published check-in programmes")
        ordering = ["last_day", "id"]

    def __str__(self) -> str:
        return self.title


class CheckIn(TenantModel):
    """One customer's check-in of one local day; the branch is the group's. Never edited: it is looked at, or refused.

    `nth`: which of the programme's counting days, from 0. `units`: full streaks that it paid for, `streak`: the days in
    a row when it counted. `points`: given in all, by `movement_id`; `cost`: of a make-up, by `burnt_id`.
    """

    class State(models.TextChoices):
        COUNTED = "counted", pgettext_lazy("check-in", "counted")
        HELD = "held", pgettext_lazy("check-in", "waits to be looked at")
        REFUSED = "refused", pgettext_lazy("check-in", "refused")

    id = models.UUIDField(primary_key=True, editable=False)
    programme = models.ForeignKey(
        Programme,
        models.PROTECT,
        db_index=False,
        related_name="check_ins",
        verbose_name=_("check-in programme"),
    )
    group = models.ForeignKey(
        Group, models.PROTECT, db_index=False, related_name="check_ins", verbose_name=_("community group")
    )
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="check_ins",
        verbose_name=_("customer"),
    )  # fmt: skip
    day = models.DateField(_("local day"))
    nth = models.PositiveIntegerField(_("which check-in day"))
    at = models.DateTimeField(_("at"))
    is_makeup = models.BooleanField(_("make-up"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State)
    text = models.CharField(_("what was written"), max_length=500, blank=True)
    # Why it is held, for who looks at it: a word of the lists.
    hint = models.CharField(_("held for"), max_length=60, blank=True)
    has_picture = models.BooleanField(_("picture"), default=False)
    streak = models.PositiveIntegerField(_("days in a row"), default=0)
    units = models.PositiveSmallIntegerField(_("full streaks"), default=0)
    points = models.PositiveIntegerField(_("points given"), default=0)
    cost = models.PositiveIntegerField(_("points paid"), default=0)
    movement_id = models.UUIDField(_("movement that gave points"), null=True)
    burnt_id = models.UUIDField(_("movement that took points"), null=True)
    # The customer as known then: who was merged since is named otherwise in the ledger.
    paid_to = models.UUIDField(_("points given to"), null=True)
    looked_at = models.DateTimeField(_("looked at"), null=True)
    looked_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("looked at by"),
    )  # fmt: skip
    reason = models.CharField(_("why it was refused"), max_length=200, blank=True, db_default="")

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        ordering = ["-at", "-id"]
        constraints = [
            # One person once a day; what was refused may be done again.
            models.UniqueConstraint(
                fields=["programme", "customer", "day"], condition=~Q(state="refused"),
                name="community_checkin_is_once_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state="counted") | Q(points=0, units=0, movement_id__isnull=True) | Q(state="refused"),
                name="community_checkin_held_gives_nothing",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["programme", "group", "day", "customer"], name="community_checkin_of_group"),
            models.Index(
                fields=["branch_pos", "id"], condition=Q(looked_at__isnull=True) & ~Q(state="refused"),
                name="community_checkin_to_look_at",
            ),
            models.Index(fields=["customer"], name="community_checkin_of_customer"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day}"


class CheckInPicture(TenantModel):
    """The picture of a check-in: JPEG that we wrote from the pixels alone. Let go of in time, and at an erasure."""

    check_in = models.OneToOneField(
        CheckIn, models.PROTECT, primary_key=True, related_name="picture", verbose_name=_("check-in")
    )
    jpeg = models.BinaryField()
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("picture of a check-in")
        verbose_name_plural = _("pictures of check-ins")
        indexes = [models.Index(fields=["at"], name="community_picture_by_age")]

    def __str__(self) -> str:
        return str(self.check_in_id)


class GoalCount(TenantModel):
    """Check-ins of a group in a programme, in shards: a lot that commits holds one of them and no other."""

    id = models.UUIDField(primary_key=True, editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, db_index=False, related_name="+")
    group = models.ForeignKey(Group, models.PROTECT, db_index=False, related_name="+")
    shard = models.PositiveSmallIntegerField()
    counted = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("count of a group's check-ins")
        verbose_name_plural = _("counts of groups' check-ins")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "group", "shard"], name="community_goalcount_shard_is_one_row"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.counted}"


class GroupGoal(TenantModel):
    """A group that is near its goal, and what everybody got when it was reached: once."""

    id = models.UUIDField(primary_key=True, editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, db_index=False, related_name="goals")
    group = models.ForeignKey(Group, models.PROTECT, db_index=False, related_name="goals")
    noticed_at = models.DateTimeField(_("near since"))
    paid_at = models.DateTimeField(_("reached at"), null=True)
    customers = models.PositiveIntegerField(_("customers"), db_default=0)
    points = models.PositiveIntegerField(_("points each"), db_default=0)
    movement_id = models.UUIDField(_("movement that gave points"), null=True)

    class Meta:
        verbose_name = _("goal of a group")
        verbose_name_plural = _("goals of groups")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "group"], name="community_groupgoal_is_reached_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["noticed_at"], condition=Q(paid_at__isnull=True), name="community_groupgoal_open"
            ),
        ]

    def __str__(self) -> str:
        return str(self.group_id)


class ProgrammeBudget(TenantModel):
    """A part of the points that a programme may give in all; a lot that commits holds one. Verbs alone write."""

    id = models.UUIDField(primary_key=True, editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, db_index=False, related_name="budgets")
    bucket = models.PositiveSmallIntegerField()
    allotted = models.BigIntegerField(_("points in all"))
    given = models.BigIntegerField(_("points given"), db_default=0)

    class Meta:
        verbose_name = _("points of a programme")
        verbose_name_plural = _("points of programmes")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "bucket"], name="community_programmebudget_bucket_is_one_row"
            ),
            models.CheckConstraint(
                condition=Q(given__gte=0, given__lte=F("allotted")),
                name="community_programmebudget_given_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given}/{self.allotted}"


class BoardChoice(CustomerModel):
    """A customer who does not want to be seen on leader boards."""

    customer = models.OneToOneField(
        Customer, models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    is_hidden = models.BooleanField(_("not shown on leader boards"))
    chosen_at = models.DateTimeField(_("chosen at"))

    class Meta:
        verbose_name = _("choice about leader boards")
        verbose_name_plural = _("choices about leader boards")

    def __str__(self) -> str:
        return str(self.customer_id)
