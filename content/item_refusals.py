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


class PartIsLocked(Refusal):
    """Values: `part`, `who` (the branch that handed it down)."""

    code = "content.item.part_is_locked"
    status = 409
    zh = "“{part}”由{who}统一确定，本机构不能修改。"
    en = "“{part}” is set by {who}: it cannot be changed here."


class PartCannotBeOpened(Refusal):
    code = "content.item.part_cannot_be_opened"
    status = 422
    zh = "“{part}”不能开放给下级机构修改。"
    en = "“{part}” cannot be opened to the branches below."


class IsLocalised(Refusal):
    code = "content.item.is_localised"
    status = 409
    zh = "本机构已有这份内容的本地版本，直接编辑它即可。"
    en = "Your branch has a local version of this already: edit that one."


class IsNoLocalVersion(Refusal):
    code = "content.item.is_no_local_version"
    status = 409
    zh = "这份内容不是本地版本。"
    en = "This is no local version."


class OriginalHasNotChanged(Refusal):
    code = "content.item.original_has_not_changed"
    status = 409
    zh = "上级的原版没有变化，不需要处理。"
    en = "The original has not changed: there is nothing to do."


class ObjectionIsThere(Refusal):
    code = "content.objection.is_there"
    status = 409
    zh = "对这一版已经提出过异议，请等待上级答复。"
    en = "An objection to this version was made already: wait for the answer."


class ObjectionIsAnswered(Refusal):
    code = "content.objection.is_answered"
    status = 409
    zh = "这条异议已经答复过。"
    en = "This objection is answered already."


class NoLocalVersionsOfLocalVersions(Refusal):
    code = "content.item.no_local_versions_of_local_versions"
    status = 409
    zh = "本地版本不能再开放给下级机构修改；下级机构可直接从原版建立自己的版本。"
    en = "A local version cannot be opened again: branches below make theirs of the original."


class PlacesTheOriginal(Refusal):
    code = "content.placement.places_the_original"
    status = 422
    zh = "本地版本会自动替换原版出现的位置，不能单独投放。"
    en = "A local version stands wherever its original stands; it cannot be placed by itself."


class CustomerIsUnknown(Refusal):
    code = "content.preview.customer_is_unknown"
    status = 404
    zh = "您的机构范围内没有这个客户号的正常客户。请核对完整的客户号。"
    en = "No active customer of your branches has this number: check that it is the whole one."
