"""What may be wrong with something that is served, in both languages."""

from collections.abc import Sequence

from campaigns.lib.both import Both

_WHAT = {
    "payload": ("冻结的内容与提交时的哈希不符", "the frozen payload does not have the submitted hash"),
    "decisions": ("批准人看到的不是这一版，或无他人批准", "no other person approved this very hash"),
    "approval": ("线上副本没有对应的已批准版本", "the live copy belongs to no approved revision"),
    "copy": ("已批准，但线上副本不存在", "it is approved, but its live copy is gone"),
}


def what_in_both(what: Sequence[str]) -> Both:
    """The parts that are wrong, as `Wrong.what` names them, in words."""
    said = [_WHAT.get(part, (f"{part} 与批准的不一致", f"{part} is not as approved")) for part in what]
    return {"zh": "、".join(zh for zh, _en in said), "en": ", ".join(en for _zh, en in said)}
