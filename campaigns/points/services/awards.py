"""Points for many at once: a list loaded or a tag chosen, its rows judged, asked for, decided on, and taken back.

What goes over many rows is a long job (award_runs.py). The database decides (sql/awards.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import IO, Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from campaigns.audit.services import record
from campaigns.customers.imports.reading import take
from campaigns.customers.tag_selectors import tag_in_scope
from campaigns.jobs.services import due
from campaigns.jobs.services.long import ask_job
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.points.award_files import MOST, path_of, reading_of, sealed_name
from campaigns.points.models import Award, Ends
from campaigns.points.refusals.awards import (
    BY_WORD,
    AwardDecided,
    AwardNotClear,
    AwardStopped,
    AwardTooLarge,
)
from campaigns.points.second_person import tell_asker, tell_seconds
from campaigns.points.selectors.awards import award_in_scope
from campaigns.points.verbs import LEAST_REASON, ask, reason_of
from campaigns.tenants.scopes import Scope

JUDGE, POST, RETURN = "points.judge_award", "points.post_award", "points.return_award"
DELETE_FILE, DELETE_ROWS = "points.delete_award_file", "points.delete_award_rows"
LOOKS, ADDS, DECIDES, RETURNS = (
    "points.award.view",
    "points.award.add",
    "points.award.decide",
    "points.award.take_back",
)
MOST_ROWS = 200_000
# The content of a file that is never judged to its end; and the rows, without which nothing is taken back as a whole.
FILE_KEPT, ROWS_KEPT = timedelta(days=7), 90  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardTerms:
    """What an award says. `each`: points for everyone, or None where a file's column says; `waits_until`: in force from
    then (UTC), None: as soon as they are posted; then good for `months` (None: for good) to the end of `ends` (Ends).
    """

    title: str
    reason: str
    each: int | None = None
    waits_until: datetime | None = None
    months: int | None = 12
    ends: str = Ends.YEAR
    payer: str = Award.Payer.HOME

    def check(self) -> None:
        """Raises AwardNotClear."""
        if (
            not self.title.strip()
            or len(self.reason.strip()) < LEAST_REASON
            or (self.each is not None and not 1 <= self.each <= MOST)
            or (self.months is not None and not 1 <= self.months <= 120)
            or self.ends not in Ends.values
            or self.payer not in Award.Payer.values
        ):
            raise AwardNotClear

    def columns(self) -> dict[str, Any]:
        return {
            "title": self.title.strip()[:80],
            "reason": self.reason.strip()[:200],
            "each": self.each,
            "waits_until": self.waits_until,
            "months": self.months,
            "ends": self.ends,
            "payer": self.payer,
        }


def load_award(*, scope: Scope, terms: AwardTerms, file: IO[bytes], name: str) -> Award:
    """Take in a CSV or XLSX file of customers (number or phone) and points, and have its rows judged by a long job.
    Nothing is given before `ask_award`.

    Raises AwardNotClear, PointsColumnMissing, AwardTooLarge, and a FileRefused for one that cannot be read; then
    nothing is kept.
    """
    scope.demand(ADDS)
    terms.check()
    award_id = new_id()
    taken = take(file, path=path_of(award_id=award_id), name=sealed_name(award_id))
    try:
        if taken.rows > MOST_ROWS:
            raise AwardTooLarge(most=f"{MOST_ROWS:,}")
        reading = reading_of(head=taken.head, each=terms.each)
        return _load(
            scope,
            award_id,
            terms,
            source=Award.Source.FILE,
            name=PurePath(name).name[:200] or "–",
            sha256=taken.sha256,
            reading=reading._asdict() | {"delimiter": taken.delimiter},
            rows=taken.rows - (reading.headings > 0),
        )
    except BaseException:
        path_of(award_id=award_id).unlink(missing_ok=True)
        raise


def load_tag_award(*, scope: Scope, terms: AwardTerms, tag_id: int) -> Award:
    """The same for every customer of the scope who has a tag when the job comes to them. Raises AwardNotClear,
    NotFound (the tag).
    """
    scope.demand(ADDS)
    terms.check()
    if terms.each is None:
        raise AwardNotClear
    tag = tag_in_scope(scope=scope, tag_id=tag_id)
    return _load(scope, new_id(), terms, source=Award.Source.TAG, name=str(tag)[:200], tag_id=tag.pk)


@transaction.atomic
def ask_award(*, scope: Scope, award_id: UUID) -> Award:
    """Have what was judged posted: at once within what one person may award alone in a day, else when another person
    agrees. By who loaded it. Raises NotFound, AwardNotJudged, AwardEmpty.
    """
    scope.demand(ADDS)
    ask("SELECT ask_award(%s)", [award_id], BY_WORD)
    award = award_in_scope(scope=scope, award_id=award_id)
    _note(scope, award, "ask", points=award.points, count=award.customers, state=award.state)
    if award.state == Award.State.ASKED:
        tell_seconds(scope=scope, asked=award, verb=DECIDES)
        return award
    return _work(scope, award, POST)


@transaction.atomic
def decide_award(*, scope: Scope, award_id: UUID, is_agreed: bool, remark: str = "") -> Award:
    """Have posted what another person asked for, or refuse it (then with a remark). Raises NotFound, AwardDecided,
    AwardIsOwn, ReasonNotGiven.
    """
    scope.demand(DECIDES)
    remark = remark.strip()[:200] if is_agreed else reason_of(remark)
    ask("SELECT decide_award(%s, %s, %s)", [award_id, is_agreed, remark], BY_WORD)
    award = award_in_scope(scope=scope, award_id=award_id)
    _note(scope, award, "approve" if is_agreed else "reject", points=award.points, remark=remark)
    tell_asker(scope=scope, asked=award, is_agreed=is_agreed)
    return _work(scope, award, POST) if is_agreed else award


@transaction.atomic
def drop_award(*, scope: Scope, award_id: UUID) -> Award:
    """Withdraw one's own before anything is posted; its file's content is deleted. Raises NotFound, AwardDecided."""
    scope.demand(ADDS)
    ask("SELECT drop_award(%s)", [award_id], BY_WORD)
    delete_file(scope=scope, award_id=award_id)
    award = award_in_scope(scope=scope, award_id=award_id)
    _note(scope, award, "drop")
    return award


@transaction.atomic
def go_on_with_award(*, scope: Scope, award_id: UUID) -> Award:
    """Begin the long job again that posts or takes back, after it was stopped or its asker may not go on any more.
    Whatever was done is not done twice. Raises NotFound, AwardDecided.
    """
    award = award_in_scope(scope=scope, award_id=award_id)
    kind = {Award.State.AGREED: POST, Award.State.RETURNING: RETURN}.get(Award.State(award.state))
    scope.demand(RETURNS if kind == RETURN else DECIDES)
    if kind is None:
        raise AwardDecided
    _note(scope, award, "resume")
    return _work(scope, award, kind)


@transaction.atomic
def take_back_award(*, scope: Scope, award_id: UUID, reason: str, owes_rest: bool = True) -> Award:
    """Take all of it back, customer by customer as a long job; nothing more of it is posted. What is spent of it the
    customers owe, or (not `owes_rest`) the issuers bear. Raises NotFound, ReasonNotGiven, AwardNotPosted.
    """
    scope.demand(RETURNS)
    reason = reason_of(reason)
    ask("SELECT return_award(%s, %s, %s)", [award_id, reason, owes_rest], BY_WORD)
    award = award_in_scope(scope=scope, award_id=award_id)
    _note(scope, award, "take_back", reason=reason, owes_rest=owes_rest)
    return _work(scope, award, RETURN)


def delete_file(*, scope: Scope, award_id: UUID) -> None:
    """What was loaded is not needed any more: the sealed content goes with this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_award_rows(%s, 0)", [award_id])
    transaction.on_commit(lambda: path_of(award_id=award_id).unlink(missing_ok=True))


