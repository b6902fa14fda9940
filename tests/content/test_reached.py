"""What did well this week: exposures and clicks of customers below, most clicks first, and nobody else's."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.lib.clock import now
from campaigns.lib.refs import ref
from content.reached_selectors import most_met
from tests.support.cast import Cast
from tests.support.content import live_poster
from tests.support.events import days_ago, tell, viewed


def test_what_customers_tapped_is_counted_within_the_viewers_branches(cast: Cast) -> None:
    first, _place = live_poster(cast.north_editor, cast.north_reviewer, "春节存款")
    second, _place = live_poster(cast.north_editor, cast.north_reviewer, "手机银行")
    above, _place = live_poster(cast.ho_editor, cast.ho_reviewer, "总行公告", handed_down=True)
    south, _place = live_poster(cast.south_editor, cast.south_reviewer, "南方活动")

    def told(customer: str, item: object, kind: str, many: int, days: float = 1) -> None:
        events = [
            viewed(
                days_ago(days + nth / 1000),
                kind=f"content.{kind}",
                subject=ref("content.item", item.pk),  # type: ignore[attr-defined]
                properties={},
            )
            for nth in range(many)
        ]
        assert tell(cast.customers[customer], *events).status_code < 300

    told("nb", first, "exposed", 8)
    told("nb2", first, "clicked", 2)
    told("nb", second, "exposed", 5)
    told("nb", second, "clicked", 4)
    told("nb", second, "viewed", 3)  # reading is no click
    told("nb", second, "clicked", 3, days=9)  # and last week is over
    told("nb", above, "exposed", 1)
    told("sb", south, "clicked", 9)
    told("sb", above, "clicked", 6)

    def met(name: str) -> list[tuple[str, int, int, str, bool]]:
        with cast.play(name).scope(at=now()) as scope:
            rows = most_met(scope=scope, since=scope.at - timedelta(days=7))
        return [(row.title, row.exposures, row.clicks, row.percent, row.is_own) for row in rows]

    assert met("north_editor") == [
        ("手机银行", 5, 4, "80.0%", True),
        ("春节存款", 8, 2, "25.0%", True),
        ("总行公告", 1, 0, "0.0%", False),
    ]
    # What North does not hand down has no name below it, and no other branch's customers are counted.
    assert met("nb_editor") == [("总行公告", 1, 0, "0.0%", False)]
    assert met("south_editor") == [("南方活动", 0, 9, "", True), ("总行公告", 0, 6, "", False)]
    assert met("ho_editor")[0] == ("南方活动", 0, 9, "", True)
    with cast.north_editor.scope(at=now()) as scope, CaptureQueriesContext(connection) as queries:
        most_met(scope=scope, since=scope.at - timedelta(days=7), limit=1)
    # The scope's own statement, then: what was met, own titles, published copies.
    assert len([q for q in queries if q["sql"].startswith(("SELECT", "\nSELECT"))]) <= 4
    client = Client()
    client.force_login(cast.north_editor.login)
    home = client.get("/admin/").content.decode()
    row = home[home.index("本周表现") if "本周表现" in home else 0 :]
    assert "手机银行" in row and "80.0%" in row and "<img" in row and "南方活动" not in home
