"""Changing when and how often the bank writes to customers."""

from datetime import time

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed
from campaigns.outreach.models import Terms
from campaigns.outreach.rules import TermsAreWrong
from campaigns.tenants.scopes import Scope


def change_terms(*, scope: Scope, quiet_from: time, quiet_until: time, per_day: int, per_week: int) -> Terms:
    """Local times of the customer's branch; equal ones mean no quiet hours. At head office alone.

    Raises NotAllowed, TermsAreWrong.
    """
    scope.demand("outreach.terms.change")
    if scope.ancestors:
        raise NotAllowed(verb="outreach.terms.change")
    if per_week < per_day:
        raise TermsAreWrong(
            why_zh="7 天上限不能小于 24 小时上限。", why_en="the cap of 7 days is below that of 24 hours."
        )
    terms = Terms.objects.select_for_update().filter(pk=1).first() or Terms()
    before = f"{terms.quiet_from:%H:%M}-{terms.quiet_until:%H:%M} {terms.per_day}/{terms.per_week}"
    terms.quiet_from, terms.quiet_until = quiet_from, quiet_until
    terms.per_day, terms.per_week = per_day, per_week
    terms.save()
    record(
        scope=scope,
        verb="outreach.terms.change",
        subject=ref("outreach.terms", 1),
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        before=before,
        after=f"{quiet_from:%H:%M}-{quiet_until:%H:%M} {per_day}/{per_week}",
    )
    return terms
