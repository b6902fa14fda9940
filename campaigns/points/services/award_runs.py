"""The long jobs of awards: rows judged, lots posted, customers taken back; a part and how far it went together."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from campaigns.customers.tag_selectors import tagged_customers
from campaigns.jobs.long_kinds import Result, Step
from campaigns.jobs.long_models import Job
from campaigns.lib.both import in_both
from campaigns.lib.csv_files import csv_bytes
from campaigns.points.award_files import BEGIN, LOT, next_rows, refused_lines
from campaigns.points.models import Award, AwardRow
from campaigns.points.refusals.awards import ROWS, AwardFileGone, AwardStopped, TagTooLarge
from campaigns.points.services.awards import ADDS, LOOKS, MOST_ROWS, RETURNS, delete_file, must_go_on
from campaigns.rewards.services.batch_files import customers_named
from campaigns.tenants.scopes import Scope

POSTED_AT_ONCE = 1_000  # customers of one movement
BACK_AT_ONCE = 200  # customers taken back in one transaction


def judge_step(*, scope: Scope, job: Job) -> Step:
    """Judge the next rows; after the last of them lots are made, and the file's content is deleted. The table of
    refused rows is the job's result.
    """
    scope.demand(ADDS)
    award = must_go_on(scope=scope, award_id=UUID(job.args["award"]), state=Award.State.JUDGING)
    judge = _judge_tag if award.source == Award.Source.TAG else _judge_file
    many, no, after = judge(scope, award, job.cursor)
    done, refused = job.done + many, job.refused + no
    if after is not None:
        total = max(award.rows, done)
        return Step(done, total, refused=refused, cursor=after, doing=in_both(_("checking the rows")))
    finish_judging(scope=scope, award=award)
    result = _refusals(scope, award) if refused else None
    if award.source == Award.Source.FILE:
        delete_file(scope=scope, award_id=award.pk)
    log = (in_both(_("%(n)s rows were refused: the table with the reasons is the result."), n=refused),)
    return Step(done, done, refused=refused, result=result, log=log if refused else (), is_over=True)


def post_step(*, scope: Scope, job: Job) -> Step:
    """Post the next lot: its movement, and the note that it is posted."""
    scope.demand(LOOKS)
    return _step(scope, job, "SELECT * FROM post_award_lot(%s)", [], Award.State.AGREED, _("posting points"))


def return_step(*, scope: Scope, job: Job) -> Step:
    """Take the next customers' points back."""
    scope.demand(RETURNS)
    call = "SELECT * FROM return_award_rows(%s, %s)"
    return _step(scope, job, call, [BACK_AT_ONCE], Award.State.RETURNING, _("taking points back"))


def _step(scope: Scope, job: Job, call: str, more: list[Any], state: str, doing: Any) -> Step:
    award = must_go_on(scope=scope, award_id=UUID(job.args["award"]), state=state)
    with connection.cursor() as cursor:
        cursor.execute(call, [award.pk, *more])
        row = cursor.fetchone()
    if row is None:
        raise AwardStopped
    is_over, went, lost = row
    # Never back: customers who could not be given anything are counted as they are found.
    done, refused = max(job.done, went + lost), max(job.refused, lost)
    total = max(done, award.customers)
    return Step(done, total, refused=refused, cursor={"went": went}, doing=in_both(doing), is_over=is_over)


def _judge_file(scope: Scope, award: Award, cursor: dict[str, Any]) -> tuple[int, int, dict[str, Any] | None]:
    try:
        rows, after = next_rows(
            award_id=award.pk, reading=award.reading, each=award.each, cursor=cursor or BEGIN
        )
    except FileNotFoundError:
        raise AwardFileGone from None
    kind = award.reading["kind"]
    who = customers_named(scope=scope, rows=[each.row for each in rows], kind=kind) if rows else []
    no = judge_rows(
        scope=scope,
        award=award,
        lines=[each.row.line for each in rows],
        who=who,
        points=[each.points for each in rows],
    )
    return len(rows), no, dict(after) if after is not None else None


def _judge_tag(scope: Scope, award: Award, cursor: dict[str, Any]) -> tuple[int, int, dict[str, Any] | None]:
    """Whoever has the tag, in the order of ids; the number in that order is the line."""
    before = int(cursor.get("line", 0))
    if before >= MOST_ROWS:
        raise TagTooLarge(most=f"{MOST_ROWS:,}")
    assert award.tag_id is not None
    after = UUID(cursor["after"]) if cursor else None
    who = tagged_customers(every=[award.tag_id], after=after, many=LOT)
    lines = list(range(before + 1, before + len(who) + 1))
    no = judge_rows(scope=scope, award=award, lines=lines, who=list(who), points=[award.each] * len(who))
    if len(who) < LOT:
        return len(who), no, None
    return len(who), no, {"line": lines[-1], "after": str(who[-1])}


def judge_rows(
    *, scope: Scope, award: Award, lines: list[int], who: list[UUID | None], points: list[int | None]
) -> int:
    """Judge rows that mean these customers (None: nobody known) and points (None: none); how many were refused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT judge_award_rows(%s, %s::int[], %s::uuid[], %s::bigint[])", [award.pk, lines, who, points]
        )
        return int(cursor.fetchone()[0])


def finish_judging(*, scope: Scope, award: Award) -> None:
    """All rows are judged: what they come to is counted, and lots are made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT finish_judging(%s, %s)", [award.pk, POSTED_AT_ONCE])


def _refusals(scope: Scope, award: Award) -> Result:
    """The refused rows as a table, with what was loaded: for who loaded it alone."""
    words = dict(
        AwardRow.objects.within(scope).filter(award=award).exclude(word="").values_list("line", "word")
    )
    typed: dict[int, tuple[str, str]] = {}
    if award.source == Award.Source.FILE:
        typed = refused_lines(award_id=award.pk, reading=award.reading, lines=list(words))
    rows = [
        (line, *typed.get(line, ("", "")), ROWS[word]["zh"], ROWS[word]["en"])
        for line, word in sorted(words.items())
    ]
    return Result(
        f"refused-{str(award.pk)[-8:]}.csv",
        "text/csv; charset=utf-8",
        csv_bytes(("行 · line", "客户 · customer", "积分 · points", "原因", "reason"), rows),
    )
