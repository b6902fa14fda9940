"""A review policy as sentences, and what it still lacks. Pure but for the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import get_language, gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.routes import Document, SeatPlan, StepPlan
from campaigns.lib.products import ProductClass

POLICY_KIND = "approvals.policy"

LEVEL_NAMES = {
    "head_office": _("Head office"),
    "province": _("Province"),
    "city": _("City"),
    "branch": _("Branch"),
    "outlet": _("Outlet"),
}
PRODUCT_CLASSES = dict(ProductClass.choices)
HOW_NAMES = {
    "any": _("one of them"),
    "all": _("all of them, each by another person"),
    "count": _("so many persons"),
}
IF_EMPTY_NAMES = {
    "up": _("ask the next branch up"),
    "skip": _("leave the step out"),
    "refuse": _("refuse the submission"),
}
SEVERITY_NAMES = {"warn": _("only warns"), "block": _("refuses the submission")}


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called, in the reader's language. `deciding`: roles that may decide reviews.

    `people`: ids, as text, of those who hold such a role now. `checks`: codes of compliance checks.
    """

    roles: Mapping[str, str]
    kinds: Mapping[str, str]
    deciding: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    checks: Mapping[str, str] = field(default_factory=dict)


def title_of(title: str) -> str:
    """The title of a step; one without is called a review."""
    return title or gettext("Review")


def money(fen: int) -> str:
    """Fen as people write thresholds: "5 万元", "¥1,234.50"."""
    if (get_language() or "zh").startswith("zh"):
        if fen and fen % 1_000_000 == 0:
            return f"{fen // 1_000_000:,} 万元"
        return f"{fen / 100:,.2f} 元" if fen % 100 else f"{fen // 100:,} 元"
    return f"¥{fen / 100:,.2f}" if fen % 100 else f"¥{fen // 100:,}"


