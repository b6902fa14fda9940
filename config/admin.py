"""Admin pages of the parts that are not ours, in the shell's look and under its rights; and those nobody needs."""

from typing import Any

import django.contrib.auth.admin  # noqa: F401 - registered first, so that it can be taken out again
import django_celery_beat.admin as beat
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.desk import ScopedAdmin, scope_of


class _BankWide(ScopedAdmin):
    """The timetable has no branch: only those who stand at head office see it."""

    noun = "schedule.task"

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _note(request, obj, "change" if change else "add")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        _note(request, obj, "delete")
        super().delete_model(request, obj)


def _note(request: HttpRequest, obj: Any, did: str) -> None:
    """These parts have no services of ours: the deed is noted here."""
    record(
        scope=scope_of(request),
        verb=f"schedule.task.{did}",
        subject=ref(obj._meta.label_lower, obj.pk),
        subject_name=str(obj)[:200],
    )


class _TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The theme's select over the names of our tasks."""


class _TaskForm(beat.PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "regtask" in self.fields:
            self.fields["regtask"].widget = _TaskSelect()
        if "task" in self.fields:
            self.fields["task"].widget = UnfoldAdminTextInputWidget()


for _model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule, Group):
    admin.site.unregister(_model)


@admin.register(PeriodicTask)
class TimetableAdmin(beat.PeriodicTaskAdmin, _BankWide):  # type: ignore[misc]
    form = _TaskForm
    list_display = ("name", "task", "interval", "crontab", "last_run_at", "enabled")
    list_filter = ("enabled",)
    date_hierarchy = None
    # Queues and message options belong to whoever runs the installation, not to this page.
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (_("Schedule"), {"fields": ("interval", "crontab", "start_time", "one_off", "last_run_at")}),
        (_("Arguments"), {"fields": ("args", "kwargs")}),
    )
    readonly_fields = ("last_run_at",)
    change_form_template = None


@admin.register(IntervalSchedule)
class IntervalAdmin(_BankWide):
    list_display = ("__str__", "every", "period")


@admin.register(CrontabSchedule)
class CrontabAdmin(_BankWide):
    list_display = ("__str__", "human_readable")
