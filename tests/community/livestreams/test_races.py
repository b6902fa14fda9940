"""Two livestreams approved at once for one host; beside it the control: the same two, each looking first."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from psycopg.types.range import TimestamptzRange

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.services.reviews import approve_revision
from campaigns.tenants.scopes import system_scope
from community.livestreams.models import Booking, Broadcast
from community.livestreams.refusals import TimeIsTaken
from community.livestreams.services.livestreams import submit_livestream
from tests.support.cast import AT, Cast
from tests.support.livestreams import channel_of, draft_livestream, operator
from tests.support.races import together

pytestmark = pytest.mark.commits


def test_of_two_approved_at_once_for_one_host_one_is_held(committed_cast: Cast) -> None:
    cast = committed_cast
    north = operator(cast)
    revisions = []
    for name in ("一号", "二号"):
        draft = draft_livestream(cast, north, channel_id=channel_of(north, name).pk, title=name)
        with north.scope() as scope:
            revisions.append(submit_livestream(scope=scope, livestream_id=draft.pk))

    def approve(revision: Any) -> Callable[[], Any]:
        def act() -> Any:
            with cast.north_reviewer.scope() as scope:
                seen = [each.finding.pk for each in findings_of(scope=scope, revision=revision)]
                return approve_revision(
                    scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=seen
                )

        return act

    said = together([approve(revision) for revision in revisions])
    assert sorted(isinstance(each, TimeIsTaken) for each in said) == [False, True]
    with system_scope(at=AT, cause="test"):
        assert Broadcast.objects.count() == 1
        assert Booking.objects.filter(kind="host").count() == 1
        span = Booking.objects.filter(kind="host").get().span
    # The control: both look before either writes, and both find the host free.
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE looked_first (taken uuid, span tstzrange)")
    try:
        found = together([_look_and_write(north.person.pk, span)] * 2)
        assert found == [True, True]
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP TABLE looked_first")


def _look_and_write(taken: Any, span: TimestamptzRange) -> Callable[[], bool]:
    def act() -> bool:
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT 1 FROM looked_first WHERE taken = %s AND span && %s", [taken, span])
            is_free = cursor.fetchone() is None
            cursor.execute("SELECT pg_sleep(0.2)")
            if is_free:
                cursor.execute("INSERT INTO looked_first VALUES (%s, %s)", [taken, span])
        return is_free

    return act
