"""What becomes of tags and scores when customers merge, part again or are erased, and what is told of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.customers.models import Customer, Profile, StageChange, TagCategory, Tagging
from campaigns.customers.tag_selectors import SCORES, tags_of, values_in_words
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import read_ref, ref
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

MERGED = "merge"
_GIVEN, _ENDED = "customers.tag", "customers.tagging"

# What the absorbed one has and the kept one has not goes over as it is, with its since and its end.
_UNITE = """
INSERT INTO customers_tagging (customer_id, branch_id, branch_pos, tag_id, since, until, expires_at, source, by_person,
                               ended_by)
SELECT %(kept)s, %(branch)s, %(pos)s, t.tag_id, t.since, t.until, t.expires_at, t.source, t.by_person, ''
  FROM customers_tagging t WHERE t.customer_id = %(absorbed)s AND t.until = %(forever)s
    ON CONFLICT (customer_id, tag_id, until) DO NOTHING
RETURNING tag_id
"""


def unite_tags(*, scope: Scope, kept: Customer, absorbed: Customer) -> Sequence[str]:
    """The kept customer has the tags of both; the absorbed one's spells end, and stay as history.

    Answers which tags the kept one had not ("customers.tag:7"), and which spells ended ("customers.tagging:7").
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _UNITE,
            {
                "kept": kept.pk,
                "branch": kept.branch_id,
                "pos": kept.branch_pos,
                "absorbed": absorbed.pk,
                "forever": FOREVER,
            },
        )
        given = [tag for (tag,) in cursor.fetchall()]
    spells = Tagging.objects.within(scope).filter(customer_id=absorbed.pk, until=FOREVER)
    ended = list(spells.values_list("tag_id", flat=True))
    # One that begins at this very moment has no history to leave.
    spells.filter(since__gte=scope.at).delete()
    spells.update(until=scope.at, ended_by=MERGED)
    return [ref(_GIVEN, tag) for tag in given] + [ref(_ENDED, tag) for tag in ended]


def part_tags(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> Sequence[str]:
    """Each has again what was theirs: the spells that the merge ended go on as if nothing had been.

    What the kept one was given because of the merge goes, unless it was ended or given anew since.
    """
    read = [read_ref(text) for text in moved]
    given = [int(each.id) for each in read if each.kind == _GIVEN]
    ended = [int(each.id) for each in read if each.kind == _ENDED]
    back = Tagging.objects.within(scope).filter(customer_id=absorbed.pk, tag_id__in=ended, ended_by=MERGED)
    last: dict[int, Any] = {}
    for spell in back.order_by("until"):
        last[spell.tag_id] = spell.until
    for tag, until in last.items():
        back.filter(tag_id=tag, until=until).update(until=FOREVER, ended_by="")
    took = Tagging.objects.within(scope).filter(customer_id=kept.pk, tag_id__in=given, until=FOREVER)
    took.delete()
    return moved


def erase_tags(*, scope: Scope, customer: Customer) -> Sequence[str]:
    """Tags, stages and scores go, and so do the attributes: they are plain, and tell of a person all the same."""
    rows: list[Any] = [
        model.objects.within(scope).filter(customer_id=customer.pk)
        for model in (Tagging, StageChange, Profile)
    ]
    touched = [model.model._meta.label_lower for model in rows if model.exists()]
    for some in rows:
        some.delete()
    return [ref(label, customer.pk) for label in touched]


def tell_tags(*, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Attributes in words, tags with their spells, stage and scores."""
    customer = Customer.objects.within(scope).filter(pk=customer_id).first()
    for name, value in values_in_words(customer.attributes if customer else {}):
        yield "attributes", {"name": name, "value": value}
    for spell in tags_of(scope=scope, customer_id=customer_id, with_history=True):
        yield (
            "tags",
            {
                "tag": str(spell.tag),
                "since": spell.since.isoformat(),
                "until": spell.until.isoformat() if spell.until else "",
                "valid_until": spell.expires_at.isoformat() if spell.expires_at else "",
            },
        )
    profile = Profile.objects.within(scope).filter(customer_id=customer_id).first()
    if profile is not None and profile.stage:
        scores = {code: getattr(profile, code) for code in SCORES}
        yield "profile", {"stage": profile.get_stage_display(), **scores}


def hand_over_categories(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """The successor owns the categories of tags of a branch that closes."""
    return TagCategory.objects.filter(owner=closed).update(owner=successor)
