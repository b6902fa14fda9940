"""What makes content fit to be shown. Pure."""

from datetime import datetime

from campaigns.lib.refusals import Refusal


class WindowIsBackward(Refusal):
    code = "content.window_is_backward"
    status = 422
    zh = "展示的结束时间必须晚于开始时间。"
    en = "It must be shown until a time after it is first shown."


class TitleIsMissing(Refusal):
    code = "content.title_is_missing"
    status = 422
    zh = "请填写标题。"
    en = "Give it a title."


class AssetIsThere(Refusal):
    code = "content.asset.is_there"
    status = 409
    zh = "素材库里已有同一张图片“{name}”，直接使用它即可。"
    en = "This picture is in the library already, as “{name}”: use that one."


class EditedMeanwhile(Refusal):
    code = "content.edited_meanwhile"
    status = 409
    zh = "您编辑期间，{who}已保存过这份内容。请重新打开后再修改，以免覆盖对方的改动。"
    en = "{who} saved this while you were editing. Open it again, so that nothing is overwritten."


class BatchIsNotOffered(Refusal):
    code = "content.batch_is_not_offered"
    status = 422
    zh = "选择的券批次不在您的机构范围内，或没有下发到您的机构。"
    en = "The chosen coupon batch is not of your branches, and none above hands it down."


class ProductIsUnknown(Refusal):
    code = "content.item.product_is_unknown"
    status = 422
    zh = "没有“{product_class}”这一产品类别。"
    en = "There is no product class “{product_class}”."


class TargetIsUnknown(Refusal):
    code = "content.placement.target_is_unknown"
    status = 422
    zh = "选择的机构、客户标签或客户阶段不在您的机构范围内，或已不存在。请重新选择。"
    en = "A chosen branch, tag or stage is not of your branches, or is no longer there: choose again."


class LimitIsBackward(Refusal):
    code = "content.placement.limit_is_backward"
    status = 422
    zh = "展示次数至少为 1，且每天的次数不能多于总次数。"
    en = "Show it at least once, and no more often a day than in all."


class AddressIsVoid(Refusal):
    """The signed address of a picture is wrong or has expired; answers as if nothing were there."""

    code = "content.address_is_void"
    status = 404
    zh = "图片地址无效或已过期，请重新获取页面。"
    en = "The address of this picture is wrong or has expired: load the page again."


def check_window(*, shown_from: datetime, shown_until: datetime) -> None:
    """Raise WindowIsBackward unless the window (exclusive end) is forward."""
    if shown_until <= shown_from:
        raise WindowIsBackward


def check_title(*, title: str) -> str:
    """The title without outer blanks; raises TitleIsMissing."""
    title = title.strip()
    if not title:
        raise TitleIsMissing
    return title
