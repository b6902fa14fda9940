"""The only writers of tag categories and tags."""

from typing import Any
from uuid import UUID

from campaigns.audit.services import record
from campaigns.customers.conditions import in_order, read_rule, tags_in
from campaigns.customers.models import Tag, TagCategory
from campaigns.customers.services.attributes import demand_head_office
from campaigns.customers.tag_rules import (
    CodeTaken,
    NotYourTags,
    RuleMissing,
    TagInRule,
    demand_code,
    demand_tag_code,
)
from campaigns.customers.tag_selectors import catalogue, owns, tag_in_scope
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope


def add_category(
    *,
    scope: Scope,
    code: str,
    name: str,
    name_en: str = "",
    owner_id: int,
    owner_person: UUID | None = None,
    place: int = 1000,
) -> TagCategory:
    """A category of tags for an owner. Head office alone. Raises NotAllowed, NotFound, CodeWrong, CodeTaken."""
    demand_head_office(scope=scope, verb="customers.tagcategory.add")
    demand_code(code)
    owner = branch_in_scope(scope=scope, branch_id=owner_id)
    category, is_new = TagCategory.objects.get_or_create(
        code=code,
        defaults={
            "name": name.strip(),
            "name_en": name_en.strip(),
            "owner": owner,
            "owner_person": owner_person,
            "place": place,
        },
    )
    if not is_new:
        raise CodeTaken(code=code)
    _note_category(scope, category, "add", owner=owner.code)
    return category


def change_category(
    *,
    scope: Scope,
    code: str,
    name: str,
    name_en: str,
    owner_id: int,
    owner_person: UUID | None = None,
    place: int,
) -> TagCategory:
    """Another name, owner or place. Head office alone. Raises NotAllowed, NotFound."""
    demand_head_office(scope=scope, verb="customers.tagcategory.change")
    category = TagCategory.objects.select_for_update().filter(code=code).first()
    if category is None:
        raise NotFound
    owner = branch_in_scope(scope=scope, branch_id=owner_id)
    wanted: dict[str, Any] = {
        "name": name.strip(),
        "name_en": name_en.strip(),
        "owner_id": owner.pk,
        "owner_person": owner_person,
        "place": place,
    }
    changed = {field: value for field, value in wanted.items() if getattr(category, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(category, field, value)
        category.save(update_fields=list(changed))
        _note_category(scope, category, "change", owner=owner.code)
    return category


def add_tag(
    *,
    scope: Scope,
    code: str,
    category_code: str,
    name: str,
    name_en: str = "",
    kind: str = Tag.Kind.MANUAL,
    rule: object = None,
    valid_days: int | None = None,
) -> Tag:
    """A tag in a category of one's own.

    Raises NotAllowed, NotFound, NotYourTags, CodeWrong, CodeTaken, RuleMissing, RuleWrong.
    """
    scope.demand("customers.tag.add")
    demand_tag_code(code)
    if kind not in Tag.Kind.values:
        raise ValueError(kind)
    category = TagCategory.objects.filter(code=category_code).select_related("owner").first()
    if category is None:
        raise NotFound
    _demand_owner(scope, category)
    _check_rule(scope, code, kind, rule, valid_days)
    tag, is_new = Tag.objects.get_or_create(
        code=code,
        defaults={
            "category": category,
            "name": name.strip(),
            "name_en": name_en.strip(),
            "kind": kind,
            "rule": rule,
            "valid_days": valid_days,
        },
    )
    if not is_new:
        raise CodeTaken(code=code)
    _note_tag(scope, tag, "add", kind=kind, rule=rule)
    return tag


def change_tag(
    *,
    scope: Scope,
    tag_id: int,
    name: str,
    name_en: str,
    rule: object = None,
    valid_days: int | None = None,
    is_active: bool = True,
) -> Tag:
    """Another name, rule or validity, or out of use; never another code, kind or category.

    What was given stays; another rule shows with the next run. Raises NotAllowed, NotFound, NotYourTags, RuleMissing,
    RuleWrong; TagInRule when it is taken out of use while a rule in use asks for it.
    """
    scope.demand("customers.tag.change")
    tag = tag_in_scope(scope=scope, tag_id=tag_id, lock=True)
    _demand_owner(scope, tag.category)
    _check_rule(scope, tag.code, tag.kind, rule, valid_days)
    if tag.is_active and not is_active:
        others = Tag.objects.filter(kind=Tag.Kind.COMPUTED, is_active=True).exclude(pk=tag.pk)
        for other in others:
            if tag.code in tags_in(other.rule):
                raise TagInRule(tag=tag, other=other)
    wanted: dict[str, Any] = {
        "name": name.strip(),
        "name_en": name_en.strip(),
        "rule": rule,
        "valid_days": valid_days,
        "is_active": is_active,
    }
    changed = {field: value for field, value in wanted.items() if getattr(tag, field) != value}
    if changed:
        for field, value in changed.items():
            setattr(tag, field, value)
        tag.save(update_fields=list(changed))
        _note_tag(scope, tag, "change", **changed)
    return tag


def _demand_owner(scope: Scope, category: TagCategory) -> None:
    if not owns(scope=scope, category=category):
        raise NotYourTags(owner=category.owner.name)


def _check_rule(scope: Scope, code: str, kind: str, rule: object, valid_days: int | None) -> None:
    if kind != Tag.Kind.COMPUTED:
        if rule is not None:
            raise RuleMissing
        return
    if rule is None or valid_days is not None:
        raise RuleMissing
    read_rule(rule, catalogue(scope=scope))
    rules: dict[str, object] = dict(
        Tag.objects.filter(kind=Tag.Kind.COMPUTED).exclude(code=code).values_list("code", "rule")
    )
    in_order(rules | {code: rule})


def _note_category(scope: Scope, category: TagCategory, did: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"customers.tagcategory.{did}",
        subject=ref("customers.tagcategory", category.code),
        subject_name=category.name,
        **detail,
    )


def _note_tag(scope: Scope, tag: Tag, did: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"customers.tag.{did}",
        subject=ref("customers.tag", tag.pk),
        subject_name=tag.name,
        **detail,
    )
