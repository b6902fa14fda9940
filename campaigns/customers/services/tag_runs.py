"""Computed tags: the rule is asked once for all customers, and only what differs is written.

All of a night is one long job: the scores first, since rules may ask for them, then the tags, each after those that its
rule asks for. Each part is a transaction of its own; one that fails is noted on its tag and does not stop the others.
"""

import time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DataError, connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.audit.services import record
from campaigns.customers.condition_sql import FROM_CUSTOMERS, compile_condition
from campaigns.customers.conditions import in_order, read_rule
from campaigns.customers.models import Tag
from campaigns.customers.services.scoring import SCORE, score_customers
from campaigns.customers.tag_rules import TagRetired
from campaigns.customers.tag_selectors import catalogue, owns, tag_in_scope
from campaigns.customers.tag_sets import ALONE, end_rows, give_rows
from campaigns.jobs.long_kinds import Step
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long import ask_job
from campaigns.lib.both import in_both
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, Refusal
from campaigns.tenants.scopes import Scope

# All of a night is head office's; one tag is run wherever its category is owned.
RUN, JOB, ONE = "customers.tag.run", "customers.recompute", "customers.run_tag"

_TABLES = "DROP TABLE IF EXISTS run_wanted, run_held, run_give, run_take"
_WANTED = """
CREATE TEMPORARY TABLE run_wanted ON COMMIT DROP AS
SELECT c.id AS customer_id, c.branch_id, c.branch_pos FROM {customers}
 WHERE c.branch_pos BETWEEN %s AND %s AND c.status IN ('active', 'blocked') AND {condition}
"""
_HELD = """
CREATE TEMPORARY TABLE run_held ON COMMIT DROP AS
SELECT h AS customer_id FROM tagged_customers(ARRAY[%(tag)s::int], '{}', '{}', NULL, NULL) h
"""
_GIVE = """
CREATE TEMPORARY TABLE run_give ON COMMIT DROP AS
SELECT w.customer_id, w.branch_id, w.branch_pos, %(tag)s::int AS tag_id FROM run_wanted w
 WHERE NOT EXISTS (SELECT FROM run_held h WHERE h.customer_id = w.customer_id)
"""
_TAKE = """
CREATE TEMPORARY TABLE run_take ON COMMIT DROP AS
SELECT h.customer_id, %(tag)s::int AS tag_id FROM run_held h
 WHERE NOT EXISTS (SELECT FROM run_wanted w WHERE w.customer_id = h.customer_id)
"""


def run_tag(*, scope: Scope, tag_id: int) -> dict[str, Any]:
    """Ask the rule of a computed tag within the scope, and below the owner of its category; give and take what differs.

    Returns {"held", "given", "taken", "seconds"}, which the tag keeps too. Raises NotAllowed, NotFound, TagRetired,
    RuleWrong (the rule speaks of what is no more).
    """
    scope.demand(RUN)
    tag = tag_in_scope(scope=scope, tag_id=tag_id)
    if tag.kind != Tag.Kind.COMPUTED or not tag.is_active:
        raise TagRetired(tag=tag)
    began = time.monotonic()
    zone = ZoneInfo(settings.TIME_ZONE)
    asked = compile_condition(
        read_rule(tag.rule, catalogue()), day=scope.at.astimezone(zone).date(), zone=zone
    )
    owner = tag.category.owner
    low, high = max(scope.lo, owner.pos), min(scope.hi, owner.pos_end)
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        cursor.execute(_TABLES)
        wanted = _WANTED.format(customers=FROM_CUSTOMERS, condition=asked.sql)
        cursor.execute(wanted, [low, high, *asked.params])
        held = cursor.rowcount
        for statement in (_HELD, _GIVE, _TAKE):
            cursor.execute(statement, {"tag": tag.pk})
        cursor.execute("ANALYZE run_give, run_take")
        given, _prolonged = give_rows(cursor, scope=scope, rows="run_give", source="rule")
        taken = end_rows(cursor, scope=scope, rows="run_take", source="rule")
        cursor.execute(_TABLES)
    did = {"held": held, "given": given, "taken": taken, "seconds": round(time.monotonic() - began, 1)}
    Tag.objects.filter(pk=tag.pk).update(last_run_at=scope.at, last_run=did)
    record(scope=scope, verb=RUN, subject=ref("customers.tag", tag.pk), subject_name=tag.name, **did)
    return did


