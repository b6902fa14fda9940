"""What a column holds, in the words of a data map: one line a column, in each room's `data_classes.py`.

    CLASSES = read(\"\"\"
    customer.number_tail  contact  plain  erased  know
    \"\"\")

The words are class, form, how long it is kept, and what for. A column without a line must be harmless by itself
(`needs_line`), or a test fails: a new column is classified by whoever adds it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from campaigns.lib.both import Both

# Following JR/T 0171 (C1 internal, C2 of a person, C3 for authentication) and article 28 of the PIPL (sensitive).
KINDS: Mapping[str, Both] = {
    "none": {"zh": "非个人信息", "en": "nobody's"},
    "internal": {"zh": "内部管理信息", "en": "internal"},
    "contact": {"zh": "联系方式（脱敏）", "en": "contact"},
    "identity": {"zh": "身份标识", "en": "identity"},
    "financial": {"zh": "金融信息", "en": "financial"},
    "behaviour": {"zh": "行为与偏好", "en": "behaviour"},
    "sensitive": {"zh": "敏感个人信息", "en": "sensitive"},
    "credential": {"zh": "鉴别信息", "en": "credential"},
}
FORMS: Mapping[str, Both] = {
    "plain": {"zh": "明文", "en": "plain"},
    "sealed": {"zh": "加密", "en": "sealed"},
    "hashed": {"zh": "哈希", "en": "hashed"},
}
KEPT: Mapping[str, Both] = {
    "thing": {"zh": "与所属记录同存", "en": "as long as what it belongs to"},
    "erased": {"zh": "至客户注销", "en": "until the customer is erased"},
    "pseudonym": {"zh": "注销后仍以客户编号保留", "en": "under the pseudonym after erasure"},
    "law": {"zh": "会计档案期限", "en": "as long as accounting records"},
    "audit": {"zh": "审计期限，不可修改", "en": "as long as the audit, unchanged"},
    "staff": {"zh": "至员工离岗后归档", "en": "until staff have left"},
    "days": {"zh": "数日（自动清理）", "en": "days, then swept"},
    "months": {"zh": "数月（自动清理）", "en": "months, then swept"},
    "years": {"zh": "数年（自动清理）", "en": "years, then swept"},
}
PURPOSES: Mapping[str, Both] = {
    "run": {"zh": "系统运行", "en": "running the installation"},
    "publish": {"zh": "内容与活动", "en": "content and campaigns"},
    "approve": {"zh": "审核与留痕", "en": "review and its record"},
    "account": {"zh": "责任认定", "en": "who did what"},
    "secure": {"zh": "安全防护", "en": "security"},
    "know": {"zh": "识别客户", "en": "knowing the customer"},
    "serve": {"zh": "履行服务", "en": "serving the customer"},
    "market": {"zh": "营销分析", "en": "marketing"},
    "consent": {"zh": "授权管理", "en": "keeping consent"},
    "settle": {"zh": "结算对账", "en": "settlement"},
}
_VOCABULARY = (KINDS, FORMS, KEPT, PURPOSES)


@dataclass(frozen=True, slots=True)
class Classified:
    """One line: words of KINDS, FORMS, KEPT and PURPOSES."""

    kind: str
    form: str
    kept: str
    purpose: str

    @property
    def is_personal(self) -> bool:
        return self.kind not in ("none", "internal")


HARMLESS = Classified("internal", "plain", "thing", "run")


def read(text: str) -> dict[str, Classified]:
    """The lines of one room by "model.column"; "model.*" stands for a whole model. Raises ValueError with the line."""
    found: dict[str, Classified] = {}
    for line in filter(None, (each.strip() for each in text.splitlines())):
        name, *words = line.split()
        if len(words) != 4 or any(w not in known for w, known in zip(words, _VOCABULARY, strict=True)):
            raise ValueError(f"not of the vocabulary: {line}")
        if "." not in name or name in found:
            raise ValueError(f"no column, or twice: {line}")
        found[name] = Classified(*words)
    return found


def is_of_customer(model: type[models.Model]) -> bool:
    """Whether each row is about one customer."""
    names = {field.name for field in model._meta.fields}
    return "customer" in names or model._meta.label_lower == "customers.customer"


def needs_line(field: "models.Field[Any, Any]") -> bool:
    """Whether a column can hold something about a person. Keys, branches and moments cannot; in rows that are about one
    customer everything else can, elsewhere text, bytes, documents, dates and addresses.
    """
    is_text_key = field.primary_key and isinstance(field, models.CharField | models.BinaryField)
    if is_text_key:
        return True
    if field.primary_key or field.is_relation or isinstance(field, models.UUIDField | models.DateTimeField):
        return False
    if field.name in ("branch_pos", "pos", "pos_end"):
        return False
    if is_of_customer(field.model):
        return True
    if field.choices or isinstance(field, models.BooleanField | models.DurationField | models.FloatField):
        return False
    return not isinstance(field, models.IntegerField) and not isinstance(field, models.AutoField)


def tracked_by(model: type[models.Model]) -> type[models.Model] | None:
    """The model whose history this one is; None for any other."""
    names = {field.name: field for field in model._meta.fields}
    if "pgh_id" not in names or "pgh_obj" not in names:
        return None
    found: Any = names["pgh_obj"].related_model
    return found if isinstance(found, type) else None


def class_of(field: "models.Field[Any, Any]", lines: Mapping[str, Classified]) -> Classified | None:
    """What a column holds by its room's `lines`; None when nobody has said so and it does not go without saying."""
    original = tracked_by(field.model)
    model = original or field.model
    if original is not None and field.name.startswith("pgh_"):
        return HARMLESS
    name = model._meta.model_name or ""
    found = lines.get(f"{name}.{field.name}") or lines.get(f"{name}.*")
    if found is not None:
        return found
    same = next((each for each in model._meta.fields if each.name == field.name), field)
    return None if needs_line(same) else HARMLESS


def stale(lines: Iterable[str], known: Iterable[type[models.Model]]) -> list[str]:
    """Lines that name no column any more."""
    models_known = list(known)
    columns = {f"{m._meta.model_name}.{f.name}" for m in models_known for f in m._meta.fields}
    columns |= {f"{m._meta.model_name}.*" for m in models_known}
    return sorted(set(lines) - columns)
