"""How a livestream is approved: what is frozen, what goes live, what the reviewer reads, what is looked for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight
from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import hash_in_view
from campaigns.customers.selectors import reach_of
from campaigns.lib.refs import read_ref, ref
from campaigns.rewards.lines import window_words
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Broadcast, Livestream
from community.livestreams.notes import CODE
from community.livestreams.platforms import play_of
from community.livestreams.rules import runs_minutes
from community.livestreams.selectors import items_shown, livestream_in_scope
from community.livestreams.services.livestreams import (
    change_livestream,
    clashes,
    promised,
    publish_livestream,
    taken_by,
    withdraw_livestream,
)
from community.livestreams.terms import LivestreamTerms, frozen, terms_of, thawed
from content.blocks.assets import frozen_asset
from content.models import LiveItem
from content.sights import StaffSight

COPIES = Copies(Broadcast, "livestream_id")


def livestream_payload(*, scope: Scope, livestream: Livestream) -> dict[str, Any]:
    """The draft as JSON, with everything that customers would see of it: cover, products, materials, coupons."""
    terms = terms_of(livestream)
    shown = items_shown(scope=scope, item_ids=[*terms.products, *terms.materials])
    channel = livestream.channel
    return frozen(terms) | {
        "livestream": str(livestream.pk),
        "series_title": livestream.series.title if livestream.series else "",
        "channel": {
            "id": str(channel.pk),
            "name": channel.name,
            "play": dict(play_of(channel.platform, channel)),
        }
        if channel
        else None,
        "cover": frozen_asset(scope=scope, asset=livestream.asset) if livestream.asset else None,
        "product_cards": [_card(shown[key]) for key in terms.products if key in shown],
        "material_cards": [_card(shown[key]) for key in terms.materials if key in shown],
        "batches": _batches(scope, terms),
        "draw_title": livestream.draw.title if livestream.draw else "",
    }


def freeze_livestream(scope: Scope, livestream_id: UUID) -> Frozen:
    """The draft and what it still lacks. Raises NotFound."""
    livestream = livestream_in_scope(scope=scope, livestream_id=livestream_id)
    payload = livestream_payload(scope=scope, livestream=livestream)
    refers = {}
    for key, batch in payload["batches"].items():
        subject = ref("rewards.batch", key)
        refers[subject] = hash_in_view(scope=scope, subject=subject) or batch["sha256"]
    for card in (*payload["product_cards"], *payload["material_cards"]):
        subject = ref("content.item", card["id"])
        refers[subject] = hash_in_view(scope=scope, subject=subject) or card["sha256"]
    missing = [words for _place, words in missing_in(scope=scope, livestream=livestream, payload=payload)]
    return Frozen(livestream.title, payload, livestream.branch_id, livestream.branch_pos, missing, refers)


def missing_in(
    *, scope: Scope, livestream: Livestream, payload: Mapping[str, Any] | None = None
) -> list[tuple[str, str]]:
    """What must still be filled in before it can be submitted: where in the form, and in words."""
    said = payload or livestream_payload(scope=scope, livestream=livestream)
    found = []
    if livestream.planned_from <= scope.at:
        found.append(("planned_from", gettext("a beginning that is not past")))
    if said["channel"] is None:
        found.append(("channel", gettext("a live channel")))
    elif not livestream.channel or not livestream.channel.is_open:
        found.append(("channel", gettext("a live channel that is in use")))
    if said["cover"] is None:
        found.append(("asset", gettext("a cover")))
    if not any(not host["is_guest"] for host in said["hosts"]):
        found.append(("hosts", gettext("a host")))
    if not said["run_sheet"]:
        found.append(("run_sheet", gettext("a run-sheet")))
    for name, cards, words in (
        ("products", "product_cards", gettext("products that customers can see: one is live no more")),
        ("materials", "material_cards", gettext("materials that customers can see: one is live no more")),
    ):
        if len(said[cards]) < len(said[name]):
            found.append((name, words))
    for drop in said["drops"]:
        if drop["batch"] not in said["batches"]:
            found.append(("drops", gettext("coupon batches that are live: one of the drops has none")))
            break
    return found


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """What it advertises, and how many can see it. What its coupons give away was approved with their batches."""
    classes = [card["product_class"] for card in frozen.payload["product_cards"] if card["product_class"]]
    return Facts(
        product_class=classes[0] if classes else "",
        audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"]),
    )


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision."""
    publish_livestream(
        scope=scope,
        livestream_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, livestream_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_livestream(scope=scope, livestream_id=livestream_id)


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, promised(payload=revision.payload))


