"""How a draw is approved: what is frozen, what goes live, what the reviewer reads, what is looked for; its hooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight, register_check
from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.customers import steps
from campaigns.customers.keeping import register_must_settle
from campaigns.customers.models import Customer
from campaigns.customers.selectors import reach_of
from campaigns.lib.both import Both
from campaigns.lib.money import yuan
from campaigns.lib.refs import read_ref, ref
from campaigns.points.draw_terms import DrawTerms, frozen, terms_of, thawed
from campaigns.points.draws import WHOLE, percent
from campaigns.points.models import DrawStock, DrawTry, LiveDraw, PrizeKind
from campaigns.points.selectors.draws import draw_in_scope
from campaigns.points.services.draws import (
    CODE,
    change_draw,
    hand_over_draws,
    promised,
    publish_draw,
    withdraw_draw,
)
from campaigns.points.services.tries import move_tries
from campaigns.rewards.lines import window_words
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from campaigns.tenants.steps import register_step

# The most that a prize of a draw may be worth (规范促销行为暂行规定; 反不正当竞争法 on 有奖销售): 50,000 yuan.
MOST_FEN = 50_000_00
COPIES = Copies(LiveDraw, "draw_id")


def freeze_draw(scope: Scope, draw_id: UUID) -> Frozen:
    """The draft as JSON, each prize with what it is worth and the title of its batch. Raises NotFound."""
    draw = draw_in_scope(scope=scope, draw_id=draw_id)
    terms = terms_of(draw)
    payload = frozen(terms)
    batches = {prize.pk: prize.batch for prize in draw.prizes.all()}
    for prize in payload["prizes"]:
        batch = batches[UUID(prize["id"])]
        prize["batch_title"] = batch.title if batch else ""
        prize["worth_fen"] = prize["value_fen"] or (batch.off_fen if batch else 0)
    missing = []
    if draw.open_until <= scope.at:
        missing.append(gettext("tries that are not over yet"))
    if not terms.prizes:
        missing.append(gettext("a prize"))
    stocked = set(
        DrawStock.objects.within(scope)
        .filter(prize__draw=draw, total__gt=0)
        .values_list("prize_id", flat=True)
    )
    missing += [
        gettext("a stock of “%(prize)s”") % {"prize": prize.title}
        for prize in terms.prizes
        if prize.id not in stocked
    ]
    return Frozen(
        title=draw.title,
        payload=payload,
        branch_id=draw.branch_id,
        branch_pos=draw.branch_pos,
        missing=missing,
    )


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """All that the prizes in stock are worth in money, and to how many it is offered."""
    worth = {UUID(prize["id"]): prize["worth_fen"] for prize in frozen.payload["prizes"]}
    totals = DrawStock.objects.within(scope).filter(prize_id__in=worth).values_list("prize_id", "total")
    return Facts(
        reward_fen=sum(worth[key] * total for key, total in totals),
        audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"]),
    )


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision, and promise its seed."""
    publish_draw(
        scope=scope,
        draw_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, draw_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_draw(scope=scope, draw_id=draw_id)


def window_of(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When it can be tried."""
    return datetime.fromisoformat(payload["open_from"]), datetime.fromisoformat(payload["open_until"])


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, promised(payload=revision.payload))


def restore(scope: Scope, draw_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises as any change."""
    change_draw(scope=scope, draw_id=draw_id, terms=thawed(payload))


def rest_of(terms: DrawTerms) -> int:
    """Parts of a million that no prize has."""
    return WHOLE - sum(prize.parts for prize in terms.prizes)


def expected(payload: Mapping[str, Any]) -> tuple[float, float]:
    """What one try costs the bank while nothing is gone: points won, and fen of coupons and things."""
    rest = WHOLE - sum(prize["parts"] for prize in payload["prizes"])
    points = sum(prize["parts"] * prize["points"] for prize in payload["prizes"])
    fen = sum(prize["parts"] * prize["worth_fen"] for prize in payload["prizes"] if not prize["points"])
    return (points + rest * payload["fallback_points"]) / WHOLE, fen / WHOLE


def expected_words(payload: Mapping[str, Any]) -> str:
    """The same in words."""
    points, fen = expected(payload)
    return gettext(
        "%(points)s points and %(money)s a try, while nothing is gone; a try costs %(price)s points"
    ) % {
        "points": f"{points:,.2f}",
        "money": yuan(round(fen)),
        "price": f"{payload['price_points']:,}",
    }


def times_words(terms: DrawTerms) -> str:
    """How often one customer may try."""
    said = []
    if terms.times_day is not None:
        said.append(gettext("%(times)s a day") % {"times": terms.times_day})
    if terms.times_all is not None:
        said.append(gettext("%(times)s in all") % {"times": terms.times_all})
    return gettext(", ").join(said) or gettext("as often as one likes")


def price_of_try(points: int) -> str:
    """What a try costs, in words."""
    return (
        gettext("%(points)s points a try") % {"points": f"{points:,}"}
        if points
        else gettext("free of charge")
    )


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The draw on a phone, and its facts line by line: odds, worth and cost among them."""
    terms = thawed(payload)
    price = price_of_try(terms.price_points)
    prizes = [
        Line(f"prize:{prize['id']}", gettext("prize %(nth)s") % {"nth": nth}, _prize_words(prize))
        for nth, prize in enumerate(payload["prizes"], start=1)
    ]
    consolation = terms.fallback_title
    if terms.fallback_points:
        said = gettext("%(points)s points") % {"points": f"{terms.fallback_points:,}"}
        consolation = f"{consolation} · {said}"
    lines = [
        Line("title", gettext("title"), terms.title),
        Line("text", gettext("rules of the draw"), terms.text),
        Line("price", gettext("price"), price),
        Line("times", gettext("tries of a customer"), times_words(terms)),
        *prizes,
        Line("fallback", gettext("wins nothing"), f"{percent(rest_of(terms))} · {consolation}"),
        Line("cost", gettext("expected cost"), expected_words(payload)),
        Line(
            "window",
            pgettext("draw", "tries"),
            window_words(terms.open_from, terms.open_until, zone_of(scope=scope)),
        ),
        Line(
            "reach",
            gettext("for"),
            gettext("this branch and those below") if terms.handed_down else gettext("this branch alone"),
        ),
    ]
    shown = [{"title": prize.title, "odds": percent(prize.parts)} for prize in terms.prizes]
    rest = {"title": terms.fallback_title, "odds": percent(rest_of(terms))}
    return Description(
        template="points/phone_draw.html",
        context={"title": terms.title, "text": terms.text, "price": price, "prizes": [*shown, rest]},
        lines=lines,
        styles=("rewards/batch.css", "points/draw.css"),
    )


def _prize_words(prize: Mapping[str, Any]) -> str:
    said = [percent(prize["parts"]), prize["title"], str(PrizeKind(prize["kind"]).label)]
    if prize["points"]:
        said.append(gettext("%(points)s points") % {"points": f"{prize['points']:,}"})
    if prize["batch_title"]:
        said.append(prize["batch_title"])
    if prize["worth_fen"]:
        said.append(gettext("worth %(money)s") % {"money": yuan(prize["worth_fen"])})
    return " · ".join(said)


def look(scope: Scope, sight: Sight) -> list[Found]:
    """A prize above what the law allows, a thing whose worth nobody stated, a try that gives more points than it costs,
    or costs nothing and has no limit, and a draw without rules.
    """
    payload = sight.frozen.payload
    found = []
    for prize in payload["prizes"]:
        line = f"prize:{prize['id']}"
        if prize["worth_fen"] > MOST_FEN:
            args = {"what": "worth", "prize": prize["title"], "fen": prize["worth_fen"]}
            found.append(Found(line, excerpt=prize["title"], args=args, severity="block"))
        elif prize["kind"] in (PrizeKind.PICKUP, PrizeKind.PARCEL) and not prize["worth_fen"]:
            found.append(
                Found(line, excerpt=prize["title"], args={"what": "unstated", "prize": prize["title"]})
            )
    points, _fen = expected(payload)
    if payload["price_points"] and points > payload["price_points"]:
        args = {"what": "gains", "points": f"{points:,.2f}", "price": f"{payload['price_points']:,}"}
        found.append(Found("cost", args=args))
    if not payload["price_points"] and payload["times_day"] is None and payload["times_all"] is None:
        found.append(Found("times", args={"what": "endless"}))
    if not payload["text"].strip():
        found.append(Found("text", args={"what": "rules"}))
    return found


def say(args: Mapping[str, Any]) -> str:
    """What is wrong, and what to do."""
    match args.get("what"):
        case "worth":
            return gettext(
                "“%(prize)s” is worth %(money)s: a prize of a draw may be worth 50,000 yuan at most (Anti-Unfair"
                " Competition Law; Interim Provisions on Regulating Promotions). Offer a smaller one."
            ) % {"prize": args.get("prize", ""), "money": yuan(args.get("fen", 0))}
        case "unstated":
            return gettext("Say what “%(prize)s” is worth: nobody can tell whether it is within the law.") % {
                "prize": args.get("prize", "")
            }
        case "gains":
            return gettext(
                "On average a try gives back %(points)s points and costs %(price)s: whoever goes on trying gains"
                " points. Lower the odds, or raise the price."
            ) % {"points": args.get("points", ""), "price": args.get("price", "")}
        case "endless":
            return gettext(
                "Free, and as often as one likes: one customer can go on until every prize is gone. Set a limit, or a"
                " price."
            )
        case _:
            return gettext(
                "No rules are written: say who may try, when and how prizes are handed over, and whom to ask."
            )


CHECK = Check(code="points.draw", label=_("Prize draws"), look=look, say=say, kinds=(CODE,))
KIND = Kind(
    code=CODE,
    label=_("Prize draw"),
    freeze=freeze_draw,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    window=window_of,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def merge_tries(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """The absorbed one's tries are the kept one's, and count against its limits."""
    moved = move_tries(scope=scope, kept=kept, absorbed=absorbed, only=None)
    return [ref("points.drawtry", each) for each in moved]


def return_tries(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge had moved goes back."""
    only = [UUID(read_ref(each).id) for each in moved]
    return [
        ref("points.drawtry", each)
        for each in move_tries(scope=scope, kept=kept, absorbed=absorbed, only=only)
    ]


def open_prizes(scope: Scope, customer_id: UUID) -> Sequence[Both]:
    """What the customer won and does not have yet."""
    states = (DrawTry.State.WON, DrawTry.State.SENT)
    many = DrawTry.objects.within(scope).filter(customer_id=customer_id, state__in=states).count()
    if not many:
        return []
    return [{"zh": f"有 {many} 件抽中的奖品尚未交付", "en": f"{many} prize(s) won have not been handed over"}]


def tell_tries(*, scope: Scope, customer_id: UUID) -> Any:
    """What the customer tried and won."""
    rows = DrawTry.objects.within(scope).filter(customer_id=customer_id)
    for each in rows.defer("address").order_by("id"):
        yield (
            "points_draws",
            {
                "draw": each.draw_title,
                "at": each.at,
                "price_points": each.price_points,
                "won": each.title,
                "won_points": each.won_points,
                "state": each.state,
            },
        )


def register_draws() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
    register_check(CHECK)
    steps.register_step("merge", name="points: tries", act=merge_tries)
    steps.register_step("unmerge", name="points: tries", act=return_tries)
    steps.register_told(name="points: tries", act=tell_tries)
    register_must_settle("points: prizes", ask=open_prizes)
    register_step("hand_over", name="points: draws", act=hand_over_draws)
