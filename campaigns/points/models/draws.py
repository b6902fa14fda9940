"""Prize draws: what is offered, how many of each prize, the seed that was promised, and every try."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.models import Customer, CustomerModel
from campaigns.lib.ids import new_id
from campaigns.points.draws import WHOLE
from campaigns.points.models.ledger import Ends
from campaigns.rewards.models import Batch
from campaigns.tenants.models import Person, TenantModel, tracked


class PrizeKind(models.TextChoices):
    """What a prize is, and how the customer gets it."""

    POINTS = "points", _("points of the bank")
    COUPON = "coupon", _("a coupon of a batch")
    PICKUP = "pickup", _("picked up at a branch")
    PARCEL = "parcel", _("delivered to the customer")


class Draws(TenantModel):
    """What a draw promises beside its prizes: the columns that draft and published copy share.

    `times_day` counts by the clock of the customer's home branch. Who draws no prize, or one that is gone, gets the
    consolation: `fallback_points`, or nothing. Points won are good as `months` and `ends` say.
    """

    title = models.CharField(_("title"), max_length=80)
    text = models.TextField(_("rules of the draw"), max_length=2_000, blank=True)
    price_points = models.PositiveIntegerField(_("points for a try"), default=0)
    times_day = models.PositiveSmallIntegerField(
        _("tries a day"), null=True, blank=True, default=1, validators=[MinValueValidator(1)]
    )
    times_all = models.PositiveSmallIntegerField(
        _("tries in all"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    open_from = models.DateTimeField(_("tries from"))
    open_until = models.DateTimeField(_("tries until"))
    fallback_title = models.CharField(_("who wins nothing reads"), max_length=60, default="谢谢参与")
    fallback_points = models.PositiveIntegerField(_("points as a consolation"), default=0)
    months = models.PositiveSmallIntegerField(
        _("good for months"), null=True, blank=True, default=12, validators=[MinValueValidator(1)]
    )
    ends = models.CharField(_("to the end of"), max_length=8, choices=Ends, default=Ends.YEAR)
    handed_down = models.BooleanField(_("also for the branches below"), default=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(open_from__lt=F("open_until")), name="%(app_label)s_%(class)s_window_is_forward"
            ),
            models.CheckConstraint(
                condition=(Q(times_day__isnull=True) | Q(times_day__gte=1))
                & (Q(times_all__isnull=True) | Q(times_all__gte=1))
                & (Q(months__isnull=True) | Q(months__gte=1)),
                name="%(app_label)s_%(class)s_limits_are_one_or_more",
            ),
        ]


@tracked()
class Draw(Draws):
    """The draft of a draw. Customers meet the published copy (`LiveDraw`) only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta(Draws.Meta):
        verbose_name = _("prize draw")
        verbose_name_plural = _("prize draws")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class DrawPrize(TenantModel):
    """A prize of a draft: of 1,000,000 numbers it has `parts`, in the order of `place`; the rest are the fallback's.

    Never deleted, since tries and stock name it: what is not offered any more says so. `value_fen`: what one is worth
    in money, as stated. No history: revisions freeze what was promised.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    draw = models.ForeignKey(Draw, models.PROTECT, related_name="prizes", verbose_name=_("prize draw"))
    place = models.PositiveSmallIntegerField(_("place"))
    title = models.CharField(_("prize"), max_length=60)
    kind = models.CharField(_("kind"), max_length=8, choices=PrizeKind)
    parts = models.PositiveIntegerField(
        _("parts of a million"), validators=[MinValueValidator(1), MaxValueValidator(WHOLE)]
    )
    points = models.PositiveIntegerField(_("points won"), default=0)
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("coupon batch")
    )
    value_fen = models.PositiveBigIntegerField(_("worth (fen)"), default=0)
    is_offered = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("prize of a draw")
        verbose_name_plural = _("prizes of a draw")
        ordering = ["place", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parts__gte=1, parts__lte=WHOLE), name="points_drawprize_has_its_part_of_a_million"
            ),
            models.CheckConstraint(
                condition=Q(kind="points", points__gte=1, batch__isnull=True)
                | Q(kind="coupon", points=0, batch__isnull=False)
                | Q(kind__in=["pickup", "parcel"], points=0, batch__isnull=True),
                name="points_drawprize_says_what_is_won",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@tracked()
class LiveDraw(Draws):
    """The published copy: what customers see and try. Written by go-live alone, from an approved revision.

    `prizes`: [{"id", "title", "kind", "parts", "points", "batch_id", "value_fen"}] in the order in which they share
    the numbers.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    draw = models.OneToOneField(Draw, models.PROTECT, related_name="live", verbose_name=_("prize draw"))
    prizes = models.JSONField(_("prizes"))
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(Draws.Meta):
        verbose_name = _("published draw")
        verbose_name_plural = _("published draws")
        ordering = ["open_until", "id"]

    def __str__(self) -> str:
        return self.title


