"""What customers agreed to: texts with versions, consents as rows, and what follows from them."""

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.consent_rules import SERVICE_MASK
from campaigns.customers.customer_models import Customer, CustomerModel
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Purpose(models.TextChoices):
    SERVICE = "service", _("Service messages")
    MARKETING = "marketing", _("Marketing")
    PROFILING = "profiling", _("Profiling")
    SENSITIVE = "sensitive", _("Sensitive information")
    PARTNER = "partner", _("Sharing with partners")


class Channel(models.TextChoices):
    INBOX = "inbox", _("Mini-program inbox")
    SUBSCRIBE = "subscribe", _("WeChat subscribe message")
    SMS = "sms", _("Text message")
    WECOM = "wecom", _("WeCom")
    PHONE = "phone", _("Phone call")


class ConsentText(models.Model):
    """What people are asked to agree to. Published, it never changes; a new version is a new row.

    Bank-wide: the bank speaks with one voice. `asks_again`: from `valid_from` on, consents to earlier versions count
    no more.
    """

    id = models.AutoField(primary_key=True)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    version = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=80)
    title_en = models.CharField(_("English title"), max_length=120)
    text = models.TextField(_("text"), max_length=20_000)
    text_en = models.TextField(_("English text"), max_length=20_000)
    sha256 = models.CharField(_("hash"), max_length=64)
    valid_from = models.DateTimeField(_("valid from"))
    asks_again = models.BooleanField(_("asks everybody again"), default=False)
    published_at = models.DateTimeField(_("published at"))
    published_by = models.UUIDField(_("published by"), null=True)
    # Of the review that it came through; none for what the installation began with.
    revision_id = models.UUIDField(_("revision"), null=True)
    # Nobody can agree to it any more. Who did before has agreed.
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ["purpose", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "version"], name="customers_consenttext_version_stands_once"
            ),
            # What a consent refers to: the row, and with it what it said.
            models.UniqueConstraint(
                fields=["id", "purpose", "sha256"], name="customers_consenttext_says_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="customers_consenttext_purpose_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.title} (v{self.version})"


class ConsentDraft(TenantModel):
    """What the next version of a purpose's text is to say: head office's, one for each purpose.

    No history of its own: every state that anybody was asked about stands frozen in its review.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    title = models.CharField(_("title"), max_length=80)
    title_en = models.CharField(_("English title"), max_length=120)
    text = models.TextField(_("text"), max_length=20_000)
    text_en = models.TextField(_("English text"), max_length=20_000)
    valid_from = models.DateTimeField(_("valid from"))
    asks_again = models.BooleanField(_("asks everybody again"), default=False)
    author_id = models.UUIDField(_("maker"), null=True, editable=False)
    author_name = models.CharField(_("maker"), max_length=60, editable=False, blank=True)
    changed_at = models.DateTimeField(_("changed at"), editable=False)

    class Meta:
        verbose_name = _("draft of a consent text")
        verbose_name_plural = _("drafts of consent texts")
        ordering = ["purpose"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "purpose"], name="customers_consentdraft_is_the_only_one_of_its_purpose"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="customers_consentdraft_purpose_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.title}"


class Consent(CustomerModel):
    """One word of a customer: given or withdrawn, to which text, where and when. Rows are added and never changed.

    `at` is when it was said, `noted_at` when it was written here: a form on paper comes later. A guardian speaks for
    a minor (`by_guardian`). `ip_prefix` is the net and not the address; `evidence` names a form or a recording.
    """

    class Source(models.TextChoices):
        MINI_PROGRAM = "mini_program", _("Mini-program")
        PAPER = "paper", _("Form on paper")
        CALL = "call", _("Recorded call")
        COUNTER = "counter", _("At the counter")
        IMPORT = "import", _("System of the bank")
        MERGE = "merge", _("Merging of customers")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel, blank=True)
    is_given = models.BooleanField(pgettext_lazy("consent", "given"))
    by_guardian = models.BooleanField(_("by a guardian"), default=False)
    text = models.ForeignKey(
        ConsentText,
        models.PROTECT,
        null=True,
        db_index=False,
        db_constraint=False,
        related_name="+",
        verbose_name=_("text"),
    )
    text_sha256 = models.CharField(_("hash of the text"), max_length=64, blank=True)
    source = models.CharField(_("where it was said"), max_length=12, choices=Source)
    at = models.DateTimeField(_("said at"))
    noted_at = models.DateTimeField(_("noted at"))
    request_id = models.UUIDField(_("request"))
    ip_prefix = models.CharField(_("net"), max_length=43, blank=True)
    by_person = models.UUIDField(_("noted by"), null=True)
    evidence = models.CharField(_("evidence"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_given=False) | Q(text__isnull=False),
                name="customers_consent_given_one_names_its_text",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["service", "marketing"], channel__in=Channel.values)
                | Q(purpose__in=["profiling", "sensitive", "partner"], channel=""),
                name="customers_consent_channel_fits_its_purpose",
            ),
            models.CheckConstraint(
                condition=Q(at__lte=F("noted_at")), name="customers_consent_is_noted_after_it_is_said"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "purpose", "channel"], name="customers_consent_of_customer")
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.get_channel_display()}".strip()


class Permission(CustomerModel):
    """What may be done with a customer now: follows from the consents, kept by a trigger.

    Masks of `consent_rules.BITS`: `given` in person, `guarded` by a guardian, `allowed` what counts. Who has no row
    has said nothing: service alone.
    """

    customer = models.OneToOneField(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="permission",
        verbose_name=_("customer"),
    )
    given = models.IntegerField(pgettext_lazy("consent", "given"), default=SERVICE_MASK)
    guarded = models.IntegerField(_("by a guardian"), default=0)
    is_minor = models.BooleanField(_("under age"), default=False)
    allowed = models.GeneratedField(
        expression=Case(
            When(
                is_minor=True,
                # Apart by their bits, so that the sum is the union.
                then=F("given").bitand(SERVICE_MASK) + F("guarded").bitand(~SERVICE_MASK),
            ),
            default=F("given"),
        ),
        output_field=models.IntegerField(),
        db_persist=True,
        verbose_name=_("allowed"),
    )
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("permission")
        verbose_name_plural = _("permissions")
        indexes = [
            # Few among millions: those who may come of age tonight.
            models.Index(fields=["customer"], condition=Q(is_minor=True), name="customers_permission_minor"),
        ]

    def __str__(self) -> str:
        return f"{self.allowed:b}"


class Birth(CustomerModel):
    """A date of birth, sealed under the person's key. No due row says when somebody comes of age: that would be the
    birthday in the clear, so those under age are looked through each night.

    No history: a corrected date was never true.
    """

    customer = models.OneToOneField(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="birth",
        verbose_name=_("customer"),
    )
    value = models.BinaryField()
    source = models.CharField(_("source"), max_length=60, blank=True)
    noted_at = models.DateTimeField(_("noted at"))

    class Meta:
        verbose_name = _("date of birth")
        verbose_name_plural = _("dates of birth")

    def __str__(self) -> str:
        return "****"
