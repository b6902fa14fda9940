"""Questions about categories of content."""

from campaigns.lib.refusals import NotFound
from content.models import Category


def category_name(code: str) -> str:
    """What people call it; the code itself when there is none such."""
    found = Category.objects.filter(pk=code).first() if code else None
    return str(found) if found else code


def category_of(code: str) -> Category:
    """Raises NotFound."""
    found = Category.objects.filter(pk=code).first()
    if found is None:
        raise NotFound
    return found


def categories_in_use() -> list[Category]:
    """Those that content may be put under, in the order of the bank; children follow their parent."""
    rows = list(Category.objects.filter(is_active=True).select_related("parent"))
    tops = [row for row in rows if row.parent_id is None]
    return [each for top in tops for each in (top, *(row for row in rows if row.parent_id == top.pk))]
