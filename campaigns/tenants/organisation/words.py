"""Verdicts, reasons and steps in the reader's language."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from campaigns.tenants.models import Branch
from campaigns.tenants.organisation.rows import Reason
from campaigns.tenants.organisation.verdicts import Kind, Verdict

FIELDS = {
    "code": gettext_lazy("branch code"),
    "name": gettext_lazy("branch name"),
    "parent": gettext_lazy("code of the parent"),
    "level": gettext_lazy("level"),
    "zone": gettext_lazy("time zone"),
    "state": gettext_lazy("state"),
}
KINDS = {
    Kind.NEW: pgettext_lazy("verdict", "New"),
    Kind.CHANGED: pgettext_lazy("verdict", "Changed"),
    Kind.MOVED: pgettext_lazy("verdict", "Moved"),
    Kind.CLOSED: pgettext_lazy("verdict", "Closed"),
    Kind.SAME: pgettext_lazy("verdict", "Same"),
    Kind.REFUSED: pgettext_lazy("verdict", "Refused"),
}
STEPS = {
    "": gettext_lazy("waiting for a worker"),
    "judging": gettext_lazy("looking at the rows again"),
    "adding": gettext_lazy("adding new branches"),
    "changing": gettext_lazy("moving and changing branches"),
    "checking": gettext_lazy("checking the whole tree"),
    "noting": gettext_lazy("writing the audit"),
    "looking": gettext_lazy("looking for what hangs on the new branches"),
    "giving back": gettext_lazy("giving the former tree back"),
}
_REASONS = {
    "empty_code": gettext_lazy("the code is missing"),
    "rounded_code": gettext_lazy(
        "the spreadsheet has rounded the code: format the column as text and type it again"
    ),
    "control": gettext_lazy("it holds characters that cannot be seen: type the code and the name again"),
    "bad_code": gettext_lazy(
        "a code has at most 32 characters, no blanks, and does not begin like a formula"
    ),
    "empty_name": gettext_lazy("the name is missing"),
    "long_name": gettext_lazy("the name is longer than %(most)s characters"),
    "formula": gettext_lazy("the name begins like a formula"),
    "empty_level": gettext_lazy("the level is missing"),
    "unknown_level": gettext_lazy("“%(level)s” is no level: head office, province, city, branch or outlet"),
    "unknown_state": gettext_lazy("“%(state)s” is no state: open or closed"),
    "unknown_zone": gettext_lazy("“%(zone)s” is no time zone, such as Asia/Shanghai"),
    "duplicate": gettext_lazy("the same code stands in lines %(lines)s"),
    "elsewhere": gettext_lazy("this code belongs to a branch outside your own"),
    "own_branch_moves": gettext_lazy("where you stand cannot be moved from here: ask the level above"),
    "own_branch_closes": gettext_lazy("where you stand cannot be closed from here: ask the level above"),
    "own_branch_level": gettext_lazy("head office stays head office"),
    "second_head_office": gettext_lazy("there is one head office already: %(root)s"),
    "empty_parent": gettext_lazy("the parent's code is missing"),
    "parent_elsewhere": gettext_lazy("its parent %(parent)s lies outside your branches"),
    "unknown_parent": gettext_lazy("there is no parent %(parent)s, neither in the tree nor in the file"),
    "refused_parent": gettext_lazy("it depends on %(parent)s, which is refused in line %(line)s"),
    "circle": gettext_lazy("the parents go round in a circle: %(line)s"),
    "level_order": gettext_lazy("its level is not below that of its parent %(parent)s"),
    "child_level": gettext_lazy("“%(child)s” (%(code)s) below it would not be of a lower level any more"),
    "parent_closed": gettext_lazy("its parent %(parent)s is closed"),
    "children_open": gettext_lazy("“%(child)s” (%(code)s) below it is still open"),
}
_REMAINS = {
    "people": gettext_lazy("people work there: close it on its own page, with a hand-over"),
    "roles": gettext_lazy("roles are held there: close it on its own page, with a hand-over"),
    "customers": gettext_lazy("customers have their home there: close it on its own page, with a hand-over"),
    "campaigns": gettext_lazy("it has campaigns: close it on its own page, with a hand-over"),
    "batches": gettext_lazy("it has coupon batches: close it on its own page, with a hand-over"),
    "stock": gettext_lazy("it has coupons left to claim: close it on its own page, with a hand-over"),
    "groups": gettext_lazy("it has community groups: close it on its own page, with a hand-over"),
    "points rules": gettext_lazy("it has points rules in force: close it on its own page, with a hand-over"),
    "content": gettext_lazy("it has content: close it on its own page, with a hand-over"),
    "stops": gettext_lazy("it is under an emergency stop: lift that first"),
}


def reason_words(reason: Reason) -> str:
    """Why a row is refused, as a sentence without its full stop."""
    if reason.code == "in_use":
        return str(_REMAINS[reason.values["what"]])
    return str(_REASONS[reason.code]) % reason.values


def change_words(verdict: Verdict, names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What changes: (field, old, new). `names`: code -> name, for parents."""
    return [
        (str(FIELDS[name]), _value(name, old, names), _value(name, new, names))
        for name, (old, new) in verdict.changes.items()
    ]


def _value(field: str, value: str, names: Mapping[str, str]) -> str:
    if not value:
        return ""
    if field == "level":
        return str(Branch.Level(value).label)
    if field == "state":
        return pgettext("branch", "open") if value == "open" else pgettext("branch", "closed")
    if field == "parent":
        return _("%(name)s (%(code)s)") % {"name": names.get(value, value), "code": value}
    return value


assert set(KINDS) == set(Kind)