def restore(scope: Scope, livestream_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises as any change."""
    change_livestream(scope=scope, livestream_id=livestream_id, terms=thawed(payload))


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The livestream on a phone, and its facts line by line, the script word for word."""
    terms = thawed(payload)
    zone = zone_of(scope=scope)
    when = window_words(terms.planned_from, terms.planned_until, zone)
    cover = StaffSight(scope).addresses(payload["cover"]) if payload["cover"] else {}
    lines = [
        Line("title", gettext("title"), terms.title),
        Line("theme", gettext("theme"), terms.theme),
        Line("when", gettext("time"), when),
        Line("series", gettext("series"), payload["series_title"]),
        Line("channel", gettext("live channel"), payload["channel"]["name"] if payload["channel"] else ""),
        Line("play", gettext("what is played"), _play_words(payload)),
        *(
            Line(
                f"host:{host.id}",
                gettext("guest") if host.is_guest else gettext("host"),
                _joined(host.name, host.title),
            )
            for host in terms.hosts
        ),
    ]  # fmt: skip
    if payload["cover"]:
        address = cover.get("fallback") or next(iter(cover.values()), "")
        lines.append(Line("cover", gettext("cover"), payload["cover"]["sha256"], picture=address))
    for sheet in terms.run_sheet:
        label = gettext("minute %(minute)s") % {"minute": sheet.minute}
        lines.append(
            Line(
                f"sheet:{sheet.id}",
                label,
                _joined(sheet.heading, gettext("%(n)s min") % {"n": sheet.minutes}),
            )
        )
        if sheet.script:
            lines.append(
                Line(
                    f"script:{sheet.id}",
                    gettext("script of %(heading)s") % {"heading": sheet.heading},
                    sheet.script,
                )
            )
    for card in payload["product_cards"]:
        lines.append(
            Line(f"product:{card['id']}", gettext("product"), _joined(card["title"], card["risk_level"]))
        )
        lines.append(Line(f"disclosure:{card['id']}", gettext("risk disclosure"), card["disclosure"]))
    lines += [
        Line(f"material:{card['id']}", gettext("material"), card["title"])
        for card in payload["material_cards"]
    ]
    for drop in terms.drops:
        batch = payload["batches"].get(str(drop.batch), {})
        lines.append(
            Line(
                f"drop:{drop.id}",
                gettext("coupon drop"),
                _joined(_drop_when(drop.minute, drop.minutes), batch.get("title", ""), drop.words),
            )
        )
    for each in terms.quiz:
        options = " / ".join(
            f"✓ {option}" if nth == each.right else option for nth, option in enumerate(each.options)
        )
        lines.append(Line(f"quiz:{each.id}", gettext("question"), _joined(each.question, options)))
    if payload["draw_title"]:
        lines.append(Line("draw", gettext("prize draw"), payload["draw_title"]))
    lines.append(
        Line(
            "reach",
            gettext("for"),
            gettext("this branch and those below") if terms.handed_down else gettext("this branch alone"),
        )
    )
    return Description(
        template="community/phone_livestream.html",
        context={
            "title": terms.title, "theme": terms.theme, "when": when,
            "cover": cover.get("fallback") or next(iter(cover.values()), ""),
            "alt": payload["cover"]["alt"] if payload["cover"] else "",
            "hosts": [_joined(host.name, host.title) for host in terms.hosts],
            "products": payload["product_cards"],
            "drops": [
                {"when": _drop_when(drop.minute, drop.minutes), "words": drop.words,
                 "title": payload["batches"].get(str(drop.batch), {}).get("title", "")}
                for drop in terms.drops
            ],
        },
        lines=lines,
        styles=("community/livestream.css",),
    )  # fmt: skip


def look(scope: Scope, sight: Sight) -> list[Found]:
    """Products that say nothing of their risk, coupons that cannot be had when they drop, people and channels that are
    elsewhere at that time, and a run-sheet that is longer than the livestream.
    """
    payload = sight.frozen.payload
    since, until = (datetime.fromisoformat(payload[name]) for name in ("planned_from", "planned_until"))
    found = [
        Found(
            f"product:{card['id']}",
            excerpt=card["title"],
            args={"what": "disclosure", "name": card["title"]},
            severity="block",
        )
        for card in payload["product_cards"]
        if not card["disclosure"].strip()
    ]  # fmt: skip
    found += [
        Found(f"{kind}:{card['id']}", excerpt=card["title"], args={"what": "unseen", "name": card["title"]})
        for kind in ("product", "material")
        for card in payload[f"{kind}_cards"]
        if payload["handed_down"] and not card["handed_down"]
    ]
    for drop in payload["drops"]:
        batch = payload["batches"].get(drop["batch"])
        if batch is None:
            continue
        opens = since + timedelta(minutes=drop["minute"] or 0)
        closes = until if drop["minute"] is None else opens + timedelta(minutes=drop["minutes"])
        line, name = f"drop:{drop['id']}", batch["title"]
        claim_from, claim_until = (
            datetime.fromisoformat(batch[each]) for each in ("claim_from", "claim_until")
        )
        if claim_from > opens or claim_until < closes:
            found.append(Found(line, excerpt=name, args={"what": "window", "name": name}, severity="block"))
        if not batch["by_release"]:
            found.append(Found(line, excerpt=name, args={"what": "open", "name": name}))
        if payload["handed_down"] and not batch["handed_down"]:
            found.append(Found(line, excerpt=name, args={"what": "reach", "name": name}))
    taken = taken_by(payload=payload)
    for key, title in clashes(
        scope=scope, livestream_id=UUID(payload["livestream"]), taken=list(taken), since=since, until=until
    ):
        kind, name = taken[key]
        line = "channel" if kind == "channel" else _line_of_host(payload["hosts"], key)
        found.append(
            Found(line, excerpt=name, args={"what": "clash", "name": name, "title": title}, severity="block")
        )
    if (
        runs_minutes([(row["minute"], row["minutes"]) for row in payload["run_sheet"]])
        > (until - since).total_seconds() / 60
    ):
        found.append(Found("when", args={"what": "long"}))
    return found  # fmt: skip


def say(args: Mapping[str, Any]) -> str:
    """What is wrong, and what to do."""
    name = args.get("name", "")
    match args.get("what"):
        case "disclosure":
            return gettext(
                "“%(name)s” has no risk disclosure: add it to the product card, and submit again."
            ) % {"name": name}
        case "window":
            return gettext(
                "“%(name)s” cannot be claimed while its drop is open: change the drop, or the claim window of the"
                " batch."
            ) % {"name": name}
        case "open":
            return gettext(
                "“%(name)s” can be claimed at any time, with or without the drop. If it shall wait for it, set “only"
                " while a livestream releases it” on the batch."
            ) % {"name": name}
        case "reach":
            return gettext(
                "“%(name)s” is for customers of its own branch alone; those of branches below will see a drop that is"
                " not for them."
            ) % {"name": name}
        case "unseen":
            return gettext(
                "“%(name)s” is shown at its own branch alone: customers of the branches below do not see it."
            ) % {"name": name}
        case "clash":
            return (
                gettext("“%(name)s” is taken at that time by the livestream “%(title)s”.")
                % {"name": name, "title": args["title"]}
                if args.get("title")
                else gettext("“%(name)s” is taken at that time by another livestream.") % {"name": name}
            )
        case _:
            return gettext("The run-sheet is longer than the livestream.")  # fmt: skip


CHECK = Check(code="community.livestream", label=_("Livestreams"), look=look, say=say, kinds=(CODE,))
KIND = Kind(
    code=CODE,
    label=_("Livestream"),
    freeze=freeze_livestream,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def _card(item: LiveItem) -> dict[str, Any]:
    return {
        "id": str(item.item_id),
        "title": item.title,
        "summary": item.summary,
        "product_class": item.product_class,
        "risk_level": item.risk_level,
        "disclosure": item.disclosure,
        "handed_down": item.handed_down or item.original_id is not None,
        "sha256": item.sha256,
    }


def _batches(scope: Scope, terms: LivestreamTerms) -> dict[str, Any]:
    """Of the drops, as far as they are live: what the batch is called, and when and where it can be claimed."""
    keys = {drop.batch for drop in terms.drops}
    rows = (
        LiveBatch.objects.visible(scope).filter(batch_id__in=keys, claim_until__gt=scope.at) if keys else []
    )
    return {
        str(each.batch_id): {
            "title": each.title, "sha256": each.sha256, "by_release": each.by_release,
            "handed_down": each.handed_down, "claim_from": each.claim_from.isoformat(),
            "claim_until": each.claim_until.isoformat(),
        }
        for each in rows
    }  # fmt: skip


def _drop_when(minute: int | None, minutes: int) -> str:
    if minute is None:
        return gettext("by hand, open for %(n)s minutes") % {"n": minutes}
    return gettext("from minute %(minute)s, open for %(n)s minutes") % {"minute": minute, "n": minutes}


def _play_words(payload: Mapping[str, Any]) -> str:
    play = payload["channel"]["play"] if payload["channel"] else {}
    return " · ".join(str(value) for name, value in play.items() if name != "kind" and value)


def _line_of_host(hosts: Sequence[Mapping[str, Any]], person: UUID) -> str:
    return next((f"host:{host['id']}" for host in hosts if host["person"] == str(person)), "")


def _joined(*said: str) -> str:
    return " · ".join(each for each in said if each)
