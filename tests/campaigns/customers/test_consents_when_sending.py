"""Consent is asked for at the moment of sending: what waits is not sent after a withdrawal."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.customers.models import CustomerKey, Identity
from campaigns.customers.selectors import lookup_of
from campaigns.customers.services.customers import seal_identity
from campaigns.jobs.outbox_models import Message
from campaigns.jobs.senders import senders
from campaigns.jobs.services.access_tokens import forget_tokens
from campaigns.jobs.services.delivery import Delivered, deliver_due
from campaigns.jobs.services.outbox import put
from campaigns.lib import crypto
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import system_scope
from config.standins.messages import SUBSCRIBE
from config.standins.wechat import WeChatStandIn
from tests.support.cast import AT, Cast, CustomerPlayer
from tests.support.consents import publish_all, say
from tests.support.wechat import wechat_server

HOUR = timedelta(hours=1)


@pytest.fixture
def server(settings: Any) -> Iterator[WeChatStandIn]:
    with wechat_server(app="", secret="s3cret") as running:
        settings.WECHAT_BASE_URL = running.url
        settings.WECHAT_APP_ID, settings.WECHAT_APP_SECRET = "wx-test", "s3cret"
        forget_tokens()
        yield running
        forget_tokens()


def bind_openid(player: CustomerPlayer, openid: str) -> None:
    customer = player.customer
    with system_scope(at=AT, cause="test"):
        stored = CustomerKey.objects.get(customer=customer)
        key = crypto.unwrap_key(bytes(stored.wrapped), person=customer.pk)
        sealed = seal_identity(customer_id=customer.pk, key=key, kind="openid", value=openid, app="wx-test")
        Identity.objects.create(
            id=sealed.id, customer=customer, branch_id=customer.branch_id, branch_pos=customer.branch_pos,
            kind="openid", app="wx-test", lookup=lookup_of(kind="openid", value=openid, app="wx-test"),
            value=sealed.value,
        )  # fmt: skip


def write(player: CustomerPlayer, key: str, **body: Any) -> None:
    with system_scope(at=AT, cause="test") as scope:
        subject = ref("customers.customer", player.customer.pk)
        message = {"to": subject, "template_id": "t1", "data": {"thing1": {"value": "春节活动"}}} | body
        put(scope=scope, adapter="wechat.subscribe", subject=subject, key=key, body=message)


def deliver(at: datetime = AT) -> Delivered:
    return deliver_due(clock=lambda: at, adapters={way.code: way for way in senders(lambda: at)})


def why_of(key: str) -> str:
    with system_scope(at=AT, cause="test"):
        return str(Message.objects.get(key=key).why.get("code", ""))


def test_a_message_in_the_queue_is_not_sent_after_the_withdrawal(cast: Cast, server: WeChatStandIn) -> None:
    publish_all()
    nb, sb = cast.customers["nb"], cast.customers["sb"]
    for player, openid in ((nb, "o-nb"), (sb, "o-sb")):
        bind_openid(player, openid)
        say(player, "marketing", "subscribe", True)
        write(player, f"ad-{openid}", purpose="marketing")
    write(cast.customers["nb2"], "unknown", purpose="service")
    say(nb, "marketing", "subscribe", False, AT + timedelta(seconds=1))
    write(nb, "forgot")
    write(nb, "receipt", purpose="service")
    assert deliver(AT + timedelta(seconds=2)) == Delivered(sent=2, dead=3)
    told = [body for path, body in server.desk.taken if path == SUBSCRIBE]
    assert {why_of("ad-o-nb"), why_of("forgot")} == {"customers.consent.none"}
    assert why_of("unknown") == "customers.identity.none_of_kind"
    assert (why_of("ad-o-sb"), why_of("receipt")) == ("", "")
    assert sorted(body["touser"] for body in told) == ["o-nb", "o-sb"]
    assert not any("purpose" in body for body in told)
