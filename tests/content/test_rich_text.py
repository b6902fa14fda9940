"""Editors' rich text: what it may say stays, whatever would act is gone."""

import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from content.rich_text import DEEPEST, LONGEST, TAGS, Node, RichTextTooLong, clean, is_link, nodes
from tests.support.scripts import hostile_texts


class Seen(HTMLParser):
    """What a reader of HTML other than the sanitiser finds in a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()
        self.others: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name, value or "") for name, value in attrs}

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def harmless(html: str) -> bool:
    seen = Seen(html)
    return (
        seen.tags <= TAGS
        and not seen.others
        and all(
            ((tag, name) == ("a", "href") and is_link(value))
            or (tag, name, value) == ("a", "rel", "noopener noreferrer")
            for tag, name, value in seen.attributes
        )
    )


def flat(tree: list[Node]) -> list[Node]:
    found: list[Node] = []
    waiting = list(tree)
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting += node.get("children", [])
    return found


def depth(tree: list[Node]) -> int:
    return max((1 + depth(node.get("children", [])) for node in tree), default=0)


ARTICLE = (
    "<h2>春节存款</h2><p>三年期 <strong>2.60%</strong>，<em>额度有限</em>。<br>详见"
    '<a href="https://bank.example/rates?y=3" rel="noopener noreferrer">利率表</a>'
    '或<a href="/pages/batch?id=1&amp;from=poster" rel="noopener noreferrer">领券</a></p>'
    "<ul><li>起存 50 元</li><li>可提前支取</li></ul><blockquote>存款 &lt; 50 万元受保险</blockquote>"
)


def test_what_editors_may_say_stays_as_it_is() -> None:
    assert clean(ARTICLE) == ARTICLE


def test_what_is_not_allowed_loses_its_tags_and_keeps_its_words() -> None:
    assert clean('<div class="x"><font color=red>满100</font><u>减20</u></div>') == "满100减20"
    assert clean('<p style="position:fixed" id="x" onclick="y()">a</p>') == "<p>a</p>"
    assert clean("<p>a<script>var b = 1</script><style>p{}</style><!-- c --></p>") == "<p>a</p>"
    assert clean('<p>a<img src="https://tracker.example/1.gif"></p>') == "<p>a</p>"


@pytest.mark.parametrize(
    "address",
    [
        "https://bank.example",
        "http://bank.example:8080/a/b?c=d&e=%E4%B8%AD#f",
        "https://银行.example/利率",
        "/pages/home",
        "/pages/batch?id=0198c2&from=poster",
        "/",
    ],
)
def test_links_that_lead_somewhere_are_kept(address: str) -> None:
    assert is_link(address)
    assert nodes(f'<a href="{address}">x</a>')[0]["attrs"] == {"href": address}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "https:elsewhere.example",
        "https://bank.example@elsewhere.example",
        "https://bank.example\u202e/moc",
        "https://",
        "https://[half",
        "data:text/html,x",
        "weixin://dl/business",
        "tel:95588",
        "pages/home",
        "#top",
        "",
    ],
)
def test_links_that_pose_or_act_are_not(address: str) -> None:
    assert not is_link(address)
    assert "href" not in clean(f'<a href="{address}">x</a>')


def test_no_hostile_text_is_alive_after_cleaning() -> None:
    texts = hostile_texts()
    assert len(texts) > 150
    assert sum(not harmless(text) for text in texts) > 140  # the check sees them before
    for text in texts:
        assert harmless(clean(text)), text
        for wrapped in (f"<p>{text}</p>", f"<ul><li>{text}", f"<table><tr><td>{text}", f"<svg>{text}</svg>"):
            assert harmless(clean(wrapped)), wrapped


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(hostile_texts()), min_size=2, max_size=4), st.integers(0, 80), st.integers(0, 80)
)
def test_pieces_of_hostile_texts_do_not_come_alive_together(texts: list[str], cut: int, skip: int) -> None:
    assert harmless(clean(texts[0][:cut] + texts[1][skip:] + "".join(texts[2:])))


PIECES = [
    *(f"<{tag}>" for tag in sorted(TAGS)), *(f"</{tag}>" for tag in sorted(TAGS)),
    '<a href="/x">', '<a href="javascript:x">', "<table>", "<tr>", "<td>", "</table>", "<svg>", "<math>", "<mi>",
    "</svg>", "<select>", "<option>", "<style>", "</style>", "<!--", "-->", "<![CDATA[", "]]>", "<title>", "</title>",
    "<form>", "<b>", "</b>", "<i x=1>", "<nobr>", "<img src=x onerror=y>", "文", " ", "\n", "&lt;", "&amp;", "&", "<",
    ">", '"', "\0", "<template>",
]  # fmt: skip
markup = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None)
@given(markup | st.text())
@example("<p>" + "<em><strong>" * 9 + "<p>x" * 9)
@example("<a href=/x><table><a href=/y>")
def test_anything_becomes_harmless_and_cleaning_again_stays_harmless(html: str) -> None:
    once = clean(html)
    assert harmless(once)
    assert harmless(clean(once))
    for node in flat(nodes(html)):
        if node.get("type") == "text":
            assert set(node) == {"type", "text"}
        else:
            assert set(node) == {"name", "attrs", "children"}
            assert node["name"] in TAGS
            assert set(node["attrs"]) <= ({"href"} if node["name"] == "a" else set())
            assert all(is_link(value) for value in node["attrs"].values())


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_plain_words_are_never_lost_or_changed(words: str) -> None:
    html = "<p>" + words.replace("&", "&amp;").replace("<", "&lt;") + "</p>"
    shown = "".join(node["text"] for node in flat(nodes(html)) if node.get("type") == "text")
    assert shown == words


def test_a_phone_gets_a_tree() -> None:
    assert nodes(ARTICLE) == [
        {"name": "h2", "attrs": {}, "children": [{"type": "text", "text": "春节存款"}]},
        {
            "name": "p",
            "attrs": {},
            "children": [
                {"type": "text", "text": "三年期 "},
                {"name": "strong", "attrs": {}, "children": [{"type": "text", "text": "2.60%"}]},
                {"type": "text", "text": "，"},
                {"name": "em", "attrs": {}, "children": [{"type": "text", "text": "额度有限"}]},
                {"type": "text", "text": "。"},
                {"name": "br", "attrs": {}, "children": []},
                {"type": "text", "text": "详见"},
                {
                    "name": "a",
                    "attrs": {"href": "https://bank.example/rates?y=3"},
                    "children": [{"type": "text", "text": "利率表"}],
                },
                {"type": "text", "text": "或"},
                {
                    "name": "a",
                    "attrs": {"href": "/pages/batch?id=1&from=poster"},
                    "children": [{"type": "text", "text": "领券"}],
                },
            ],
        },
        {
            "name": "ul",
            "attrs": {},
            "children": [
                {"name": "li", "attrs": {}, "children": [{"type": "text", "text": "起存 50 元"}]},
                {"name": "li", "attrs": {}, "children": [{"type": "text", "text": "可提前支取"}]},
            ],
        },
        {"name": "blockquote", "attrs": {}, "children": [{"type": "text", "text": "存款 < 50 万元受保险"}]},
    ]


def test_line_breaks_between_blocks_are_not_text() -> None:
    assert nodes("<p>a</p>\n\n<ul>\n <li>b</li>\n</ul>\n") == nodes("<p>a</p><ul><li>b</li></ul>")


def test_no_tree_is_deeper_than_a_phone_can_show_and_its_words_stay() -> None:
    tree = nodes("<blockquote>" * 3000 + "底")
    assert depth(tree) == DEEPEST + 1
    assert [node["text"] for node in flat(tree) if node.get("type") == "text"] == ["底"]


def test_a_text_without_end_is_refused() -> None:
    assert len(clean("长" * LONGEST)) == LONGEST
    for text in ("长" * (LONGEST + 1), "&" * LONGEST):  # the second grows when cleaned
        with pytest.raises(RichTextTooLong) as refused:
            clean(text)
        assert refused.value.detail("zh") == "正文（含格式）超过 100000 个字符，请分成几篇。"


@pytest.mark.parametrize(
    "bomb",
    [
        "<p>" + "".join(f"<em id={n}>" for n in range(1200)) + "<p>x" * 1200,
        "<p><em><em><em><strong><strong><strong><b><b><b>" + "<p>x" * 20_000,
        "<em" * 33_000,
        "<blockquote>" * 8_000,
        "<!--" * 25_000,
        "<a href=/x>" * 9_000,
        "<table>" * 14_000,
        "<em><p></em>" * 8_000,
    ],
    ids=lambda bomb: bomb[:24],
)
def test_a_short_text_does_not_unfold_into_a_long_one(bomb: str) -> None:
    began = time.process_time()
    try:
        assert len(clean(bomb)) <= LONGEST
    except RichTextTooLong:
        assert re.search(r"<", bomb)
    assert time.process_time() - began < 2


# A few at a time: with a hundred frames at once, Chromium puts the pictures of most of them off.
_COUNT_ALIVE = """async texts => {
    const counts = [];
    for (let at = 0; at < texts.length; at += 16) {
        const frames = await Promise.all(texts.slice(at, at + 16).map(text => new Promise(resolve => {
            const frame = document.createElement('iframe');
            frame.srcdoc = '<!doctype html><body>' + text;
            frame.onload = () => setTimeout(resolve, 100, frame);
            setTimeout(resolve, 3000, frame);
            document.body.append(frame);
        })));
        for (const frame of frames) {
            try { counts.push(frame.contentWindow.__alive || 0) } catch { counts.push(0) }
            frame.remove();
        }
    }
    return counts;
}"""


@pytest.mark.browser
def test_no_hostile_text_runs_in_a_real_browser_once_cleaned(chromium: Any) -> None:
    texts = hostile_texts()
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        page.set_content("<!doctype html><body>")
        before = page.evaluate(_COUNT_ALIVE, texts)
        page.set_content("<!doctype html><body>")
        after = page.evaluate(_COUNT_ALIVE, [clean(text) for text in texts])
    finally:
        context.close()
    assert sum(count > 0 for count in before) > 40  # the control: uncleaned, they run
    assert [text for text, count in zip(texts, after, strict=True) if count] == []