def ask_run(*, scope: Scope, tag_id: int) -> Job:
    """Have a computed tag run as a long job, by who owns it. Raises NotAllowed, NotFound, TagRetired."""
    tag = tag_in_scope(scope=scope, tag_id=tag_id)
    if tag.kind != Tag.Kind.COMPUTED or not tag.is_active:
        raise TagRetired(tag=tag)
    if not owns(scope=scope, category=tag.category):
        raise NotAllowed(verb=RUN)
    return ask_job(scope=scope, kind=ONE, args={"tags": [tag.pk], "scores": False}, title=str(tag))


def ask_recompute(*, scope: Scope) -> Job | None:
    """Have scores and all computed tags run as one long job; None while the last such job still goes on."""
    still = Job.objects.filter(kind=JOB, args={}, state__in=[Job.State.WAITING, Job.State.RUNNING])
    if still.exists():
        return None
    return ask_job(scope=scope, kind=JOB)


def recompute(*, scope: Scope, job: Job) -> Step:
    """One part of the job: the scores, or one tag. Raises NotAllowed."""
    scope.demand(RUN)
    cursor = job.cursor or _plan(scope, job)
    parts: list[int] = cursor["parts"]
    nth, refused = cursor["nth"], cursor["refused"]
    if nth < len(parts):
        log = _score(scope) if parts[nth] == 0 else _run_one(scope, parts[nth])
        refused += log[1]
        nth += 1
    else:
        log = (in_both(_("There is no computed tag.")), 0)
    return Step(
        done=nth,
        total=len(parts),
        refused=refused,
        cursor={"parts": parts, "nth": nth, "refused": refused},
        doing=in_both(_("Computing scores and tags")),
        log=(log[0],),
        is_over=nth >= len(parts),
    )


def _plan(scope: Scope, job: Job) -> dict[str, Any]:
    """Which parts: 0 for the scores, then tags by id, in the order that their rules ask for."""
    rules = {
        tag.code: tag for tag in Tag.objects.filter(kind=Tag.Kind.COMPUTED, is_active=True).order_by("pk")
    }
    chosen = job.args.get("tags")
    ordered = [rules[code].pk for code in in_order({code: tag.rule for code, tag in rules.items()})]
    tags = [pk for pk in ordered if chosen is None or pk in chosen]
    with_scores = job.args.get("scores", True) and scope.may(SCORE) and not scope.ancestors
    return {"parts": ([0] if with_scores else []) + tags, "nth": 0, "refused": 0}


def _score(scope: Scope) -> tuple[Any, int]:
    scored = score_customers(scope=scope)
    said = _("Scores: %(customers)s customers, %(changed)s changed, %(passed_on)s in another stage")
    return in_both(said, customers=scored.customers, changed=scored.changed, passed_on=scored.passed_on), 0


def _run_one(scope: Scope, tag_id: int) -> tuple[Any, int]:
    tag = Tag.objects.get(pk=tag_id)
    try:
        with transaction.atomic(using=scope.using):
            did = run_tag(scope=scope, tag_id=tag_id)
    except (Refusal, DataError) as error:
        why = str(error)[:300]
        Tag.objects.filter(pk=tag_id).update(last_run_at=scope.at, last_run={"error": why})
        return in_both(_("“%(tag)s” could not be run: %(why)s"), tag=tag.name, why=why), 1
    said = _("“%(tag)s”: %(held)s customers, %(given)s new, %(taken)s no more")
    return in_both(said, tag=tag.name, held=did["held"], given=did["given"], taken=did["taken"]), 0
