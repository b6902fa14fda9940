"""The checks of this room: forbidden words, missing disclosures, links. Lists say what they look for."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight
from campaigns.approvals.links import host_of, wrong_with
from campaigns.approvals.lists import allowed_hosts
from campaigns.approvals.words import plain_word
from campaigns.lib.products import ProductClass
from campaigns.tenants.scopes import Scope


def look_for_words(scope: Scope, sight: Sight) -> list[Found]:
    """Words of the lists, in every line; each list excuses its own words alone."""
    return [
        Found(
            line.key,
            hit.start,
            hit.end,
            args={"word": hit.word.word, "family": hit.word.family, "reason": hit.word.reason},
            severity=hit.word.severity,
            list_version=each.version,
        )
        for each in sight.lists
        for line in sight.lines
        for hit in each.searcher.hits(line.value)
    ]


def say_word(args: Mapping[str, Any]) -> str:
    return gettext("“%(word)s” is on the word list (%(family)s): %(reason)s") % {
        "word": args.get("word", ""),
        "family": args.get("family", ""),
        "reason": args.get("reason", ""),
    }


def look_for_disclosure(scope: Scope, sight: Sight) -> list[Found]:
    """What each list wants said about the product, and the text does not say."""
    if not sight.facts.product_class:
        return []
    text = plain_word("".join(line.value for line in sight.lines))
    return [
        Found(
            args={"product_class": must.product_class, "phrases": list(must.phrases)},
            list_version=each.version,
        )
        for each in sight.lists
        for must in each.rules.musts
        if must.product_class == sight.facts.product_class
        and not any(plain_word(phrase) in text for phrase in must.phrases)
    ]


def say_disclosure(args: Mapping[str, Any]) -> str:
    code = args.get("product_class", "")
    return gettext("A text about “%(product)s” must say: %(phrases)s") % {
        "product": str(ProductClass(code).label) if code in ProductClass.values else code,
        "phrases": " / ".join(f"“{phrase}”" for phrase in args.get("phrases", [])),
    }


# Whoever reviews such a link cannot know what it will do.
_NEVER = frozenset({"scheme", "host", "number", "short", "look_alike"})


def look_at_links(scope: Scope, sight: Sight) -> list[Found]:
    """Links that lead where no list allows, or hide where they lead."""
    allowed = allowed_hosts(sight.lists)
    found = []
    for link in sight.links:
        why = wrong_with(link.address, allowed=[hosts for _version, hosts in allowed])
        if why:
            found.append(
                Found(
                    link.line,
                    link.start,
                    link.end,
                    excerpt=link.address[:200],
                    args={"why": why, "host": host_of(link.address)[:100]},
                    severity="block" if why in _NEVER else "",
                    list_version="、".join(v for v, _h in allowed)[:120] if why == "elsewhere" else "",
                )
            )
    return found


_WRONG_LINK = {
    "scheme": _("A link must be a web address or a page of the mini-program."),
    "host": _("Where this link leads cannot be read."),
    "number": _("A link to a bare number instead of a name; give the name of the site."),
    "short": _("A short link hides where it leads: give the whole address."),
    "look_alike": _("The name in this link is written with letters that pass for others."),
    "elsewhere": _("“%(host)s” is not among the sites that links may lead to."),
}


def say_link(args: Mapping[str, Any]) -> str:
    words = _WRONG_LINK.get(str(args.get("why")), _WRONG_LINK["host"])
    return str(words) % {"host": args.get("host", "")}


WORDS = Check(code="approvals.words", label=_("Forbidden words"), look=look_for_words, say=say_word)
LINKS = Check(code="approvals.links", label=_("Links"), look=look_at_links, say=say_link)
# Registered by the rooms whose things are texts, with their kinds.
DISCLOSURE = Check(
    code="approvals.disclosure",
    label=_("Risk disclosure"),
    look=look_for_disclosure,
    say=say_disclosure,
    severity="block",
)
