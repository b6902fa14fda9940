"""Why a whole file is refused; a single row's reasons are in `verdicts.py`."""

from campaigns.lib.refusals import Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000


class FileTooLarge(Refusal):
    code = "tenants.organisation_file.too_large"
    status = 413
    zh = "文件超过 10 MB。请删去无关的工作表和图片，或按省拆成几个文件。"
    en = "The file is larger than 10 MB: remove sheets and pictures that do not belong, or split it by province."


class TooManyRows(Refusal):
    code = "tenants.organisation_file.too_many_rows"
    status = 413
    zh = "文件超过 20,000 行。请按省拆成几个文件，逐个导入。"
    en = "The file has more than 20,000 rows: split it by province and load the parts one by one."


class FileEmpty(Refusal):
    code = "tenants.organisation_file.empty"
    status = 422
    zh = "文件里没有机构：需要一行表头，下面每行一个机构。"
    en = "There are no branches in the file: it needs a row of headings and below it one row for each branch."


class OldWorkbook(Refusal):
    code = "tenants.organisation_file.old_workbook"
    status = 415
    zh = "这是旧版 Excel 文件（.xls）或加了密码的文件。请另存为不带密码的 .xlsx 或 .csv 再上传。"
    en = "This is an old Excel file (.xls) or has a password: save it as .xlsx or .csv without one."


class WorkbookUnreadable(Refusal):
    code = "tenants.organisation_file.workbook_unreadable"
    status = 422
    zh = "这个 Excel 文件已损坏，或不是正常的表格。请在 Excel 中打开后另存为 .xlsx 再试。"
    en = "This Excel file is damaged or not an ordinary workbook: open it in Excel, save it as .xlsx, and try again."


class WorkbookHostile(Refusal):
    """More than its size promises, or with parts that no spreadsheet program writes."""

    code = "tenants.organisation_file.workbook_hostile"
    status = 422
    zh = "这个 Excel 文件展开后过大，或含有表格软件不会写入的内容，为安全起见未予读取。"
    en = "This Excel file unpacks to too much, or holds what no spreadsheet program writes: it was not read."


class TextUnreadable(Refusal):
    code = "tenants.organisation_file.text_unreadable"
    status = 422
    zh = "文件的文字编码无法识别。请另存为 UTF-8 或 GB18030 的 CSV，或直接上传 .xlsx。"
    en = "The file's characters cannot be read: save it as CSV in UTF-8 or GB18030, or upload the .xlsx."


class QuotesUnreadable(Refusal):
    code = "tenants.organisation_file.quotes_unreadable"
    status = 422
    zh = "文件第 {line} 行的引号不成对，无法分列。请改正后重新上传。"
    en = "The quotes in line {line} do not match, so its columns cannot be told apart: correct it and upload again."
