"""The inbox. Pages of one's own: every log-in has them, whatever its role; mounted by the admin site."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from campaigns.notices.models import Notice
from campaigns.notices.selectors import Way, branches_here, notice_of, read, unread, ways_to
from campaigns.notices.sentences import sentence_for, words_of
from campaigns.notices.services import mark_all_read, mark_read
from campaigns.tenants.desk import page_of, scope_of
from campaigns.tenants.models import Role
from campaigns.tenants.scopes import Scope

_READ_SHOWN = 30
_UNREAD_SHOWN = 200
_WAYS_SHOWN = 2


def line_of(notice: Notice) -> dict[str, Any]:
    """A notice as lists show it."""
    sentence = sentence_for(notice.code)
    return {
        "notice": notice,
        "words": words_of(code=notice.code, args=notice.args, subject=notice.subject),
        "icon": sentence.icon if sentence else "notifications",
        "is_urgent": bool(sentence and sentence.is_urgent),
    }


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What I was told: unread first, then what I have read, by the day."""
    scope = scope_of(request)
    asked = request.GET.get("p", "")
    at = (int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0) * _READ_SHOWN
    new = list(unread(scope=scope)[:_UNREAD_SHOWN]) if not at else []
    old = list(read(scope=scope)[at : at + _READ_SHOWN + 1])
    lines = [line_of(notice) for notice in [*new, *old[:_READ_SHOWN]]]
    _say_the_way(scope, lines)
    context = {
        **admin.site.each_context(request),
        "title": _("Inbox"),
        "days": _by_day(lines[: len(new)]),
        "read_days": _by_day(lines[len(new) :]),
        "has_unread": bool(new),
        "is_empty": not lines,
        "next_page": at // _READ_SHOWN + 1 if len(old) > _READ_SHOWN else None,
        "media": "",
    }
    return TemplateResponse(request, "notices/inbox.html", context)


@require_POST
def open_notice(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """Mark it read, and go where it leads: with an `assignment` by way of the switcher. Raises NotFound for another's.

    What lies where one does not stand stays unread, and one is shown the way.
    """
    scope = scope_of(request)
    notice = notice_of(scope=scope, notice_id=notice_id)
    is_here = notice.branch_id in branches_here(scope=scope, branch_ids=[notice.branch_id])
    if notice.opens and not is_here and "assignment" not in request.POST:
        messages.warning(
            request, _("That lies in a branch where you do not stand now. Switch there to open it.")
        )
        return HttpResponseRedirect(reverse("admin:inbox"))
    mark_read(scope=scope, notice_ids=[notice.pk])
    if "assignment" in request.POST:
        # The same form, for the switcher to judge.
        return HttpResponseRedirect(reverse("admin:switch"), preserve_request=True)
    return HttpResponseRedirect(page_of(notice.opens) or reverse("admin:inbox"))


@require_POST
def mark(request: HttpRequest) -> HttpResponse:
    """Mark one (`notice`) or, without it, all as read."""
    scope = scope_of(request)
    asked = request.POST.get("notice", "")
    if asked:
        try:
            mark_read(scope=scope, notice_ids=[UUID(asked)])
        except ValueError:
            messages.error(request, _("That is no notice of yours."))
    else:
        many = mark_all_read(scope=scope)
        words = ngettext("%(n)s notice is marked as read.", "%(n)s notices are marked as read.", many)
        messages.success(request, words % {"n": many})
    return HttpResponseRedirect(reverse("admin:inbox"))


def _by_day(lines: list[dict[str, Any]]) -> list[tuple[date, list[dict[str, Any]]]]:
    days: dict[date, list[dict[str, Any]]] = {}
    for line in lines:
        days.setdefault(localtime(line["notice"].at).date(), []).append(line)
    return list(days.items())


def _say_the_way(scope: Scope, lines: list[dict[str, Any]]) -> None:
    """Where a line leads; for what lies elsewhere, in which of the reader's own assignments it can be opened."""
    wanted = {line["notice"].branch_id for line in lines if line["notice"].opens}
    here = branches_here(scope=scope, branch_ids=wanted) if wanted else set()
    elsewhere = wanted - here
    ways: dict[int, list[Way]] = ways_to(scope=scope, branch_ids=elsewhere) if elsewhere else {}
    roles = Role.objects.in_bulk({way.role for found in ways.values() for way in found}) if ways else {}
    for line in lines:
        notice = line["notice"]
        line["page"] = page_of(notice.opens)
        line["is_here"] = notice.branch_id in here and bool(line["page"])
        line["ways"] = [
            {"way": way, "role": roles.get(way.role, way.role)}
            for way in ways.get(notice.branch_id, [])[:_WAYS_SHOWN]
            if line["page"]
        ]
