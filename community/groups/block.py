"""A group's entry code on a page of content: the invitation, and the way to the QR of the group that takes members."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.scopes import Scope
from community.groups.entry_models import EntryCode
from community.groups.selectors import entry_word
from content.blocks.parts import Part, Sight, Words, Wrong
from content.blocks.registry import BlockKind

_OFFERED = 100


@dataclass(frozen=True, slots=True)
class EntryPart(Part):
    """An entry code of the scope's branches that is in use."""

    def choices(self, scope: Scope) -> list[tuple[str, str]]:
        rows = EntryCode.objects.within(scope).filter(is_open=True).order_by("-id")
        return [(str(key), title) for key, title in rows.values_list("pk", "title")[:_OFFERED]]

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        if not value:
            return ""
        try:
            key = str(UUID(str(value)))
        except ValueError:
            raise Wrong("请选择社群活码", "choose an entry code") from None
        if key != kept and key not in dict(self.choices(scope)):
            raise Wrong("它不在您的机构范围内，或已停用", "it is not of your branches, or no longer in use")
        return key

    def lacks(self, scope: Scope, value: Any, shown_from: Any) -> str:
        if value and not self._code(scope, value, is_open=True):
            return gettext("the entry code is not in use any more")
        return Part.lacks(self, scope, value, shown_from)

    def freeze(self, scope: Scope, value: Any) -> Any:
        code = self._code(scope, value) if value else None
        return code and {"code": str(code.pk), "slug": code.slug, "title": code.title, "says": code.says}

    def thaw(self, value: Any) -> str:
        return str(value["code"]) if value else ""

    def says(self, scope: Scope, frozen: Any) -> str:
        return str(frozen["title"]) if frozen else ""

    def shows(self, sight: Sight, frozen: Any) -> Any:
        """What a phone gets of it now; None for a code that is not in use any more."""
        if not frozen:
            return None
        word = entry_word(slug=frozen["slug"], at=sight.scope.at)
        if word == "not_found":
            return None
        said = {"title": frozen["title"], "says": frozen["says"], "is_full": word == "full"}
        return said if sight.is_page else {**said, "slug": frozen["slug"]}

    def _code(self, scope: Scope, value: Any, **more: Any) -> EntryCode | None:
        found: EntryCode | None = EntryCode.objects.within(scope).filter(pk=value, **more).first()
        return found


GROUP = BlockKind(
    "group",
    _("Group"),
    icon="groups",
    parts=(
        EntryPart(
            "entry",
            _("entry code"),
            needed=True,
            help=_("Customers see its invitation while it is in use, and scan the group that takes members."),
        ),
        Words("words", _("line above it"), longest=40),
    ),
    template="community/phone_block_group.html",
)
