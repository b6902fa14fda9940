"""Why a long job is refused, or a part of it."""

from campaigns.lib.refusals import Refusal


class NothingChosen(Refusal):
    code = "jobs.job.nothing_chosen"
    status = 422
    zh = "没有选择任何项目，请先勾选。"
    en = "Nothing was chosen: tick something first."


class TooManyChosen(Refusal):
    code = "jobs.job.too_many"
    status = 422
    zh = "一次最多处理{at_most}项，请分批进行。"
    en = "At most {at_most} go at once: do it in parts."


class JobIsOver(Refusal):
    code = "jobs.job.is_over"
    status = 409
    zh = "这项长任务已经结束或停止，您的操作没有生效。"
    en = "This long job is over or stopped already; nothing was done."


class JobGoesOn(Refusal):
    code = "jobs.job.goes_on"
    status = 409
    zh = "这项长任务没有暂停，无需继续。"
    en = "This long job is not paused: there is nothing to resume."


class JobDoesNotGoOn(Refusal):
    code = "jobs.job.does_not_go_on"
    status = 409
    zh = "这项长任务没有在执行，无需暂停。"
    en = "This long job does not go on: there is nothing to pause."


class NotYourJob(Refusal):
    code = "jobs.job.not_yours"
    status = 403
    zh = "这项长任务由{name}提出，只有本人可以继续。"
    en = "{name} asked for this long job: nobody else resumes it."


class KindIsGone(Refusal):
    code = "jobs.job.kind_is_gone"
    status = 409
    zh = "系统中已没有这一类长任务（{kind}），无法执行。"
    en = "There is no such kind of long job any more ({kind}): it cannot be carried out."


class ItemFailed(Refusal):
    """A mistake of ours; the log has the whole."""

    code = "jobs.item.failed"
    status = 409
    zh = "执行这一项时出错，它没有完成。请单独处理这一项；若再次出错，请联系系统管理员查看日志。"
    en = "It failed and was not done. Do it by itself; if that fails too, ask for the log to be read."


class JobFailed(Refusal):
    """A mistake of ours again and again; the log has the whole."""

    code = "jobs.job.failed"
    status = 409
    zh = "执行中多次出错，已停在这里。请联系系统管理员查看日志，然后点“继续”。"
    en = "It failed several times and waits here. Ask for the log to be read, then resume it."


class WorkersDie(Refusal):
    """The next part of it may be what kills them."""

    code = "jobs.job.workers_die"
    status = 409
    zh = "执行它的进程接连{times}次意外退出而毫无进展，已停在这里。请联系系统管理员查看日志，然后点“继续”。"
    en = "{times} workers in a row died on it without progress. Ask for the log to be read, then resume it."
