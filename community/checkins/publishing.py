"""How a programme is approved: what is frozen, what goes live, what the reviewer reads, what is looked for."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight, register_check
from campaigns.approvals.kinds import Copies, Description, Facts, Frozen, Kind, Line, register
from campaigns.approvals.models import Revision
from campaigns.customers.selectors import reach_of
from campaigns.lib.refs import read_ref
from campaigns.tenants.scopes import Scope
from community.checkins import sentences
from community.checkins.models import LiveProgramme, Proof
from community.checkins.selectors import groups_for, programme_in_scope
from community.checkins.services.programmes import (
    CODE,
    change_programme,
    groups_named,
    promised,
    publish_programme,
    withdraw_programme,
)
from community.checkins.terms import ProgrammeTerms, frozen, terms_of, thawed
from community.groups.models import GroupKind

COPIES = Copies(LiveProgramme, "programme_id")


def freeze_programme(scope: Scope, programme_id: UUID) -> Frozen:
    """The draft as JSON, with the names of its groups and kinds. Raises NotFound."""
    programme = programme_in_scope(scope=scope, programme_id=programme_id)
    terms = terms_of(programme)
    payload = frozen(terms)
    payload["group_names"] = [group.name for group in groups_named(scope=scope, terms=terms)]
    payload["kind_names"] = list(
        GroupKind.objects.filter(pk__in=list(terms.kinds)).order_by("code").values_list("name", flat=True)
    )
    missing = []
    if terms.closes_at <= scope.at:
        missing.append(gettext("days that are not over yet"))
    if not terms.text.strip():
        missing.append(gettext("words to customers: what to do, and what it gives"))
    if not groups_for(scope=scope, programme=programme).exists():
        missing.append(gettext("a group that it is for"))
    return Frozen(
        title=programme.title,
        payload=payload,
        branch_id=programme.branch_id,
        branch_pos=programme.branch_pos,
        missing=missing,
    )


def facts(scope: Scope, frozen: Frozen) -> Facts:
    """To how many it is offered, at most."""
    return Facts(
        audience=reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"])
    )


def go_live(scope: Scope, revision: Revision) -> None:
    """Write the published copy of an approved revision."""
    publish_programme(
        scope=scope,
        programme_id=UUID(read_ref(revision.subject).id),
        revision_id=revision.pk,
        sha256=revision.sha256,
        payload=revision.payload,
    )


def take_down(scope: Scope, programme_id: UUID) -> None:
    """Remove the published copy."""
    withdraw_programme(scope=scope, programme_id=programme_id)


def window_of(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When somebody can check in, by the latest clock."""
    terms = thawed(payload)
    return datetime.combine(terms.first_day, time(), tzinfo=UTC), terms.closes_at


def differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the published copy that are not as approved."""
    return COPIES.differing(scope, revision, promised(payload=revision.payload))


def restore(scope: Scope, programme_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises as any change."""
    change_programme(scope=scope, programme_id=programme_id, terms=thawed(payload))


def phone_of(terms: ProgrammeTerms) -> dict[str, Any]:
    """What the phone's template is given: a week with four days done."""
    return {
        "title": terms.title or gettext("Title"),
        "text": terms.text,
        "days": sentences.days_words(terms),
        "asks": "" if terms.proof == Proof.NONE else sentences.proof_words(terms),
        "rewards": sentences.reward_words(terms),
        "goal": terms.goal_count,
        "dots": ["done", "done", "missed", "done", "today", "off", "off"],
    }


def describe(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The programme on a phone, and its facts line by line."""
    terms = thawed(payload)
    questions = [
        Line(
            f"question:{nth}",
            gettext("question %(nth)s") % {"nth": nth},
            f"{each['text']} — "
            + " / ".join(
                f"✓ {option}" if place == each["right"] else option
                for place, option in enumerate(each["options"])
            ),
        )
        for nth, each in enumerate(terms.questions, start=1)
    ]
    lines = [
        Line("title", gettext("title"), terms.title),
        Line("text", gettext("words to customers"), terms.text),
        Line(
            "whom",
            gettext("for"),
            sentences.whom_words(terms, payload.get("group_names", ()), payload.get("kind_names", ())),
        ),
        Line("days", gettext("days"), sentences.days_words(terms)),
        Line("proof", gettext("what is asked"), sentences.proof_words(terms)),
        *questions,
        Line("makeups", gettext("make-ups"), sentences.makeup_words(terms)),
        Line("rewards", gettext("points"), sentences.reward_words(terms)),
        Line("cap", gettext("points in all"), sentences.cap_words(terms)),
    ]
    return Description(
        template="checkins/phone_programme.html",
        context=phone_of(terms),
        lines=lines,
        styles=("checkins/checkins.css",),
    )


def look(scope: Scope, sight: Sight) -> list[Found]:
    """Points without a limit in all, and make-ups that cost less than what they give."""
    terms = thawed(sight.frozen.payload)
    found = []
    if (terms.points or terms.streak_points or terms.goal_points) and terms.points_cap is None:
        found.append(Found("cap", args={"what": "endless"}))
    if terms.makeup_most and terms.streak_points and not terms.makeup_cost:
        found.append(Found("makeups", args={"what": "free"}))
    return found


def say(args: Mapping[str, Any]) -> str:
    """What is wrong, and what to do."""
    if args.get("what") == "endless":
        return gettext(
            "It may give points without a limit: say how many in all, or be sure that it is meant so."
        )
    return gettext("Make-ups are free and mend streaks that give points: ask for points, or allow few.")


CHECK = Check(code=CODE, label=_("Check-in programmes"), look=look, say=say, kinds=(CODE,))
KIND = Kind(
    code=CODE,
    label=_("Check-in programme"),
    freeze=freeze_programme,
    go_live=go_live,
    take_down=take_down,
    describe=describe,
    facts=facts,
    window=window_of,
    differences=differences,
    copies=COPIES,
    restore=restore,
)


def register_approval() -> None:
    """Called once, when the applications are ready."""
    register(KIND)
    register_check(CHECK)
