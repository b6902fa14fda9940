"""Every "no" of this room."""

from campaigns.lib.refusals import Refusal


class IdentityTaken(Refusal):
    code = "customers.identity.taken"
    status = 409
    zh = "该客户号或微信身份已属于另一位客户。"
    en = "This customer number or WeChat identity belongs to another customer already."


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
