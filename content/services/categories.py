"""Writing categories: what customers look for content by, for the whole bank."""

from django.db import IntegrityError, transaction

from campaigns.approvals.moves import broken
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.category_selectors import category_of
from content.item_refusals import CategoriesAreBankWide, CategoryIsWrong
from content.models import Category

_MEND = {
    "content_category_pkey": ("这个代码已被使用。", "this code is taken."),
    "content_category_has_two_levels": (
        "分类最多两级，上级分类必须是一级分类。",
        "there are two levels: what it stands under must be at the top.",
    ),
}


def add_category(
    *, scope: Scope, code: str, name: str, name_en: str = "", parent_code: str = "", place: int = 1000
) -> Category:
    """Raises CategoriesAreBankWide away from head office, NotFound (parent), CategoryIsWrong."""
    _demand(scope, "add")
    category = Category(code=code)
    _fill(category, name, name_en, parent_code, place)
    _save(category, is_new=True)
    _note(scope, category, "content.category.add")
    return category


def change_category(
    *,
    scope: Scope,
    code: str,
    name: str,
    name_en: str,
    parent_code: str,
    place: int,
    is_active: bool,
) -> Category:
    """Out of use, it is offered no more; content keeps it. Raises as `add_category`, and NotFound."""
    _demand(scope, "change")
    category = category_of(code)
    _fill(category, name, name_en, parent_code, place)
    category.is_active = is_active
    _save(category, is_new=False)
    _note(scope, category, "content.category.change")
    return category


def _demand(scope: Scope, verb: str) -> None:
    scope.demand(f"content.category.{verb}")
    if Branch.objects.filter(pk=scope.branch_id, parent__isnull=False).exists():
        raise CategoriesAreBankWide


def _fill(category: Category, name: str, name_en: str, parent_code: str, place: int) -> None:
    if not name.strip():
        raise CategoryIsWrong(why_zh="请填写名称。", why_en="give it a name.")
    category.name, category.name_en, category.place = name.strip(), name_en.strip(), place
    category.parent = category_of(parent_code) if parent_code else None


def _save(category: Category, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            category.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as error:
        if broken(error) not in _MEND:
            raise
        zh, en = _MEND[broken(error)]
        raise CategoryIsWrong(why_zh=zh, why_en=en) from error


def _note(scope: Scope, category: Category, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.category", category.pk),
        subject_name=category.name,
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
    )
