"""What the bank calls things, as far as a file may speak of them: attributes, tags, branches."""

from campaigns.customers.attribute_models import Attribute
from campaigns.customers.attribute_rules import reader_of
from campaigns.customers.bank_marketing_attributes import definitions
from campaigns.customers.care_selectors import carers_here
from campaigns.customers.imports.mapping import MANAGER, Columns, Vocabulary, plain
from campaigns.customers.imports.values import IDENTITIES
from campaigns.customers.imports.words import TARGETS
from campaigns.customers.selectors import home_branches
from campaigns.customers.tag_models import Tag
from campaigns.customers.tag_selectors import tags_usable
from campaigns.tenants.scopes import Scope


def vocabulary_of(*, scope: Scope, names_managers: bool = False) -> Vocabulary:
    """Three queries: attributes in use, tags that files may give, branches that customers may belong to. A fourth where
    the file names relationship managers.
    """
    attributes = list(Attribute.objects.filter(is_active=True))
    tags = _tags(scope)
    names = {}
    for tag in reversed(tags):
        for name in (tag.name_en, tag.name, tag.code):
            names[plain(name)] = f"tag:{tag.code}"
    for attribute in reversed(attributes):
        for name in (attribute.name_en, attribute.name, attribute.code):
            names[plain(name)] = f"attribute:{attribute.code}"
    names.pop("", None)
    return Vocabulary(
        attributes={attribute.code: reader_of(attribute) for attribute in attributes},
        names=names,
        tags={tag.code: tag.pk for tag in tags},
        branches={branch.code: (branch.pk, branch.pos) for branch in home_branches(scope=scope)},
        carers=carers_here(scope=scope) if names_managers else {},
    )


def _tags(scope: Scope) -> list[Tag]:
    """Those of the scope that are not given by a rule."""
    given = tags_usable(scope=scope).filter(is_active=True).exclude(kind=Tag.Kind.COMPUTED)
    return list(given.order_by("category", "pk"))


def targets_of(*, scope: Scope, mapping: Columns) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column may say, in groups of (target, name): who somebody is, home and tags, attributes."""
    attributes = [(f"attribute:{each.code}", str(each)) for each in Attribute.objects.filter(is_active=True)]
    if mapping.preset:
        known = {target for target, _name in attributes}
        extra = [
            Attribute(code=each["code"], name=each["name"], name_en=each["name_en"]) for each in definitions()
        ]
        named = [(f"attribute:{each.code}", str(each)) for each in extra]
        attributes += [(target, name) for target, name in named if target not in known]
    chosen = [target for target in mapping.columns if ":" in target and target.split(":")[0] in IDENTITIES]
    return [
        ("identity", [(kind, str(TARGETS[kind])) for kind in IDENTITIES] + [(each, each) for each in chosen]),
        ("other", [(each, str(TARGETS[each])) for each in ("branch", MANAGER, "tags")]),
        ("attributes", attributes),
        ("tags", [(f"tag:{tag.code}", str(tag)) for tag in _tags(scope)]),
    ]
