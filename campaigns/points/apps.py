from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PointsApp(AppConfig):
    name = "campaigns.points"
    label = "points"
    verbose_name = _("Points")

    def ready(self) -> None:
        # Models exist only now.
        from campaigns.customers import steps
        from campaigns.customers.keeping import register_kept
        from campaigns.customers.panels import register_panel
        from campaigns.points import forgetting, moving
        from campaigns.points.draw_publishing import register_draws
        from campaigns.points.handing_over import hand_over_households
        from campaigns.points.mall_publishing import register_mall
        from campaigns.points.telling import points_lines
        from campaigns.tenants.steps import register_step

        register_step("hand_over", name="points: households", act=hand_over_households)
        from campaigns.points.earning import register_earning
        from campaigns.points.publishing import register_kind

        register_kind()
        register_earning()
        steps.register_step("merge", name="points: wallet", act=moving.move_points)
        steps.register_step("unmerge", name="points: wallet", act=moving.return_points)
        steps.register_step("erase", name="points: wallet", act=forgetting.give_up_points)
        steps.register_told(name="points: wallet", act=forgetting.tell_points)
        register_kept(
            "points: ledger",
            zh="积分账簿的变动与分录以客户编号保留，依《会计法》第二十三条与《会计档案管理办法》",
            en="movements and entries of the points ledger under the customer's id: Accounting Law, article 23, and"
            " the Measures for Accounting Archives",
        )
        register_kept(
            "points: draws",
            zh="抽奖记录以客户编号保留，依《规范促销行为暂行规定》关于有奖销售档案的规定",
            en="tries at prize draws under the customer's id: Interim Provisions on Regulating Promotions, on records"
            " of prize sales",
        )
        register_panel("points.wallet", title=_("Points"), rows=points_lines, needs="points.wallet.view")
        register_mall()
        # Second persons are told; what is old is let go; awards and extensions by long jobs.
        from campaigns.points import awarding, extending, household_steps, keeping, second_person

        second_person.register_sentences()
        keeping.register_old_earnings()
        awarding.register_awards()
        extending.register_extensions()
        steps.register_step("merge", name="points: household", act=household_steps.move_membership)
        steps.register_step("unmerge", name="points: household", act=household_steps.return_membership)
        steps.register_step("erase", name="points: household", act=household_steps.end_own_membership)
        register_draws()

        from campaigns.points.tier_publishing import register_tiers

        register_tiers()
