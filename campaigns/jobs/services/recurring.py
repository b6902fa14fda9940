"""Recurring things: a rule in local time, of which due rows are laid 60 days ahead."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import GRACE, Clock
from campaigns.jobs.due_selectors import zone_of_branch
from campaigns.jobs.recurring_models import Recurring
from campaigns.jobs.recurring_rules import (
    CalendarEnds,
    calendar_until,
    checked,
    needs_calendar,
    occurrences,
    zone_of,
)
from campaigns.jobs.recurring_selectors import recurring_in_scope, to_lay
from campaigns.jobs.services.due import Laid, cancel, lay_many
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope, opened, system

TASK = "jobs.materialise"
AHEAD = timedelta(days=60)
# Recurring things whose rows are laid in one transaction.
_LOT = 50


class RecursAlready(Refusal):
    code = "jobs.recurring.exists"
    status = 409
    zh = "它已有周期安排，请修改原有安排。"
    en = "It recurs already: change the rule that there is."


def add_recurring(
    *,
    scope: Scope,
    kind: str,
    subject: str,
    rule: Mapping[str, Any],
    first: date,
    until: date | None = None,
    zone: str = "",
    misfire: str = Due.Misfire.ONCE,
    grace: timedelta = GRACE,
    args: Mapping[str, Any] | None = None,
    branch_id: int | None = None,
    branch_pos: int | None = None,
) -> Recurring:
    """Have `kind` done to `subject` by a rule (recurring_rules.py), in the zone of its branch unless told otherwise.

    Its rows for the next 60 days are laid at once. Who calls has been asked for the right to the thing itself.
    Raises RuleIsWrong, NoSuchZone, RecursAlready.
    """
    own = scope.branch_id if branch_id is None else branch_id
    zone = zone or zone_of_branch(scope=scope, branch_id=own)
    zone_of(zone)
    try:
        with transaction.atomic(using=scope.using):
            made: Recurring = Recurring.objects.create(
                branch_id=own,
                branch_pos=scope.branch_pos if branch_id is None or branch_pos is None else branch_pos,
                kind=kind,
                subject=subject,
                rule=checked(rule),
                zone=zone,
                first=first,
                until=until,
                misfire=misfire,
                grace=grace,
                args=dict(args or {}),
            )
    except IntegrityError as error:
        if "jobs_recurring_has_one_rule" not in str(error):
            raise
        raise RecursAlready from error
    _lay_ahead(scope, made)
    _note(scope, made, "add")
    return made


def change_recurring(*, scope: Scope, recurring_id: UUID, **terms: Any) -> Recurring:
    """Give it another rule, zone, window (`first`, `until`), misfire, grace or args, from this moment on.

    Rows due later are cancelled and laid anew; what is done stays. Raises NotFound, RuleIsWrong, NoSuchZone.
    """
    unknown = set(terms) - {"rule", "zone", "first", "until", "misfire", "grace", "args"}
    if unknown:
        raise TypeError(f"no such terms: {sorted(unknown)}")
    found = recurring_in_scope(scope=scope, recurring_id=recurring_id, lock=True)
    if "rule" in terms:
        terms["rule"] = checked(terms["rule"])
    zone_of(terms.get("zone", found.zone))
    for name, value in terms.items():
        setattr(found, name, value)
    found.laid_until = None
    found.save(update_fields=[*terms, "laid_until"])
    cancel(scope=scope, kind=found.kind, subject=found.subject, after=scope.at)
    _lay_ahead(scope, found)
    _note(scope, found, "change")
    return found


def end_recurring(*, scope: Scope, kind: str, subject: str) -> bool:
    """It recurs no more, from this moment on; whether it did."""
    found = Recurring.objects.within(scope).filter(kind=kind, subject=subject).first()
    if found is None:
        return False
    cancel(scope=scope, kind=kind, subject=subject, after=scope.at)
    _note(scope, found, "end")
    found.delete()
    return True


def materialise(*, scope: Scope, clock: Clock) -> int:
    """Lay every recurring thing 60 days ahead; how many new rows. Any number may run side by side.

    `scope` is the system's and not open. What needs a calendar that is not published says so, and the rest goes on.
    """
    scope.demand("jobs.recurring.lay")
    many = 0
    after: UUID | None = None
    while True:
        with opened(system(at=clock(), cause=TASK)) as own:
            some = to_lay(scope=own, before=_horizon(own.at), after=after, limit=_LOT)
            for each in some:
                many += _lay_ahead(own, each)
        if len(some) < _LOT:
            return many
        after = some[-1].pk


def _horizon(at: datetime) -> date:
    # A day more than anywhere on earth, so that no zone's day is asked for twice.
    return (at.astimezone(UTC) + AHEAD + timedelta(days=1)).date()


def _lay_ahead(scope: Scope, thing: Recurring) -> int:
    """Lay what lies after the moment, as far ahead as is known and asked for; how many were new."""
    if thing.laid_until is not None:
        since = thing.laid_until + timedelta(days=1)
    else:
        # From yesterday: it may still be that day in the thing's zone.
        since = max(thing.first, (scope.at.astimezone(UTC) - timedelta(days=1)).date())
    until = _horizon(scope.at) if thing.until is None else min(thing.until, _horizon(scope.at))
    known, why_not = _known(thing, until)
    many = 0
    if since <= known:
        many = lay_many(scope=scope, rows=_rows(scope, thing, since, known))
    reached = max(known, thing.laid_until) if thing.laid_until else known
    Recurring.objects.within(scope).filter(pk=thing.pk).update(laid_until=reached, why_not=why_not)
    thing.laid_until, thing.why_not = reached, why_not
    return many


def _known(thing: Recurring, until: date) -> tuple[date, dict[str, str]]:
    """The last day up to `until` that can be laid, and the words for why it is not `until`."""
    if not needs_calendar(thing.rule) or until <= calendar_until():
        return until, {}
    refusal = CalendarEnds(year=calendar_until().year)
    return calendar_until(), {"zh": refusal.detail("zh"), "en": refusal.detail("en")}


def _rows(scope: Scope, thing: Recurring, since: date, until: date) -> list[Laid]:
    # Laid for the first time or changed, it has nothing to make up for: only what is still to come.
    return [
        Laid(
            kind=thing.kind,
            subject=thing.subject,
            version=local.isoformat(timespec="minutes"),
            run_at=run_at,
            local_time=local,
            zone=thing.zone,
            branch_id=thing.branch_id,
            branch_pos=thing.branch_pos,
            misfire=thing.misfire,
            grace=thing.grace,
            args=thing.args,
            opened_as=thing.opened_as,
        )
        for local, run_at in occurrences(thing.rule, thing.zone, since, until)
        if thing.laid_until is not None or run_at > scope.at
    ]


def _note(scope: Scope, thing: Recurring, verb: str) -> None:
    record(
        scope=scope,
        verb=f"jobs.recurring.{verb}",
        subject=thing.subject,
        subject_name=thing.kind,
        branch_id=thing.branch_id,
        branch_pos=thing.branch_pos,
        kind=thing.kind,
        rule=thing.rule,
        zone=thing.zone,
    )