class DrawStock(TenantModel):
    """How many of a prize there are in all (`total`) and were won (`taken`). Locked last, written by verbs alone.

    `serial` numbers what happened to the row (tries that drew the prize, changes of the total), so that an auditor can
    tell when it was gone.
    """

    prize = models.OneToOneField(
        DrawPrize, models.PROTECT, primary_key=True, related_name="stock", verbose_name=_("prize")
    )
    total = models.PositiveIntegerField(_("in all"))
    taken = models.PositiveIntegerField(_("won"), db_default=0)
    serial = models.BigIntegerField(_("number of the last change"), db_default=0)

    class Meta:
        verbose_name = _("stock of a prize")
        verbose_name_plural = _("stock of prizes")
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("total")), name="points_drawstock_taken_within_total"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taken}/{self.total}"

    @property
    def left(self) -> int:
        return self.total - self.taken


class DrawStockChange(TenantModel):
    """Staff said how many of a prize there are in all. Never edited."""

    id = models.UUIDField(primary_key=True, editable=False)
    prize = models.ForeignKey(DrawPrize, models.PROTECT, related_name="changes", verbose_name=_("prize"))
    serial = models.BigIntegerField(_("number of the change"))
    total = models.PositiveIntegerField(_("in all"))
    at = models.DateTimeField(_("at"))
    person = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("person"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("change of a prize's stock")
        verbose_name_plural = _("changes of prizes' stock")
        ordering = ["serial"]
        constraints = [
            models.UniqueConstraint(
                fields=["prize", "serial"], name="points_drawstockchange_is_numbered_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total}"


class DrawPledge(TenantModel):
    """The promise that the seed of a draw was there before the first try: its SHA-256, and in the end the seed itself.

    A draw that goes live again after its seed was shown gets another pledge. `ends_at`: when tries are over.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    draw = models.ForeignKey(Draw, models.PROTECT, related_name="pledges", verbose_name=_("prize draw"))
    sha256 = models.CharField(_("SHA-256 of the seed"), max_length=64)
    made_at = models.DateTimeField(_("made at"))
    ends_at = models.DateTimeField(_("tries end at"))
    seed = models.BinaryField(_("seed"), null=True)
    revealed_at = models.DateTimeField(_("shown at"), null=True)

    class Meta:
        verbose_name = _("pledge of a draw")
        verbose_name_plural = _("pledges of draws")
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["draw"], condition=Q(revealed_at__isnull=True), name="points_drawpledge_one_is_open"
            ),
            models.CheckConstraint(
                condition=Q(seed__isnull=True, revealed_at__isnull=True)
                | Q(seed__isnull=False, revealed_at__isnull=False),
                name="points_drawpledge_shown_with_its_seed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ends_at"], condition=Q(revealed_at__isnull=True), name="points_drawpledge_open"
            ),
        ]

    def __str__(self) -> str:
        return self.sha256


class DrawSeed(TenantModel):
    """The database's half of a seed: 32 random bytes that no role which serves may read; verbs alone do.

    The other half is the installation's (`services/pledges.py`), and is not in the database.
    """

    pledge = models.OneToOneField(
        DrawPledge, models.PROTECT, primary_key=True, related_name="+", verbose_name=_("pledge of a draw")
    )
    half = models.BinaryField()

    class Meta:
        verbose_name = _("seed of a draw")
        verbose_name_plural = _("seeds of draws")

    def __str__(self) -> str:
        return str(self.pledge_id)


class DrawTry(CustomerModel):
    """One try of a customer, and what came of it. Only its handing over and its customer ever change (a trigger).

    `branch` is the customer's home. `tried_by`: the customer as known then, whose try number `nth` it was; draw, these
    two and the seed give `number` (0 to 999,999; campaigns/points/draws.py), and that, with the odds of the revision,
    the `prize` that was drawn; empty: none. `serial` is its number at the prize's stock. `missed`: why the prize drawn
    was not given, and the consolation in its place. `kind` and `title` say what was given.
    """

    class Missed(models.TextChoices):
        NO = "", pgettext_lazy("draw", "given")
        STOCK = "stock", _("the prize was gone")
        COUPON = "coupon", _("the coupon could not be had")

    class State(models.TextChoices):
        NONE = "", _("nothing to hand over")
        WON = "won", _("to be handed over")
        SENT = "sent", _("sent")
        DELIVERED = "given", pgettext_lazy("draw", "handed over")
        FORGONE = "off", _("not collected")

    id = models.UUIDField(primary_key=True, editable=False)
    # Its own keys begin with these three: no further index for each.
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="points_tries",
        verbose_name=_("customer"),
    )  # fmt: skip
    draw = models.ForeignKey(
        Draw, models.PROTECT, db_index=False, related_name="tries", verbose_name=_("prize draw")
    )
    pledge = models.ForeignKey(
        DrawPledge, models.PROTECT, db_index=False, related_name="tries", verbose_name=_("pledge of a draw")
    )
    # The draw's own row lies above the customer's branch.
    draw_title = models.CharField(_("prize draw"), max_length=80)
    revision_id = models.UUIDField(_("revision"))
    key = models.UUIDField(_("request key"))
    tried_by = models.UUIDField(_("tried by"))
    nth = models.PositiveIntegerField(_("number of the try"))
    number = models.PositiveIntegerField(_("number drawn"))
    prize = models.ForeignKey(
        DrawPrize, models.PROTECT, db_index=False, null=True, related_name="tries", verbose_name=_("prize")
    )
    serial = models.BigIntegerField(_("number at the stock"), null=True)
    missed = models.CharField(
        pgettext_lazy("draw", "not given"), max_length=8, choices=Missed, blank=True, db_default=""
    )
    kind = models.CharField(
        _("kind"), max_length=8, choices=[("", _("wins nothing")), *PrizeKind.choices], blank=True
    )
    title = models.CharField(_("what was won"), max_length=60)
    price_points = models.PositiveIntegerField(_("points for a try"))
    won_points = models.PositiveIntegerField(_("points won"))
    burnt_id = models.UUIDField(_("movement that took points"), null=True)
    given_id = models.UUIDField(_("movement that gave points"), null=True)
    coupon_id = models.UUIDField(_("coupon"), null=True)
    day = models.DateField(_("local day"))
    at = models.DateTimeField(_("at"))
    state = models.CharField(_("handing over"), max_length=8, choices=State, blank=True, db_default="")
    # Name, phone and address of who receives it, under the key of the customer `sealed_for`.
    address = models.BinaryField(pgettext_lazy("draw", "address"), null=True)
    sealed_for = models.UUIDField(_("sealed for"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    sent_by = models.CharField(_("carrier and number"), max_length=80, blank=True, db_default="")
    ended_at = models.DateTimeField(_("handed over at"), null=True)

    class Meta:
        verbose_name = _("try at a draw")
        verbose_name_plural = _("tries at draws")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="points_drawtry_key_tries_once"),
            models.UniqueConstraint(
                fields=["draw", "tried_by", "nth"], name="points_drawtry_is_numbered_once"
            ),
            models.UniqueConstraint(
                fields=["prize", "serial"], condition=Q(serial__isnull=False),
                name="points_drawtry_stock_is_numbered_once",
            ),
            models.CheckConstraint(
                condition=Q(number__lt=WHOLE, nth__gte=1), name="points_drawtry_drew_one_of_a_million"
            ),
            models.CheckConstraint(
                condition=Q(prize__isnull=True, missed="", serial__isnull=True)
                | Q(prize__isnull=False, missed="coupon", serial__isnull=True)
                | Q(prize__isnull=False, missed__in=["", "stock"], serial__isnull=False),
                name="points_drawtry_prize_has_its_place_at_the_stock",
            ),
            models.CheckConstraint(
                condition=Q(state="")
                | Q(kind__in=["pickup", "parcel"], missed="", prize__isnull=False),
                name="points_drawtry_things_alone_are_handed_over",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["customer", "-id"], name="points_drawtry_of_customer"),
            models.Index(fields=["branch_pos"], condition=Q(state="won"), name="points_drawtry_to_hand_over"),
        ]

    def __str__(self) -> str:
        return self.title
