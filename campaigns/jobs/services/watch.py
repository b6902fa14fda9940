"""Looks at the installation once a minute: keeps the figures, opens and closes alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Greatest

from campaigns.jobs.watch_models import Alert, Reading
from campaigns.jobs.watch_rules import figures_of, passed
from campaigns.jobs.watch_selectors import measured_now
from campaigns.tenants.scopes import Scope

# Figures are kept for a week, alerts for a year.
READINGS_KEPT = timedelta(days=7)
ALERTS_KEPT = timedelta(days=366)


@dataclass(frozen=True)
class Watched:
    """What one look did: codes of the alerts that it opened and closed."""

    opened: list[str]
    closed: list[str]


def watch(*, scope: Scope, limits: Mapping[str, float]) -> Watched:
    """Measure everything, keep it, and let each figure above its limit have one open alert, and no other.

    Any number may watch at once: the database keeps one open alert for a code. A figure that cannot be measured any
    more closes its alert: whose gauge is gone stands above nothing.
    """
    scope.demand("jobs.alert.add")
    figures = figures_of(measured_now(scope=scope))
    Reading.objects.create(at=scope.at, figures=figures)
    above = passed(figures, limits)
    still = Alert.objects.filter(closed_at__isnull=True)
    closed = list(still.exclude(code__in=above).values_list("code", flat=True))
    still.filter(code__in=closed).update(closed_at=Greatest(F("opened_at"), scope.at))
    standing = set(still.values_list("code", flat=True))
    for code, (value, _limit) in above.items():
        still.filter(code=code).update(value=value, worst=Greatest(F("worst"), value))
    Alert.objects.bulk_create(
        [
            Alert(code=code, value=value, worst=value, limit=limit, opened_at=scope.at)
            for code, (value, limit) in above.items()
            if code not in standing
        ],
        ignore_conflicts=True,
    )
    Reading.objects.filter(at__lt=scope.at - READINGS_KEPT).delete()
    Alert.objects.filter(closed_at__lt=scope.at - ALERTS_KEPT).delete()
    return Watched(opened=sorted(set(above) - standing), closed=sorted(closed))
