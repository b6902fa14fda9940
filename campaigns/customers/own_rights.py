"""Consent and one's own rights: due rows, the outbox's addressee, pages, and what is kept for how long."""

from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import register
from campaigns.customers import letting_go, when_due
from campaigns.customers import rights_telling as telling
from campaigns.customers.consent_kind import CONSENT_TEXT
from campaigns.customers.consent_selectors import addresses_of_customers
from campaigns.customers.keeping import register_kept
from campaigns.customers.panels import register_moments, register_panel
from campaigns.customers.retention import register_retention
from campaigns.customers.services import consents, copies, rights
from campaigns.customers.steps import register_step, register_told
from campaigns.jobs.adapters import register_addressee
from campaigns.jobs.kinds import register_due


def register_rights() -> None:
    """Called once, when the room is ready."""
    register(CONSENT_TEXT)
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
