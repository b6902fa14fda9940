"""What a livestream brought: its viewers as a line, its figures, each branch's share, and everything in one time line.

Asked as staff: the policies leave what customers of the scope's branches did. So a branch reads its own share of a
livestream that head office hands down.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections
from django.utils.translation import gettext

from campaigns.audit.rules import first_id_at
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Broadcast, Livestream, Showing
from community.livestreams.rules import (
    ABSENT_AFTER,
    MINUTES,
    interaction_rate,
    minute_of,
    same_weekday_before,
)

# What a viewer bought within a week of the beginning counts as a conversion.
CONVERTS_WITHIN = timedelta(days=7)

_LINE = """
SELECT count(w.id) FILTER (WHERE get_bit(w.minutes, m) = 1)
  FROM generate_series(0, %s) m
  LEFT JOIN community_watch w ON w.livestream_id = %s AND w.was_live
 GROUP BY m ORDER BY m
"""
# Coupons of its drops, claimed while they were open.
_CLAIMED = """
SELECT DISTINCT c.id, c.customer_id, c.branch_id, c.claimed_at, c.status
  FROM rewards_release r
  JOIN rewards_coupon c ON c.batch_id = r.batch_id AND c.claimed_at >= r.released_from
                       AND c.claimed_at < r.released_until
 WHERE r.cause = %(cause)s
"""
_FIGURES = f"""
WITH claimed AS ({_CLAIMED})
SELECT count(*) FILTER (WHERE w.was_live), coalesce(sum(w.seconds), 0), coalesce(sum(w.likes), 0),
       count(*) FILTER (WHERE w.was_live AND (
           w.likes > 0
           OR EXISTS (SELECT FROM community_comment m
                       WHERE m.livestream_id = w.livestream_id AND m.customer_id = w.customer_id)
           OR EXISTS (SELECT FROM community_quizanswer a
                       WHERE a.livestream_id = w.livestream_id AND a.customer_id = w.customer_id)
           OR EXISTS (SELECT FROM claimed c WHERE c.customer_id = w.customer_id))),
       (SELECT count(*) FROM community_comment m WHERE m.livestream_id = %(stream)s AND m.state = 'shown'),
       (SELECT count(*) FROM community_comment m WHERE m.livestream_id = %(stream)s AND m.state = 'held'),
       (SELECT count(*) FROM community_quizanswer a WHERE a.livestream_id = %(stream)s),
       (SELECT count(*) FROM claimed), (SELECT count(*) FROM claimed c WHERE c.status = 'redeemed'),
       (SELECT count(DISTINCT e.customer_id) FROM events_event e
         WHERE e.kind = 'core.bought' AND e.at >= %(since)s AND e.at < %(until)s
           AND e.id >= %(low)s AND e.id < %(high)s
           AND e.customer_id IN (SELECT v.customer_id FROM community_watch v
                                  WHERE v.livestream_id = %(stream)s AND v.was_live))
  FROM community_watch w WHERE w.livestream_id = %(stream)s
"""  # noqa: S608 - words of ours
_SHARES = f"""
WITH claimed AS ({_CLAIMED}),
watched AS (SELECT branch_id, count(*) AS viewers, sum(seconds) AS seconds FROM community_watch
             WHERE livestream_id = %(stream)s AND was_live GROUP BY branch_id),
had AS (SELECT branch_id, count(*) AS claims FROM claimed GROUP BY branch_id)
SELECT b.id, b.name, coalesce(w.viewers, 0), coalesce(w.seconds, 0), coalesce(h.claims, 0)
  FROM watched w FULL JOIN had h USING (branch_id) JOIN tenants_branch b ON b.id = branch_id
 ORDER BY 3 DESC, b.pos LIMIT 200
"""  # noqa: S608 - words of ours


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the live part. `seconds` watched in all; `active`: viewers who liked, said, answered or claimed."""

    viewers: int = 0
    seconds: int = 0
    likes: int = 0
    active: int = 0
    comments: int = 0
    held: int = 0
    answers: int = 0
    claims: int = 0
    redeemed: int = 0
    bought: int = 0
    peak: int = 0

    @property
    def rate(self) -> float | None:
        """The interaction rate: `active` of `viewers`."""
        return interaction_rate(viewers=self.viewers, active=self.active)

    @property
    def rate_words(self) -> str:
        return "–" if self.rate is None else f"{self.rate:.1%}"

    @property
    def minutes_each(self) -> float | None:
        """Minutes that a viewer watched, on average."""
        return self.seconds / 60 / self.viewers if self.viewers else None


