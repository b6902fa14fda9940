from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentApp(AppConfig):
    name = "content"
    label = "content"
    verbose_name = _("Content")

    def ready(self) -> None:
        from dataclasses import replace

        from campaigns.approvals.checks import register_check
        from campaigns.approvals.compliance import DISCLOSURE
        from campaigns.approvals.kinds import register
        from campaigns.customers.steps import register_step as register_customer_step
        from campaigns.jobs.kinds import register_due
        from campaigns.jobs.long_kinds import register_many
        from campaigns.notices.sentences import register_notice
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.steps import register_step
        from content import compliance, item_publishing, placement_publishing
        from content.blocks.own import OWN
        from content.blocks.registry import register_block
        from content.calendar_layers import register_layers
        from content.handing_over import hand_over_content, hand_over_drafts, items_made
        from content.happenings import register_kinds
        from content.recalling import register_recall_step
        from content.services import asset_warnings, local_news, localising_many, sightings
        from content.services.recalls import withdraw_places

        register_kinds()
        register_layers()
        for kind in OWN:
            register_block(kind)
        register(item_publishing.ITEM)
        register(placement_publishing.PLACEMENT)
        register_check(replace(DISCLOSURE, kinds=("content.item",)))
        register_check(compliance.RIGHTS)
        register_check(compliance.COUPON)
        register_check(compliance.PRODUCT)
        register_check(compliance.REFERENCES)
        register_recall_step("content: placements", withdraw_places, label=_("Places emptied"))
        register_step("hand_over", name="content: items and placements", act=hand_over_content)
        register_step("leave", name="content: drafts", act=hand_over_drafts)
        register_remainder("content", rows=items_made)
        # local versions
        register_many(
            localising_many.LOCALISE,
            each=localising_many.localise_one,
            label=_("Local versions for many branches"),
            title=_("Make local versions for %(total)s branches"),
            verb=localising_many.VERB,
            went=_("set up"),
            refused=_("not set up"),
            at_most=20_000,
        )
        register_many(
            localising_many.FOLLOW,
            each=localising_many.follow_one,
            label=_("Local versions follow their original"),
            title=_("Bring %(total)s local versions up to date"),
            verb=localising_many.VERB,
            went=_("brought up to date"),
            refused=_("left as they were"),
            at_most=20_000,
        )
        register_due(
            local_news.CHANGED,
            lambda scope, due: local_news.tell_of_change(scope=scope, due=due),
            label=_("Tell branches that an original has changed"),
        )
        register_due(
            local_news.RAISED,
            lambda scope, due: local_news.tell_of_objection(scope=scope, due=due),
            label=_("Tell of an objection"),
        )
        register_notice(
            local_news.CHANGED,
            _("“%(title)s” has changed: version %(number)s. Accept it in your branch's version, or object"),
            icon="fork_right",
        )
        register_notice(
            local_news.RAISED, _("%(branch)s objects to the changed “%(title)s”"), icon="fork_right"
        )
        register_notice(local_news.ANSWERED, _("Your objection is answered: “%(title)s”"), icon="fork_right")
        # who had seen what was recalled
        register_due(
            sightings.KIND,
            lambda scope, due: sightings.gather_due(scope=scope, due=due),
            label=_("Gather who had seen what was recalled"),
        )
        register_customer_step("erase", name="content: who saw it", act=sightings.forget_sightings)
        # assets
        register_due(
            asset_warnings.KIND,
            lambda scope, due: asset_warnings.warn_of_rights(scope=scope, due=due),
            label=_("Warn of rights that end"),
        )
        register_notice(
            asset_warnings.CODE,
            _("The rights in “%(title)s” end %(until_at)s; %(count)s live items show it"),
            icon="copyright",
        )
        register_notice(
            asset_warnings.OVER,
            _("The rights in “%(title)s” are over since %(until_at)s; %(count)s items are no longer shown"),
            icon="copyright",
            is_urgent=True,
        )
