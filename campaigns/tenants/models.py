"""The branch tree, people, their log-ins, roles and assignments; and the base of every tenant-owned row."""

from typing import TYPE_CHECKING, Any, Self

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id

if TYPE_CHECKING:
    from campaigns.tenants.scopes import Scope


def tracked(*, exclude: tuple[str, ...] = (), moves: tuple[str, ...] = ("branch_pos",)) -> Any:
    """History of a table: a row per insert, change and deletion.

    A change of `moves` alone is a move of the branch, not of the row, and leaves no history. `exclude` names
    columns that history never sees.
    """
    return pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(condition=pghistory.AnyChange(exclude=[*moves, *exclude])),
        pghistory.DeleteEvent(),
        exclude=list(exclude),
    )


@tracked(exclude=("filled_until",), moves=("pos", "pos_end"))
class Branch(models.Model):
    """A node of the tree; the tenant.

    `[pos, pos_end]` encloses the intervals of everything below. Rows of other tables carry (id, pos) as a
    composite key that follows when a branch moves.
    """

    class Level(models.TextChoices):
        HEAD_OFFICE = "head_office", _("Head office")
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        BRANCH = "branch", _("Branch")
        OUTLET = "outlet", _("Outlet")

    id = models.AutoField(primary_key=True)
    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=120)
    # Sorts Chinese without ICU, and finds "bj" for 北京.
    pinyin = models.CharField(_("pinyin"), max_length=400, blank=True)
    level = models.CharField(_("level"), max_length=16, choices=Level)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    pos = models.IntegerField(_("position"))
    pos_end = models.IntegerField(_("end of position"))
    zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    # Places up to here were given to children once; later children stand behind (rules.Node).
    filled_until = models.IntegerField(_("places given until"), default=0, db_default=0, editable=False)
    is_open = models.BooleanField(_("open"), default=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    # Who took over when it closed; what the branch owned may become the successor's, and nobody else's.
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("taken over by"),
        editable=False,
    )

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["pos"]
        constraints = [
            models.UniqueConstraint(fields=["id", "pos"], name="tenants_branch_id_pos_is_unique"),
            models.UniqueConstraint(
                fields=["pos"], name="tenants_branch_pos_is_unique", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=models.Q(pos__lte=models.F("pos_end")), name="tenants_branch_interval_is_forward"
            ),
            models.CheckConstraint(
                condition=models.Q(level="head_office", parent__isnull=True)
                | (~models.Q(level="head_office") & models.Q(parent__isnull=False)),
                name="tenants_branch_only_head_office_is_root",
            ),
            models.CheckConstraint(
                condition=models.Q(is_open=True, closed_at__isnull=True, successor__isnull=True)
                | models.Q(is_open=False),
                name="tenants_branch_open_one_has_no_successor",
            ),
        ]
        indexes = [models.Index(fields=["parent", "pos"], name="tenants_branch_siblings")]

    def __str__(self) -> str:
        return self.name


class TenantQuerySet(models.QuerySet[Any]):
    """Second wall: the explicit filter. The database's policies stand behind it."""

    def within(self, scope: "Scope") -> Self:
        """Rows of the scope's branches: its own and everything below."""
        return self.filter(branch_pos__range=(scope.lo, scope.hi))

    def visible(self, scope: "Scope") -> Self:
        """Rows within the scope, and published copies that the branches above hand down."""
        inside = models.Q(branch_pos__range=(scope.lo, scope.hi))
        return self.filter(inside | models.Q(handed_down=True, branch_id__in=scope.ancestors))


