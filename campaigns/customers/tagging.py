"""Tags and scores: what becomes of them with their customers, on pages, and as long jobs."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from campaigns.customers import tag_panels, tag_steps
from campaigns.customers.panels import register_moments, register_panel
from campaigns.customers.services import tag_runs, tags
from campaigns.customers.steps import register_step as register_customer_step
from campaigns.customers.steps import register_told
from campaigns.jobs.long_kinds import register_job, register_many
from campaigns.tenants.steps import register_step


def register_tags() -> None:
    """Called once, when the room is ready."""
    register_customer_step("merge", name="customers: tags", act=tag_steps.unite_tags)
    register_customer_step("unmerge", name="customers: tags", act=tag_steps.part_tags)
    register_customer_step("erase", name="customers: tags", act=tag_steps.erase_tags)
    register_told(name="customers: tags", act=tag_steps.tell_tags)
    register_step("hand_over", name="customers: tag categories", act=tag_steps.hand_over_categories)
    register_panel("customers.tags", title=_("tags"), rows=tag_panels.tag_lines)
    register_panel("customers.scores", title=_("stage and scores"), rows=tag_panels.score_lines)
    register_moments("customers.tags", moments=tag_panels.tag_moments)
    register_many(
        tags.GIVE,
        each=tags.give_item,
        label=_("Give a tag to many"),
        title=_("Give a tag to %(total)s customers"),
        verb=tags.GIVE,
        went=_("given"),
        refused=_("not given"),
    )
    register_many(
        tags.TAKE,
        each=tags.take_item,
        label=_("Take a tag from many"),
        title=_("Take a tag from %(total)s customers"),
        verb=tags.TAKE,
        went=_("taken"),
        refused=_("not taken"),
    )
    register_job(
        tag_runs.JOB,
        step=tag_runs.recompute,
        label=_("Scores and computed tags"),
        title=_("Compute all scores and tags anew"),
        verb=tag_runs.RUN,
        by_hand=True,
        head_office_only=True,
        went=_("computed"),
        refused=_("could not be run"),
        lease=timedelta(minutes=10),
        idle=timedelta(minutes=2),
    )
    register_job(
        tag_runs.ONE,
        step=tag_runs.recompute,
        label=_("A computed tag"),
        title=_("Run the rule of a tag"),
        verb=tag_runs.RUN,
        went=_("computed"),
        refused=_("could not be run"),
        lease=timedelta(minutes=10),
        idle=timedelta(minutes=2),
    )
