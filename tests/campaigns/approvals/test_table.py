"""Every verb by everybody in every state, against a table; then random walks against a model of the same review."""

import contextlib
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.approvals.models import Revision
from campaigns.approvals.services import live, reviews, signers, talk
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope, system_scope
from content.models import Item
from content.services.items import change_item
from tests.support.cast import AT, Cast, hired
from tests.support.content import approve, make_item
from tests.support.reviews import role, routed, step, steps_of, submitted

STATES = (
    "draft", "step_one", "step_two", "live", "again", "rejected", "sent_back", "withdrawn", "edited", "taken_down",
)  # fmt: skip
WHO = {
    "maker": "nb_editor",
    "first": "north_reviewer",
    "second": "ho_reviewer",
    "manager": "nb_manager",
    "auditor": "ho_auditor",
    "stranger": "south_reviewer",
    "system": "",
}
# What each letter says; a refusal by its code.
SAYS = {
    "+": "done",
    "-": "not_found",
    "n": "not_allowed",
    "m": "approvals.revision.maker_is_checker",
    "t": "approvals.step.not_your_turn",
    "s": "approvals.step.already_signed",
    "c": "approvals.revision.review_is_closed",
    "o": "approvals.revision.review_is_open",
    "=": "approvals.revision.nothing_has_changed",
    "l": "approvals.revision.nothing_is_live",
    "y": "approvals.revision.not_yours",
    "p": "approvals.revision.nobody_acts",
    "k": "approvals.step.no_such_step",
    "x": "approvals.step.cannot_sign",
}
# The columns are those of WHO; in each, a letter for each of STATES.
TABLE = """
submit     +oo=o+++++ nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn pppppppppp
edit       ++++++++++ nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn ++++++++++
withdraw   -++c+ccccc nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn nnnnnnnnnn -ppcpccccc
approve    nnnnnnnnnn -+sc+ccccc -t+ctccccc -ttctccccc nnnnnnnnnn ---------- pppppppppp
reject     nnnnnnnnnn -+sc+ccccc -t+ctccccc -ttctccccc nnnnnnnnnn ---------- pppppppppp
send_back  nnnnnnnnnn -+sc+ccccc -t+ctccccc -ttctccccc nnnnnnnnnn ---------- pppppppppp
step_back  nnnnnnnnnn -ksckccccc -t+ctccccc -ttctccccc nnnnnnnnnn ---------- pppppppppp
hand_on    nnnnnnnnnn -xscxccccc -txctccccc -ttctccccc nnnnnnnnnn ---------- pppppppppp
add_signer nnnnnnnnnn -+sc+ccccc -txctccccc -ttctccccc nnnnnnnnnn ---------- pppppppppp
comment    -+++++++++ -+++++++++ -+++++++++ -+++++++++ -+++++++++ ---------- pppppppppp
copy       -+++++++++ -+++++++++ -+++++++++ -+++++++++ -+++++++++ ---------- pppppppppp
remind     -++c+ccccc -yycyccccc -yycyccccc -yycyccccc -yycyccccc ---------- -ppcpccccc
take_down  nnnnnnnnnn lll++lllll lll++lllll nnnnnnnnnn nnnnnnnnnn ---------- lll++lllll
"""


def edit(scope: Scope, item: Item, title: str) -> None:
    change_item(
        scope=scope, item_id=item.pk, title=title, summary="", body="", asset_id=item.asset_id, campaign_id=None,
        batch_id=None, shown_from=item.shown_from, shown_until=item.shown_until, handed_down=False,
    )  # fmt: skip


