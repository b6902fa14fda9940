"""What this room does when customers do something: points by rules."""

from collections.abc import Sequence
from datetime import datetime

from celery import current_app
from django.db import connection, transaction

from campaigns.events.following import Heard, register_follower
from campaigns.points.handing_over import hand_over_rules, rules_open
from campaigns.tenants.remainders import register_remainder
from campaigns.tenants.steps import register_step

TASK = "points.earn_for_events"


def register_earning() -> None:
    """Called once, when the room is ready."""
    register_follower("points: rules", act=wake)
    register_step("hand_over", name="points: rules", act=hand_over_rules)
    register_remainder("points rules", rows=rules_open)


def wake(*, source: str, heard: Sequence[Heard], at: datetime) -> None:
    """Say to a worker that events wait for their points, once they are written; the timetable's sweep finds them too.

    What they come to was laid with them, by the database.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT earnings_wait()")
        waits = cursor.fetchone()[0]
    if waits:
        transaction.on_commit(
            lambda: current_app.send_task(TASK, retry=False, ignore_result=True), robust=True
        )
