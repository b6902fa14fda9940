"""What is known of customers beside who they are: definitions, as data. Values stand in `Customer.attributes`."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.models import tracked


def in_words(name: str, name_en: str) -> str:
    """The name in the reader's language."""
    return name if not name_en or (get_language() or "zh").startswith("zh") else name_en


@tracked(moves=())
class Attribute(models.Model):
    """One attribute. Bank-wide: a segment must mean the same at every branch, and the values are the branches' rows.

    Its kind is fixed for ever (a trigger refuses another), since stored values have its form.
    """

    class Kind(models.TextChoices):
        NUMBER = "number", _("a number")
        MONEY = "money", _("money")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")
        TEXT = "text", _("free text")
        FLAG = "flag", _("yes or no")

    code = models.SlugField(_("code"), primary_key=True, max_length=40)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    # [{"code": …, "name": …, "name_en": …}], of the kind "choice" alone.
    choices = models.JSONField(_("choices"), default=list, blank=True)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    # Sensitive personal information (PIPL, article 28): kept and used with a consent of its own.
    is_sensitive = models.BooleanField(_("sensitive"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    place = models.PositiveSmallIntegerField(_("place in lists"), default=1000)

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ["place", "code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["number", "money", "date", "choice", "text", "flag"]),
                name="customers_attribute_kind_is_known",
            ),
            models.CheckConstraint(
                condition=(models.Q(kind="choice") & ~models.Q(choices=[]))
                | (~models.Q(kind="choice") & models.Q(choices=[])),
                name="customers_attribute_choice_has_choices",
            ),
        ]

    def __str__(self) -> str:
        return in_words(self.name, self.name_en)
