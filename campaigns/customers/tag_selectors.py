"""Questions about attributes, tags, and who has which."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from campaigns.customers.attribute_models import in_words
from campaigns.customers.attribute_rules import is_value
from campaigns.customers.condition_sql import ATTRIBUTE_SQL, FORM_OF_KIND
from campaigns.customers.conditions import Catalogue, Subject, TagName
from campaigns.customers.models import Attribute, Profile, ScoringTerms, Tag, TagCategory, Tagging
from campaigns.lib.clock import FOREVER
from campaigns.lib.money import yuan
from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope

SCORES = {"recency": _("recency"), "frequency": _("frequency"), "monetary": _("monetary value")}
VALUE = _("stage and value")

# Rooms above add what conditions may be about (events, coupons): called for each reading of a rule.
_MORE: dict[str, Callable[[], Iterable[Subject]]] = {}


def register_subjects(code: str, subjects: Callable[[], Iterable[Subject]]) -> None:
    """Let rules ask about more. Raises ValueError when the code is taken."""
    if _MORE.setdefault(code, subjects) is not subjects:
        raise ValueError(f"subjects of {code!r} exist already")


def attributes_in_use() -> QuerySet[Attribute]:
    """Which attributes may be filled and asked, in the order of lists?"""
    return Attribute.objects.filter(is_active=True)


def catalogue(*, scope: Scope | None = None) -> Catalogue:
    """What may rules be about now? Retired attributes and tags stay known, so that old rules still read.

    `scope`: with the tags that are usable there alone, for rules that somebody writes.
    """
    subjects = [_of_attribute(attribute) for attribute in Attribute.objects.all()]
    stages = dict(Profile.Stage.choices)
    subjects += [
        Subject("stage", "choice", _("stage of life"), "nullif(p.stage, '')", (), stages, group=VALUE),
        *(Subject(code, "number", name, f"p.{code}::numeric", group=VALUE) for code, name in SCORES.items()),
        Subject("joined", "moment", _("joined"), "c.joined_at", group=VALUE),
    ]
    for more in _MORE.values():
        subjects += more()
    known = Tag.objects.all() if scope is None else tags_usable(scope=scope)
    tags = {
        code: TagName(pk, in_words(name, name_en))
        for pk, code, name, name_en in known.values_list("pk", "code", "name", "name_en")
    }
    return Catalogue({subject.about: subject for subject in subjects}, tags)


def _of_attribute(attribute: Attribute) -> Subject:
    return Subject(
        about=f"attribute:{attribute.code}",
        kind=attribute.kind,
        name=str(attribute),
        sql=ATTRIBUTE_SQL[FORM_OF_KIND[attribute.kind]],
        params=(attribute.code, attribute.code),
        choices={c["code"]: in_words(c["name"], c.get("name_en", "")) for c in attribute.choices},
        unit=attribute.unit,
        is_sensitive=attribute.is_sensitive,
        group=_("attributes"),
    )


def scoring_terms() -> ScoringTerms:
    """The thresholds of the nightly scores; the defaults while nobody has changed them."""
    return ScoringTerms.objects.filter(pk=1).first() or ScoringTerms(pk=1)


# --- values in words ---------------------------------------------------------------------------------------------


def values_in_words(
    values: Mapping[str, Any], *, attributes: Sequence[Attribute] | None = None
) -> list[tuple[str, str]]:
    """Name and value of each attribute, in the reader's language and the order of lists; unknown ones last."""
    known = {a.code: a for a in (Attribute.objects.all() if attributes is None else attributes)}
    named = [(str(a), value_in_words(a, values[code])) for code, a in known.items() if code in values]
    return named + [(code, _plainly(values[code])) for code in sorted(values.keys() - known.keys())]


def value_in_words(attribute: Attribute, value: Any) -> str:
    """One value as people read it; as it is stored where it is not of the attribute's kind."""
    if attribute.kind == Attribute.Kind.CHOICE:
        named = {c["code"]: in_words(c["name"], c.get("name_en", "")) for c in attribute.choices}
        return named.get(value, _plainly(value)) if isinstance(value, str) else _plainly(value)
    if attribute.kind == Attribute.Kind.MONEY and isinstance(value, int) and not isinstance(value, bool):
        return yuan(value)
    if attribute.kind == Attribute.Kind.DATE and is_value(attribute, value):
        return date_format(date.fromisoformat(value))
    return _plainly(value) + (f" {attribute.unit}" if attribute.unit else "")


