"""Why items are refused, beside what content/rules.py says."""

from campaigns.lib.refusals import Refusal


class KindIsUnknown(Refusal):
    code = "content.item.kind_is_unknown"
    status = 422
    zh = "没有“{kind}”这一内容类型。"
    en = "There is no kind of content “{kind}”."


class RiskLevelIsUnknown(Refusal):
    code = "content.item.risk_level_is_unknown"
    status = 422
    zh = "没有“{risk_level}”这一风险等级，请从 R1 至 R5 中选择。"
    en = "There is no risk level “{risk_level}”: choose one of R1 to R5."


class LinkLeadsNowhere(Refusal):
    code = "content.item.link_leads_nowhere"
    status = 422
    zh = "链接应为小程序页面（/pages/…）或网址（https://…）。"
    en = "The link must be a page of the mini-program (/pages/…) or a web address (https://…)."


class IsBeingEdited(Refusal):
    """Values: `who`, `since` (local, HH:MM)."""

    code = "content.item.is_being_edited"
    status = 409
    zh = "{who}从 {since} 起正在编辑这份内容。请等对方保存离开，或接手编辑并说明原因。"
    en = "{who} has been editing this since {since}. Wait until it is left, or take it over with a word why."


class NothingIsHeld(Refusal):
    code = "content.item.nothing_is_held"
    status = 409
    zh = "现在没有别人在编辑这份内容，直接编辑即可。"
    en = "Nobody else is editing this now: just edit it."


class IsOverAlready(Refusal):
    code = "content.item.is_over_already"
    status = 409
    zh = "它的展示时间已经结束，也没有在线内容可下线。"
    en = "Its time is over already, and nothing of it is live."


class CategoryIsWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "content.category.is_wrong"
    status = 422
    zh = "分类没有保存：{why_zh}"
    en = "The category was not saved: {why_en}"


class CategoriesAreBankWide(Refusal):
    code = "content.category.is_bank_wide"
    status = 403
    zh = "分类全行共用，只能在总行维护。"
    en = "Categories are the whole bank's: they are kept at head office."


class CustomerIsUnknown(Refusal):
    code = "content.preview.customer_is_unknown"
    status = 404
    zh = "您的机构范围内没有这个客户号的正常客户。请核对完整的客户号。"
    en = "No active customer of your branches has this number: check that it is the whole one."
