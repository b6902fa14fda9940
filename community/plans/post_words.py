"""Why a post did not go out, or was taken back: codes as the rows keep them, and what people read."""

from django.utils.translation import gettext_lazy as _

WHY = {
    "late": _("too late: its day was over, or quiet hours had begun"),
    "cap": _("the group had as many posts that day as it may get"),
    "stopped": _("emergency stop"),
    "material": _("its material was recalled, had expired, or is not live"),
    "reached": _("the plan had reached its goal in this group"),
    "too_long": _("with the names filled in it is too long for WeCom"),
    "group_gone": _("the group was dissolved"),
    "member_left": _("the member had left the group"),
    "card_gone": _("the plan has no such card any more"),
    "nobody": _("neither the group's owner nor a manager works at the branch now"),
    "recalled": _("its material was recalled"),
    "plan_down": _("the plan was taken down"),
    "run_stopped": _("the plan was stopped in this group"),
    "not_friend": _("WeCom: the customer is no contact of the owner"),
    "limit": _("WeCom: the customer has got as many messages as allowed"),
    "wecom": _("WeCom did not take it"),
}


def why_words(why: str) -> str:
    """A code in words; what a person wrote, as it stands."""
    return str(WHY.get(why, why))
