from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsApp(AppConfig):
    name = "campaigns.approvals"
    label = "approvals"
    verbose_name = _("Review")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.approvals import compliance, word_lists
        from campaigns.approvals.checks import register_check
        from campaigns.approvals.handing_over import (
            hand_over_policy_drafts,
            hand_over_reviews,
            hand_over_seats,
            hand_over_word_lists,
            keep_reviews,
            refuse_while_stopped,
            stops_open,
        )
        from campaigns.approvals.kinds import register
        from campaigns.approvals.people import DECIDE
        from campaigns.approvals.policy_kind import POLICY
        from campaigns.approvals.services.bulks import KIND, approve_item, tell_how_it_ended
        from campaigns.approvals.services.verification import MAY_VERIFY, VERIFY, tell_how_it_went, verify_on
        from campaigns.approvals.telling import register_sentences
        from campaigns.approvals.when_due import register_kinds
        from campaigns.jobs.long_kinds import register_job, register_many
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.steps import register_step

        register(POLICY)
        register_kinds()
        register_step("hand_over", name="approvals: no open stop", act=refuse_while_stopped)
        register_remainder("stops", rows=stops_open)
        register_sentences()
        register_step("hand_over", name="approvals: reviews and what was approved", act=hand_over_reviews)
        register_step("hand_over", name="approvals: word lists", act=hand_over_word_lists)
        register_step("leave", name="approvals: reviews of one's own", act=keep_reviews)
        register_step("leave", name="approvals: seats by name and deputies", act=hand_over_seats)
        register_step("leave", name="approvals: drafts of policies", act=hand_over_policy_drafts)
        word_lists.register_kind()
        register_many(
            KIND,
            each=approve_item,
            label=_("Bulk approval"),
            title=_("Approve %(total)s reviews"),
            verb=DECIDE,
            went=_("approved"),
            refused=_("not approved"),
            on_end=tell_how_it_ended,
        )
        register_job(
            VERIFY,
            step=verify_on,
            label=_("Verification of what is served"),
            title=_("Compare all that is served with what was approved"),
            verb=MAY_VERIFY,
            by_hand=True,
            head_office_only=True,
            went=_("as approved"),
            refused=_("not as approved"),
            lease=timedelta(minutes=2),
            on_end=tell_how_it_went,
        )
        register_check(compliance.WORDS)
        register_check(compliance.LINKS)
