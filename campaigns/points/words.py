"""Why an event gave nothing, or less than its rule says, in words."""

from django.utils.translation import gettext_lazy as _

REASONS = {
    "not_for": _("The rule is not for this customer."),
    "too_little": _("The amount came to no point."),
    "trimmed": _("Trimmed: a cap was nearly reached."),
    "capped": _("A cap was reached."),
    "times_day": _("The times of that day were over."),
    "times_all": _("All its times were over."),
    "taken_back": _("Taken back before it was given."),
    "gone": _("The customer was no longer active."),
}
