"""What plans add to the rooms below: kind of review, long job, notices, and steps of closing, leaving, recalling."""

from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_kinds import register_many
from campaigns.notices.sentences import register_notice
from campaigns.tenants.steps import register_step
from community.plans.calendar_layer import register_posts_layer
from community.plans.courier import register_wecom_courier
from community.plans.publishing import register_plan_kind
from community.plans.services.plans import hand_over_plans
from community.plans.services.posts import hand_over_tasks, withdraw_posts_with
from community.plans.services.runs import APPLY, apply_item
from content.recalling import register_recall_step


def register_plans() -> None:
    """Called once, when the applications are ready."""
    register_plan_kind()
    register_posts_layer()
    register_wecom_courier()
    register_many(
        APPLY,
        each=apply_item,
        label=_("Apply a plan to groups"),
        title=_("Apply a plan to %(total)s groups"),
        verb="community.planrun.add",
    )
    register_notice(
        "community.post.due", _("Send to “%(group)s” (%(many)s in all): “%(title)s”"), icon="campaign"
    )
    register_notice(
        "community.post.handed_on", _("“%(title)s” for “%(group)s” is yours to send now"), icon="forward"
    )
    register_notice(
        "community.post.overdue",
        _("“%(title)s” for “%(group)s” has not been confirmed: send it now, or say why not"),
        icon="alarm",
        is_urgent=True,
    )
    register_notice(
        "community.post.not_confirmed",
        _(
            "The owner of “%(group)s” was reminded twice and has not sent “%(title)s”: hand it to somebody else"
        ),
        icon="alarm",
        is_urgent=True,
    )
    register_notice(
        "community.post.taken_back",
        _("Do not send “%(title)s”: it was taken back"),
        icon="block",
        is_urgent=True,
    )
    register_step("hand_over", name="community: plans and posts", act=hand_over_plans)
    register_step("leave", name="community: tasks", act=hand_over_tasks)
    register_recall_step("community: tasks", withdraw_posts_with, label=_("Group posts taken back"))
