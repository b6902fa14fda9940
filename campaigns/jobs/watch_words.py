"""What the figures are called, and how they are written for people. Pure."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

NAMES = {
    "due_oldest_seconds": gettext_lazy("Longest wait of a due task"),
    "due_late_seconds": gettext_lazy("Due tasks begun late (99 %)"),
    "due.ready": gettext_lazy("Due tasks ready to run"),
    "due.running": gettext_lazy("Due tasks running"),
    "due.dead": gettext_lazy("Due tasks given up"),
    "due_leases_lost": gettext_lazy("Workers lost at due tasks"),
    "message_oldest_seconds": gettext_lazy("Longest wait of a message"),
    "message_late_seconds": gettext_lazy("Messages sent late (99 %)"),
    "message.ready": gettext_lazy("Messages ready to be sent"),
    "message.dead": gettext_lazy("Messages not delivered"),
    "long_job_oldest_seconds": gettext_lazy("Longest wait of a long job"),
    "long_job.waiting": gettext_lazy("Long jobs waiting"),
    "long_job.running": gettext_lazy("Long jobs running"),
    "long_job.failed": gettext_lazy("Long jobs failed"),
    "queue_length.prompt": gettext_lazy("Messages to the prompt workers"),
    "queue_length.heavy": gettext_lazy("Messages to the heavy workers"),
    "queue_length.outbox": gettext_lazy("Messages to the outbox workers"),
    "parts_silent": gettext_lazy("Parts without a sign of life"),
    "served_unapproved": gettext_lazy("Served, but not as approved"),
}
# What to do about it, beside an open alert.
ADVICE = {
    "due_oldest_seconds": gettext_lazy(
        "Due work stands still: see whether the workers run, and start more of them."
    ),
    "due.dead": gettext_lazy("Open the tasks that were given up, read the reason, and run them again."),
    "due_leases_lost": gettext_lazy(
        "Workers die at their work: look for a lack of memory, or a machine that fails."
    ),
    "message_oldest_seconds": gettext_lazy(
        "Messages do not leave: the receiver may be away, or the network shut."
    ),
    "message.dead": gettext_lazy(
        "Open the messages that were not delivered, read the answer, and send them again."
    ),
    "long_job_oldest_seconds": gettext_lazy("Long jobs are not taken up: see whether the heavy workers run."),
    "queue_length.prompt": gettext_lazy("More is asked of the workers than they do: start more prompt ones."),
    "queue_length.heavy": gettext_lazy("More is asked of the workers than they do: start more heavy ones."),
    "queue_length.outbox": gettext_lazy(
        "More is asked of the workers than they do: see whether those of the outbox run."
    ),
    "parts_silent": gettext_lazy("“/readyz” names the part that is away; start it again."),
    "served_unapproved": gettext_lazy("Take down what is served without approval; the home page names it."),
}


def name_of(code: str) -> str:
    """The figure in the reader's language; an unknown one as it stands."""
    return str(NAMES.get(code, code))


def advice_of(code: str) -> str:
    return str(ADVICE.get(code, ""))


def value_words(code: str, value: float) -> str:
    """Seconds as people say them, everything else as a number."""
    if not code.endswith("_seconds"):
        return f"{value:,.0f}"
    if value < 10:
        return _("%(n)s s") % {"n": f"{value:.1f}".rstrip("0").rstrip(".")}
    if value < 120:
        return _("%(n)s s") % {"n": round(value)}
    if value < 7200:
        return _("%(n)s min") % {"n": round(value / 60)}
    return ngettext("%(n)s hour", "%(n)s hours", round(value / 3600)) % {"n": round(value / 3600)}
