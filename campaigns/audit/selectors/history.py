"""What a deed changed: the history of the things it touched, before and after."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, QuerySet
from pghistory.models import Event

from campaigns.audit.models import Entry
from campaigns.audit.selectors.search import deeds_along_with
from campaigns.lib.refs import read_ref
from campaigns.tenants.models import Branch, TenantModel
from campaigns.tenants.scopes import Scope

# Where a row stands in the tree is the branch's matter: a move is no history.
_PLACES = {"branch_pos", "pos", "pos_end"}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column, as it was and as it became; None on the side where there was no row."""

    field: "Field[Any, Any]"
    before: Any
    after: Any


@dataclass(slots=True)
class ThingChange:
    """One thing that the request touched. `label`: insert, update or delete."""

    model: type[Model]
    key: str
    label: str
    fields: list[FieldChange] = field(default_factory=list)


def changes_of(*, scope: Scope, entry: Entry) -> list[ThingChange]:
    """What did the request of this entry change? Each thing that its entries name, with the columns that differ."""
    if entry.request_id is None:
        return []
    touched = dict.fromkeys(
        named for each in deeds_along_with(scope=scope, entry=entry) for named in _named_by(each)
    )
    # The entry's own thing first.
    own = list(_named_by(entry))
    found = []
    for model, key in sorted(touched, key=lambda each: each not in own):
        change = _change(scope, model, key, entry.request_id)
        if change is not None:
            found.append(change)
    return found


def names_of(*, scope: Scope, changes: list[ThingChange]) -> dict[tuple[type[Model], Any], str]:
    """How are the rows called that the changes point to, as far as they lie in the scope? One query a model."""
    wanted: dict[type[Model], set[Any]] = {}
    for change in changes:
        for each in change.fields:
            if isinstance(each.field, ForeignKey):
                target = each.field.remote_field.model
                wanted.setdefault(target, set()).update({each.before, each.after} - {None})
    return {
        (model, row.pk): str(row)
        for model, keys in wanted.items()
        for row in _inside(scope, model, model._default_manager.filter(pk__in=keys))
    }


def _named_by(entry: Entry) -> Iterator[tuple[type[Model], str]]:
    """Things of which there is history: the subject, and what the detail names by its kind ("revision": id)."""
    try:
        subject = read_ref(entry.subject)
        if (model := apps.get_model(subject.kind)) in _histories():
            yield model, subject.id
    except (LookupError, ValueError):
        pass
    for name, key in entry.detail.items() if isinstance(entry.detail, dict) else ():
        for model in _histories():
            if model._meta.model_name == name and isinstance(key, str):
                yield model, key


@cache
def _histories() -> dict[type[Model], Any]:
    """Tracked model -> the table of its history."""
    events: list[Any] = [model for model in apps.get_models() if issubclass(model, Event)]
    return {each.pgh_tracked_model: each for each in events if each.pgh_tracked_model is not None}


def _inside(scope: Scope, model: type[Model], rows: QuerySet[Any]) -> QuerySet[Any]:
    """The second wall, for rows of any table."""
    if model is Branch or (issubclass(model, Event) and model.pgh_tracked_model is Branch):
        return rows.filter(pos__range=(scope.lo, scope.hi))
    tracked = model.pgh_tracked_model if issubclass(model, Event) else model
    if tracked is not None and issubclass(tracked, TenantModel):
        return rows.filter(branch_pos__range=(scope.lo, scope.hi))
    return rows


def _change(scope: Scope, model: type[Model], key: str, request: UUID) -> ThingChange | None:
    history = _histories()[model]
    try:
        pk = model._meta.pk.to_python(key)
    except Exception:  # noqa: BLE001 - a key that is none names nothing
        return None
    rows = _inside(scope, history, history._default_manager.filter(pgh_obj_id=pk)).order_by("pgh_id")
    now = list(rows.filter(pgh_context_id=request))
    if not now:
        return None
    first, last = now[0], now[-1]
    earlier = None
    if first.pgh_label != "insert":
        # A deletion is written with what was deleted.
        earlier = first if first.pgh_label == "delete" else rows.filter(pgh_id__lt=first.pgh_id).last()
    label = last.pgh_label if last.pgh_label == "delete" else first.pgh_label
    change = ThingChange(model, str(key), label)
    kept = {each.attname for each in history._meta.concrete_fields}
    for each in model._meta.concrete_fields:
        if each.primary_key or each.name in _PLACES or each.attname not in kept:
            continue
        before = getattr(earlier, each.attname) if earlier else None
        after = None if label == "delete" else getattr(last, each.attname)
        if before != after:
            change.fields.append(FieldChange(each, before, after))
    return change
