"""What the embedded services and `manage.py up` say, before Django and its translations are there.

One language a run: English when the environment asks for it (LC_ALL, LC_MESSAGES, LANG), Chinese otherwise.
"""

import os

_SENTENCES: dict[str, tuple[str, str]] = {
    # refusals: what is wrong, where, what to do
    "half_configured": (
        "只设置了部分外部服务地址，缺少 {missing}。请把 {all} 全部设置，或全部留空以使用内置服务。",
        "Only some addresses of external services are set; {missing} is missing. Set all of {all}, or none to use "
        "the embedded services.",
    ),
    "no_secret": (
        "使用外部数据库时必须设置 {missing}（见 README 的设置表）。",
        "With an external database {missing} must be set (see the table of settings in the README).",
    ),
    "secrets_lost": (
        "{path} 不见了，而数据还在。没有它数据无法解密：请恢复该文件；若数据不要了，删除 {folder} 后重新启动。",
        "{path} is gone while its data is still there, and cannot be read without it: restore the file, or delete "
        "{folder} to begin again without the data.",
    ),
    "secrets_unreadable": (
        "无权读取 {path}。请用创建它的用户运行，或用 FENHANG_VAR 指定另一个文件夹。",
        "No right to read {path}. Run as the user who made it, or name another folder with FENHANG_VAR.",
    ),
    "folder_unwritable": (
        "无法写入文件夹 {path}（{reason}）。请修正权限，或用 FENHANG_VAR 指定另一个文件夹。",
        "The folder {path} cannot be written ({reason}). Correct its rights, or name another with FENHANG_VAR.",
    ),
    "folder_of_another": (
        "{path} 属于另一个用户，不能用作套接字文件夹。请删除它，或用 FENHANG_VAR 指定较短的文件夹。",
        "{path} belongs to another user and cannot hold our sockets. Remove it, or name a shorter FENHANG_VAR.",
    ),
    "no_account": (
        "以 root 运行时，PostgreSQL 需要一个无特权用户，但无法切换到 {account}（{reason}）。请以普通用户运行。",
        "As root, PostgreSQL needs an unprivileged user, but changing to {account} failed ({reason}). Run as an "
        "ordinary user.",
    ),
    "no_disk": (
        "磁盘空间不足：{path} 只剩 {free} MB，至少需要 {needed} MB。请清理磁盘后重试。",
        "No disk space: {path} has {free} MB left and {needed} MB are needed. Make room and try again.",
    ),
    "other_version": (
        "{path} 中的数据属于 PostgreSQL {found}，本版本运行 PostgreSQL {wanted}。"
        "请用 pg_dump 迁移数据，或删除该文件夹重新开始。",
        "The data in {path} is of PostgreSQL {found}; this release runs PostgreSQL {wanted}. Move it with pg_dump, "
        "or delete the folder to begin again.",
    ),
    "initdb_failed": ("无法创建数据库：{reason}", "The database could not be created: {reason}"),
    "roles_failed": ("无法创建数据库角色：{reason}", "The database roles could not be made: {reason}"),
    "not_ready": (
        "{part} 在 {seconds} 秒内没有就绪。最后的输出：{reason}",
        "{part} was not ready within {seconds} s. It last said: {reason}",
    ),
    "ended_early": (
        "{part} 启动时退出（{how}）。最后的输出：{reason}",
        "{part} ended while starting ({how}). It last said: {reason}",
    ),
    "busy_instance": (
        "实例“{name}”已由另一个进程（{holder}）运行。请先停止它，或用 FENHANG_INSTANCE 另取一个名字。",
        "The instance “{name}” is already run by another process ({holder}). Stop that first, or choose another "
        "name with FENHANG_INSTANCE.",
    ),
    "busy_port": (
        "{host} 的端口 {port} 已被占用。请停止占用它的程序，或用 --port 换一个端口。",
        "Port {port} of {host} is in use. Stop the program that uses it, or choose another with --port.",
    ),
    "bad_address": (
        "无法监听 {host}:{port}（{reason}）。请检查 --host 和 --port。",
        "{host}:{port} cannot be listened on ({reason}). Check --host and --port.",
    ),
    "database_unreachable": (
        "{variable} 指向的数据库连不上：{reason}",
        "The database of {variable} cannot be reached: {reason}",
    ),
    "database_too_old": (
        "{variable} 指向的是 PostgreSQL {found}，需要 {wanted} 或更新版本。",
        "{variable} leads to PostgreSQL {found}; {wanted} or newer is required.",
    ),
    "database_role": (
        "{variable} 登录的角色是 {found}，应为 {wanted}。请让数据库管理员运行 manage.py sql_roles 打印的脚本。",
        "{variable} logs in as {found} instead of {wanted}. Have the database administrator run the script that "
        "manage.py sql_roles prints.",
    ),
    "redis_unreachable": (
        "REDIS_URL 指向的 Valkey/Redis 连不上：{reason}",
        "The Valkey or Redis of REDIS_URL cannot be reached: {reason}",
    ),
    "migrate_failed": ("数据库升级失败：{reason}", "Migrating the database failed: {reason}"),
    "demo_guarded": (
        "演示银行的登录众所周知，不能与外部数据库或 HTTPS 一起使用。请去掉 --demo。",
        "The demo bank's log-ins are known to everybody: it runs on the embedded database alone, without HTTPS. "
        "Leave --demo out.",
    ),
    "unsafe": ("系统检查未通过，拒绝启动：\n{reasons}", "The system checks refuse to start:\n{reasons}"),
    "demo_failed": ("演示银行装入失败：{reason}", "Loading the demo bank failed: {reason}"),
    "keeps_ending": (
        "{part} 一分钟内退出了三次，全部停止。最后一次：{how}。最后的输出：{reason}",
        "{part} ended three times within a minute, so everything stops. Last time: {how}. It last said: {reason}",
    ),
    # progress
    "starting_first": (
        "首次启动：正在创建 PostgreSQL 数据库（{path}）……",
        "First start: creating the PostgreSQL database ({path}) ...",
    ),
    "starting_services": ("正在启动 PostgreSQL 和 Valkey……", "Starting PostgreSQL and Valkey ..."),
    "using_external": ("使用外部 PostgreSQL 和 Valkey。", "Using the external PostgreSQL and Valkey."),
    "cleared_half": (
        "上次启动没有完成，已清理残留文件。",
        "An earlier start was left half finished; its remains were cleared.",
    ),
    "ended_orphan": (
        "发现上次遗留的 PostgreSQL 进程，已停止。",
        "Stopped a PostgreSQL process left over from an earlier run.",
    ),
    "waiting_lock": (
        "实例“{name}”正在停止，等待中……",
        "The instance “{name}” is stopping; waiting for it ...",
    ),
    "waiting_users": (
        "另一个命令还在使用内置数据库，等它结束……",
        "Another command still uses the embedded database; waiting for it ...",
    ),
    "migrating": ("正在升级数据库（{count} 个迁移）……", "Migrating the database ({count} migrations) ..."),
    "migrated": ("数据库已是最新。", "The database is up to date."),
    "loading_demo": ("数据库是空的，正在装入演示银行……", "The database is empty: loading the demo bank ..."),
    "no_demo_bank": (
        "数据库里已有一家银行，且不是演示银行：演示模式关闭。",
        "The database holds a bank that is not the demo: demo mode stays off.",
    ),
    "external_no_demo": (
        "外部数据库不装入演示银行。",
        "An external database gets no demo bank.",
    ),
    "empty_bank": (
        "数据库是空的。请运行 manage.py setup_bank 建立总行和第一位管理员。",
        "The database is empty. Run manage.py setup_bank to make head office and the first administrator.",
    ),
    "starting_parts": ("正在启动 {parts}……", "Starting {parts} ..."),
    "ready": ("一切就绪，用时 {seconds} 秒。", "Everything is ready after {seconds} s."),
    "address_admin": ("管理后台：{url}", "Admin: {url}"),
    "address_api": ("接口文档：{url}", "API: {url}"),
    "address_health": ("健康检查：{url}", "Health: {url}"),
    "ctrl_c": ("按 Ctrl-C 停止。", "Press Ctrl-C to stop."),
    "part_ended": (
        "{part} 自行退出（{how}），正在重新启动。",
        "{part} ended by itself ({how}); starting it again.",
    ),
    "part_stopped": (
        "{part} 的进程 {pid} 被暂停且无人恢复，已结束它。",
        "Process {pid} of {part} was stopped and nobody continued it; it has been ended.",
    ),
    "part_silent": (
        "{part} 已 {seconds} 秒没有应答，已结束它。",
        "{part} has not answered for {seconds} s; it has been ended.",
    ),
    "part_back": ("{part} 已恢复。", "{part} is back."),
    "parent_gone": ("启动它的 uv 已不在，正在停止。", "The uv that started this is gone; stopping."),
    "reloading": ("正在换上新程序……", "Taking up the new code ..."),
    "reloaded": ("已全部换上新程序。", "All of it runs the new code."),
    "stopping": ("正在停止……", "Stopping ..."),
    "stopped": ("已全部停止。", "Everything has stopped."),
    # small words
    "by_signal": ("信号 {number}", "signal {number}"),
    "by_exit": ("退出码 {code}", "exit code {code}"),
    "nothing": ("（无）", "(nothing)"),
    "web": ("网站", "web"),
    "worker": ("任务进程", "worker"),
    "heavy": ("重活进程", "heavy worker"),
    "outbox": ("发件进程", "outbox worker"),
    "beat": ("定时器", "beat"),
    "wechat": ("微信替身", "WeChat stand-in"),
    "postgres": ("PostgreSQL", "PostgreSQL"),
    "valkey": ("Valkey", "Valkey"),
}


def language() -> str:
    """ "en" when the environment asks for English, else "zh"."""
    asked = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if asked.lower().startswith("en") else "zh"


def word(key: str, **values: object) -> str:
    """The sentence `key` in the language of this run."""
    chinese, english = _SENTENCES[key]
    return (english if language() == "en" else chinese).format(**values)


class StartRefused(Exception):
    """The services cannot start, and a person must do something. `str()` is one clear line; `code` names it."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(word(code, **values))
