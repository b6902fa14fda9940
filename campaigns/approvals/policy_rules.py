"""What stands in a policy document, and what is wrong with one. Pure.

    {"kinds": [], "product_classes": [], "branch_levels": [],              empty: all of them
     "reward_from_fen": None, "reward_below_fen": None,                    the upper bound is exclusive
     "audience_from": None, "audience_below": None,
     "findings": {"words": "block"},                                       check -> "block" or "warn"
     "off": False,                                                         a policy that asks for nothing
     "steps": [{"title": "", "how": "any", "count": 1, "if_empty": "up", "due_hours": 24, "escalate_hours": None,
                "seats": [{"by": "role", "role": "reviewer", "level": ""}]}]}

Seats are by role (at a level of the line, or anywhere on it), by line (the next so many branches up, one step each;
then it is the step's only seat) or by person. Title and rank stand beside the document, and are put into it where
policies are compared.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from campaigns.approvals.routes import LEVELS
from campaigns.lib.refusals import Refusal

HOWS = ("any", "all", "count")
IF_EMPTY = ("up", "skip", "refuse")
SEVERITIES = ("warn", "block")
MOST_STEPS, MOST_SEATS, MOST_LEVELS, MOST_PEOPLE = 12, 8, 8, 20
MOST_HOURS = 24 * 366
# 10,000 million yuan.
MOST = 10**12


class PolicyIsMalformed(Refusal):
    code = "approvals.policy.malformed"
    status = 422
    zh = "审核制度的内容不完整或超出范围（{place}），没有保存。请检查后再试。"
    en = "The policy is incomplete or out of range ({place}); nothing was saved. Check it and try again."


class PolicyNeedsTwoPersons(Refusal):
    code = "approvals.policy.needs_two_persons"
    status = 403
    zh = "停用审核制度会放宽控制，不能由一人完成：请勾选“停用”，提交后由他人审核。"
    en = "Taking a policy away loosens control, so one person cannot: tick “switched off” and submit it for review."


class PolicyEditedMeanwhile(Refusal):
    code = "approvals.policy.edited_meanwhile"
    status = 409
    zh = "您编辑期间，{who}已保存过这条审核制度。请重新打开后再修改，以免覆盖对方的改动。"
    en = "{who} saved this policy while you were editing. Open it again, so that nothing is overwritten."


class PolicyTitleIsMissing(Refusal):
    code = "approvals.policy.title_is_missing"
    status = 422
    zh = "请填写审核制度的名称。"
    en = "Give the policy a title."


def blank_document() -> dict[str, Any]:
    """A policy for everything with one step, as a new one begins."""
    return clean_document({"steps": [{"seats": [{"by": "role", "role": "reviewer"}]}]})


def clean_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every key in its place and nothing else; raises PolicyIsMalformed.

    It may still be unfit to hold (`policy_words.faults`): a draft may be unfinished.
    """
    steps = _list(document, "steps", MOST_STEPS)
    findings = document.get("findings") or {}
    if not isinstance(findings, Mapping):
        raise PolicyIsMalformed(place="findings")
    return {
        "kinds": _texts(document, "kinds"),
        "product_classes": _texts(document, "product_classes"),
        "branch_levels": [
            _choice(level, LEVELS, "branch_levels") for level in _texts(document, "branch_levels")
        ],
        **{
            key: _number(document, key, 0, MOST, None)
            for key in ("reward_from_fen", "reward_below_fen", "audience_from", "audience_below")
        },
        "findings": {
            str(code)[:60]: _choice(severity, SEVERITIES, "findings")
            for code, severity in sorted(findings.items())
        },
        "off": document.get("off") is True,
        "steps": [_step(step) for step in steps],
    }


def _step(step: Any) -> dict[str, Any]:
    if not isinstance(step, Mapping):
        raise PolicyIsMalformed(place="steps")
    return {
        "title": str(step.get("title") or "").strip()[:40],
        "seats": [_seat(seat) for seat in _list(step, "seats", MOST_SEATS)],
        "how": _choice(step.get("how", "any"), HOWS, "how"),
        "count": _number(step, "count", 1, MOST_PEOPLE, 1),
        "if_empty": _choice(step.get("if_empty", "up"), IF_EMPTY, "if_empty"),
        "due_hours": _number(step, "due_hours", 1, MOST_HOURS, 24),
        "escalate_hours": _number(step, "escalate_hours", 1, MOST_HOURS, None),
    }


def _seat(seat: Any) -> dict[str, Any]:
    by = seat.get("by") if isinstance(seat, Mapping) else None
    if by == "role":
        level = seat.get("level") or ""
        return {
            "by": "role",
            "role": str(seat.get("role") or "")[:40],
            "level": _choice(level, LEVELS, "level") if level else "",
        }
    if by == "line":
        return {
            "by": "line",
            "role": str(seat.get("role") or "")[:40],
            "levels": _number(seat, "levels", 1, MOST_LEVELS, 1),
        }
    if by == "person":
        try:
            person_id = str(UUID(str(seat["person_id"])))
        except (KeyError, ValueError):
            raise PolicyIsMalformed(place="person_id") from None
        return {"by": "person", "person_id": person_id, "name": str(seat.get("name") or "")[:60]}
    raise PolicyIsMalformed(place="seats")


def _list(holder: Mapping[str, Any], key: str, most: int) -> list[Any]:
    values = [] if holder.get(key) is None else holder[key]
    if not isinstance(values, list | tuple) or len(values) > most:
        raise PolicyIsMalformed(place=key)
    return list(values)


def _texts(holder: Mapping[str, Any], key: str) -> list[str]:
    """Codes, each once, in order: the same choice is the same document."""
    values = _list(holder, key, 50)
    if not all(isinstance(value, str) and len(value) <= 60 for value in values):
        raise PolicyIsMalformed(place=key)
    return sorted(set(values))


def _choice(value: Any, allowed: tuple[str, ...], place: str) -> str:
    if value not in allowed:
        raise PolicyIsMalformed(place=place)
    return str(value)


def _number(holder: Mapping[str, Any], key: str, least: int, most: int, absent: int | None) -> int | None:
    value = holder.get(key)
    if value is None:
        return absent
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PolicyIsMalformed(place=key)
    return value
