"""Staff's sessions, and who they are at the bank's identity provider. Bank-wide: asked before there is a scope."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Login


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
