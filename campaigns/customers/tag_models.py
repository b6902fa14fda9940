"""Tags: categories, tags, who had which tag from when until when, and what each customer has now."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.customers.attribute_models import in_words
from campaigns.customers.customer_models import Customer, CustomerModel
from campaigns.lib.clock import FOREVER
from campaigns.tenants.models import Branch, tracked


@tracked(moves=())
class TagCategory(models.Model):
    """A drawer of tags, and whose it is. Bank-wide like the tags in it; usable at and below its owner."""

    code = models.SlugField(_("code"), primary_key=True, max_length=40)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    owner = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("owner"))
    # One person of the owner alone may change its tags; empty for whoever has the right there.
    owner_person = models.UUIDField(_("person in charge"), null=True, blank=True)
    place = models.PositiveSmallIntegerField(_("place in lists"), default=1000)

    class Meta:
        verbose_name = _("tag category")
        verbose_name_plural = _("tag categories")
        ordering = ["place", "code"]

    def __str__(self) -> str:
        return in_words(self.name, self.name_en)


@tracked(exclude=("last_run_at", "last_run"), moves=())
class Tag(models.Model):
    """One tag. Bank-wide; who has it is rows of the branches. Never deleted, only taken out of use."""

    class Kind(models.TextChoices):
        MANUAL = "manual", _("given by staff")
        IMPORTED = "imported", _("imported")
        COMPUTED = "computed", _("computed by a rule")

    id = models.AutoField(primary_key=True)
    code = models.SlugField(_("code"), unique=True, max_length=40)
    category = models.ForeignKey(TagCategory, models.PROTECT, related_name="tags", verbose_name=_("category"))
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    # Who has it, of a computed one (conditions.py).
    rule = models.JSONField(_("rule"), null=True, blank=True)
    # How many days it holds once given; empty: until it is taken away.
    valid_days = models.PositiveSmallIntegerField(_("valid for days"), null=True, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    # When the rule was last run, and what it did: {"held", "given", "taken", "seconds"}, or {"error"}.
    last_run_at = models.DateTimeField(_("last run"), null=True, editable=False)
    last_run = models.JSONField(_("what the last run did"), default=dict, editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["category", "name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["manual", "imported", "computed"]),
                name="customers_tag_kind_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="computed", rule__isnull=False, valid_days__isnull=True)
                | (~models.Q(kind="computed") & models.Q(rule__isnull=True)),
                name="customers_tag_has_a_rule_if_computed",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_days__isnull=True) | models.Q(valid_days__gt=0),
                name="customers_tag_is_valid_for_some_days",
            ),
        ]

    def __str__(self) -> str:
        return in_words(self.name, self.name_en)


class Tagging(CustomerModel):
    """One spell of one tag on one customer. Open while `until` is FOREVER; ended spells are the history.

    The key is (customer, tag, until), which lets one spell of a tag be open at a time without an index of its own.
    Given at tens of millions of rows: no second id, no index by position, and the tag's foreign key is kept by the
    trigger that also keeps `Profile.tag_ids` (tag_sql.py).
    """

    pk = models.CompositePrimaryKey("customer_id", "tag_id", "until")
    customer = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="taggings",
        verbose_name=_("customer"),
    )
    tag = models.ForeignKey(
        Tag, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=_("tag")
    )
    since = models.DateTimeField(_("since when"))
    until = models.DateTimeField(_("until"), default=FOREVER)
    # When it will end by itself; null: not.
    expires_at = models.DateTimeField(_("valid until"), null=True)
    # "manual", "rule", "merge", or the name of what imported it.
    source = models.CharField(_("source"), max_length=60)
    by_person = models.UUIDField(_("given by whom"), null=True)
    # The same words, and "time"; empty while it is open.
    ended_by = models.CharField(_("ended by"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("tag of a customer")
        verbose_name_plural = _("tags of customers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__lt=models.F("until")), name="customers_tagging_lasts_some_time"
            ),
            models.CheckConstraint(
                condition=models.Q(until=FOREVER, ended_by="")
                | (models.Q(until__lt=FOREVER) & ~models.Q(ended_by="")),
                name="customers_tagging_says_what_ended_it",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("since")),
                name="customers_tagging_is_valid_some_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(until=FOREVER, expires_at__isnull=False),
                name="customers_tagging_expiring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tag_id}"


class Profile(CustomerModel):
    """What holds for a customer now, for conditions to ask: the tags as one array, the stage, three scores.

    `tag_ids` is written by the trigger on `Tagging` alone; the scores by `services/scoring.py`. A customer without
    a row has no tag and was never scored.
    """

    class Stage(models.TextChoices):
        NEW = "new", _("new customer")
        ACTIVE = "active", _("active customer")
        LOYAL = "loyal", _("loyal customer")
        ASLEEP = "asleep", _("asleep")
        LOST = "lost", _("lost")
        WON_BACK = "won_back", _("won back")

    customer = models.OneToOneField(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="standing",
        verbose_name=_("customer"),
    )
    tag_ids = ArrayField(models.IntegerField(), verbose_name=_("tags"), default=list, db_default=[])
    stage = models.CharField(_("stage"), max_length=10, choices=Stage, blank=True, default="", db_default="")
    stage_since = models.DateTimeField(_("in this stage since"), null=True)
    # 1 (lowest fifth) to 5; null: never scored.
    recency = models.PositiveSmallIntegerField(_("recency"), null=True)
    frequency = models.PositiveSmallIntegerField(_("frequency"), null=True)
    monetary = models.PositiveSmallIntegerField(_("monetary value"), null=True)
    scored_at = models.DateTimeField(_("scored at"), null=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(recency__range=(1, 5), frequency__range=(1, 5), monetary__range=(1, 5))
                | models.Q(recency__isnull=True, frequency__isnull=True, monetary__isnull=True),
                name="customers_profile_scores_are_fifths",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}"


class StageChange(CustomerModel):
    """A customer passed from one stage of life to another: append-only."""

    pk = models.CompositePrimaryKey("customer_id", "at")
    customer = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="stage_changes",
        verbose_name=_("customer"),
    )
    at = models.DateTimeField(_("moment"))
    was = models.CharField(_("from stage"), max_length=10, choices=Profile.Stage, blank=True)
    became = models.CharField(_("to stage"), max_length=10, choices=Profile.Stage)

    class Meta:
        verbose_name = _("change of stage")
        verbose_name_plural = _("changes of stage")

    def __str__(self) -> str:
        return f"{self.was} > {self.became}"


@tracked(moves=())
class ScoringTerms(models.Model):
    """What the nightly scores mean: one row for the bank, as scores must mean the same at every branch. In days."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    window_days = models.PositiveSmallIntegerField(_("deeds count for days"), default=365)
    new_days = models.PositiveSmallIntegerField(_("new for days"), default=30)
    asleep_days = models.PositiveSmallIntegerField(_("asleep after days"), default=90)
    lost_days = models.PositiveSmallIntegerField(_("lost after days"), default=365)
    won_back_days = models.PositiveSmallIntegerField(_("won back for days"), default=60)
    loyal_deeds = models.PositiveSmallIntegerField(_("loyal from deeds"), default=6)

    class Meta:
        verbose_name = _("terms of scoring")
        verbose_name_plural = _("terms of scoring")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="customers_scoringterms_are_one"),
            models.CheckConstraint(
                condition=models.Q(asleep_days__gt=0, asleep_days__lt=models.F("lost_days")),
                name="customers_scoringterms_asleep_before_lost",
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
