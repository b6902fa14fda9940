"""Check-ins over HTTP: own lots, keys, pictures, the board."""

import base64
import io

import pytest
from PIL import Image

from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from community.checkins.models import CheckIn, CheckInPicture
from tests.support.calls import Caller
from tests.support.cast import AT, Cast
from tests.support.checkins import TODAY, group_of, live_programme
from tests.support.hostile import jpeg_claiming

pytestmark = pytest.mark.django_db


def phone(cast: Cast, name: str) -> Caller:
    return Caller(cast.customers[name].headers()["Authorization"].removeprefix("Bearer "))


def test_a_phone_checks_in_once_and_hears_the_same_again(cast: Cast) -> None:
    group = group_of(cast, "nb", "nb2")
    days = {"first_day": now().date().replace(day=1), "last_day": TODAY.replace(year=2027)}
    programme = live_programme(cast, goal_count=10, goal_points=5, **days)
    url = f"/api/v1/groups/{group.pk}/check-ins"
    nb, nb2, sb = (phone(cast, name) for name in ("nb", "nb2", "sb"))
    done = nb.post(url, b"", key="check-in-1")
    assert done.status_code == 201, done.content
    shown = done.json()
    assert (shown["points"], shown["streak"], shown["state"]) == (5, 1, "counted")
    assert shown["goal"] == {"needed": 10, "counted": 1} and shown["programme_id"] == str(programme.pk)
    again = nb.post(url, b"", key="check-in-1")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (done.content, "true")
    assert nb.post(url, {"text": "x"}, key="check-in-1").json()["code"] == "requests.key.reused"
    twice = nb.post(url, b"")
    assert (twice.status_code, twice.json()["code"]) == (409, "community.checkin.done")
    assert "打过卡" in twice.json()["detail"]
    absent = sb.post(f"/api/v1/groups/{programme.pk}/check-ins", b"")
    foreign = sb.post(url, b"")
    assert (absent.status_code, absent.json()["code"]) == (foreign.status_code, foreign.json()["code"])
    assert foreign.status_code == 404
    assert nb2.post(url, {"day": "2030-01-01"}).json()["code"] == "community.checkin.day_ahead"
    assert nb2.post(url, {"programme_id": str(group.pk)}).json()["code"] == "community.checkin.no_programme"
    board = nb.get(url).json()
    assert [dot["state"] for dot in board["programmes"][0]["dots"]] == ["counted"]
    assert board["programmes"][0]["week"][0]["who"] == "****0001"
    assert nb.get(f"{url}?month=2026-13").status_code == 400
    assert sb.get(url).status_code == 404
    put = nb.client.put(
        "/api/v1/me/check-in-board", b'{"is_hidden": true}', content_type="application/json",
        headers=nb._headers("", {}),
    )  # fmt: skip
    assert put.status_code == 200 and nb.get(url).json()["is_hidden"] is True


def test_a_picture_is_written_anew_or_refused(cast: Cast) -> None:
    group = group_of(cast, "nb")
    days = {"first_day": now().date().replace(day=1), "last_day": TODAY.replace(year=2027)}
    live_programme(cast, proof="picture", looked="before", **days)
    url = f"/api/v1/groups/{group.pk}/check-ins"
    nb = phone(cast, "nb")
    assert nb.post(url, b"").json()["code"] == "community.checkin.picture_missing"
    for raw in (b"%PDF-1.7", jpeg_claiming(30_000, 30_000)):
        refused = nb.post(url, {"picture": base64.b64encode(raw).decode()})
        assert (refused.status_code, refused.json()["code"]) == (422, "community.checkin.not_a_picture")
    image = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (1600, 900), (200, 40, 40)).save(image, "JPEG", exif=exif)
    sent = nb.post(url, {"picture": base64.b64encode(image.getvalue()).decode(), "text": "存钱罐"})
    assert (sent.status_code, sent.json()["state"]) == (201, "held"), sent.content
    with system_scope(at=AT, cause="test"):
        kept = bytes(CheckInPicture.objects.get().jpeg)
        assert b"secret place" not in kept and Image.open(io.BytesIO(kept)).width <= 1080
        assert CheckIn.objects.get().has_picture