class TenantModel(models.Model):
    """A row that a branch owns. Its table needs `wall(...)` in the migration (campaigns/tenants/walls.py).

    `branch_pos` repeats the branch's position; the composite key (branch, branch_pos) keeps them equal.
    """

    branch = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("branch"),
    )
    branch_pos = models.IntegerField(editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


@tracked()
class Person(TenantModel):
    """Somebody who works here, whatever the number of log-ins. Maker and checker are compared as persons."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=60)
    staff_number = models.CharField(_("staff number"), max_length=32)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "staff_number"], name="tenants_person_number_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Logins(BaseUserManager["Login"]):
    def get_by_natural_key(self, username: str | None) -> "Login":
        return self.get(username=username)


@tracked(exclude=("password", "last_login", "tokens_from"), moves=())
class Login(AbstractBaseUser):
    """A way in for one person. Bank-wide, since it is asked before there is a scope; holds nothing else.

    Rights come from the assignment that the scope was opened with, never from the log-in.
    """

    username = models.CharField(_("log-in name"), max_length=60, unique=True)
    person = models.ForeignKey(Person, models.PROTECT, related_name="logins", verbose_name=_("person"))
    is_active = models.BooleanField(_("active"), default=True)
    # The demo bank's log-ins have well-known passwords: they work only while demo mode is on.
    is_demo = models.BooleanField(_("demo"), default=False)
    # Access tokens issued before this moment open nothing, however long they were to live.
    tokens_from = models.DateTimeField(_("tokens count from"), null=True, editable=False)

    USERNAME_FIELD = "username"
    is_staff = True  # every log-in is of staff; customers are no Django users
    is_superuser = False

    objects = Logins()

    class Meta:
        verbose_name = _("log-in")
        verbose_name_plural = _("log-ins")

    def __str__(self) -> str:
        return self.username

    # Django's admin asks these; our own answer is campaigns.tenants.desk.ScopedAdmin.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


@tracked(moves=())
class Role(models.Model):
    """A set of verbs ("content.item.submit", "rewards.*"). The presets are loaded by `setup_bank`."""

    code = models.SlugField(_("code"), primary_key=True, max_length=40)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    verbs = ArrayField(models.CharField(max_length=80), verbose_name=_("verbs"))

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            # What may do everything could not be reviewed by anybody.
            models.CheckConstraint(
                condition=~models.Q(verbs__contains=["*"]), name="tenants_role_may_not_do_everything"
            ),
        ]

    def __str__(self) -> str:
        from django.utils.translation import get_language

        return self.name if (get_language() or "zh").startswith("zh") else self.name_en


@tracked(moves=())
class RoleExclusion(models.Model):
    """Two roles that nobody may hold at the same time, wherever: who makes does not audit."""

    role = models.ForeignKey(Role, models.PROTECT, related_name="exclusions", verbose_name=_("role"))
    excludes = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name=_("excludes"))

    class Meta:
        verbose_name = _("exclusion of roles")
        verbose_name_plural = _("exclusions of roles")
        constraints = [
            models.UniqueConstraint(fields=["role", "excludes"], name="tenants_roleexclusion_is_unique"),
            models.CheckConstraint(
                condition=models.Q(role__lt=models.F("excludes")), name="tenants_roleexclusion_is_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} × {self.excludes}"


@tracked()
class Assignment(TenantModel):
    """One person in one role at one branch for a time. Staff act in exactly one assignment at once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments", verbose_name=_("person"))
    role = models.ForeignKey(Role, models.PROTECT, related_name="assignments", verbose_name=_("role"))
    held_from = models.DateTimeField(_("from"))
    held_until = models.DateTimeField(_("until"), default=FOREVER)

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(held_from__lt=models.F("held_until")),
                name="tenants_assignment_window_is_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.role}"


class OrganisationFile(TenantModel):
    """A file of branches, loaded at `branch` for the tree at and below it; what it did, and how to take it back.

    It keeps no history of its own: it is the record of one event. `original` is the file as it came, `grid` its
    rows, `before` the touched branches as they were; all three packed, and shown by no address.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Not applied yet")
        WAITING = "waiting", _("Waiting for its turn")
        RUNNING = "running", _("Being applied")
        APPLIED = "applied", _("Applied")
        UNDONE = "undone", _("Taken back")

    class Job(models.TextChoices):
        APPLY = "apply", _("Apply")
        UNDO = "undo", _("Take back")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("file"), max_length=200)
    loaded_at = models.DateTimeField(_("loaded at"))
    loaded_by = models.CharField(_("loaded by"), max_length=60, blank=True)
    sha256 = models.CharField(_("digest"), max_length=64)
    original = models.BinaryField()
    grid = models.BinaryField()
    rows = models.PositiveIntegerField(_("rows"))
    headings = models.PositiveIntegerField(_("row of headings"))  # an index into the grid
    headings_key = models.CharField(_("digest of the headings"), max_length=64)
    columns = models.JSONField(_("columns"), default=dict)  # field -> column, from 0
    are_columns_chosen = models.BooleanField(_("columns chosen"), default=False)
    close_missing = models.BooleanField(_("close branches that are missing from the file"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    counts = models.JSONField(_("verdicts"), default=dict)  # kind of verdict -> rows, as applied
    refused = models.JSONField(
        _("refused rows"), default=list
    )  # [line, code, name, reason, values], as applied
    why_not = models.JSONField(
        _("why the last run stopped"), default=dict
    )  # language -> the refusal that stopped the last run
    # The job: what it shall do, on whose behalf, and how far it is. A lease that has run out was a worker's death.
    job = models.CharField(_("what the worker does"), max_length=8, choices=Job, blank=True)
    opened_as = models.JSONField(_("on whose behalf"), default=dict)
    fingerprint = models.CharField(_("as it was seen"), max_length=64, blank=True)
    attempt = models.UUIDField(_("run"), null=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    step = models.CharField(_("step"), max_length=20, blank=True)
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("in all"), default=0)
    applied_at = models.DateTimeField(_("applied at"), null=True)
    undone_at = models.DateTimeField(_("taken back at"), null=True)
    before = models.BinaryField(null=True)
    last_event = models.BigIntegerField(
        _("last history row"), default=0
    )  # the newest history row of a branch when it was applied

    class Meta:
        verbose_name = _("organisation file")
        verbose_name_plural = _("organisation files")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["applied", "undone"], applied_at__isnull=False, before__isnull=False
                )
                | ~models.Q(state__in=["applied", "undone"]),
                name="tenants_organisationfile_applied_one_can_be_undone",
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", attempt__isnull=False, lease_until__isnull=False)
                | ~models.Q(state="running"),
                name="tenants_organisationfile_running_one_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(state="waiting"), name="tenants_organisation_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.name
