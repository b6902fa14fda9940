"""A customer's points as the phone asks for them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from campaigns.lib.clock import now
from campaigns.points.services.postings import Accrual, Validity, accrue_points, burn_points, hold_points
from campaigns.tenants.scopes import system_scope
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def test_points_say_how_many_why_and_until_when(cast: Cast, client: Client) -> None:
    nb, other = cast.customers["nb"], cast.customers["nb2"]
    at = now()
    with system_scope(at=at, cause="test") as scope:
        issuer = cast.branch["N"].pk
        for points, validity, waits in (
            (30, Validity(0, "year"), None),
            (100, Validity(None), None),
            (7, Validity(), at + timedelta(days=3)),
        ):
            accruals = [Accrual(nb.customer.pk, points, uuid4()), Accrual(other.customer.pk, 1, uuid4())]
            accrue_points(
                scope=scope, accruals=accruals, issuer_id=issuer, title="每日签到", validity=validity,
                waits_until=waits,
            )  # fmt: skip
        who = {"scope": scope, "customer_id": nb.customer.pk, "key": uuid4()}
        burn_points(points=50, title="兑换雨伞", **who)
        hold_points(points=5, title="下单", until=at + timedelta(hours=1), **(who | {"key": uuid4()}))

    told = client.get("/api/v1/me/points", headers=nb.headers()).json()
    assert {name: told[name] for name in ("usable", "pending", "held", "owed", "next_points")} == {
        "usable": 75, "pending": 7, "held": 5, "owed": 0, "next_points": 0,
    }  # fmt: skip
    assert told["sentence"] == "" and told["next_end"] is None  # the thirty went first

    with system_scope(at=at, cause="test") as scope:
        accrue_points(
            scope=scope, accruals=[Accrual(nb.customer.pk, 30, uuid4())], issuer_id=issuer, title="分享",
            validity=Validity(0, "year"),
        )  # fmt: skip
    zh = client.get("/api/v1/me/points", headers=nb.headers()).json()["sentence"]
    en = client.get("/api/v1/me/points", headers=nb.headers() | {"Accept-Language": "en"}).json()["sentence"]
    assert (zh, en) == ("30 分将于 12 月 31 日到期", "30 points end on 12/31")

    first = client.get("/api/v1/me/points/entries?limit=2", headers=nb.headers()).json()
    rest = client.get(f"/api/v1/me/points/entries?cursor={first['next']}", headers=nb.headers()).json()
    shown = [
        (e["kind"], e["title"], e["usable"], e["pending"], e["held"]) for e in first["items"] + rest["items"]
    ]
    assert shown == [
        ("accrue", "分享", 30, 0, 0),
        ("hold", "下单", -5, 0, 5),
        ("burn", "兑换雨伞", -50, 0, 0),
        ("accrue", "每日签到", 0, 7, 0),
        ("accrue", "每日签到", 100, 0, 0),
        ("accrue", "每日签到", 30, 0, 0),
    ]
    assert rest["next"] is None
    lots = client.get("/api/v1/me/points/lots", headers=nb.headers()).json()["items"]
    assert [(lot["usable"], lot["pending"], lot["held"]) for lot in lots] == [
        (30, 0, 0),
        (75, 0, 5),
        (0, 7, 0),
    ]
    # The other has their own and nothing else.
    assert client.get("/api/v1/me/points", headers=other.headers()).json()["usable"] == 2
    assert len(client.get("/api/v1/me/points/entries", headers=other.headers()).json()["items"]) == 3


def test_who_never_had_points_has_none(cast: Cast, client: Client) -> None:
    sb = cast.customers["sb"].headers()
    assert client.get("/api/v1/me/points", headers=sb).json()["usable"] == 0
    assert client.get("/api/v1/me/points/entries", headers=sb).json() == {"items": [], "next": None}
    assert client.get("/api/v1/me/points/lots", headers=sb).json() == {"items": []}
