"""Chinese by default, English by choice: nothing is hard-coded, and nothing is left untranslated."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import BinaryField
from django.utils.translation import gettext, override, pgettext, trans_real
from django.utils.translation.template import templatize

from campaigns.lib.refusals import Refusal
from config.management.commands.compile_words import compiled, word_files
from tests.architecture.source import ROOT, sources, templates

HAN = re.compile(r"[\u4e00-\u9fff]")
MARKERS = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
# Names, not words: the same in every language.
NAMES = {"English", "ID", "QR", "Fenhang", "URL", "IP"}
WORD_FILES = word_files(ROOT)


def msgids_of_python() -> list[tuple[str, str]]:
    found = []
    for source in sources():
        for node in ast.walk(source.tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name in MARKERS and node.args:
                place = 1 if name.startswith("pgettext") else 0
                text = node.args[place]
                if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                    context = node.args[0].value + "\x04" if place else ""  # type: ignore[attr-defined]
                    found.append((f"{source.name}:{node.lineno}", context + text.value))
    return found


def msgids_of_templates() -> list[tuple[str, str]]:
    found = []
    call = re.compile(
        r"""\b_?n?gettext\((?:u?('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))|(?<!\w)_\(\s*('[^']*'|"[^"]*")"""
    )
    for path in templates():
        for one, other in call.findall(templatize(path.read_text())):
            found.append((str(path.relative_to(ROOT)), ast.literal_eval(one or other)))
    return found


def is_translated(msgid: str) -> bool:
    catalogue = trans_real.translation("zh-hans")._catalog  # type: ignore[attr-defined]
    msgid = msgid.replace("\r\n", "\n")
    text = catalogue.get(msgid) or catalogue.get((msgid, 1)) or catalogue.get((msgid, 0))
    return bool(text) or bool(HAN.search(msgid)) or msgid in NAMES or not re.search(r"[A-Za-z]{2}", msgid)


def test_every_english_sentence_in_the_source_has_its_chinese() -> None:
    found = [*msgids_of_python(), *msgids_of_templates()]
    assert len(found) > 50
    assert sorted({f"{where}: {msgid!r}" for where, msgid in found if not is_translated(msgid)}) == []


@pytest.mark.parametrize("po", WORD_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_word_file_is_whole_and_compiled(po: Path) -> None:
    words = polib.pofile(str(po))
    assert [e.msgid for e in words if not e.translated() and e.msgid] == []
    assert [e.msgid for e in words if e.fuzzy or e.obsolete] == []
    placeholders = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{\w+\}")
    assert [
        e.msgid
        for e in words
        if e.msgstr and sorted(placeholders.findall(e.msgid)) != sorted(placeholders.findall(e.msgstr))
    ] == []
    mo = po.with_suffix(".mo")
    assert mo.exists(), "run `manage.py compile_words`"
    assert mo.read_bytes() == compiled(po), "run `manage.py compile_words`"


def test_every_name_the_admin_shows_is_chinese_by_default() -> None:
    rooms = {path.rpartition(".")[2] for path in settings.ROOMS}
    english = []
    with override("zh-hans"):
        for model in admin.site._registry:
            meta = model._meta
            if meta.app_label not in rooms:
                continue
            words = {f"{meta.label}": meta.verbose_name, f"{meta.label} (many)": meta.verbose_name_plural}
            for field in meta.fields:
                if field.name in {"id", "branch_pos"} or isinstance(field, BinaryField):
                    continue
                words[f"{meta.label}.{field.name}"] = field.verbose_name
                words |= {f"{meta.label}.{field.name}={v}": label for v, label in (field.flatchoices or [])}
            english += [f"{where}: {text}" for where, text in words.items() if not HAN.search(str(text))]
        ours = [app for app in apps.get_app_configs() if app.label in rooms]
        english += [app.label for app in ours if not HAN.search(str(app.verbose_name))]
    assert english == []


# A mistake of ours, and what servers of others do to us: 500, 502, 503.
NOT_THE_CALLERS_FAULT = {
    "content.file.store_is_away",
    "server.failed",
    "wechat.failed",
    "wechat.busy",
    "log_in.provider.away",
    "community.wecom.away",
    "community.wecom.refused",
}


def every_refusal(base: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [base, *(deeper for sub in base.__subclasses__() for deeper in every_refusal(sub))]


def test_every_refusal_has_a_code_of_its_own_and_speaks_both_languages() -> None:
    refusals = every_refusal()
    for refusal in refusals:
        assert HAN.search(refusal.zh), refusal
        assert not HAN.search(refusal.en.replace("“", "")), refusal
        blanks = re.compile(r"\{(\w+)[^}]*\}")
        # A number may be said in other units in each language; the docstring then names both.
        apart = set(blanks.findall(refusal.zh)) ^ set(blanks.findall(refusal.en))
        assert all(f"`{blank}`" in (refusal.__doc__ or "") for blank in apart), refusal
        assert 400 <= refusal.status < 500 or refusal.code in NOT_THE_CALLERS_FAULT, refusal
    codes = [r.code for r in refusals]
    assert sorted({c for c in codes if codes.count(c) > 1}) == []


@pytest.mark.parametrize("file", WORD_FILES, ids=lambda path: str(path.relative_to(ROOT).parent))
def test_what_a_room_says_is_what_people_read(file: Path) -> None:
    """All rooms share one catalogue, in which the first app wins: the same English must mean the same Chinese,
    or carry a context."""
    other: list[str] = []
    with override("zh-hans"):
        for entry in polib.pofile(str(file)):
            if entry.obsolete or entry.msgid_plural or not entry.msgstr:
                continue
            shown = pgettext(entry.msgctxt, entry.msgid) if entry.msgctxt else gettext(entry.msgid)
            if shown != entry.msgstr:
                other.append(f"{entry.msgid}: {entry.msgstr} is shown as {shown}")
    assert other == []
