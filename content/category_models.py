"""Categories of content: one short tree for the whole bank."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.customers.attribute_models import in_words
from campaigns.tenants.models import tracked


@tracked(moves=())
class Category(models.Model):
    """What customers look for content by. Bank-wide; never deleted, only taken out of use.

    `parent`: empty at the top. The tree has two levels and no more: a phone has no room for a third.
    """

    code = models.SlugField(_("code"), primary_key=True, max_length=40)
    name = models.CharField(_("name"), max_length=30)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("above it")
    )
    place = models.PositiveSmallIntegerField(_("place in lists"), default=1000)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["place", "code"]

    def __str__(self) -> str:
        return in_words(self.name, self.name_en)
