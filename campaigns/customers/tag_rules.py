"""What is allowed of attributes and tags, and the refusals of both; pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.customers.attribute_rules import CODE
from campaigns.lib.refusals import Refusal
from campaigns.tenants.rules import pinyin_of

TAG_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
CHOICE_CODE = re.compile(r"[^\s,=|][^,=|\n]{0,58}")
MOST_CHOICES = 300


class CodeWrong(Refusal):
    code = "customers.definition.code_wrong"
    status = 422
    zh = "代码“{code}”不可用：请用小写英文字母开头，后接字母、数字或下划线，最多 40 个字符。"
    en = "“{code}” cannot be a code: begin with a small letter, then letters, digits or underscores, 40 at most."


class CodeTaken(Refusal):
    code = "customers.definition.code_taken"
    status = 409
    zh = "代码“{code}”已被使用，请换一个。"
    en = "The code “{code}” is taken: choose another."


class KindFixed(Refusal):
    code = "customers.attribute.kind_fixed"
    status = 409
    zh = "属性的类型不能更改：已有的值按原类型保存。请停用它，另建一个。"
    en = "An attribute keeps its kind, since values are stored in its form. Retire it and make another."


class ChoicesWrong(Refusal):
    code = "customers.attribute.choices_wrong"
    status = 422
    zh = "选项有误：{what}。每行写“代码=中文名=英文名”，代码不重复，最多 300 行。"
    en = "The choices are wrong: {what}. One in a line, “code=name=English name”, no code twice, 300 at most."


class ChoiceGone(Refusal):
    code = "customers.attribute.choice_gone"
    status = 409
    zh = "选项“{code}”不能删除：客户资料可能正在使用它。可以改名，但请保留代码。"
    en = "The choice “{code}” must stay: customers may have it. Rename it, and keep its code."


class NotYourTags(Refusal):
    code = "customers.tag.not_yours"
    status = 403
    zh = "这个标签分类归{owner}管理，只有它和总行可以修改其中的标签。"
    en = "These tags belong to {owner}: only it and head office change them."


class TagNotByHand(Refusal):
    code = "customers.tag.not_by_hand"
    status = 409
    zh = "标签“{tag}”不能手工添加或移除：它由规则计算或由导入维护。"
    en = "The tag “{tag}” is not given or taken by hand: a rule or an import keeps it."


class TagRetired(Refusal):
    code = "customers.tag.retired"
    status = 409
    zh = "标签“{tag}”已停用，不能再添加。"
    en = "The tag “{tag}” is out of use and can no longer be given."


class UntilPast(Refusal):
    code = "customers.tag.until_past"
    status = 422
    zh = "有效期至必须晚于现在。"
    en = "A tag is given until a moment still to come."


class TagKindFixed(Refusal):
    code = "customers.tag.kind_fixed"
    status = 409
    zh = "标签的来源不能更改：请停用它，另建一个。"
    en = "A tag keeps its kind: retire it and make another."


class TagInRule(Refusal):
    code = "customers.tag.in_rule"
    status = 409
    zh = "标签“{tag}”还用在“{other}”的规则里，请先修改那条规则。"
    en = "The tag “{tag}” is still asked for by the rule of “{other}”: change that rule first."


class RuleMissing(Refusal):
    code = "customers.tag.rule_missing"
    status = 422
    zh = "计算标签必须有规则，其他标签不能有规则；计算标签不设有效天数。"
    en = "A computed tag has a rule and no days of validity; other tags have no rule."


class TermsWrong(Refusal):
    code = "customers.scoring.terms_wrong"
    status = 422
    zh = "天数必须依次变大：沉睡天数要小于流失天数，且都大于 0。"
    en = "Days must grow: asleep before lost, and all above 0."


def demand_code(code: str) -> str:
    """An attribute's or category's code. Raises CodeWrong."""
    if not CODE.fullmatch(code):
        raise CodeWrong(code=code[:60])
    return code


def demand_tag_code(code: str) -> str:
    """Raises CodeWrong."""
    if not TAG_CODE.fullmatch(code):
        raise CodeWrong(code=code[:60])
    return code


def code_from(name: str) -> str:
    """A code for whoever gives none: the name's pinyin, as far as it makes one."""
    letters = re.sub(r"[^a-z0-9_]", "", pinyin_of(name).partition(" ")[0])
    return f"{'' if letters[:1].isalpha() else 'tag_'}{letters}"[:40].rstrip("_")


def checked_choices(kind: str, choices: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Choices as they are stored: code, name, name_en. Raises ChoicesWrong."""
    if kind != "choice":
        if choices:
            raise ChoicesWrong(what=kind)
        return []
    checked: dict[str, dict[str, str]] = {}
    for choice in choices:
        code, name = str(choice.get("code", "")).strip(), str(choice.get("name", "")).strip()
        name = name or code
        if not CHOICE_CODE.fullmatch(code) or code in checked or len(name) > 60:
            raise ChoicesWrong(what=code[:60] or "?")
        checked[code] = {"code": code, "name": name, "name_en": str(choice.get("name_en", "")).strip()[:60]}
    if not 0 < len(checked) <= MOST_CHOICES:
        raise ChoicesWrong(what=str(len(checked)))
    return list(checked.values())


def choices_of_lines(text: str) -> list[dict[str, str]]:
    """Choices from lines "code=name=English name"; names may be left out."""
    rows = [line.split("=") for line in text.splitlines() if line.strip()]
    if any(len(row) > 3 for row in rows):
        raise ChoicesWrong(what="=")
    return [
        dict(zip(("code", "name", "name_en"), [cell.strip() for cell in row], strict=False)) for row in rows
    ]


def lines_of_choices(choices: Sequence[Mapping[str, Any]]) -> str:
    """The lines that `choices_of_lines` reads."""
    return "\n".join(
        "=".join(filter(None, (c["code"], c.get("name", ""), c.get("name_en", "")))) for c in choices
    )
