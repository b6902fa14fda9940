"""Forbidden words are found however they are disguised, at their true place, and nothing else is."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from campaigns.approvals.links import links_in, wrong_with
from campaigns.approvals.lists import Must, read_list, rules_from
from campaigns.approvals.words import BAR, Searcher, Word, plain, plain_word

ALPHABET = "保本息收益零风险确行稳赚a1"
HIDERS = [
    " ",
    "　",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "-",
    "·",
    ".",
    "*",
    "_",
    "/",
    "|",
    "★",
    "“",
    "（",
    "\t",
]
NOISE = "年的在客户存款，。 \n12%xé😀𠀀"
WORDS = st.lists(st.text(ALPHABET[:-2], min_size=2, max_size=4), min_size=1, max_size=8, unique=True)


def word(said: str, severity: str = "block") -> Word:
    return Word(said, "test", severity, "test")


def disguised(said: str, draw: st.DataObject) -> str:
    """The word with blanks and signs inside, in other widths and cases."""
    wide = {c: chr(ord(c) + 0xFEE0) for c in map(chr, range(33, 127))}
    out = ""
    for number, character in enumerate(said):
        if number:
            out += "".join(draw.draw(st.lists(st.sampled_from(HIDERS), max_size=3)))
        forms = [character, character.upper(), wide.get(character, character)]
        out += draw.draw(st.sampled_from(forms))
    return out


def naive(text: str, words: list[str]) -> set[tuple[int, int]]:
    """Places of words in plain text, searched one by one; those inside a longer one left out."""
    read = plain(text)
    found = {
        (at, at + len(key))
        for key in map(plain_word, words)
        for at in range(len(read.text))
        if read.text.startswith(key, at)
    }
    whole = {a for a in found if not any(b != a and b[0] <= a[0] and a[1] <= b[1] for b in found)}
    return {(read.places[first], read.places[last - 1] + 1) for first, last in whole}


@given(
    st.data(),
    st.text(NOISE, max_size=20),
    st.text(NOISE, max_size=20),
    st.text("保本息收益", min_size=2, max_size=5),
)
def test_a_disguised_word_is_found_at_its_own_characters(
    draw: st.DataObject, before: str, after: str, said: str
) -> None:
    hidden = disguised(said, draw)
    [hit] = Searcher([word(said)]).hits(before + "，" + hidden + "。" + after)
    assert (hit.start, hit.end) == (len(before) + 1, len(before) + 1 + len(hidden))


@given(WORDS, st.text(ALPHABET + "，-\u200b 𠀀😀", max_size=60))
def test_all_at_once_finds_what_one_by_one_finds(words: list[str], text: str) -> None:
    hits = Searcher([word(said) for said in words]).hits(text)
    assert [(hit.start, hit.end) for hit in hits] == sorted(naive(text, words))
    assert all(plain_word(hit.word.word) == plain(text[hit.start : hit.end]).text for hit in hits)


@given(st.text(max_size=200))
def test_what_a_text_does_not_say_is_never_found(text: str) -> None:
    """Any text at all, control characters and rare scripts among it: only what stands in its plain form is found."""
    for hit in Searcher([word("保本"), word("a1")]).hits(text):
        said = unicodedata.normalize("NFKC", text[hit.start : hit.end]).casefold()
        assert [c for c in said if c in "保本a1"] in (list("保本"), list("a1"))
        assert BAR not in plain(text[hit.start : hit.end]).text


def test_exceptions_clauses_and_whole_words() -> None:
    searcher = Searcher(
        [word("保本"), word("保本保息"), word("Risk Free"), word("最佳", "warn")], ["确保本行", "担保本"]
    )

    def said(text: str) -> list[str]:
        return [text[hit.start : hit.end] for hit in searcher.hits(text)]

    assert said("确保本行资金安全，担保 本息") == []
    assert said("确保本金") == ["保本"]
    assert said("有医保，本行办理。社保\n本行") == []  # another clause
    assert said("保本保息，保-本") == ["保本保息", "保-本"]  # the shorter one is not said twice
    assert said("RISK-FREE! brisk freedom riskfree") == ["RISK-FREE", "riskfree"]
    assert said("最 佳・保證無") == ["最 佳"]
    assert Searcher([word("保证收益")]).hits("保證收 益")[0].end == 5


def test_a_list_is_read_line_by_line_and_says_what_is_wrong_where() -> None:
    rules, problems = read_list(
        "# 广告用语\n保本|承诺收益|禁止|不得承诺保本\n！确保本行\n"
        "必须：理财 | 理财非存款、产品有风险 | 投资须谨慎\n域名: Example.bank.cn\n\n最佳 | 绝对化 | warn | 用语要有依据"
    )
    assert problems == [] and rules.count == 5
    assert rules.words[0] == Word("保本", "承诺收益", "block", "不得承诺保本")
    assert rules.musts == [Must("wealth", ("理财非存款、产品有风险", "投资须谨慎"))]
    assert rules.hosts == ["example.bank.cn"] and rules.exceptions == ["确保本行"]
    assert rules_from(rules.document()) == rules
    _rules, problems = read_list(
        "保本\n保|a|block|r\n最佳|a|heavy|r\n必须：股票|说明文字\n必须：理财|短\n域名：http://a.cn/x\n"
        "零风险|a|warn|r\n零-风险|b|block|r\n!零风险"
    )
    assert [(p.line, p.why) for p in problems] == [
        (1, "four_parts"), (2, "too_short"), (3, "severity"), (4, "product_class"), (5, "phrase"), (6, "host"),
        (8, "twice"), (9, "word_and_exception"),
    ]  # fmt: skip


def test_links_that_hide_where_they_lead_are_told_apart() -> None:
    verdicts = {
        "/pages/batch?id=1": "",
        "https://www.bank.cn/a": "",
        "HTTPS://BANK.CN": "",
        "//bank.cn/x": "",
        "www.bank.cn": "",
        "javascript:alert(1)": "scheme",
        "data:text/html,x": "scheme",
        "weixin://x": "scheme",
        "https://": "host",
        "http://10.0.0.1/": "number",
        "http://2130706433/": "number",
        "http://0x7f.1/": "number",
        "http://[::1]/": "number",
        "https://t.cn/abc": "short",
        "https://xn--bnk-5cd.cn/": "look_alike",  # bаnk with a Cyrillic а
        "https://bаnk.cn/": "look_alike",
        "https://evilbank.cn/": "elsewhere",
        "https://bank.cn.evil.com/": "elsewhere",
        "https://银行.cn/": "elsewhere",
        "https://bank.cn@evil.com/": "elsewhere",
        "http://[broken": "host",
    }
    assert {address: wrong_with(address, allowed=[{"bank.cn"}]) for address in verdicts} == verdicts
    # A list of a branch narrows what head office allows, and never widens it.
    assert wrong_with("https://a.bank.cn", allowed=[{"bank.cn"}, {"a.bank.cn", "evil.com"}]) == ""
    assert wrong_with("https://evil.com", allowed=[{"bank.cn"}, {"evil.com"}]) == "elsewhere"
    assert wrong_with("https://anything.org", allowed=[]) == ""


def test_links_are_found_in_html_and_in_plain_text() -> None:
    html = "<p>见<a href='https://a.cn/x?a=1&amp;b=2'>官网</a></p>"
    found = links_in(
        {"body": html, "more": [{"note": "<img src=//b.cn>"}]}, [("body", "看 https://c.cn/y。")]
    )
    assert [(link.line, link.address) for link in found] == [
        ("body", "https://a.cn/x?a=1&b=2"), ("more", "//b.cn"), ("body", "https://c.cn/y"),
    ]  # fmt: skip
    assert (found[2].start, found[2].end) == (2, 16)
