"""300 strings of script through every text field of an item: none alive in the admin, on the phone or in the API."""

from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from campaigns.approvals.services import findings
from campaigns.lib.ids import new_id
from content.blocks.parts import Link, RichText, Words
from content.blocks.registry import block_kinds
from content.blocks.writing import MOST, read_blocks
from content.findings import Noted
from content.item_publishing import item_payload, phone_context
from content.models import Item, Recall
from content.rich_text import TAGS, is_link
from content.services.items import add_item, submit_item
from tests.support.cast import AT, PASSWORD, Cast
from tests.support.content import FROM, approve
from tests.support.scripts import script_corpus

Made = Counter[tuple[str, tuple[str, ...]]]
ADDRESSES = {"href", "src", "action", "formaction", "data", "xlink:href", "srcset", "poster"}


class Structure(HTMLParser):
    """What a page is made of, but for what rich text may be: elements with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.made: Made = Counter()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attrs}
        if tag in TAGS and set(names) <= {"href", "rel"} and is_link(names.get("href", "/")):
            return
        lives = tuple(
            f"{name}={value[:11]}" if name in ADDRESSES and ":" in value[:11] else name
            for name, value in sorted(names.items())
        )
        self.made[tag, lives] += 1

    def handle_comment(self, data: str) -> None:
        self.made["comment", (data[:20],)] += 1

    def handle_decl(self, decl: str) -> None:
        self.made["declaration", (decl[:20],)] += 1


def made_of(html: str) -> Made:
    return Structure(html).made


def blocks_of(texts: list[str]) -> list[dict[str, Any]]:
    """A block of every kind that has words, each text in every field of one that takes it."""
    found = []
    for number, text in enumerate(texts):
        for kind in block_kinds().values():
            block: dict[str, Any] = {"id": f"{kind.code[:4]}{number:04}", "kind": kind.code}
            for part in kind.parts:
                if isinstance(part, Words):
                    block[part.code] = text[: part.longest]
                elif isinstance(part, RichText):
                    block[part.code] = text
                elif isinstance(part, Link):
                    block[part.code] = "/pages/x?id=1"
            found.append(block)
    return found


def item_of(scope: Any, text: str, **more: Any) -> Item:
    """A draft that is nowhere, with the text in every field. No form takes zero bytes, nor does the database."""
    text = text.replace("\0", "")
    return Item(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        title=text[:60],
        summary=text[:120],
        body=text,
        product_code=text[:32],
        risk_level="R2",
        disclosure=text,
        link="/pages/x",
        shown_from=FROM,
        **more,
    )


def test_no_string_of_script_is_alive_anywhere(
    cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = script_corpus()
    assert len(texts) >= 300 and len(set(texts)) == len(texts)
    # The check sees them where nobody has cleaned them.
    assert sum(made_of(text) != Counter() for text in texts) > 250

    with cast.north_editor.scope() as scope:

        def phone(text: str) -> Made:
            item = item_of(scope, text, kind="product", product_class="wealth")
            item.blocks = read_blocks(scope=scope, raw=blocks_of([text]), wrongs=[])
            context = phone_context(scope=scope, payload=item_payload(scope=scope, item=item))
            noted = [Noted("title", text, True, excerpt=text, field="title")]
            return made_of(
                render_to_string("content/phone/page.html", {**context, "hidden_because": text})
            ) + made_of(render_to_string("content/missing.html", {"found": noted, "stops": True}))

        harmless = phone("平常的话")
        for text in texts:
            assert phone(text) == harmless, text

        # Lists of the admin, and what was recalled: as many rows as before, with the texts in them.

    def fill(words: list[str]) -> Recall:
        with cast.nb_editor.scope() as scope:
            drafts = [item_of(scope, text, changed_at=AT) for text in words]
            Item.objects.bulk_create(drafts)
            place = {"branch_id": scope.branch_id, "branch_pos": scope.branch_pos}
            window = {"at": AT, "live_from": AT, "live_until": AT}
            recalls = [
                Recall(
                    **place, **window, item=draft, revision_id=new_id(), number=1, title=draft.title,
                    reason=draft.disclosure[:500], person_id=new_id(), person_name=draft.title, did={draft.title: 1},
                )
                for draft in drafts
            ]  # fmt: skip
            return Recall.objects.bulk_create(recalls)[-1]

    def page(name: str, *args: Any) -> Made:
        answer = client.get(reverse(f"admin:{name}", args=args))
        assert answer.status_code == 200, (name, answer.status_code)
        return made_of(answer.content.decode())

    assert client.login(username="north_reviewer", password=PASSWORD)
    lists = ("content_item_changelist", "content_recall_changelist")
    plain = fill(["平常的话"] * 600)  # so many that the list of pages looks as it will
    quiet = [*(page(name) for name in lists), page("content_recall_change", plain.pk)]
    for start in range(0, len(texts), 50):
        hostile = fill(texts[start : start + 50])
        found = [*(page(name) for name in lists), page("content_recall_change", hostile.pk)]
        # There are more pages of rows now; of anything that was not there before there is nothing.
        assert [set(has) - set(had) for has, had in zip(found, quiet, strict=True)] == [set(), set(), set()]

    # Through the whole path: written, reviewed, served. No check stops it: what is served must be safe by itself.
    monkeypatch.setattr(findings, "look", lambda **_given: [])

    def submitted(words: list[str]) -> tuple[Item, Any]:
        blocks = [
            {"id": f"text{number:04}", "kind": "text", "text": f"<p>字</p>{text}"}
            for number, text in enumerate(words)
        ]
        with cast.nb_editor.scope() as scope:
            item = add_item(
                scope=scope,
                kind="page",
                title=words[0][:60],
                summary=words[0][:120],
                shown_from=FROM,
                blocks=blocks,
            )
            return item, submit_item(scope=scope, item_id=item.pk)

    def seen(item: Item, revision: Any) -> list[Made]:
        found = []
        for name, pages in (
            ("north_reviewer", [("approvals_revision_change", [revision.pk]),
                                ("approvals_revision_phone", [revision.pk, "new"])]),
            ("nb_editor", [("content_item_saved_preview", [item.pk]), ("content_item_change", [item.pk])]),
        ):  # fmt: skip
            assert client.login(username=name, password=PASSWORD)
            found += [page(page_name, *args) for page_name, args in pages]
        return found

    expected = seen(*submitted(["平常的话"] * MOST))
    headers = cast.customers["nb"].headers()
    for start in range(0, len(texts), MOST):
        words = texts[start : start + MOST]
        item, revision = submitted([*words, *["平常的话"] * (MOST - len(words))])
        # A review says more of what is longer; of anything that it was not made of before there is nothing.
        for has, had in zip(seen(item, revision), expected, strict=True):
            assert set(has) - set(had) == set()
        approve(cast.north_reviewer, revision)
        answer = client.get(f"/api/v1/contents/{item.pk}", headers=headers)
        assert answer["Content-Type"].startswith("application/json")
        assert answer["X-Content-Type-Options"] == "nosniff"
        shown = answer.json()["blocks"]
        assert len(shown) == MOST
        for block in shown:
            assert_inert(block["text"])


def assert_inert(tree: list[dict[str, Any]]) -> None:
    """Nodes of a rich-text component: what it may be made of, and links that lead somewhere."""
    for node in tree:
        if node.get("type") == "text":
            assert set(node) == {"type", "text"}
            continue
        assert node["name"] in TAGS and set(node) == {"name", "attrs", "children"}
        assert set(node["attrs"]) <= {"href"} and is_link(node["attrs"].get("href", "/"))
        assert_inert(node["children"])
