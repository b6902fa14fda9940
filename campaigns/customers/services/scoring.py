"""The nightly scores of all customers at once: stage of life, recency, frequency, money.

Fifths are of the whole bank and not of each branch: a campaign chooses by them across branches, where "5" must mean the
same, and an outlet of forty customers has no fifths to speak of. They are taken among those who did something in the
window; whoever did nothing has 1 throughout. Equal figures have equal scores.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from campaigns.audit.services import record
from campaigns.customers.activities import all_activities
from campaigns.customers.models import ScoringTerms
from campaigns.customers.services.attributes import demand_head_office
from campaigns.customers.tag_rules import TermsWrong
from campaigns.customers.tag_selectors import scoring_terms
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

SCORE = "customers.profile.score"

_DEEDS = """
CREATE TEMPORARY TABLE score_deeds ON COMMIT DROP AS
SELECT customer_id, max(at) AS last_at, count(*) AS many, sum(amount_fen) AS amount
  FROM ({activities}) deeds WHERE at >= %(since)s AND at <= %(at)s GROUP BY customer_id
"""
# 1 for the lowest fifth, 5 for the highest; cume_dist gives equal figures one place, that of the last of them.
_FIFTHS = """
CREATE TEMPORARY TABLE score_fifths ON COMMIT DROP AS
SELECT customer_id, last_at, many,
       ceil(5 * cume_dist() OVER (ORDER BY last_at))::int AS recency,
       ceil(5 * cume_dist() OVER (ORDER BY many))::int AS frequency,
       ceil(5 * cume_dist() OVER (ORDER BY amount))::int AS monetary
  FROM score_deeds
"""
# The stage follows from the last sign of life, and, for those who came back, from the stage before.
_FOUND = """
CREATE TEMPORARY TABLE score_found ON COMMIT DROP AS
SELECT c.id AS customer_id, c.branch_id, c.branch_pos, coalesce(p.stage, '') AS was,
       coalesce(f.recency, 1) AS recency, coalesce(f.frequency, 1) AS frequency, coalesce(f.monetary, 1) AS monetary,
       CASE WHEN greatest(f.last_at, c.joined_at) < %(lost)s THEN 'lost'
            WHEN greatest(f.last_at, c.joined_at) < %(asleep)s THEN 'asleep'
            WHEN p.stage IN ('asleep', 'lost') OR p.stage = 'won_back' AND p.stage_since > %(won_back)s THEN 'won_back'
            WHEN c.joined_at >= %(new)s THEN 'new'
            WHEN f.many >= %(loyal)s THEN 'loyal'
            ELSE 'active' END AS stage
  FROM customers_customer c
  LEFT JOIN score_fifths f ON f.customer_id = c.id
  LEFT JOIN customers_profile p ON p.customer_id = c.id
 WHERE c.status IN ('active', 'blocked')
"""
_CHANGES = """
INSERT INTO customers_stagechange (customer_id, branch_id, branch_pos, at, was, became)
SELECT customer_id, branch_id, branch_pos, %(at)s, was, stage FROM score_found WHERE stage <> was
ON CONFLICT DO NOTHING
"""
# Only what differs is written: a night on which nothing happened writes no row.
_WRITE = """
INSERT INTO customers_profile AS p
    (customer_id, branch_id, branch_pos, stage, stage_since, recency, frequency, monetary, scored_at)
SELECT f.customer_id, f.branch_id, f.branch_pos, f.stage, %(at)s, f.recency, f.frequency, f.monetary, %(at)s
  FROM score_found f LEFT JOIN customers_profile o ON o.customer_id = f.customer_id
 WHERE (o.stage, o.recency, o.frequency, o.monetary) IS DISTINCT FROM
       (f.stage, f.recency, f.frequency, f.monetary)
 ORDER BY f.customer_id
    ON CONFLICT (customer_id) DO UPDATE
   SET stage = excluded.stage, recency = excluded.recency, frequency = excluded.frequency,
       monetary = excluded.monetary, scored_at = excluded.scored_at,
       stage_since = CASE WHEN p.stage = excluded.stage THEN p.stage_since ELSE excluded.stage_since END
"""
_TABLES = "DROP TABLE IF EXISTS score_deeds, score_fifths, score_found"


@dataclass(frozen=True, slots=True)
class Scored:
    """How many customers were looked at, how many got other scores, how many passed into another stage."""

    customers: int
    changed: int
    passed_on: int


def score_customers(*, scope: Scope) -> Scored:
    """Stage and scores of every customer of the scope, as of its moment. Meant for the root's scope: see above.

    Raises NotAllowed.
    """
    scope.demand(SCORE)
    terms = scoring_terms()
    params = _moments(scope, terms)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('customers_scoring', 0))")
        cursor.execute(_TABLES)
        cursor.execute(_DEEDS.format(activities=all_activities()), params)
        cursor.execute(_FIFTHS)
        # Nothing else tells the planner how few or many they are.
        cursor.execute("ANALYZE score_fifths")
        cursor.execute(_FOUND, params)
        customers = cursor.rowcount
        cursor.execute("ANALYZE score_found")
        cursor.execute(_CHANGES, params)
        passed_on = cursor.rowcount
        cursor.execute(_WRITE, params)
        changed = cursor.rowcount
        cursor.execute(_TABLES)
    record(
        scope=scope,
        verb=SCORE,
        subject=ref("customers.profile", "all"),
        subject_name="",
        customers=customers,
        changed=changed,
        passed_on=passed_on,
    )
    return Scored(customers, changed, passed_on)


def change_scoring_terms(
    *,
    scope: Scope,
    window_days: int,
    new_days: int,
    asleep_days: int,
    lost_days: int,
    won_back_days: int,
    loyal_deeds: int,
) -> ScoringTerms:
    """Other thresholds; they show with the next run. Head office alone. Raises NotAllowed, TermsWrong."""
    demand_head_office(scope=scope, verb="customers.scoringterms.change")
    wanted = {
        "window_days": window_days,
        "new_days": new_days,
        "asleep_days": asleep_days,
        "lost_days": lost_days,
        "won_back_days": won_back_days,
        "loyal_deeds": loyal_deeds,
    }
    if min(wanted.values()) < 1 or asleep_days >= lost_days or max(wanted.values()) > 3_660:
        raise TermsWrong
    terms = scoring_terms()
    changed: dict[str, Any] = {field: new for field, new in wanted.items() if getattr(terms, field) != new}
    if changed:
        for field, value in changed.items():
            setattr(terms, field, value)
        terms.save()
        record(
            scope=scope,
            verb="customers.scoringterms.change",
            subject=ref("customers.scoringterms", terms.pk),
            subject_name="",
            **changed,
        )
    return terms


def _moments(scope: Scope, terms: ScoringTerms) -> dict[str, Any]:
    def back(days: int) -> Any:
        return scope.at - timedelta(days=days)

    return {
        "at": scope.at,
        "since": back(terms.window_days),
        "new": back(terms.new_days),
        "asleep": back(terms.asleep_days),
        "lost": back(terms.lost_days),
        "won_back": back(terms.won_back_days),
        "loyal": terms.loyal_deeds,
    }