def _plainly(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return f"{value:,}" if isinstance(value, int) else str(value)


# --- definitions ---------------------------------------------------------------------------------------------------


def categories_usable(*, scope: Scope) -> QuerySet[TagCategory]:
    """Whose tags mean something here: those owned at or above the scope's branch, or below it."""
    return TagCategory.objects.filter(_usable(scope, "owner"))


def tags_usable(*, scope: Scope) -> QuerySet[Tag]:
    """Which tags mean something here?"""
    return Tag.objects.filter(_usable(scope, "category__owner"))


def tags_to_give(*, scope: Scope) -> QuerySet[Tag]:
    """Which tags may be given and taken by hand here? Only customers at and below a tag's owner may have it."""
    return tags_usable(scope=scope).filter(kind=Tag.Kind.MANUAL, is_active=True).select_related("category")


def tag_in_scope(*, scope: Scope, tag_id: int, lock: bool = False) -> Tag:
    """One usable tag. Raises NotFound."""
    rows = tags_usable(scope=scope).select_related("category__owner")
    tag = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=tag_id).first()
    if tag is None:
        raise NotFound
    return tag


def owns(*, scope: Scope, category: TagCategory) -> bool:
    """May who acts change what is in this category, as far as ownership goes?"""
    if not scope.ancestors:
        return True
    if category.owner_id != scope.branch_id:
        return False
    return category.owner_person is None or category.owner_person == scope.person_id


def _usable(scope: Scope, owner: str) -> Q:
    return Q(**{f"{owner}_id__in": scope.line}) | Q(**{f"{owner}__pos__range": (scope.lo, scope.hi)})


# --- who has which --------------------------------------------------------------------------------------------------


def count_tagged(*, every: Sequence[int] = (), some: Sequence[int] = (), without: Sequence[int] = ()) -> int:
    """How many customers of the open scope have all of `every`, one of `some` (unless empty), none of `without`?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customers FROM count_tagged(%s::int[], %s::int[], %s::int[], false)",
            [list(every), list(some), list(without)],
        )
        return int(cursor.fetchone()[0])


def holders_by_branch(*, scope: Scope, tag_id: int) -> list[tuple[Branch, int]]:
    """How many customers have the tag now, at which branches of the scope? The most first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM count_tagged(%s::int[], '{}', '{}', true)", [[tag_id]])
        counts = dict(cursor.fetchall())
    branches = Branch.objects.filter(pk__in=counts, pos__range=(scope.lo, scope.hi))
    return sorted(((b, counts[b.pk]) for b in branches), key=lambda row: (-row[1], row[0].pos))


def tagged_customers(
    *, every: Sequence[int], after: UUID | None = None, many: int | None = None
) -> list[UUID]:
    """Whom of the open scope, in the order of ids?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM tagged_customers(%s::int[], '{}', '{}', %s::uuid, %s::int)",
            [list(every), after, many],
        )
        return [key for (key,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Spell:
    """One spell of a tag on a customer, as pages show it; `until` None: it is open."""

    tag: Tag
    since: datetime
    until: datetime | None
    expires_at: datetime | None
    source: str
    by: str
    ended_by: str


def tags_of(*, scope: Scope, customer_id: UUID, with_history: bool = False) -> list[Spell]:
    """Which tags has this customer, since when, by whom, until when? Open ones first, then the newest end.

    What has run out counts as ended at once, before the sweep that writes it down.
    """
    rows = Tagging.objects.within(scope).filter(customer_id=customer_id).select_related("tag")
    if not with_history:
        rows = rows.filter(until=FOREVER).filter(Q(expires_at__isnull=True) | Q(expires_at__gt=scope.at))
    found = sorted(rows, key=lambda row: (row.until, row.since), reverse=True)
    people = dict(
        Person.objects.within(scope)
        .filter(pk__in={row.by_person for row in found if row.by_person})
        .values_list("pk", "name")
    )
    return [_spell(row, scope.at, people) for row in found]


def _spell(row: Tagging, at: datetime, people: Mapping[UUID, str]) -> Spell:
    has_run_out = row.until == FOREVER and row.expires_at is not None and row.expires_at <= at
    until = row.expires_at if has_run_out else None if row.until == FOREVER else row.until
    return Spell(
        tag=row.tag,
        since=row.since,
        until=until,
        expires_at=row.expires_at,
        source=row.source,
        by=people.get(row.by_person, "") if row.by_person else "",
        ended_by="time" if has_run_out else row.ended_by,
    )
