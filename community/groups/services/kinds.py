"""Kinds of groups: bank-wide, kept at head office, never deleted."""

from django.db import IntegrityError, transaction

from campaigns.approvals.moves import broken
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.scopes import Scope
from community.groups.models import GroupKind


class KindIsThere(Refusal):
    code = "community.groupkind.is_there"
    status = 409
    zh = "类型代码“{kind}”已存在，请换一个代码。"
    en = "There is a kind of the code “{kind}” already: choose another."


class KindsAreBankWide(Refusal):
    code = "community.groupkind.bank_wide"
    status = 403
    zh = "社群类型全行共用，请在总行维护。"
    en = "Kinds of groups are the whole bank's: they are kept at head office."


def add_kind(*, scope: Scope, code: str, name: str, name_en: str = "") -> GroupKind:
    """Raises KindsAreBankWide away from head office, KindIsThere."""
    _demand(scope, "community.groupkind.add")
    kind = GroupKind(code=code.strip(), name=name.strip(), name_en=name_en.strip())
    try:
        with transaction.atomic():
            kind.save(force_insert=True)
    except IntegrityError as error:
        if not broken(error).endswith("_pkey"):
            raise
        raise KindIsThere(kind=kind.code) from error
    _note(scope, kind, "community.groupkind.add")
    return kind


def change_kind(*, scope: Scope, code: str, name: str, name_en: str, is_active: bool) -> GroupKind:
    """One not in use is offered no more; groups of it stay of it. Raises NotFound, KindsAreBankWide."""
    _demand(scope, "community.groupkind.change")
    kind = GroupKind.objects.filter(pk=code).first()
    if kind is None:
        raise NotFound
    kind.name, kind.name_en, kind.is_active = name.strip(), name_en.strip(), is_active
    kind.save(update_fields=["name", "name_en", "is_active"])
    _note(scope, kind, "community.groupkind.change")
    return kind


def _demand(scope: Scope, verb: str) -> None:
    scope.demand(verb)
    if scope.ancestors:
        raise KindsAreBankWide


def _note(scope: Scope, kind: GroupKind, verb: str) -> None:
    record(scope=scope, verb=verb, subject=ref("community.groupkind", kind.pk), subject_name=kind.name)
