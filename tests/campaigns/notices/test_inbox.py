"""The bell, the inbox and the home page, as their reader sees them."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.approvals.models import Revision
from campaigns.lib.refs import ref
from campaigns.notices.selectors import unread
from campaigns.notices.services import tell
from tests.support.cast import Cast, Player, give
from tests.support.content import submitted_item


def comes_in(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


def tell_of(teller: Player, revision: Revision, *told: Player, key: str = "1") -> None:
    with teller.scope() as scope:
        tell(
            scope=scope,
            people=[player.person.pk for player in told],
            code="approvals.sent_back",
            key=key,
            subject=revision.subject,
            opens=ref("approvals.revision", revision.pk),
            branch_id=revision.branch_id,
            title=revision.title,
            who="王敏",
            comment="请补充风险提示",
        )


def body(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_bell_counts_the_home_page_shows_three_and_opening_one_marks_it(cast: Cast) -> None:
    revision = submitted_item(cast.north_editor)
    client = comes_in(cast.north_editor)
    assert "fh-bell-count" not in body(client.get("/admin/"))
    empty = body(client.get("/admin/inbox/"))
    assert "还没有消息" in empty and "全部标为已读" not in empty
    for number in range(4):
        tell_of(cast.north_reviewer, revision, cast.north_editor, key=str(number))
    home = body(client.get("/admin/"))
    assert '<span class="fh-bell-count" aria-hidden="true">4</span>' in home
    assert home.count("王敏 退回了内容《春节存款》：请补充风险提示") == 3
    page = client.get("/admin/inbox/")
    assert body(page).count("data-open") == 4
    with cast.north_editor.scope() as scope:
        first = unread(scope=scope).first()
    assert first is not None
    address = reverse("admin:inbox_open", args=[first.pk])
    assert client.get(address).status_code == 405
    answer = client.post(address)
    assert answer.headers["Location"] == f"/admin/approvals/revision/{revision.pk}/change/"
    assert 'aria-hidden="true">3</span>' in body(client.get("/admin/inbox/"))
    other = comes_in(cast.north_reviewer)
    assert other.post(address).headers["Location"] == "/admin/"
    with cast.north_editor.scope() as scope:
        client.post("/admin/inbox/mark/", {"notice": str(unread(scope=scope)[0].pk)})
        assert unread(scope=scope).count() == 2
        client.post("/admin/inbox/mark/", {"notice": "nonsense"})
        assert unread(scope=scope).count() == 2
    client.post("/admin/inbox/mark/")
    done = body(client.get("/admin/inbox/"))
    assert "fh-bell-count" not in done and "全部标为已读" not in done and done.count("data-open") == 4


def test_what_lies_in_another_branch_of_ones_own_is_opened_by_standing_there(cast: Cast) -> None:
    revision = submitted_item(cast.south_editor)
    with cast.ho_administrator.scope() as scope:
        second = give(scope, cast.nb_manager, "reviewer", cast.branch["S"])
    tell_of(cast.south_editor, revision, cast.nb_manager, cast.nb_clerk)
    client = comes_in(cast.nb_manager)
    client.get("/admin/")
    page = body(client.get("/admin/inbox/"))
    assert "切换到 南方省分行（审核）后打开" in page and 'class="nt-open"' not in page
    with cast.nb_manager.scope() as scope:
        [notice] = unread(scope=scope)
    address = reverse("admin:inbox_open", args=[notice.pk])
    assert client.post(address).headers["Location"] == "/admin/inbox/"
    assert "fh-bell-count" in body(client.get("/admin/inbox/"))
    review = f"/admin/approvals/revision/{revision.pk}/change/"
    form = {"assignment": str(second.pk), "branch": revision.branch_id, "next": review}
    answer = client.post(address, form, follow=True)
    assert answer.redirect_chain == [("/admin/switch/", 307), (review, 302)]
    assert "fh-bell-count" not in body(answer)
    # Somebody without any way there reads the line, and nothing opens.
    lost = body(comes_in(cast.nb_clerk).get("/admin/inbox/"))
    assert "退回了内容《春节存款》" in lost and "data-open" not in lost


# What each query of the inbox is for.
INBOX = ["unread", "read", "branches that lie here", "ways to the others", "roles of these ways"]


def test_the_bell_is_one_query_a_page_and_the_inbox_asks_as_much_whatever_it_holds(cast: Cast) -> None:
    own, foreign = submitted_item(cast.nb_editor), submitted_item(cast.south_editor)
    with cast.ho_administrator.scope() as scope:
        give(scope, cast.nb_manager, "reviewer", cast.branch["S"])
    client = comes_in(cast.nb_manager)

    def asked(path: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        return [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]

    client.get("/admin/")
    assert len([sql for sql in asked("/admin/content/item/") if "notices_notice" in sql]) == 1
    counts = []
    for number in (1, 20):
        for nth in range(number):
            for revision in (own, foreign):
                tell_of(cast.south_editor, revision, cast.nb_manager, key=f"{revision.pk}{number}{nth}")
        counts.append(len(asked("/admin/inbox/")))
    plain = len(asked("/admin/inbox/?p=9")) - 1  # of these: what was read
    assert counts == [plain + len(INBOX)] * 2