def hours(count: int) -> str:
    """A length of time in whole days where it is some."""
    if count % 24 == 0:
        return ngettext("%(n)s day", "%(n)s days", count // 24) % {"n": count // 24}
    return ngettext("%(n)s hour", "%(n)s hours", count) % {"n": count}


def listed(words: Sequence[str]) -> str:
    """Words in a row."""
    return pgettext("between words", ", ").join(words)


def told(clauses: Sequence[str]) -> str:
    """Parts of a sentence in a row."""
    return pgettext("between clauses", ", ").join(clauses)


def sentence_of(document: Document, names: Names) -> str:
    """The whole policy in one sentence: for what, and then which steps."""
    if document.get("off"):
        return gettext("Switched off: it asks for nothing.")
    return gettext("%(conditions)s: %(steps)s.") % {
        "conditions": conditions_of(document, names),
        "steps": steps_of(document, names) or gettext("no step yet"),
    }


def conditions_of(document: Document, names: Names) -> str:
    """For which things a policy holds: "权益金额 ≥ 5 万元的优惠券批次"."""
    kinds = [names.kinds.get(code, code) for code in document.get("kinds", ())]
    what = listed(kinds) if kinds else gettext("everything that is reviewed")
    found = []
    classes = [str(PRODUCT_CLASSES.get(code, code)) for code in document.get("product_classes", ())]
    if classes:
        found.append(gettext("product class %(names)s") % {"names": listed(classes)})
    levels = [str(LEVEL_NAMES.get(code, code)) for code in document.get("branch_levels", ())]
    if levels:
        found.append(gettext("made at level %(names)s") % {"names": listed(levels)})
    found += _range(gettext("value of benefits"), document, "reward_from_fen", "reward_below_fen", money)
    found += _range(gettext("customers reached"), document, "audience_from", "audience_below", "{:,}".format)
    if not found:
        return what
    return gettext("%(what)s with %(conditions)s") % {
        "what": what,
        "conditions": pgettext("between conditions", " and ").join(found),
    }


def _range(name: str, document: Document, first: str, below: str, said: Any) -> list[str]:
    low, high = document.get(first), document.get(below)
    if low is not None and high is not None:
        return [f"{said(low)} ≤ {name} < {said(high)}"]
    if low is not None:
        return [f"{name} ≥ {said(low)}"]
    return [f"{name} < {said(high)}"] if high is not None else []


def steps_of(document: Document, names: Names) -> str:
    """The steps in a row: "先由所在机构或上级的审核（任一人），再由总行的审核（2 人）"."""
    steps = [step_of(step, names) for step in document.get("steps", ())]
    said = [gettext("first %(step)s") % {"step": step} for step in steps[:1]]
    said += [gettext("then %(step)s") % {"step": step} for step in steps[1:]]
    return told(said) if len(said) > 1 else "".join(gettext("by %(step)s") % {"step": step} for step in steps)


def step_of(step: Document, names: Names) -> str:
    """Who decides at a step, and how many of them: "总行的审核（2 人）"."""
    seats = [seat_of(seat, names) for seat in step["seats"]]
    if not seats:
        return gettext("nobody yet")
    if step["seats"][0]["by"] == "line" or (len(seats) == 1 and step["seats"][0]["by"] == "person"):
        return gettext("%(seats)s alone") % {"seats": seats[0]}
    return gettext("%(seats)s (%(how)s)") % {
        "seats": listed(seats),
        "how": how_of(step["how"], step["count"], len(seats)),
    }


def how_of(how: str, count: int, seats: int) -> str:
    """How many have to approve, briefly."""
    if how == "all" and seats > 1:
        return gettext("all %(n)s, jointly") % {"n": seats}
    if how == "count" and count > 1:
        return gettext("%(n)s persons jointly") % {"n": count}
    return gettext("any one")


def seat_of(seat: Document, names: Names) -> str:
    """Who may sit here, as a policy says it: "总行的审核"."""
    if seat["by"] == "person":
        return str(seat["name"] or gettext("somebody"))
    role = names.roles.get(seat["role"], seat["role"] or gettext("no role yet"))
    if seat["by"] == "line":
        said = ngettext(
            "%(role)s of the next %(n)s branch up, one after the other",
            "%(role)s of the next %(n)s branches up, one after the other",
            seat["levels"],
        )
        return said % {"role": role, "n": seat["levels"]}
    if seat["level"]:
        level = str(LEVEL_NAMES.get(seat["level"], seat["level"]))
        return gettext("%(role)s at level %(level)s") % {"role": role, "level": level}
    return gettext("%(role)s of its branch or of one above") % {"role": role}


def more_of(step: Document) -> str:
    """What else is said of a step: its time, and what happens when nobody can fill it."""
    said = [gettext("due after %(time)s") % {"time": hours(step["due_hours"])}]
    if step["escalate_hours"]:
        said.append(gettext("goes up after %(time)s") % {"time": hours(step["escalate_hours"])})
    said.append(gettext("with nobody to decide: %(what)s") % {"what": IF_EMPTY_NAMES[step["if_empty"]]})
    return told(said)


def planned_seat(seat: SeatPlan, names: Names, branches: Mapping[int, str]) -> str:
    """Who may sit here in one review, with the branch by its name: "审核 · 浙江省分行"."""
    if seat.person_id is not None:
        return seat.person_name
    if not seat.role:
        return gettext("anybody who may review it")
    role = names.roles.get(seat.role, seat.role)
    if seat.branch_id is None:
        return gettext("%(role)s of its branch or of one above") % {"role": role}
    branch = branches.get(seat.branch_id, "")
    return gettext("%(role)s · %(branch)s") % {"role": role, "branch": branch}


def planned_more(step: StepPlan) -> str:
    """The times of a step in one review."""
    said = [gettext("due after %(time)s") % {"time": hours(step.due_after // timedelta(hours=1))}]
    if step.escalate_after:
        said.append(
            gettext("goes up after %(time)s") % {"time": hours(step.escalate_after // timedelta(hours=1))}
        )
    return told(said)


def faults(document: Document, names: Names) -> list[str]:
    """What is missing or wrong, in words; a policy with none can be submitted."""
    if document.get("off"):
        return []
    found = []
    if not document["steps"]:
        found.append(gettext("at least one step"))
    unknown = [code for code in document["kinds"] if code not in names.kinds]
    unknown += [code for code in document["product_classes"] if code not in PRODUCT_CLASSES]
    unknown += [code for code in document["findings"] if code not in names.checks]
    if unknown:
        found.append(gettext("a choice instead of what is unknown: %(codes)s") % {"codes": listed(unknown)})
    for first, below, name in (
        ("reward_from_fen", "reward_below_fen", gettext("value of benefits")),
        ("audience_from", "audience_below", gettext("customers reached")),
    ):
        low, high = document[first], document[below]
        if high is not None and high <= (low or 0):
            found.append(gettext("a range that something can lie in: %(name)s") % {"name": name})
    covers_policies = not document["kinds"] or POLICY_KIND in document["kinds"]
    is_only = len(document["steps"]) == 1
    for number, step in enumerate(document["steps"], start=1):
        wrong = _faults_of(step, names, is_only=is_only, covers_policies=covers_policies)
        found += [gettext("step %(n)s: %(fault)s") % {"n": number, "fault": fault} for fault in wrong]
    return found


def _faults_of(step: Document, names: Names, *, is_only: bool, covers_policies: bool) -> list[str]:
    seats = step["seats"]
    found = []
    if not seats:
        found.append(gettext("somebody who decides"))
    if any(seat["by"] == "line" for seat in seats) and len(seats) > 1:
        found.append(gettext("branches one after the other stand alone in their step"))
    people = [seat["person_id"] for seat in seats if seat["by"] == "person"]
    for seat in seats:
        found += _faults_of_seat(seat, names)
    if len(set(people)) < len(people):
        found.append(gettext("nobody sits in two seats of one step"))
    if people and len(people) == len(seats):
        if step["how"] == "count" and step["count"] > len(set(people)):
            found.append(gettext("fewer people are named than have to approve"))
        if covers_policies:
            found.append(
                gettext("policies about policies name a role: people leave, and nobody could change them")
            )
    if step["if_empty"] == "skip" and is_only:
        found.append(gettext("the only step cannot be left out"))
    if step["escalate_hours"] and step["escalate_hours"] < step["due_hours"]:
        found.append(gettext("it goes up no earlier than it is due"))
    return found


def _faults_of_seat(seat: Document, names: Names) -> list[str]:
    if seat["by"] == "person":
        if seat["person_id"] not in names.people:
            return [gettext("%(name)s may decide no reviews now") % {"name": seat["name"]}]
        return []
    if seat["role"] not in names.roles:
        return [gettext("a role that exists")]
    if seat["role"] not in names.deciding:
        return [gettext("the role %(name)s may decide no reviews") % {"name": names.roles[seat["role"]]}]
    return []
