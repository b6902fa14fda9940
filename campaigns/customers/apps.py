from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersApp(AppConfig):
    name = "campaigns.customers"
    label = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from campaigns.customers.handing_over import customers_at_home, hand_over_customers
        from campaigns.customers.importing import register_files
        from campaigns.customers.scopes import customer
        from campaigns.tenants.remainders import register_remainder
        from campaigns.tenants.scopes import Scope
        from campaigns.tenants.steps import register_step
        from campaigns.tenants.tasks import register_scope_kind

        def derive(carry: dict[str, Any], at: datetime, cause: str) -> Scope:
            return customer(customer_id=UUID(carry["customer"]), at=at, cause=cause)

        register_scope_kind("customer", derive)
        register_step("hand_over", name="customers: home branch", act=hand_over_customers)
        register_remainder("customers", rows=customers_at_home)
        self._ready_identities()
        register_files()
        self._ready_tags()
        self._ready_rights()

    def _ready_tags(self) -> None:
        from campaigns.customers import tag_panels, tag_steps
        from campaigns.customers.panels import register_moments, register_panel
        from campaigns.customers.services import tag_runs, tags
        from campaigns.customers.steps import register_step as register_customer_step
        from campaigns.customers.steps import register_told
        from campaigns.jobs.long_kinds import register_job, register_many
        from campaigns.tenants.steps import register_step

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

    def _ready_identities(self) -> None:
        from campaigns.customers import merging, telling
        from campaigns.customers.panels import register_moments, register_panel
        from campaigns.customers.services.care import HAND_OVER, MAY_ASSIGN, assign_item, hand_over_care
        from campaigns.customers.steps import register_step as register_customer_step
        from campaigns.jobs.long_kinds import register_many
        from campaigns.tenants.steps import register_step

        register_step("leave", name="customers: in care", act=hand_over_care)
        register_customer_step("merge", name="customers: identities", act=merging.move_identities)
        register_customer_step("unmerge", name="customers: identities", act=merging.return_identities)
        register_customer_step("merge", name="customers: sessions", act=merging.end_sessions)
        register_customer_step("unmerge", name="customers: sessions", act=merging.end_sessions_again)
        register_customer_step("merge", name="customers: care", act=merging.end_care)
        register_customer_step("unmerge", name="customers: care", act=merging.begin_care_again)
        register_customer_step("erase", name="customers: merges", act=merging.forget_merges)
        register_panel("customers.identities", title=_("known by"), rows=telling.identity_lines)
        register_panel("customers.care", title=_("relationship manager"), rows=telling.care_lines)
        register_moments("customers", moments=telling.own_moments)
        register_many(
            HAND_OVER,
            each=assign_item,
            label=_("Hand-over of customers"),
            title=_("Hand %(total)s customers to one relationship manager"),
            verb=MAY_ASSIGN,
            at_most=20_000,
            went=_("handed over"),
            refused=_("not handed over"),
        )

    def _ready_rights(self) -> None:
        """Consent, copies, erasure, and what is kept for how long."""
        from campaigns.customers import letting_go, when_due
        from campaigns.customers import rights_telling as telling
        from campaigns.customers.consent_selectors import addresses_of_customers
        from campaigns.customers.keeping import register_kept
        from campaigns.customers.panels import register_moments, register_panel
        from campaigns.customers.retention import register_retention
        from campaigns.customers.services import consents, copies, rights
        from campaigns.customers.steps import register_step, register_told
        from campaigns.jobs.adapters import register_addressee
        from campaigns.jobs.kinds import register_due

        register_addressee("customers.customer", addresses_of_customers)
        register_due(
            consents.RENEW, when_due.renew_permissions, label=_("Permissions after a text that asks again")
        )
        register_due(copies.WRITE, when_due.write_copy, label=_("Copy of a customer's information"))
        register_due(rights.ERASE, when_due.erase, label=_("Erase a customer"))
        register_step("merge", name="customers: consents", act=consents.merge_consents)
        register_step("unmerge", name="customers: consents", act=consents.unmerge_consents)
        register_step("merge", name="customers: wishes to be forgotten", act=rights.merge_wishes)
        register_step("unmerge", name="customers: wishes to be forgotten", act=rights.unmerge_wishes)
        register_told(name="customers: who", act=telling.tell_who)
        register_told(name="customers: consents", act=telling.tell_consents)
        register_panel(
            "customers.consents",
            title=_("consents"),
            rows=telling.consent_lines,
            needs="customers.consent.view",
        )
        register_moments("customers.consents", moments=telling.consent_moments)
        register_kept(
            "audit: deeds",
            zh="审计记录以客户编号（假名）保留，依《网络安全法》第二十一条及银行内控要求",
            en="audit rows under the customer's id: Cybersecurity Law, article 21, and the bank's own control",
        )
        register_kept(
            "customers: consents",
            zh="授权与撤回记录以客户编号保留，作为依法处理的证明（《个人信息保护法》第六十九条）",
            en="consents and withdrawals under the customer's id, as proof of lawful processing (PIPL, article 69)",
        )
        register_retention(
            "sessions",
            label=_("Log-in sessions that have ended"),
            days=180,
            zh="网络日志留存不少于六个月（《网络安全法》第二十一条）",
            en="network logs are kept for six months at least (Cybersecurity Law, article 21)",
            let_go=letting_go.old_sessions,
        )
        register_retention(
            "copies",
            label=_("Requests for copies"),
            days=3 * 365,
            zh="文件七十二小时后删除；申请记录保留三年以备查验（诉讼时效）",
            en="the file goes after 72 hours; the record of the request stays for the three years of limitation",
            let_go=letting_go.old_copies,
        )
        register_retention(
            "wishes",
            label=_("Erasures that were taken back"),
            days=3 * 365,
            zh="已撤回的注销申请保留三年（诉讼时效）",
            en="erasures taken back stay for the three years of limitation",
            let_go=letting_go.old_wishes,
        )
        register_retention(
            "tombstones",
            label=_("Hashes of erased customer numbers"),
            days=5 * 365,
            zh="防止行内系统再次导入已删除客户；五年后各系统也已清除（《反洗钱法》客户资料保存期）",
            en="keeps other systems from bringing an erased customer back; after five years they no longer hold"
            " them either (Anti-Money-Laundering Law)",
            let_go=letting_go.old_tombstones,
        )
