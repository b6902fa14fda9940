"""The only writers of attributes' definitions."""

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.audit.services import record
from campaigns.customers.models import Attribute
from campaigns.customers.tag_rules import ChoiceGone, CodeTaken, checked_choices, demand_code
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound
from campaigns.tenants.scopes import Scope


def demand_head_office(*, scope: Scope, verb: str) -> None:
    """What holds for the whole bank is changed at head office alone. Raises NotAllowed."""
    scope.demand(verb)
    if scope.ancestors:
        raise NotAllowed(verb=verb)


def add_attribute(
    *,
    scope: Scope,
    code: str,
    name: str,
    kind: str,
    name_en: str = "",
    choices: Sequence[Mapping[str, Any]] = (),
    unit: str = "",
    is_sensitive: bool = False,
    place: int = 1000,
) -> Attribute:
    """Define an attribute. Raises NotAllowed, CodeWrong, CodeTaken, ChoicesWrong."""
    demand_head_office(scope=scope, verb="customers.attribute.add")
    demand_code(code)
    if kind not in Attribute.Kind.values:
        raise ValueError(kind)
    checked = checked_choices(kind, choices)
    attribute, is_new = Attribute.objects.get_or_create(
        code=code,
        defaults={
            "name": name.strip(),
            "name_en": name_en.strip(),
            "kind": kind,
            "choices": checked,
            "unit": unit.strip(),
            "is_sensitive": is_sensitive,
            "place": place,
        },
    )
    if not is_new:
        raise CodeTaken(code=code)
    _note(scope, attribute, "add", kind=kind, is_sensitive=is_sensitive)
    return attribute


def add_missing_attributes(*, scope: Scope, definitions: Sequence[Mapping[str, Any]]) -> int:
    """Define what a known kind of file brings, as far as it is not defined yet; how many were new.

    For importers, which have asked for their own right. What people have changed stays as it is.
    """
    known = set(Attribute.objects.values_list("code", flat=True))
    missing = [each for each in definitions if each["code"] not in known]
    made = [
        Attribute(**{**each, "choices": checked_choices(each["kind"], each["choices"])}) for each in missing
    ]
    Attribute.objects.bulk_create(made, ignore_conflicts=True)
    for attribute in made:
        _note(scope, attribute, "add", kind=attribute.kind)
    return len(made)


def change_attribute(
    *,
    scope: Scope,
    code: str,
    name: str,
    name_en: str,
    choices: Sequence[Mapping[str, Any]],
    unit: str,
    is_sensitive: bool,
    is_active: bool,
    place: int,
) -> Attribute:
    """Change how it is called, what may be chosen, and whether it is in use; never its code or kind.

    Choices may be added and renamed; one that is missing raises ChoiceGone. Raises NotAllowed, NotFound, ChoicesWrong.
    """
    demand_head_office(scope=scope, verb="customers.attribute.change")
    attribute = Attribute.objects.select_for_update().filter(code=code).first()
    if attribute is None:
        raise NotFound
    checked = checked_choices(attribute.kind, choices)
    kept = {choice["code"] for choice in checked}
    gone = [choice["code"] for choice in attribute.choices if choice["code"] not in kept]
    if gone:
        raise ChoiceGone(code=gone[0])
    wanted: dict[str, Any] = {
        "name": name.strip(),
        "name_en": name_en.strip(),
        "choices": checked,
        "unit": unit.strip(),
        "is_sensitive": is_sensitive,
        "is_active": is_active,
        "place": place,
    }
    changed = {field: value for field, value in wanted.items() if getattr(attribute, field) != value}
    if not changed:
        return attribute
    for field, value in changed.items():
        setattr(attribute, field, value)
    attribute.save(update_fields=list(changed))
    _note(scope, attribute, "change", fields=sorted(changed))
    return attribute


def _note(scope: Scope, attribute: Attribute, did: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"customers.attribute.{did}",
        subject=ref("customers.attribute", attribute.code),
        subject_name=attribute.name,
        **detail,
    )
