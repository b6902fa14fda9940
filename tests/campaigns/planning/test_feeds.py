"""A person's calendar under a secret address."""

from datetime import timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from campaigns.audit.models import Entry
from campaigns.lib.clock import now
from campaigns.planning.models import Feed
from campaigns.planning.services import add_campaign
from campaigns.tenants.models import Assignment
from tests.support.cast import Cast, Player

pytestmark = pytest.mark.django_db
PAGE = "/admin/planning/campaign/calendar/subscription/"


def plan(player: Player, title: str, days: int = 2) -> None:
    with player.scope(now()) as scope:
        first = scope.at + timedelta(days=days)
        add_campaign(
            scope=scope,
            title=title,
            goal="",
            starts_at=first,
            ends_at=first + timedelta(days=3),
            budget_fen=0,
            note="",
        )


def subscribe(player: Player, **said: str) -> tuple[Client, str]:
    client = Client()
    client.force_login(player.login)
    page = client.post(PAGE, {"act": "make"} | said)
    assert "no-store" in page["Cache-Control"]
    address: str = page.context["address"]
    assert address.encode() in page.content and address.encode() not in client.get(PAGE).content
    return client, address.removeprefix("http://testserver")


def titles(address: str) -> set[str]:
    answer = Client().get(address)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return {str(event["SUMMARY"]) for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_the_address_shows_what_its_person_sees_and_nothing_once_it_has_ended(cast: Cast) -> None:
    plan(cast.ho_rewards, "全行开门红")
    plan(cast.north_rewards, "北方冬季客户节")
    plan(cast.north_rewards, "太远的活动", days=60)
    client, address = subscribe(cast.north_rewards)
    assert titles(address) == {"[活动] 北方冬季客户节"}
    _other, mine = subscribe(cast.north_editor, is_mine="on")
    assert titles(mine) == set()  # it was somebody else who made it
    # A new address ends the old one.
    again = client.post(PAGE, {"act": "make"}).context["address"].removeprefix("http://testserver")
    assert Client().get(address).status_code == 404
    assert titles(again) == {"[活动] 北方冬季客户节"}
    client.post(PAGE, {"act": "end"})
    assert Client().get(again).status_code == 404
    assert Client().get("/calendar/nonsense.ics").status_code == 404
    with cast.north_rewards.scope(now()):
        deeds = Entry.objects.filter(verb__startswith="planning.feed.").values_list("verb", flat=True)
        assert sorted(deeds) == ["planning.feed.add"] * 3 + ["planning.feed.end"]
        assert not Feed.objects.filter(ended_at=None, login_id=cast.north_rewards.login.pk).exists()


def test_who_may_not_stand_there_any_more_sees_nothing(cast: Cast) -> None:
    plan(cast.north_rewards, "北方冬季客户节")
    _client, address = subscribe(cast.north_rewards)
    assert titles(address)
    with cast.ho_administrator.scope(now()):
        Assignment.objects.filter(pk=cast.north_rewards.assignment.pk).update(held_until=now())
    assert Client().get(address).status_code == 404
