"""How a plan is approved: frozen as a whole with texts and hashes of material, read by days, and looked over."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight, register_check
from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.customers.selectors import reach_of
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from community.plans.cards import (
    MOST_BYTES,
    PlanTerms,
    busiest_day,
    longest,
    terms_of,
    thawed,
    unknown_blanks,
)
from community.plans.material import frozen_material, refers_to
from community.plans.models import LivePlan
from community.plans.selectors import plan_in_force, plan_in_scope
from community.plans.services.plans import CODE, change_plan, promised, publish_plan, withdraw_plan
from community.plans.words import card_words, columns_of, end_words

COPIES = Copies(LivePlan, "plan_id")


def freeze_plan(scope: Scope, plan_id: UUID) -> Frozen:
    """The draft as JSON, each card with its material. Raises NotFound."""
    plan = plan_in_scope(scope=scope, plan_id=plan_id)
    terms = terms_of(plan)
    material = frozen_material(scope=scope, cards=terms.cards)
    payload = terms.as_json() | {"original": str(plan.original_id) if plan.original_id else None}
    payload["cards"] = [card | {"material": material[UUID(card["id"])]} for card in payload["cards"]]
    refers = refers_to(scope=scope, cards=terms.cards)
    missing = []
    if not terms.cards:
        missing.append(gettext("a card"))
    missing += [
        gettext("a text or material for “%(card)s”") % {"card": card.title}
        for card in terms.cards
        if not card.text and not material[card.id]
    ]
    if terms.ends_on and terms.ends_on < scope.at.date():
        missing.append(gettext("an end that is not over yet"))
    if plan.original_id is not None:
        refers |= _original(scope, plan.original_id, missing)
    return Frozen(plan.title, payload, plan.branch_id, plan.branch_pos, missing, refers)


def _original(scope: Scope, plan_id: UUID, missing: list[str]) -> dict[str, str]:
    """Whoever approves what a branch changed does so beside the plan that is in force now."""
    try:
        return {f"community.liveplan:{plan_id}": plan_in_force(scope=scope, plan_id=plan_id).sha256}
    except NotFound:
        missing.append(gettext("the plan of the branch above, which is not in force any more"))
        return {}


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision."""
    publish_plan(
        scope=scope,
        plan_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, plan_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_plan(scope=scope, plan_id=plan_id)


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """To how many customers it may come."""
    reach = reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"])
    return Facts(audience=reach)


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, promised(payload=revision.payload))


def restore(scope: Scope, plan_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises as any change."""
    change_plan(scope=scope, plan_id=plan_id, terms=thawed(payload))


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The days across with their bubbles, and the facts line by line: each card's day, text and material."""
    terms = thawed(payload)
    material = {card["id"]: card["material"] for card in payload["cards"]}
    lines = [
        Line("title", gettext("title"), terms.title),
        Line("note", gettext("what it is for"), terms.note),
        Line("end", gettext("lasts"), end_words(terms)),
        Line(
            "reach",
            gettext("for"),
            gettext("this branch and those below") if terms.handed_down else gettext("this branch alone"),
        ),
    ]
    if payload["original"]:
        lines.append(
            Line(
                "original",
                gettext("made of"),
                gettext("a plan of the branch above; its open parts alone differ"),
            )
        )
    for card in terms.cards:
        lines.append(Line(f"when:{card.id}", card.title, card_words(card)))
        lines.append(Line(f"text:{card.id}", gettext("text of “%(card)s”") % {"card": card.title}, card.text))
        if pieces := material[str(card.id)]:
            said = gettext(", ").join(piece["title"] or gettext("(out of sight)") for piece in pieces)
            label = gettext("material of “%(card)s”") % {"card": card.title}
            lines.append(Line(f"material:{card.id}", label, said))
    return Description(
        template="community/phone_plan.html",
        context={"title": terms.title, "days": _shown(terms, material), "ends": end_words(terms)},
        lines=lines,
        styles=("community/plan.css",),
    )


def _shown(terms: PlanTerms, material: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": day["label"],
            "cards": [
                {
                    "title": c.title,
                    "at": f"{c.at:%H:%M}",
                    "text": c.text,
                    "pieces": material.get(str(c.id), []),
                }
                for c in day["cards"]
            ],
        }
        for day in columns_of(terms)
    ]


def look(scope: Scope, sight: Sight) -> list[Found]:
    """A text too long for WeCom or with blanks that nobody fills, material that is not live, and more posts on a day
    than a group may get.
    """
    payload = sight.frozen.payload
    terms = thawed(payload)
    found = []
    for card in terms.cards:
        line = f"text:{card.id}"
        if (size := longest(card.text)) > MOST_BYTES:
            args = {"what": "long", "bytes": size, "card": card.title}
            found.append(Found(line, excerpt=card.text[:30], args=args, severity="block"))
        for blank in unknown_blanks(card.text):
            start = card.text.index(blank)
            args = {"what": "blank", "blank": blank}
            found.append(Found(line, start, start + len(blank), args=args, severity="block"))
    for card_ in payload["cards"]:
        for piece in card_["material"]:
            if not piece["sha256"]:
                args = {"what": "material", "card": card_["title"]}
                found.append(Found(f"material:{card_['id']}", args=args, severity="block"))
    many = busiest_day(terms)
    if many > settings.COMMUNITY_POSTS_A_DAY:
        found.append(
            Found("title", args={"what": "many", "many": many, "most": settings.COMMUNITY_POSTS_A_DAY})
        )
    return found


def say(args: Mapping[str, Any]) -> str:
    """What is wrong, and what to do."""
    match args.get("what"):
        case "long":
            return gettext(
                "“%(card)s” may come to %(bytes)s bytes with the names filled in; WeCom takes 4,000 (about 1,300"
                " Chinese characters). Shorten it."
            ) % {"card": args.get("card", ""), "bytes": f"{args.get('bytes', 0):,}"}
        case "blank":
            return gettext(
                "Nobody fills in %(blank)s: it would be sent as it stands. Use {群名称} or {机构名称}, or take it out."
            ) % {"blank": args.get("blank", "")}
        case "material":
            return gettext(
                "Material of “%(card)s” is not live, or lies outside of your branches. Have it approved first, or take"
                " it out."
            ) % {"card": args.get("card", "")}
        case _:
            return gettext(
                "A group may get %(many)s posts on one day, and no more than %(most)s a day are sent: the rest is kept"
                " as not sent. Spread them out."
            ) % {"many": args.get("many", ""), "most": args.get("most", "")}


CHECK = Check(code="community.plan", label=_("Group plans"), look=look, say=say, kinds=(CODE,))
KIND = Kind(
    code=CODE,
    label=_("Group plan"),
    freeze=freeze_plan,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def register_plan_kind() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
    register_check(CHECK)