def delete_rows(*, scope: Scope, award_id: UUID) -> int:
    """Delete the rows of an award that is over and past its time; how many. By the system; the ledger stays."""
    delete_file(scope=scope, award_id=award_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_award_rows(%s, %s)", [award_id, MOST_ROWS])
        return int(cursor.fetchone()[0])


def must_go_on(*, scope: Scope, award_id: UUID, state: str) -> Award:
    """The award that a job works at. Raises NotFound, AwardStopped when it is not in this state any more."""
    award = award_in_scope(scope=scope, award_id=award_id)
    if award.state != state:
        raise AwardStopped
    return award


@transaction.atomic
def _load(scope: Scope, award_id: UUID, terms: AwardTerms, **more: Any) -> Award:
    said = orjson.dumps(terms.columns() | more).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT load_award(%s, %s::jsonb, make_interval(days => %s))", [award_id, said, ROWS_KEPT]
        )
    award = award_in_scope(scope=scope, award_id=award_id)
    for kind, at in ((DELETE_FILE, scope.at + FILE_KEPT), (DELETE_ROWS, award.kept_until)):
        due.lay(
            scope=scope,
            kind=kind,
            subject=ref("points.award", award_id),
            at=at,
            branch_id=award.branch_id,
            branch_pos=award.branch_pos,
        )
    _note(scope, award, "add", name=award.name, sha256=award.sha256, reason=award.reason)
    return _work(scope, award, JUDGE)


def _work(scope: Scope, award: Award, kind: str) -> Award:
    job = ask_job(scope=scope, kind=kind, args={"award": str(award.pk)}, title=award.title)
    with connection.cursor() as cursor:
        cursor.execute("SELECT note_award_job(%s, %s)", [award.pk, job.pk])
    award.job_id = job.pk
    return award


def _note(scope: Scope, award: Award, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"points.award.{verb}",
        subject=ref("points.award", award.pk),
        subject_name=award.title,
        branch_id=award.branch_id,
        branch_pos=award.branch_pos,
        **detail,
    )
