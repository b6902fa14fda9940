"""WeChat's server for tests: the stand-in of the demo bank, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from campaigns.lib.wechat import close_clients
from config.standins.wechat import WeChatStandIn


@contextmanager
def wechat_server(*, app: str = "wx-test", secret: str = "s3cret") -> Iterator[WeChatStandIn]:
    """A running server; point `settings.WECHAT_BASE_URL` at its `url`."""
    with WeChatStandIn(("127.0.0.1", 0), app=app, secret=secret) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            close_clients()
            server.shutdown()
            thread.join(timeout=5)
