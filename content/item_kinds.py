"""The kinds of content, and what each must have before it can be submitted. Pure.

Every kind is made of the same parts: a head (title, summary, picture), a text, a product, a coupon, blocks. A kind
says which of them it needs and which blocks it may hold; the editor shows the parts that it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class ItemKind(models.TextChoices):
    ARTICLE = "article", _("Article")
    POSTER = "poster", _("Poster")
    BANNER = "banner", _("Banner")
    PRODUCT = "product", _("Product card")
    NOTICE = "notice", _("Notice")
    PAGE = "page", _("Landing page")


class RiskLevel(models.TextChoices):
    """Of a product of the bank, from lowest to highest (JR/T 0121; the customer's own level must reach it)."""

    R1 = "R1", _("R1 · low risk")
    R2 = "R2", _("R2 · low to medium risk")
    R3 = "R3", _("R3 · medium risk")
    R4 = "R4", _("R4 · medium to high risk")
    R5 = "R5", _("R5 · high risk")


@dataclass(frozen=True, slots=True)
class KindRules:
    """`needs`: parts that must be filled in, of head ("picture"), "body", "blocks", "product", "link"; `has`: parts
    that may be.
    """

    says: object
    needs: frozenset[str]
    has: frozenset[str]

    def shows(self, part: str) -> bool:
        return part in self.needs or part in self.has


def _rules(says: object, needs: str, has: str = "") -> KindRules:
    return KindRules(says, frozenset(needs.split()), frozenset(has.split()))


RULES: Mapping[str, KindRules] = {
    ItemKind.ARTICLE: _rules(
        _("A text to read, with pictures and videos between its parts."),
        "body",
        "picture blocks link coupon class",
    ),
    ItemKind.POSTER: _rules(
        _("A picture with a text under it, and a coupon if there is one."),
        "picture",
        "body link coupon class",
    ),
    ItemKind.BANNER: _rules(_("A wide picture that leads somewhere."), "picture link", "class"),
    ItemKind.PRODUCT: _rules(
        _("One product: its code, its risk level, and what has to be said about it."),
        "product class",
        "picture body link coupon",
    ),
    ItemKind.NOTICE: _rules(_("An announcement in words."), "body", "link"),
    ItemKind.PAGE: _rules(
        _("A page of blocks: pictures, texts, videos, coupons, a countdown."),
        "blocks",
        "picture coupon class",
    ),
}
