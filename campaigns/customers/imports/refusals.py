"""Why a whole file, or a step of it, is refused; a single row's reasons are in `words.py`."""

from campaigns.customers.refusals import FileRefused
from campaigns.lib.refusals import Refusal


class FileTooLarge(FileRefused):
    code = "customers.file.too_large"
    status = 413
    zh = "文件超过 {most} MB。请改用 CSV，或由系统管理员用命令行导入，或拆成几个文件。"
    en = "The file is larger than {most} MB: use CSV, have it loaded from the command line, or split it."


class OldWorkbook(FileRefused):
    code = "customers.file.old_workbook"
    status = 415
    zh = "这是旧版 Excel 文件（.xls）或加了密码的文件。请另存为不带密码的 .xlsx 或 .csv 再上传。"
    en = "This is an old Excel file (.xls) or has a password: save it as .xlsx or .csv without one."


class WorkbookUnreadable(FileRefused):
    code = "customers.file.workbook_unreadable"
    zh = "这个 Excel 文件已损坏，或不是正常的表格。请在 Excel 中打开后另存为 .xlsx 再试。"
    en = "This Excel file is damaged or not an ordinary workbook: open it in Excel, save it as .xlsx, and try again."


class WorkbookHostile(FileRefused):
    code = "customers.file.workbook_hostile"
    zh = "这个 Excel 文件展开后过大，或含有表格软件不会写入的内容，为安全起见未予读取。"
    en = "This Excel file unpacks to too much, or holds what no spreadsheet program writes: it was not read."


class ColumnsMissing(FileRefused):
    code = "customers.file.columns_missing"
    zh = "请至少选一列客户身份（客户号、手机号、unionid 等），同一内容不要选两次，并说明新客户归属哪个机构。"
    en = (
        "Choose at least one column that says who a customer is, nothing twice, and where new customers have"
        " their home."
    )


class ColumnTwice(FileRefused):
    code = "customers.file.column_twice"
    zh = "“{first}”列和“{second}”列选了相同的内容。同一内容只能由一列提供，请改选其中一列，或选“不导入”。"
    en = "The columns “{first}” and “{second}” say the same thing: choose something else for one, or leave it out."


class FileSettled(Refusal):
    code = "customers.file.settled"
    status = 409
    zh = "这个文件现在不能这样操作，它已进入下一步。请刷新页面看看它到了哪一步。"
    en = "This cannot be done with the file now, it has gone on: load the page again to see where it stands."


class NothingToDo(Refusal):
    code = "customers.file.nothing_to_do"
    status = 409
    zh = "这个文件没有需要新增或修改的内容。"
    en = "There is nothing in this file to add or change."


class SecondPersonNeeded(Refusal):
    code = "customers.file.second_person"
    status = 403
    zh = "超过 {most} 行的文件须由另一位同事复核后才能执行，提交人本人不能复核。"
    en = "A file of more than {most} rows needs another person's confirmation; who asked cannot confirm it."


class UndoTooLate(Refusal):
    code = "customers.file.undo_too_late"
    status = 409
    zh = "导入已超过一天，不能再整体撤销。"
    en = "The import is more than a day old and cannot be taken back as a whole any more."


class FileGone(Refusal):
    code = "customers.file.gone"
    status = 410
    zh = "文件内容已按期删除，只保留导入记录。请重新上传。"
    en = "The file's content has been deleted in due course; only the record of it stays. Upload it again."


class ColumnsUnknown(Refusal):
    code = "customers.export.columns_unknown"
    status = 422
    zh = "请至少选一列；敏感属性只有明文导出时才能选。"
    en = "Choose at least one column; sensitive attributes only go into a file in the clear."


class ReasonNeeded(Refusal):
    code = "customers.export.reason_needed"
    status = 422
    zh = "明文导出须写明理由（至少四个字）。"
    en = "A file in the clear needs a reason of at least four characters."


class NobodyToExport(Refusal):
    code = "customers.export.nobody"
    status = 422
    zh = "没有符合条件的客户，请放宽条件。"
    en = "No customer meets these conditions: widen them."


class OtherPersonNeeded(Refusal):
    code = "customers.export.second_person"
    status = 403
    zh = "须由另一位同事复核，申请人本人不能复核。"
    en = "Another person has to confirm it; who asked cannot."


class ExportSettled(Refusal):
    code = "customers.export.settled"
    status = 409
    zh = "这个导出现在不能这样操作：它已有结果，或文件已到期删除。请刷新页面。"
    en = "This cannot be done with the export now: it is settled, or its file is gone. Load the page again."
