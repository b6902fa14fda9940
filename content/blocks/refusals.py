"""Why blocks are refused when they are written."""

from campaigns.lib.refusals import Refusal


class BlockIsWrong(Refusal):
    """Values: `block` (its id or number), `part` (its code), `label`, `why_zh`, `why_en`."""

    code = "content.block.is_wrong"
    status = 422
    zh = "第{number}个区块的“{label}”有误：{why_zh}"
    en = "Block {number}, “{label}”: {why_en}"


class BlockIsUnknown(Refusal):
    code = "content.block.is_unknown"
    status = 422
    zh = "没有“{kind}”这种区块，或这类内容不能使用它。"
    en = "There is no block “{kind}”, or this kind of content has none."


class TooManyBlocks(Refusal):
    code = "content.block.too_many"
    status = 422
    zh = "一个页面最多 {limit} 个区块，请分成几页。"
    en = "A page has at most {limit} blocks: make several pages of it."
