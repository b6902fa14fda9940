"""A touch from the asking to WeChat: decided when it is sent, asked again when it leaves, and followed to its end."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from campaigns.audit.models import Entry
from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.consents import Wish, set_own_consents
from campaigns.jobs.senders import senders
from campaigns.jobs.services.access_tokens import forget_tokens
from campaigns.jobs.services.delivery import deliver_due
from campaigns.lib.refusals import NotAllowed
from campaigns.outreach import kinds
from campaigns.outreach.kinds import TouchKind
from campaigns.outreach.models import Credit, Touch
from campaigns.outreach.rules import Terms, TermsAreWrong
from campaigns.outreach.selectors import terms_now
from campaigns.outreach.services.forgetting import forget_touches, move_touches, return_touches
from campaigns.outreach.services.sending import send_due
from campaigns.outreach.services.terms import change_terms
from campaigns.outreach.services.touches import ask_touch, ask_touches, cancel_own_touch, grant_credit
from campaigns.tenants.scopes import Scope, system_scope
from config.standins.messages import SUBSCRIBE
from config.standins.wechat import WeChatStandIn
from tests.support.cast import AT, Cast
from tests.support.consents import publish_all, say
from tests.support.customers import anonymous
from tests.support.wechat import wechat_server

KIND, PUSHED = "test.stream.reminder", "test.stream.news"
THING = "test.stream:1"
standing: set[str] = set()


def stands(scope: Scope, things: Collection[str]) -> Collection[str]:
    return standing & set(things)


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    made = {
        code: TouchKind(code, "提醒", purpose, stands, {"thing1": "title"})
        for code, purpose in ((KIND, "service"), (PUSHED, "marketing"))
    }
    monkeypatch.setattr(kinds, "_KINDS", made)
    settings.WECHAT_TEMPLATES = {KIND: "T1"}
    standing.clear()
    standing.add(THING)


@pytest.fixture
def wechat(settings: Any) -> Iterator[WeChatStandIn]:
    with wechat_server(app="", secret="s3cret") as running:
        settings.WECHAT_BASE_URL = running.url
        settings.WECHAT_APP_ID, settings.WECHAT_APP_SECRET = "wx-test", "s3cret"
        forget_tokens()
        yield running
        forget_tokens()


def ask(customer_id: UUID, key: str = "k", at: datetime = AT, kind: str = KIND, **said: Any) -> bool:
    with system_scope(at=AT, cause="test") as scope:
        asked = {"kind": kind, "thing": THING, "words": {"title": "行长直播间"}, "due_at": at} | said
        return ask_touch(scope=scope, customer_id=customer_id, key=key, **asked)


def allow(customer_id: UUID, key: str) -> None:
    with system_scope(at=AT, cause="test") as scope:
        grant_credit(scope=scope, customer_id=customer_id, kind=KIND, key=key)


def send(at: datetime = AT) -> int:
    with system_scope(at=at, cause="test") as scope:
        return send_due(scope=scope)


def deliver(at: datetime = AT) -> None:
    deliver_due(clock=lambda: at, adapters={way.code: way for way in senders(lambda: at)})


def touch(key: str = "k") -> Touch:
    with system_scope(at=AT, cause="test"):
        found: Touch = Touch.objects.get(key=key)
        return found


def left() -> int:
    with system_scope(at=AT, cause="test"):
        return Credit.objects.filter(spent_at=None, void_at=None).count()


def somebody(cast: Cast, openid: str = "o-1") -> UUID:
    with system_scope(at=AT, cause="test") as scope:
        return anonymous(scope, cast, "NB", openid)


def test_a_tap_pays_for_one_message_and_what_has_none_lies_in_the_inbox(
    committed_cast: Cast, wechat: WeChatStandIn
) -> None:
    who = somebody(committed_cast)
    allow(who, "tap"), allow(who, "tap")
    assert ask(who) and not ask(who)
    assert ask(who, "later", AT + timedelta(hours=1))
    assert send() == 1 and send() == 0
    assert (touch().state, touch().way, left()) == ("handed", "subscribe", 0)
    deliver()
    assert send() == 1
    assert touch().state == "sent"
    [told] = [told for path, told in wechat.desk.taken if path == SUBSCRIBE]
    assert (told["touser"], told["template_id"]) == ("o-1", "T1")
    assert told["data"] == {"thing1": {"value": "行长直播间"}}
    assert send(AT + timedelta(hours=1)) == 1
    later = touch("later")
    assert (later.state, later.way) == ("sent", "inbox")


def test_43101_stops_and_voids_what_was_allowed_and_is_not_tried_again(
    committed_cast: Cast, wechat: WeChatStandIn
) -> None:
    who = somebody(committed_cast)
    allow(who, "a"), allow(who, "b"), ask(who), send()
    wechat.desk.fail("errcode:43101")
    deliver()
    assert send() == 1
    assert (touch().state, left()) == ("stopped", 0)
    assert "43101" in touch().why["zh"]
    for hours in (1, 5, 30):
        assert send(AT + timedelta(hours=hours)) == 0
        deliver(AT + timedelta(hours=hours))
    assert len([path for path, _told in wechat.desk.taken if path == SUBSCRIBE]) == 0


def test_what_fails_for_another_reason_gives_the_tap_back_and_goes_into_the_inbox(
    committed_cast: Cast, wechat: WeChatStandIn
) -> None:
    who = somebody(committed_cast)
    allow(who, "a"), ask(who), send()
    wechat.desk.fail("errcode:40003")
    deliver()
    assert send() == 2  # followed, and decided anew
    assert (touch().state, touch().way, left()) == ("sent", "inbox", 1)


def test_what_was_taken_down_on_its_way_is_not_sent(committed_cast: Cast, wechat: WeChatStandIn) -> None:
    who = somebody(committed_cast)
    allow(who, "a"), allow(who, "b")
    ask(who), send()
    standing.clear()  # recalled between the decision and the delivery
    ask(who, "second")
    deliver()
    assert send() == 2
    assert {touch().why["code"], touch("second").why["code"]} == {"outreach.touch.nothing_stands"}
    assert not wechat.desk.taken and left() == 2


def test_night_consent_and_the_next_morning(committed_cast: Cast, wechat: WeChatStandIn) -> None:
    evening = datetime(2026, 11, 22, 12, 59, tzinfo=UTC)  # 20:59 in China
    night, morning = evening + timedelta(minutes=5), datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    who = somebody(committed_cast)
    allow(who, "a"), ask(who, at=evening)
    assert send(evening) == 1
    deliver(night)  # the worker was away for five minutes, and now it is night
    assert send(night) == 2
    assert (touch().state, touch().due_at, left()) == ("waiting", morning, 1)
    assert send(night + timedelta(hours=5)) == 0 and not wechat.desk.taken
    assert send(morning) == 1
    deliver(morning)
    assert send(morning) == 1 and touch().state == "sent"
    # Somebody objects after asking: asked at the moment of sending.
    ask(who, "b", at=morning)
    wish = [
        Wish(purpose="service", channel=way, is_given=False, text_sha256="") for way in ("subscribe", "inbox")
    ]
    with customer_scope(customer_id=who, at=morning) as own:
        set_own_consents(scope=own, wishes=wish)
    assert send(morning) == 1
    assert touch("b").why["code"] == "outreach.touch.no_consent"


def test_marketing_is_capped_whoever_asks_for_it(cast: Cast) -> None:
    publish_all()
    player = cast.customers["nb"]
    say(player, "marketing", "inbox", True)
    for key, hours in (("a", 0), ("b", 1), ("c", 30), ("d", 60), ("e", 90)):
        at = AT + timedelta(hours=hours)
        ask(player.customer.pk, key, at, kind=PUSHED)
        assert send(at) == 1
    assert [touch(key).state for key in "abcde"] == ["sent", "stopped", "sent", "sent", "stopped"]
    assert touch("e").why["code"] == "outreach.touch.cap_reached"


def test_the_inbox_over_http(cast: Cast, client: Client) -> None:
    mine, other = cast.customers["nb"], cast.customers["sb"]
    ask(mine.customer.pk, words={"title": {"zh": "直播开始", "en": "We are live"}, "text": "来看"}), send()
    [item] = client.get("/api/v1/me/messages", headers=mine.headers()).json()["items"]
    assert (item["title"], item["text"], item["is_read"]) == ("直播开始", "来看", False)
    assert client.get("/api/v1/me/messages", headers=other.headers()).json()["items"] == []
    read = f"/api/v1/me/messages/{item['id']}/read"
    assert client.post(read, headers=other.headers()).status_code == 404
    assert client.post(read, headers=mine.headers()).status_code == 204
    assert client.get("/api/v1/me/messages", headers=mine.headers()).json()["items"][0]["is_read"]
    tap = mine.headers() | {"Idempotency-Key": "tap-one-0001"}
    for _again in range(2):
        answer = client.post(
            "/api/v1/me/subscriptions", {"kind": KIND}, content_type="application/json", headers=tap
        )
        assert (answer.status_code, answer.json()["left"], answer.json()["template_id"]) == (201, 1, "T1")
    unknown = client.post(
        "/api/v1/me/subscriptions", {"kind": "x"}, content_type="application/json",
        headers=mine.headers() | {"Idempotency-Key": "tap-two-0002"},
    )  # fmt: skip
    assert unknown.json()["code"] == "outreach.touch.kind_is_unknown"


def test_two_customers_who_are_one_are_told_once_and_a_forgotten_one_never(cast: Cast) -> None:
    kept, gone = cast.customers["nb"].customer, cast.customers["nb2"].customer
    for key, who in (("both", kept), ("both", gone), ("own", gone)):
        ask(who.pk, key, AT + timedelta(hours=1))
    allow(gone.pk, "tap")
    with system_scope(at=AT, cause="test") as scope:
        moved = move_touches(scope=scope, kept=kept, absorbed=gone)
        assert len(moved) == 2
        states = {(t.customer_id, t.key): t.state for t in Touch.objects.all()}
        assert states == {
            (kept.pk, "both"): "waiting", (kept.pk, "own"): "waiting", (gone.pk, "both"): "cancelled"
        }  # fmt: skip
        assert len(return_touches(scope=scope, kept=kept, absorbed=gone, moved=moved)) == 2
        forget_touches(scope=scope, customer=gone)
    assert send(AT + timedelta(hours=2)) == 1
    with system_scope(at=AT, cause="test"):
        assert set(Touch.objects.filter(customer=gone).values_list("state", flat=True)) == {"cancelled"}
        assert not Touch.objects.filter(customer=gone).exclude(words={}).exists()


def test_terms_are_changed_at_head_office_and_noted(cast: Cast) -> None:
    said = {"quiet_from": time(22), "quiet_until": time(7), "per_day": 2, "per_week": 4}
    with cast.ho_administrator.scope() as scope:
        change_terms(scope=scope, **said)
        assert terms_now() == Terms(**said)
        with pytest.raises(TermsAreWrong):
            change_terms(scope=scope, **said | {"per_week": 1})
        assert Entry.objects.filter(verb="outreach.terms.change").count() == 1
    with cast.nb_manager.scope() as scope, pytest.raises(NotAllowed):
        change_terms(scope=scope, **said)


def test_a_customer_asks_for_themselves_alone_and_takes_it_back(cast: Cast) -> None:
    mine, other = cast.customers["nb"], cast.customers["nb2"]
    asked = {"kind": KIND, "thing": THING, "words": {"title": "直播"}, "due_at": AT}
    with mine.scope() as scope:
        assert ask_touch(scope=scope, customer_id=mine.customer.pk, key="a", **asked)
        assert not ask_touch(scope=scope, customer_id=mine.customer.pk, key="a", **asked)
        # The other is nobody whom this customer can see.
        assert ask_touches(scope=scope, customer_ids=[other.customer.pk], key="a", **asked) == 0
        assert Touch.objects.count() == 1
        assert cancel_own_touch(scope=scope, key="a") and not cancel_own_touch(scope=scope, key="a")