class Stage:
    """One poster of the branch NB, brought into a state through the services."""

    def __init__(self, cast: Cast, state: str) -> None:
        self.cast = cast
        self.revision: Revision | None = None
        with cast.nb_editor.scope() as scope:
            self.item = make_item(scope)
            self.subject = ref("content.item", self.item.pk)
        if state != "draft":
            self.submit()
            getattr(self, state)()

    def submit(self) -> None:
        cast = self.cast
        plans = step("分行", role("reviewer", cast, "N")), step("总行", role("reviewer", cast, "HO"))
        with routed(*plans), cast.nb_editor.scope() as scope:
            self.revision = reviews.submit_revision(scope=scope, subject=self.subject)

    def step_one(self) -> None: ...

    def step_two(self) -> None:
        assert self.revision
        approve(self.cast.north_reviewer, self.revision)

    def live(self) -> None:
        assert self.revision
        self.step_two()
        approve(self.cast.ho_reviewer, self.revision)

    def again(self) -> None:
        self.live()
        self.edited()
        self.submit()

    def edited(self) -> None:
        with self.cast.nb_editor.scope() as scope:
            edit(scope, self.item, "改过")

    def withdrawn(self) -> None:
        with self.cast.nb_editor.scope() as scope:
            reviews.withdraw_revision(scope=scope, revision_id=self.id)

    def rejected(self) -> None:
        self.decide(reviews.reject_revision)

    def sent_back(self) -> None:
        self.decide(reviews.send_back_revision)

    def decide(self, verb: Callable[..., object]) -> None:
        with self.cast.north_reviewer.scope() as scope:
            verb(scope=scope, revision_id=self.id, sha256=self.sha256, comment="不行")

    def taken_down(self) -> None:
        self.live()
        with self.cast.ho_reviewer.scope() as scope:
            live.take_down(scope=scope, subject=self.subject, reason="利率已变")

    @property
    def id(self) -> UUID:
        return self.revision.pk if self.revision else new_id()

    @property
    def sha256(self) -> str:
        return self.revision.sha256 if self.revision else "0" * 64

    def verbs(self) -> dict[str, Callable[[Scope], object]]:
        seen = {"revision_id": self.id, "sha256": self.sha256}
        other = self.cast.ho_reviewer.person.pk
        return {
            "submit": lambda s: reviews.submit_revision(scope=s, subject=self.subject),
            "edit": lambda s: edit(s, self.item, "又改"),
            "withdraw": lambda s: reviews.withdraw_revision(scope=s, revision_id=self.id),
            "approve": lambda s: reviews.approve_revision(scope=s, **seen),
            "reject": lambda s: reviews.reject_revision(scope=s, comment="不行", **seen),
            "send_back": lambda s: reviews.send_back_revision(scope=s, comment="改", **seen),
            "step_back": lambda s: reviews.send_back_to_step(
                scope=s, comment="再看", step_id=self.first_step(), **seen
            ),
            "hand_on": lambda s: signers.hand_on(scope=s, revision_id=self.id, person_id=other, words="请"),
            "add_signer": lambda s: signers.add_signer(
                scope=s, revision_id=self.id, person_id=other, where="before", words="先看"
            ),
            "comment": lambda s: talk.comment(scope=s, revision_id=self.id, words="注意"),
            "copy": lambda s: talk.copy_to(
                scope=s, revision_id=self.id, people=[self.cast.ho_editor.person.pk]
            ),
            "remind": lambda s: talk.remind(scope=s, revision_id=self.id),
            "take_down": lambda s: live.take_down(scope=s, subject=self.subject, reason="急"),
        }

    def first_step(self) -> UUID:
        return steps_of(self.revision)[0].pk if self.revision and steps_of(self.revision) else new_id()


class _Undo(Exception):
    """Rolls one savepoint back."""


def outcomes(cast: Cast, state: str) -> dict[tuple[str, str], str]:
    """(verb, who) -> what came of it, each from the same state."""
    stage = Stage(cast, state)
    found = {}
    letters = {code: letter for letter, code in SAYS.items()}
    for who, name in WHO.items():
        scope_of = cast.play(name).scope if name else lambda: system_scope(at=AT, cause="test")
        for verb, act in stage.verbs().items():
            with contextlib.suppress(_Undo), scope_of() as scope, transaction.atomic():
                try:
                    act(scope)
                    found[verb, who] = "+"
                except Refusal as refusal:
                    found[verb, who] = letters[refusal.code]
                raise _Undo
    return found


def read_table() -> dict[tuple[str, str, str], str]:
    """(state, verb, who) -> letter. A line is a verb and, for each of WHO, ten letters for the ten states."""
    found = {}
    for line in TABLE.strip().splitlines():
        verb, *columns = line.split()
        for who, letters in zip(WHO, columns, strict=True):
            found |= {(state, verb, who): letter for state, letter in zip(STATES, letters, strict=True)}
    return found


@pytest.mark.parametrize("state", STATES)
def test_every_verb_by_everybody_in_this_state(cast: Cast, state: str) -> None:
    expected = {(verb, who): said for (at, verb, who), said in read_table().items() if at == state}
    assert outcomes(cast, state) == expected


