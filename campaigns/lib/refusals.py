"""A "no" is a typed refusal with a stable code, defined beside its rule and turned into HTTP, form error or
message in one place.
"""

from typing import Any, ClassVar

from django.utils.translation import get_language, override


class Refusal(Exception):
    """The base of every expected "no".

    Subclasses set `code` (stable, dotted: room.thing.reason), `status` (HTTP), and one sentence for people in
    Chinese (`zh`) and English (`en`): what is wrong, where, what to do. The sentences are format strings; the
    values are given to the constructor and kept in `values` for machine readers.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    zh: ClassVar[str] = "操作被拒绝。"
    en: ClassVar[str] = "The request was refused."

    def __init__(self, **values: Any) -> None:
        self.values = values
        super().__init__(self.en.format(**values))

    def detail(self, language: str) -> str:
        """The sentence in `language` ("zh..." gives Chinese, anything else English); lazy values speak it too."""
        is_chinese = language.lower().startswith("zh")
        with override("zh-hans" if is_chinese else "en"):
            return (self.zh if is_chinese else self.en).format(**self.values)

    def __str__(self) -> str:
        # Django's forms and admin show str(); the reader's language is known only then.
        return self.detail(get_language() or "zh-hans")


class NotFound(Refusal):
    """A foreign thing and an absent thing answer alike."""

    code = "not_found"
    status = 404
    zh = "没有找到，可能已被移走，或不在您的机构范围内。"
    en = "Not found: it may have been moved, or lies outside your branches."


class NotAllowed(Refusal):
    code = "not_allowed"
    status = 403
    zh = "您在当前岗位上不能执行“{verb}”。请切换岗位，或请管理员授权。"
    en = "Your current assignment does not allow “{verb}”. Switch assignment or ask an administrator."
