"""What groups add to the rooms below; called once, when the app is ready."""

from django.utils.translation import gettext_lazy as _

from campaigns.customers import steps
from campaigns.customers.panels import register_panel
from campaigns.jobs.adapters import register_adapter
from campaigns.notices.sentences import register_notice
from campaigns.tenants.remainders import register_remainder
from campaigns.tenants.steps import register_step
from community.groups import following
from community.groups.block import GROUP
from community.groups.telling import group_lines
from community.groups.wecom_outbox import transfer_adapter
from content.blocks.registry import register_block


def register_groups() -> None:
    register_block(GROUP)
    register_step("leave", name="community: groups", act=following.hand_over_owner)
    register_step("hand_over", name="community: groups", act=following.hand_over_groups)
    register_remainder("groups", rows=following.groups_open)
    steps.register_step("merge", name="community: groups", act=following.move_members)
    steps.register_step("unmerge", name="community: groups", act=following.return_members)
    steps.register_step("erase", name="community: groups", act=following.forget_members)
    steps.register_told(name="community: groups", act=following.tell_members)
    register_adapter(transfer_adapter())
    register_panel(
        "community.groups", title=_("community groups"), rows=group_lines, needs="community.group.view"
    )
    register_notice(
        "community.sync_failed",
        _("The synchronisation with WeCom stopped: %(why)s"),
        icon="sync_problem",
        is_urgent=True,
    )
    register_notice(
        "community.entry_full",
        _("“%(title)s”: its last group “%(group)s” is nearly full. Add another one."),
        icon="group_add",
        is_urgent=True,
    )
