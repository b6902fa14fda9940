"""What viewers do: watch, say, like, answer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer, CustomerModel
from campaigns.lib.ids import new_id
from community.livestreams.models.plans import Livestream


class Watch(CustomerModel):
    """One viewer of one livestream: one row, however many phones and beats. Written by verbs alone. No history.

    `seconds` are credited by the bank's clock; `minutes` has a bit for every minute from the beginning in which a beat
    came, so that the line of viewers is added up from these rows. `likes` are the viewer's own: no counter is hot.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The unique key begins with the livestream, the key that follows the customer with the customer.
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="livestreams_watched",
        verbose_name=_("customer"),
    )  # fmt: skip
    livestream = models.ForeignKey(
        Livestream, models.PROTECT, db_index=False, related_name="viewers", verbose_name=_("livestream")
    )
    first_at = models.DateTimeField(_("joined at"))
    last_at = models.DateTimeField(_("last seen at"))
    seconds = models.PositiveIntegerField(_("seconds"), default=0)
    replay_seconds = models.PositiveIntegerField(_("seconds of the replay"), default=0)
    position = models.PositiveIntegerField(_("position"), default=0)
    minutes = models.BinaryField(_("minutes watched"))
    likes = models.PositiveIntegerField(_("likes"), default=0)
    was_live = models.BooleanField(_("while it was live"), default=False)
    left_at = models.DateTimeField(_("left at"), null=True)

    class Meta:
        verbose_name = _("viewer of a livestream")
        verbose_name_plural = _("viewers of livestreams")
        ordering = ["first_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["livestream", "customer"], name="community_watch_is_one_a_viewer"
            ),
        ]
        indexes = [models.Index(fields=["customer"], name="community_watch_of_customer")]

    def __str__(self) -> str:
        return str(self.customer_id)


class Comment(CustomerModel):
    """What a viewer said. Shown at once, unless it holds a forbidden word or an address; staff hide and show.

    Deleted, and not hidden, when its customer takes it back or is erased. The branch is the customer's home.
    """

    class State(models.TextChoices):
        SHOWN = "shown", _("seen by customers")
        HELD = "held", _("held for review")
        HIDDEN = "hidden", _("hidden")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="livestream_comments",
        verbose_name=_("customer"),
    )  # fmt: skip
    livestream = models.ForeignKey(
        Livestream, models.PROTECT, db_index=False, related_name="comments", verbose_name=_("livestream")
    )
    text = models.CharField(_("words of the comment"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State)
    why = models.CharField(_("why"), max_length=60, blank=True, default="")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("viewer's comment")
        verbose_name_plural = _("viewers' comments")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["livestream", "-id"], name="community_comment_of_stream"),
            models.Index(fields=["customer"], name="community_comment_of_customer"),
        ]

    def __str__(self) -> str:
        return self.text


class QuizAnswer(CustomerModel):
    """A viewer's answer to a question of the quiz: once each, never edited. `option`: its place, from 0."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="livestream_answers",
        verbose_name=_("customer"),
    )  # fmt: skip
    livestream = models.ForeignKey(
        Livestream, models.PROTECT, db_index=False, related_name="answers", verbose_name=_("livestream")
    )
    question = models.UUIDField(_("question"))
    option = models.PositiveSmallIntegerField(_("option chosen"))
    is_right = models.BooleanField(_("answered right"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("answer to a quiz")
        verbose_name_plural = _("answers to quizzes")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["livestream", "question", "customer"], name="community_quizanswer_is_given_once"
            ),
        ]
        indexes = [models.Index(fields=["customer"], name="community_answer_of_customer")]

    def __str__(self) -> str:
        return str(self.option)
