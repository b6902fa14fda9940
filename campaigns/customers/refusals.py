"""Every "no" of this room."""

from campaigns.lib.refusals import Refusal


class IdentityTaken(Refusal):
    code = "customers.identity.taken"
    status = 409
    zh = "该客户号或微信身份已属于另一位客户。"
    en = "This customer number or WeChat identity belongs to another customer already."


class IdentityMalformed(Refusal):
    code = "customers.identity.malformed"
    status = 422
    zh = "这不像是一个可用的{kind}，请核对后重新输入。"
    en = "This cannot be a {kind}: check it and type it again."


class AppNeeded(Refusal):
    code = "customers.identity.app_needed"
    status = 422
    zh = "{kind}须注明所属企业（企业微信 corpid）。"
    en = "A {kind} needs its corporation: name the WeCom corpid."


class IdentityHeldElsewhere(Refusal):
    """Verified for somebody else, of whom nothing is said."""

    code = "customers.identity.held_elsewhere"
    status = 409
    zh = "该{kind}已核验属于另一位客户，不能再核验给本客户。可提交疑似重复，由管理岗比对后决定。"
    en = "This {kind} is verified for another customer: ask the stewards to compare the two."


class CustomerIsNotActive(Refusal):
    """Merged away, erased, or blocked where an active one is needed."""

    code = "customers.customer.not_active"
    status = 409
    zh = "客户 {customer} 已合并或注销，不能执行此操作。请打开其现在的客户页。"
    en = "Customer {customer} was merged or erased: open the page of the customer it became."


class SameCustomer(Refusal):
    code = "customers.merge.same_customer"
    status = 409
    zh = "两边是同一位客户，无需合并。"
    en = "Both are the same customer already: there is nothing to merge."


class TwoKnownPeople(Refusal):
    """Both have a customer number of the bank."""

    code = "customers.merge.two_known_people"
    status = 409
    zh = "两位客户都有本行客户号，须先提出疑似重复，由另一位同事确认后才能合并。"
    en = "The bank knows both by a customer number: propose them as duplicates, and let a colleague confirm."


class NobodyOfThatNumber(Refusal):
    code = "customers.merge.nobody_of_that_number"
    status = 422
    zh = "没有这个客户号，请核对后重新输入。"
    en = "Nobody has this customer number: check it and type it again."


class AlreadyUndone(Refusal):
    code = "customers.merge.already_undone"
    status = 409
    zh = "这次合并已被撤销。"
    en = "This merge was undone already."


class LaterMergeFirst(Refusal):
    code = "customers.merge.later_first"
    status = 409
    zh = "此客户之后还有合并，请先撤销较晚的那一次。"
    en = "There are later merges of this customer: undo the latest first."


class CannotBeUndone(Refusal):
    code = "customers.merge.cannot_be_undone"
    status = 409
    zh = "客户已被注销，合并不能撤销。"
    en = "The customer was erased: this merge cannot be undone."


class HomeElsewhere(Refusal):
    code = "customers.merge.home_elsewhere"
    status = 409
    zh = "被合并客户原归属网点不在您的机构范围内，请由上级机构撤销。"
    en = "The home of the customer who was merged lies outside your branches: ask a branch above to undo it."


class AlreadyDecided(Refusal):
    code = "customers.mergeproposal.already_decided"
    status = 409
    zh = "这一对客户已有结论：{state}。"
    en = "These two were decided on already: {state}."


class AnotherMustConfirm(Refusal):
    code = "customers.mergeproposal.another_must_confirm"
    status = 409
    zh = "疑似重复由您提出，须由另一位同事确认。"
    en = "You proposed these two: a colleague must confirm."


class StaffIsAnother(Refusal):
    code = "customers.staff.is_another"
    status = 409
    zh = "员工“{name}”已登记为另一位客户，请先解除原登记。"
    en = "“{name}” is noted as another customer already: end that first."


class ManagerElsewhere(Refusal):
    code = "customers.care.manager_elsewhere"
    status = 409
    zh = "“{name}”目前没有覆盖该客户归属网点的岗位，不能担任其客户经理。"
    en = "“{name}” holds no assignment over this customer's home branch, and cannot look after the customer."


class NotAHome(Refusal):
    code = "customers.branch.not_a_home"
    status = 409
    zh = "“{branch}”不是可归属客户的营业网点，请选择支行或网点。"
    en = "“{branch}” is no branch that customers belong to: choose a branch or an outlet."


class ReasonNeeded(Refusal):
    code = "customers.reason.needed"
    status = 422
    zh = "请写明原因（至少 {least} 个字）。"
    en = "Say why, in {least} characters or more."


class BranchNeeded(Refusal):
    """A first log-in must say where."""

    code = "customers.branch.needed"
    status = 422
    zh = "首次登录请先选择网点：请带上 branch_code。"
    en = "This is your first log-in: choose a branch and send its branch_code."


class BranchUnknown(Refusal):
    code = "customers.branch.unknown"
    status = 422
    zh = "没有编号为“{branch_code}”的营业网点，请重新选择。"
    en = "There is no open branch with the code “{branch_code}”: choose again."


class CustomerClosed(Refusal):
    code = "customers.customer.closed"
    status = 403
    zh = "该客户账户已停用，请联系您的网点。"
    en = "This customer account is closed: please ask your branch."


class RefreshRefused(Refusal):
    """Unknown, expired, revoked or used twice: one answer for all, and one thing to do."""

    code = "credential.refresh.refused"
    status = 401
    zh = "登录状态已失效，请重新登录。"
    en = "This session is over: log in again."


class FileRefused(Refusal):
    """A file that cannot be imported as a whole; nothing was changed."""

    code = "customers.file.refused"
    status = 422


class FileMissing(FileRefused):
    code = "customers.file.missing"
    zh = "打不开文件“{path}”：{reason}。"
    en = "Cannot open the file “{path}”: {reason}."


class FileEmpty(FileRefused):
    code = "customers.file.empty"
    zh = "文件是空的：需要一行表头，下面每行一位客户。"
    en = "The file is empty: it needs a row of headings and below it one row for each customer."


class LineTooLong(FileRefused):
    code = "customers.file.line_too_long"
    zh = "第 {line} 行超过 {limit} 字节，这不是所要的 CSV 文件。没有导入任何内容。"
    en = "Line {line} is longer than {limit} bytes: this is not the CSV asked for. Nothing was imported."


class NotText(FileRefused):
    code = "customers.file.not_text"
    zh = "第 {line} 行不是 UTF-8 或 GB18030 文本。请另存为 UTF-8 的 CSV 后重试。没有导入任何内容。"
    en = "Line {line} is not text in UTF-8 or GB18030: save the file as CSV in UTF-8. Nothing was imported."


class QuoteOpen(FileRefused):
    code = "customers.file.quote_open"
    zh = "第 {line} 行的引号没有闭合。没有导入任何内容。"
    en = "A quote in line {line} is never closed. Nothing was imported."


class SourceInvalid(FileRefused):
    code = "customers.file.source_invalid"
    zh = "来源名“{source}”不可用：请用 1 至 40 个小写字母、数字或短横线。"
    en = "“{source}” cannot name a source: use 1 to 40 lower-case letters, digits or hyphens."


class NoHomeBranches(FileRefused):
    code = "customers.file.no_home_branches"
    zh = "还没有可以归属客户的网点，请先建立支行。"
    en = "There is no branch yet that customers may belong to: add branches first."