@dataclass(frozen=True, slots=True)
class Share:
    """What customers of one branch had of it."""

    branch_id: int
    name: str
    viewers: int
    seconds: int
    claims: int

    @property
    def minutes(self) -> int:
        return self.seconds // 60


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing of the time line: at which minute, of which kind (for its colour), in words."""

    minute: int
    kind: str
    said: str


def line_of(*, scope: Scope, livestream_id: UUID) -> list[int]:
    """Viewers of each minute, from the beginning to its end, or to now. Empty before it begins."""
    showing = Showing.objects.visible(scope).filter(livestream_id=livestream_id).first()
    if showing is None or showing.started_at is None:
        return []
    last = min(minute_of(at=showing.ended_at or scope.at, since=showing.started_at), MINUTES - 1)
    return [row[0] for row in _rows(scope, _LINE, [last, livestream_id])]


def watching_now(*, scope: Scope, livestream_id: UUID) -> int:
    """Who has beaten lately enough to be there."""
    sql = "SELECT count(*) FROM community_watch WHERE livestream_id = %s AND was_live AND last_at > %s"
    return int(_rows(scope, sql, [livestream_id, scope.at - ABSENT_AFTER])[0][0])


def figures_of(*, scope: Scope, livestream_id: UUID) -> Figures:
    """Its figures, of the scope's customers."""
    showing = Showing.objects.visible(scope).filter(livestream_id=livestream_id).first()
    if showing is None or showing.started_at is None:
        return Figures()
    asked = {
        "cause": ref("community.livestream", livestream_id),
        "stream": livestream_id,
        "since": showing.started_at,
        "until": showing.started_at + CONVERTS_WITHIN,
        # Ids begin with their time: the months around it are looked at, and no others.
        "low": first_id_at(showing.started_at - CONVERTS_WITHIN),
        "high": first_id_at(showing.started_at + 5 * CONVERTS_WITHIN),
    }
    row = [int(value) for value in _rows(scope, _FIGURES, asked)[0]]
    return replace(Figures(*row), peak=max(line_of(scope=scope, livestream_id=livestream_id), default=0))


def shares_of(*, scope: Scope, livestream_id: UUID) -> list[Share]:
    """By the viewers' home branches, the largest first."""
    asked = {"cause": ref("community.livestream", livestream_id), "stream": livestream_id}
    return [Share(*row) for row in _rows(scope, _SHARES, asked)]


def same_weekday_of(*, scope: Scope, livestream: Broadcast | Livestream, zone: ZoneInfo) -> Showing | None:
    """The livestream of the same branch a week before, on the same weekday: the one nearest in time of day."""
    day = same_weekday_before(livestream.planned_from.astimezone(zone).date())
    begins = datetime.combine(day, datetime.min.time(), zone)
    rows = Showing.objects.within(scope).filter(
        branch_id=livestream.branch_id,
        started_at__isnull=False,
        planned_from__gte=begins,
        planned_from__lt=begins + timedelta(days=1),
    )
    wanted = livestream.planned_from - timedelta(days=7)
    return min(rows, key=lambda each: abs(each.planned_from - wanted), default=None)


def happened_in(*, scope: Scope, livestream_id: UUID, live: Broadcast | None) -> list[Happened]:
    """Everything that happened, by minutes: the run-sheet, drops, and what was claimed, said, liked, bought in each."""
    showing = Showing.objects.visible(scope).filter(livestream_id=livestream_id).first()
    if showing is None or showing.started_at is None:
        return []
    since, until = showing.started_at, showing.ended_at or scope.at
    found = [Happened(0, "state", gettext("it began"))]
    if showing.ended_at:
        found.append(Happened(minute_of(at=showing.ended_at, since=since), "state", gettext("it was over")))
    found += [Happened(line["minute"], "sheet", line["heading"]) for line in (live.run_sheet if live else ())]
    releases = (
        "SELECT r.released_from, r.released_until, l.title FROM rewards_release r"
        " JOIN rewards_livebatch l ON l.batch_id = r.batch_id"
        " WHERE r.cause = %s AND r.released_from < %s AND r.released_until > r.released_from"
    )
    cause = ref("community.livestream", livestream_id)
    for opened, _closed, title in _rows(scope, releases, [cause, until]):
        found.append(
            Happened(
                minute_of(at=opened, since=since), "drop", gettext("dropped “%(title)s”") % {"title": title}
            )
        )
    counted = f"""
        WITH claimed AS ({_CLAIMED})
        SELECT kind, minute, count(*) FROM (
            SELECT 'claim' AS kind, floor(extract(epoch FROM c.claimed_at - %(since)s) / 60)::int AS minute
              FROM claimed c
            UNION ALL
            SELECT 'comment', floor(extract(epoch FROM m.at - %(since)s) / 60)::int FROM community_comment m
             WHERE m.livestream_id = %(stream)s AND m.state = 'shown'
            UNION ALL
            SELECT 'answer', floor(extract(epoch FROM a.at - %(since)s) / 60)::int FROM community_quizanswer a
             WHERE a.livestream_id = %(stream)s
            UNION ALL
            SELECT 'redeem', floor(extract(epoch FROM d.at - %(since)s) / 60)::int
              FROM claimed c JOIN rewards_redemption d ON d.coupon_id = c.id WHERE d.at < %(until)s) each
         GROUP BY kind, minute ORDER BY minute, kind
    """  # noqa: S608 - words of ours
    asked = {"cause": cause, "stream": livestream_id, "since": since, "until": until}
    words = {
        "claim": gettext("%(n)s claimed"),
        "comment": gettext("%(n)s comments"),
        "answer": gettext("%(n)s answers"),
        "redeem": gettext("%(n)s redeemed"),
    }
    found += [
        Happened(max(0, minute), kind, words[kind] % {"n": many})
        for kind, minute, many in _rows(scope, counted, asked)
    ]
    order = {"state": 0, "sheet": 1, "drop": 2}
    return sorted(found, key=lambda each: (each.minute, order.get(each.kind, 3), each.kind))


def _rows(scope: Scope, sql: str, asked: Any) -> list[tuple[Any, ...]]:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(sql, asked)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