# A review of three steps, walked at random beside a model of it that knows nothing of the database.
SEATS = [[("reviewer", "")], [("reviewer", "")], [("branch_manager", "NB"), ("reviewer", "HO")]]
NEEDS = [1, 2, 2]
CHAIRS = {
    "nb_editor": ("editor", "NB"),
    "nb_manager": ("branch_manager", "NB"),
    "north_reviewer": ("reviewer", "N"),
    "ho_reviewer": ("reviewer", "HO"),
    "ho_second": ("reviewer", "HO"),
    "ho_third": ("reviewer", "HO"),
}
WALKS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(sorted(CHAIRS)), st.just("approve"), st.just(0)),
        st.tuples(st.sampled_from(sorted(CHAIRS)), st.just("step_back"), st.integers(0, 2)),
        st.tuples(
            st.sampled_from(sorted(CHAIRS)), st.sampled_from(["approve", "reject", "withdraw"]), st.just(0)
        ),
    ),
    min_size=4,
    max_size=9,
)


class Model:
    """What a review of these steps is, said again in a few lines."""

    def __init__(self) -> None:
        self.state, self.at = "submitted", 0
        self.signed: list[dict[str, int]] = [{}, {}, {}]

    def seat(self, who: str) -> int | None:
        """The seat at the open step that this person may take."""
        if self.state != "submitted" or any(who in step for step in self.signed):
            return None
        role_, branch = CHAIRS[who]
        for number, (wanted, where) in enumerate(SEATS[self.at]):
            is_taken = self.at == 2 and number in self.signed[2].values()
            if wanted == role_ and where in ("", branch) and not is_taken:
                return number
        return None

    def act(self, who: str, verb: str, to: int) -> bool:
        """Whether the verb is done."""
        if verb == "withdraw":
            done = who == "nb_editor" and self.state == "submitted"
            self.state = "withdrawn" if done else self.state
            return done
        seat = self.seat(who)
        if seat is None or (verb == "step_back" and to >= self.at):
            return False
        if verb == "reject":
            self.state = "rejected"
        elif verb == "step_back":
            self.at = to
            self.signed[to:] = [{} for _step in self.signed[to:]]
        else:
            self.signed[self.at][who] = seat
            if len(self.signed[self.at]) == NEEDS[self.at]:
                self.at += 1
                self.state = "approved" if self.at == 3 else self.state
        return True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(walk=WALKS)
def test_a_review_walked_at_random_is_as_its_model(cast: Cast, walk: list[tuple[str, str, int]]) -> None:
    with contextlib.suppress(_Undo), transaction.atomic():
        players = {name: hired(cast, "reviewer", "HO", name) for name in ("ho_second", "ho_third")}
        players |= {name: cast.play(name) for name in CHAIRS if name not in players}
        plans = (
            step("一", role("reviewer")),
            step("二", role("reviewer"), how="count", count=2),
            step("三", role("branch_manager", cast, "NB"), role("reviewer", cast, "HO"), how="all"),
        )
        revision, model = submitted(cast.nb_editor, *plans), Model()
        for who, verb, to in walk:
            done = True
            with players[who].scope() as scope:
                try:
                    play(scope, revision, verb, to)
                except Refusal:
                    done = False
            assert (who, verb, to, done) == (who, verb, to, model.act(who, verb, to))
            with cast.ho_auditor.scope():
                now = Revision.objects.get(pk=revision.pk)
                states = [s.state for s in steps_of(revision)]
            assert now.state == model.state
            assert states[: model.at] == ["passed"] * model.at
            assert model.state != "submitted" or states[model.at] == "open"
        raise _Undo


def play(scope: Scope, revision: Revision, verb: str, to: int) -> None:
    seen = {"revision_id": revision.pk, "sha256": revision.sha256}
    if verb == "approve":
        reviews.approve_revision(scope=scope, **seen)
    elif verb == "reject":
        reviews.reject_revision(scope=scope, comment="不行", **seen)
    elif verb == "withdraw":
        reviews.withdraw_revision(scope=scope, revision_id=revision.pk)
    else:
        reviews.send_back_to_step(scope=scope, step_id=steps_of(revision)[to].pk, comment="再看", **seen)
