"""What is known of a log-in beside its name: its password's terms, its second factor, tries, resets, sessions, and who
it is at the bank's identity provider.

All but the resets are bank-wide, like the log-in itself: they are asked before there is a scope, and about nobody but
the log-in that asks. Secrets are sealed under the installation's key or kept as keyed hashes.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Login, Person, TenantModel


class PasswordTerms(models.Model):
    """How long a password is good. No row: somebody else set it, and the person must choose one."""

    login = models.OneToOneField(Login, models.PROTECT, primary_key=True, related_name="+")
    # When the person chose it ...
    chosen_at = models.DateTimeField(null=True)
    # ... or until when a temporary one opens the page where one chooses.
    good_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(chosen_at__isnull=False, good_until__isnull=True)
                | Q(chosen_at__isnull=True, good_until__isnull=False),
                name="access_passwordterms_chosen_or_temporary",
            ),
        ]

    def __str__(self) -> str:
        return f"log-in {self.pk}"


class PastPassword(models.Model):
    """The hash of a password that was replaced, so that it does not come again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login = models.ForeignKey(Login, models.PROTECT, related_name="+")
    password = models.CharField(max_length=128)
    replaced_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk}"


class SecondFactor(models.Model):
    """The secret that a log-in shares with the person's phone (RFC 6238)."""

    login = models.OneToOneField(Login, models.PROTECT, primary_key=True, related_name="+")
    secret = models.BinaryField()  # sealed
    enrolled_at = models.DateTimeField()
    # The half minute of the last accepted code: none of it or before it is accepted again.
    last_step = models.BigIntegerField()

    def __str__(self) -> str:
        return f"log-in {self.pk}"


class RecoveryCode(models.Model):
    """One of ten codes for the day the phone is lost; good once. Only a keyed hash is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login = models.ForeignKey(Login, models.PROTECT, related_name="+")
    code_hash = models.BinaryField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["login", "code_hash"], name="access_recoverycode_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class Try(models.Model):
    """One try to log in, counted before it is looked at. A success takes those of its account and address away
    and leaves one row, by which the pair is known.
    """

    class Step(models.TextChoices):
        PASSWORD = "password", _("password")
        CODE = "code", _("one-time code")

    account = models.CharField(max_length=120)  # as typed: it need not exist
    address = models.CharField(max_length=48)  # campaigns.access.rules.bucket_of
    at = models.DateTimeField()
    step = models.CharField(max_length=8, choices=Step)
    is_known = models.BooleanField()
    has_succeeded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="access_try_of_account"),
            models.Index(fields=["address", "at"], name="access_try_of_address"),
            models.Index(fields=["at"], name="access_try_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.address}"


class Reset(TenantModel):
    """Somebody took a forgotten password or a lost second factor from a log-in of another person. Append-only."""

    class Kind(models.TextChoices):
        PASSWORD = "password", _("password reset")
        SECOND_FACTOR = "second_factor", _("second factor removed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login = models.ForeignKey(Login, models.PROTECT, related_name="+", verbose_name=_("log-in"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    at = models.DateTimeField(_("moment"))
    # Kept by the database as who acts; NULL for the installation's own command. The home of that person may
    # lie outside the branch's view, so it is no foreign key.
    asked_by_person = models.UUIDField(_("asked by"), null=True)
    asked_by_name = models.CharField(_("asked by"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("reset")
        verbose_name_plural = _("resets")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_by_person__isnull=True) | ~Q(asked_by_person=F("person")),
                name="access_reset_is_asked_by_another_person",
            ),
        ]
        indexes = [models.Index(fields=["login", "-id"], name="access_reset_of_login")]

    def __str__(self) -> str:
        return f"{self.login} {self.kind}"


class Session(models.Model):
    """One browser that came in, or is about to (`login` is empty until then).

    Of the key in the browser's cookie only a hash is kept: who reads this table cannot continue anybody's session.
    Whether it still lives is computed from its moments (rules.why_over); `ended_at` is what somebody did to it,
    or what the sweep has noted since.
    """

    class Why(models.TextChoices):
        LOGGED_OUT = "logged_out", _("logged out")
        IDLE = "idle", _("idle for too long")
        TOO_LONG = "too_long", _("open for too long")
        ENDED = "ended", _("ended from another session")
        ENDED_BY_OTHER = "ended_by_other", _("ended by an administrator")
        CREDENTIALS = "credentials", _("password or second factor changed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key_hash = models.CharField(_("hash of the key"), max_length=64)  # SHA-256, hexadecimal
    payload = models.TextField(
        _("kept content"), blank=True
    )  # Django's own encoding, signed; empty once ended
    login = models.ForeignKey(
        Login, models.PROTECT, null=True, related_name="sessions", verbose_name=_("log-in")
    )
    # Where it last acted. No foreign keys: a moved branch or an ended assignment must not touch this row.
    assignment = models.UUIDField(_("assignment"), null=True)
    stand_at = models.IntegerField(_("stands at"), null=True)  # a branch below the assignment's own
    begun_at = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("last seen"))  # written at most once a minute
    address = models.GenericIPAddressField(_("address"), null=True)
    browser = models.CharField(_("browser"), max_length=60, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_why = models.CharField(_("why"), max_length=16, choices=Why, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(fields=["key_hash"], name="access_session_key_is_unique"),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, ended_why="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended_why="")),
                name="access_session_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(payload=""),
                name="access_session_ended_keeps_no_content",
            ),
            models.CheckConstraint(
                condition=models.Q(seen_at__gte=models.F("begun_at")),
                name="access_session_is_seen_after_begun",
            ),
        ]
        indexes = [
            models.Index(
                fields=["login", "-seen_at"],
                name="access_session_open_of_login",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(fields=["seen_at"], name="access_session_seen_at"),
        ]

    def __str__(self) -> str:
        return f"{self.browser} {self.begun_at:%Y-%m-%d %H:%M}"


class OutsideIdentity(models.Model):
    """Who a log-in is at the bank's identity provider: the pair (issuer, subject) never changes hands."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login = models.ForeignKey(
        Login, models.PROTECT, related_name="outside_identities", verbose_name=_("log-in")
    )
    issuer = models.CharField(_("identity provider"), max_length=300)
    subject = models.CharField(_("subject"), max_length=255)
    bound_at = models.DateTimeField(_("bound"))

    class Meta:
        verbose_name = _("identity at the provider")
        verbose_name_plural = _("identities at the provider")
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="access_identity_subject_belongs_to_one_login"
            ),
            models.UniqueConstraint(
                fields=["issuer", "login"], name="access_identity_login_has_one_subject_per_issuer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} · {self.issuer}"
