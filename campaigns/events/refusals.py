"""Why one event of a batch is not taken, and why a whole call is not."""

from campaigns.lib.refusals import Refusal


class EventRefused(Refusal):
    """The base of what is wrong with one event; the rest of its batch is taken."""

    code = "events.event.refused"
    status = 422
    zh = "此事件不能接收。"
    en = "This event cannot be taken."


class EventUnreadable(EventRefused):
    code = "events.event.unreadable"
    zh = "事件须为 JSON 对象，且只含接口列出的字段（不认识的字段：{name}）。"
    en = "An event is a JSON object with the fields of the contract alone (unknown: {name})."


class EventIdMalformed(EventRefused):
    code = "events.event.id_malformed"
    zh = "事件编号须为小写的 UUIDv7。"
    en = "The id of an event is a UUIDv7 in lower case."


class EventFromFuture(EventRefused):
    code = "events.event.from_future"
    zh = "事件编号的时间晚于现在一天以上，请校准时钟。"
    en = "The id's own time is more than a day ahead: set the clock right."


class EventTooOld(EventRefused):
    code = "events.event.too_old"
    zh = "“{kind}”保存 {months} 个月，此事件已过保存期。"
    en = "“{kind}” is kept for {months} months, and this event is older."


class EventMomentMalformed(EventRefused):
    code = "events.event.moment_malformed"
    zh = "at 须为带时区的时间（RFC 3339）。"
    en = "`at` is a moment with its zone (RFC 3339)."


class EventKindUnknown(EventRefused):
    code = "events.kind.unknown"
    zh = "没有“{kind}”这种事件。"
    en = "There is no event of the kind “{kind}”."


class EventKindForeign(EventRefused):
    code = "events.kind.foreign"
    zh = "“{kind}”不能由此来源报送。"
    en = "“{kind}” is not told by this source."


class PropertyUnknown(EventRefused):
    code = "events.property.unknown"
    zh = "“{kind}”没有属性“{name}”。"
    en = "“{kind}” has no property “{name}”."


class PropertyIllTyped(EventRefused):
    code = "events.property.ill_typed"
    zh = "“{kind}”的属性“{name}”类型或取值不符。"
    en = "The property “{name}” of “{kind}” has a wrong type or value."


class PropertyMissing(EventRefused):
    code = "events.property.missing"
    zh = "“{kind}”缺少属性“{name}”。"
    en = "“{kind}” lacks the property “{name}”."


class SubjectIllFormed(EventRefused):
    code = "events.subject.ill_formed"
    zh = "“{kind}”的 subject 不符：须为“{kinds}”之一的引用。"
    en = "The subject of “{kind}” is a reference to one of: {kinds}."


class CustomerUnnamed(EventRefused):
    code = "events.customer.unnamed"
    zh = "须以 customer_number、unionid 或 openid 之一指明客户。"
    en = "A customer is named by one of customer_number, unionid and openid."


class CustomerUnknown(EventRefused):
    code = "events.customer.unknown"
    zh = "没有这位客户，或其已停用。"
    en = "There is no such customer, or not any more."


class BatchMalformed(Refusal):
    code = "events.batch.malformed"
    status = 400
    zh = "正文须为 {{“events”: [...]}}，含 1 至 {most} 个事件。"
    en = "The body is {{“events”: [...]}} with 1 to {most} events."


class HookUnsigned(Refusal):
    """An unknown source and a wrong signature answer alike."""

    code = "events.hook.unsigned"
    status = 401
    zh = "来源未登记，或签名不符。"
    en = "The source is not registered, or the signature is wrong."


class HookStale(Refusal):
    code = "events.hook.stale"
    status = 401
    zh = "时间戳与服务器时间相差超过 {minutes} 分钟。"
    en = "The timestamp is more than {minutes} minutes away from the server's time."


class HookRepeated(Refusal):
    code = "events.hook.repeated"
    status = 409
    zh = "此 nonce 已用过，请换一个再发。"
    en = "This nonce was used before: send again with a fresh one."


class DropUnreadable(Refusal):
    """`reason` is the system's word, or what the file should be."""

    code = "events.drop.unreadable"
    status = 422
    zh = "无法读取文件“{path}”：{reason}。"
    en = "Cannot read “{path}”: {reason}."


class DropChanged(Refusal):
    code = "events.drop.changed"
    status = 409
    zh = "文件“{path}”比已处理的部分还短：处理期间被改动。"
    en = "“{path}” is shorter than what was taken from it: it was changed meanwhile."


class DropBusy(Refusal):
    code = "events.drop.busy"
    status = 409
    zh = "文件“{path}”正由另一个进程处理。"
    en = "“{path}” is being taken by another process."
