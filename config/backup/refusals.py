"""Why a backup, a restore or an upgrade does not go on, in words for whoever runs it."""

from campaigns.lib.refusals import Refusal


class BackupRefused(Refusal):
    """The base of all of them."""

    code = "config.backup.refused"
    status = 409
    zh = "备份或升级无法继续。"
    en = "The backup or the upgrade cannot go on."


class NoFolder(BackupRefused):
    code = "config.backup.no_folder"
    zh = "不知道备份存放在哪里：请设置 BACKUP_FOLDER，或用参数给出文件夹。"
    en = "Where backups are kept is not known: set BACKUP_FOLDER, or name a folder."


class BadFolder(BackupRefused):
    code = "config.backup.bad_folder"
    zh = "无法使用文件夹 {path}：{reason}"
    en = "The folder {path} cannot be used: {reason}"


class FolderBusy(BackupRefused):
    code = "config.backup.folder_busy"
    zh = "{path} 中已有另一个备份正在进行，请等它结束。"
    en = "Another backup is being made in {path}: wait for its end."


class NoPassphrase(BackupRefused):
    code = "config.backup.no_passphrase"
    zh = (
        "密钥绝不以明文写入备份。请设置 BACKUP_PASSPHRASE（至少 {shortest} 个字符）；"
        "若密钥另有保管，请加 --without-keys。"
    )
    en = (
        "Keys are never written in clear: set BACKUP_PASSPHRASE (at least {shortest} characters), or say"
        " --without-keys if they are kept elsewhere."
    )


class WrongPassphrase(BackupRefused):
    code = "config.backup.wrong_passphrase"
    zh = "口令不能打开备份 {name} 中的密钥：请检查 BACKUP_PASSPHRASE（它是制作这份备份时的口令）。"
    en = (
        "The passphrase does not open the keys of {name}: BACKUP_PASSPHRASE must be the one it was made with."
    )


class NoKeys(BackupRefused):
    code = "config.backup.no_keys"
    zh = "备份 {name} 不含密钥。"
    en = "The backup {name} holds no keys."


class OtherKey(BackupRefused):
    code = "config.backup.other_key"
    zh = (
        "本安装的 DATA_KEY 不是备份 {name} 所用的密钥，恢复后加密的列无法读取。"
        "请先用 restore {name} --keys-to 文件 取出密钥并设置 SECRET_KEY 和 DATA_KEY；"
        "若备份不含密钥，请从密钥保管处取回。"
    )
    en = (
        "This installation's DATA_KEY is not the one that {name} was made with: its encrypted columns could not be"
        " read. Take the keys out with restore {name} --keys-to FILE and set SECRET_KEY and DATA_KEY; if it holds"
        " none, fetch them from where they are kept."
    )


class NoRoom(BackupRefused):
    code = "config.backup.no_room"
    zh = "磁盘空间不足：{path} 剩余 {free} MB，大约需要 {needed} MB。没有留下不完整的备份。"
    en = "No disk space: {path} has {free} MB left and about {needed} MB are needed. Nothing half done was left."


class ProgramMissing(BackupRefused):
    code = "config.backup.program_missing"
    zh = "找不到 PostgreSQL 的 {program}。请运行 uv sync，或用 FENHANG_PG_BIN 指定 PostgreSQL {major} 的程序文件夹。"
    en = (
        "PostgreSQL's {program} was not found: run uv sync, or name the folder of PostgreSQL {major}'s programs with"
        " FENHANG_PG_BIN."
    )


class ProgramFailed(BackupRefused):
    code = "config.backup.program_failed"
    zh = "{program} 失败：{reason}"
    en = "{program} failed: {reason}"


class DatabaseRefused(BackupRefused):
    code = "config.backup.database"
    zh = "数据库拒绝了操作：{reason}"
    en = "The database refused: {reason}"


class RowsHidden(BackupRefused):
    code = "config.backup.rows_hidden"
    zh = (
        "以下表的行级安全会向 {role} 隐藏数据，备份将不完整，因此没有制作：{tables}。"
        "请恢复这些表上 {role} 自己的策略（USING (true)），并移除对它生效的限制性策略。"
    )
    en = (
        "Row-level security would hide rows of these tables from {role}, so no backup was made: {tables}. Restore"
        " {role}'s own policies (USING (true)) on them, and remove restrictive ones that bind it."
    )


class NotABackup(BackupRefused):
    code = "config.backup.not_a_backup"
    zh = "{path} 不是完整的备份：没有清单（manifest.json）或清单无法读取。"
    en = "{path} is no whole backup: its manifest.json is missing or cannot be read."


class NoBackup(BackupRefused):
    code = "config.backup.none"
    zh = "{path} 中还没有完整的备份。请先运行 manage.py backup。"
    en = "There is no whole backup in {path} yet: run manage.py backup."


class SumDiffers(BackupRefused):
    code = "config.backup.sum_differs"
    zh = "备份 {name} 已损坏，没有恢复任何内容：{files}"
    en = "The backup {name} is damaged, and nothing was restored: {files}"


class SealDiffers(BackupRefused):
    code = "config.backup.seal_differs"
    zh = "备份 {name} 的清单在制作之后被改动过，没有恢复任何内容。"
    en = "The manifest of {name} was changed after it was made, and nothing was restored."


class NewerThanCode(BackupRefused):
    code = "config.backup.newer_than_code"
    zh = "备份 {name} 来自更新的版本：本程序没有迁移 {migrations}。请先升级程序，再恢复。"
    en = "The backup {name} is of a newer release: this one lacks the migrations {migrations}. Upgrade it first."


class NotEmpty(BackupRefused):
    code = "config.backup.not_empty"
    zh = (
        "数据库 {database} 中已有数据（{tables} 张表），没有恢复。"
        "要以备份取代它，请加 --replace；原有数据会另存，不会删除。"
    )
    en = (
        "The database {database} is not empty ({tables} tables), and nothing was restored. To put the backup in its"
        " place say --replace; what is there is set aside, not deleted."
    )


class InUse(BackupRefused):
    code = "config.backup.in_use"
    zh = "还有程序连接着数据库 {database}（{who}）。请先停止网站、任务进程和定时器，再恢复。"
    en = "Programs are still connected to the database {database} ({who}): stop web, workers and beat first."


class DrillFailed(BackupRefused):
    code = "config.backup.drill_failed"
    zh = "演练没有成功：{reason}"
    en = "The drill did not succeed: {reason}"


class CommandFailed(BackupRefused):
    code = "config.backup.command_failed"
    zh = "manage.py {command} 失败：{reason}（详见 {log}）"
    en = "manage.py {command} failed: {reason} (see {log})"


class WaitedTooLong(BackupRefused):
    code = "config.upgrade.waited_too_long"
    zh = "等待 {seconds} 秒后仍拿不到迁移 {migration} 所需的锁，已放弃，网站没有受影响。占用者：{holders}"
    en = (
        "After {seconds} s the locks that {migration} needs could still not be had; nothing was changed by it, and"
        " nobody was kept waiting. Held by: {holders}"
    )


class MigrationFailed(BackupRefused):
    code = "config.upgrade.migration_failed"
    zh = "迁移 {migration} 失败，数据库停在它之前：{reason}"
    en = "The migration {migration} failed, and the database stands before it: {reason}"
