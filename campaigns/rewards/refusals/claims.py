"""Every "no" of claims that everybody wants at once, and of what is held for review."""

from campaigns.lib.http.malformed import Malformed
from campaigns.lib.refusals import Refusal


class NothingToHold(Refusal):
    code = "rewards.batch.nothing_to_hold"
    status = 422
    zh = "“超出时转人工审核”须同时填写每设备或每网段限领张数。"
    en = "To hold for review what is beyond a limit, give a limit per device or per address range."


class TicketMissing(Refusal):
    code = "rewards.claim.ticket_missing"
    status = 422
    zh = "请从活动页面领取：页面打开十分钟内有效，过期请刷新页面。"
    en = "Claim from the batch's page: it is good for ten minutes after it was opened; reload it."


class TicketInvalid(Malformed):
    code = "rewards.claim.ticket_invalid"
    zh = "领取凭证无效，请刷新活动页面后再领。"
    en = "The ticket is not ours: reload the batch's page."


class DeviceMissing(Refusal):
    code = "rewards.claim.device_missing"
    status = 422
    zh = "这批券按设备限领，请升级小程序后再领。"
    en = "This batch is limited per device and the request names none: update the app."


class DeviceLimitReached(Refusal):
    code = "rewards.claim.device_limit_reached"
    status = 409
    zh = "这台设备领取这批券的次数已达上限。"
    en = "This device has had as many of these coupons as one may."


class AddressLimitReached(Refusal):
    code = "rewards.claim.address_limit_reached"
    status = 409
    zh = "您所在网络领取这批券的人数已达上限，请换用其他网络再试。"
    en = "Your network has had as many of these coupons as one may: try from another one."


class StaffOfBranch(Refusal):
    code = "rewards.claim.staff_of_branch"
    status = 409
    zh = "员工不能领取本人任职机构的券。"
    en = "Staff claim no coupons of a branch at which they work."


class NotReleased(Refusal):
    code = "rewards.claim.not_released"
    status = 409
    zh = "还没有开抢，主播放券后即可领取。"
    en = "Not open yet: it can be claimed once the livestream releases it."


class ReleasedAlready(Refusal):
    code = "rewards.batch.released_already"
    status = 409
    zh = "这次放券已经开始，不能再改动。"
    en = "This release has begun, so it is not moved any more."


class CouponHeld(Refusal):
    code = "rewards.coupon.held"
    status = 409
    zh = "这张券正在审核，通过后即可使用。"
    en = "This coupon is held for review, and good once it is released."


class TokenNotOffline(Refusal):
    code = "rewards.token.not_offline"
    status = 409
    zh = "二维码一分钟内有效，断网时记下的二维码不能补录，请让客户读出券码。"
    en = "A QR code is good for a minute and cannot be sent in later: ask the customer for the code."


class NotHeld(Refusal):
    code = "rewards.coupon.not_held"
    status = 409
    zh = "这张券不在待审核状态，可能已由同事处理。"
    en = "This coupon is not held: a colleague may have decided already."


BY_WORD: dict[str, type[Refusal]] = {
    "not_released": NotReleased,
    "ticket_missing": TicketMissing,
    "device_missing": DeviceMissing,
    "device_limit_reached": DeviceLimitReached,
    "address_limit_reached": AddressLimitReached,
    "staff_of_branch": StaffOfBranch,
    "held": CouponHeld,
    "not_held": NotHeld,
}
