"""Classes of products that a bank advertises: policies, disclosures and figures go by them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProductClass(models.TextChoices):
    """What kind of product a text speaks of. An empty class speaks of none."""

    DEPOSIT = "deposit", _("Deposit")
    WEALTH = "wealth", _("Wealth product")
    FUND = "fund", _("Fund")
    INSURANCE = "insurance", _("Insurance")
    LOAN = "loan", _("Loan")
    CARD = "card", _("Credit card")
    METAL = "metal", _("Precious metal")
