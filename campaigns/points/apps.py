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
        register_panel("points.wallet", title=_("Points"), rows=points_lines, needs="points.wallet.view")
        register_mall()

        from campaigns.points.tier_publishing import register_tiers

        register_tiers()
