"""What people do on the library's page: drop files, write snippets, move the focal point, tidy up."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope
from content.admin.asset_panel import panel_context, show
from content.admin.pictures import staff_media
from content.asset_selectors import look_alikes
from content.models import Asset
from content.rules import AssetIsThere
from content.selectors import asset_in_scope
from content.services.asset_removals import remove_asset, restore_asset
from content.services.asset_versions import change_values, replace_file, set_focal_point
from content.services.assets import add_asset, add_card, add_link, add_text, move_asset
from content.services.folders import add_folder, remove_folder, rename_folder

_WALL = "admin:content_asset_changelist"


class ValuesForm(forms.Form):
    """A snippet, link or card as it is typed."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in ("text", "link", "card")])
    name = forms.CharField(max_length=120)
    text = forms.CharField(required=False, max_length=8000)
    url = forms.CharField(required=False, max_length=600)
    app_id = forms.CharField(required=False, max_length=40)
    path = forms.CharField(required=False, max_length=300)
    tags = forms.CharField(required=False, max_length=300)


class FocalForm(forms.Form):
    """Thousandths of width and height from the top left."""

    x = forms.IntegerField(min_value=-100_000, max_value=100_000)
    y = forms.IntegerField(min_value=-100_000, max_value=100_000)


class MoveForm(forms.Form):
    """Where what is chosen goes ("-": into no folder), and which tags are put on it."""

    folder = forms.CharField(required=False, max_length=36)
    tags = forms.CharField(required=False, max_length=300)


class FolderForm(forms.Form):
    act = forms.ChoiceField(choices=[(act, act) for act in ("add", "rename", "remove")])
    name = forms.CharField(required=False, max_length=40)
    folder = forms.UUIDField(required=False)


def tags_of(text: str) -> list[str]:
    """Tags as people type them: between commas of any kind, or blanks."""
    for comma in "，、;；\n\t ":
        text = text.replace(comma, ",")
    return [tag for tag in text.split(",") if tag]


class AssetActs:
    """The views of the library beside Django's own; each parses, calls one service and says what happened."""

    admin_site: Any
    opts: Any

    def acts(self) -> list[Any]:
        """Their addresses."""
        own: list[tuple[str, Callable[..., Any], str]] = [
            ("upload/", self.upload_view, "upload"),
            ("values/", self.values_view, "values"),
            ("tidy/", self.move_view, "tidy"),
            ("folders/", self.folder_view, "folders"),
            ("<uuid:asset_id>/panel/", self.panel_view, "panel"),
            ("<uuid:asset_id>/focal/", self.focal_view, "focal"),
            ("<uuid:asset_id>/version/", self.version_view, "version"),
            ("<uuid:asset_id>/remove/", self.remove_view, "remove"),
            ("<uuid:asset_id>/put-back/", self.put_back_view, "put_back"),
        ]
        return [
            *(
                path(route, self.admin_site.admin_view(view), name=f"content_asset_{name}")
                for route, view, name in own
            ),
            # Not of the site's own views, which lead a stranger to the log-in: this answers as if nothing were there.
            path("media/<uuid:rendition_id>/<str:signature>", staff_media, name="content_asset_media"),
        ]

    # --- new things

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Each file has a verdict of its own; the good ones stay, whatever the others are."""
        if (wrong := self._posted(request, "add")) is not None:
            return wrong
        form = MoveForm(request.POST)
        form.is_valid()
        folder = _uuid(form.cleaned_data.get("folder", ""))
        tags = tags_of(form.cleaned_data.get("tags", ""))
        verdicts = [self._take(request, file, folder, tags) for file in request.FILES.getlist("files")]
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"verdicts": verdicts})
        for verdict in verdicts:
            say = messages.success if verdict["taken"] else messages.error
            say(request, f"{verdict['file']}: {verdict['words']}")
        if not verdicts:
            messages.warning(request, gettext("Choose at least one file."))
        return HttpResponseRedirect(reverse(_WALL))

    def _take(self, request: HttpRequest, file: Any, folder: UUID | None, tags: list[str]) -> dict[str, Any]:
        scope = scope_of(request)
        name = PurePath(file.name or "").stem.strip() or gettext("Picture")
        try:
            with transaction.atomic():
                asset = add_asset(scope=scope, raw=file, name=name[:120], folder_id=folder, tags=tags)
        except Refusal as refusal:
            there = refusal.values.get("asset") if isinstance(refusal, AssetIsThere) else None
            url = reverse("admin:content_asset_change", args=[there]) if there else ""
            words = str(refusal)
            said = {"file": file.name, "taken": False, "code": refusal.code, "words": words, "url": url}
            return said | ({"id": there} if there else {})
        shown: Any = show(asset, scope)
        alike = [_link(one, scope) for one in look_alikes(scope=scope, asset=asset, limit=3)]
        return {
            "file": file.name,
            "taken": True,
            "id": str(asset.pk),
            "words": gettext("taken; now say what it shows")
            if asset.is_picture
            else gettext("is in the library now"),
            "url": reverse("admin:content_asset_change", args=[asset.pk]),
            "thumb": shown.thumb,
            "alike": alike,
            "alike_words": gettext("looks like") if alike else "",
        }

    def values_view(self, request: HttpRequest) -> HttpResponse:
        """A snippet, a link or a card."""
        if (wrong := self._posted(request, "add")) is not None:
            return wrong
        scope, form = scope_of(request), ValuesForm(request.POST)
        if not form.is_valid():
            messages.error(request, gettext("Give it a name, and what it says."))
            return HttpResponseRedirect(reverse(_WALL))
        said = form.cleaned_data
        more = {"name": said["name"], "tags": tags_of(said["tags"])}
        adds: dict[str, Callable[[], Asset]] = {
            "text": lambda: add_text(scope=scope, text=said["text"], **more),
            "link": lambda: add_link(scope=scope, url=said["url"], **more),
            "card": lambda: add_card(scope=scope, app_id=said["app_id"], path=said["path"], **more),
        }
        return self._done(request, adds[said["kind"]], gettext("“%(name)s” is in the library."), wall=True)

    # --- one thing

    def panel_view(self, request: HttpRequest, asset_id: UUID) -> HttpResponse:
        """The detail panel beside the wall."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        try:
            asset = asset_in_scope(scope=scope_of(request), asset_id=asset_id)
        except NotFound:
            # As the change page does for what is not there.
            return HttpResponseRedirect(reverse("admin:index"))
        context = self.panel_of(request, asset)
        return TemplateResponse(request, "content/asset_panel.html", context)

    def panel_of(self, request: HttpRequest, asset: Asset) -> dict[str, Any]:
        """What the panel is given, with what the reader may do."""
        return panel_context(
            request,
            asset,
            may_change=self.has_change_permission(request),  # type: ignore[attr-defined]
            may_remove=scope_of(request).may("content.asset.remove"),
        )

    def focal_view(self, request: HttpRequest, asset_id: UUID) -> HttpResponse:
        """The point around which crops are cut."""
        if (wrong := self._posted(request, "change")) is not None:
            return wrong
        form = FocalForm(request.POST)
        x, y = (form.cleaned_data["x"], form.cleaned_data["y"]) if form.is_valid() else (-1, -1)
        return self._done(
            request,
            lambda: set_focal_point(scope=scope_of(request), asset_id=asset_id, x=x, y=y),
            gettext("The crops of “%(name)s” are cut anew; what is live keeps its own until it is reviewed."),
        )

    def version_view(self, request: HttpRequest, asset_id: UUID) -> HttpResponse:
        """Another file, or other words, as the next version."""
        if (wrong := self._posted(request, "change")) is not None:
            return wrong
        scope, file = scope_of(request), request.FILES.get("files")
        said = {name: request.POST.get(name, "")[:8000] for name in ("text", "url", "app_id", "path")}

        def act() -> Asset:
            if file is not None:
                return replace_file(scope=scope, asset_id=asset_id, raw=file)  # type: ignore[arg-type]
            return change_values(scope=scope, asset_id=asset_id, **said)

        return self._done(
            request,
            act,
            gettext("“%(name)s” has a new version; customers see it when its item was reviewed."),
        )

    def remove_view(self, request: HttpRequest, asset_id: UUID) -> HttpResponse:
        """Out of the library; what is in use stays."""
        if (wrong := self._posted(request, "view")) is not None:
            return wrong
        return self._done(
            request,
            lambda: remove_asset(scope=scope_of(request), asset_id=asset_id),
            gettext("“%(name)s” is removed; for 30 days it can be put back."),
        )

    def put_back_view(self, request: HttpRequest, asset_id: UUID) -> HttpResponse:
        """Back into the library."""
        if (wrong := self._posted(request, "view")) is not None:
            return wrong
        return self._done(
            request,
            lambda: restore_asset(scope=scope_of(request), asset_id=asset_id),
            gettext("“%(name)s” is back in the library."),
        )

    # --- many things, and folders

    def move_view(self, request: HttpRequest) -> HttpResponse:
        """What is chosen on the wall goes into a folder and takes tags, each with its own refusal."""
        if (wrong := self._posted(request, "change")) is not None:
            return wrong
        form, scope, count = MoveForm(request.POST), scope_of(request), 0
        form.is_valid()
        where, tags = form.cleaned_data.get("folder", ""), tags_of(form.cleaned_data.get("tags", ""))
        more: dict[str, Any] = {"folder_id": _uuid(where)} if where else {}
        for asset_id in [key for text in request.POST.getlist("assets")[:200] if (key := _uuid(text))]:
            try:
                with transaction.atomic():
                    move_asset(scope=scope, asset_id=asset_id, tags=tags, **more)
                count += 1
            except Refusal as refusal:
                messages.error(request, str(refusal))
        if count:
            messages.success(request, gettext("%(count)s assets are tidied up.") % {"count": count})
        elif not request.POST.getlist("assets"):
            messages.warning(request, gettext("Choose assets on the wall first."))
        return HttpResponseRedirect(reverse(_WALL))

    def folder_view(self, request: HttpRequest) -> HttpResponse:
        """A folder is made, called something else, or removed when it is empty."""
        if (wrong := self._posted(request, "change")) is not None:
            return wrong
        scope, form = scope_of(request), FolderForm(request.POST)
        if not form.is_valid():
            messages.error(request, gettext("Give the folder a name of 40 characters at most."))
            return HttpResponseRedirect(reverse(_WALL))
        folder, name = form.cleaned_data["folder"], form.cleaned_data["name"]
        acts: dict[str, Callable[[], Any]] = {
            "add": lambda: add_folder(scope=scope, name=name, parent_id=folder),
            "rename": lambda: rename_folder(scope=scope, folder_id=folder, name=name),
            "remove": lambda: remove_folder(scope=scope, folder_id=folder),
        }
        return self._done(
            request, acts[form.cleaned_data["act"]], gettext("The folders are changed."), wall=True
        )

    # --- what they share

    def _posted(self, request: HttpRequest, verb: str) -> HttpResponse | None:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not getattr(self, f"has_{verb}_permission")(request):
            raise PermissionDenied
        return None

    def _done(
        self, request: HttpRequest, act: Callable[[], Any], words: str, *, wall: bool = False
    ) -> HttpResponse:
        """One service call, and what became of it: as JSON for a script, else said on the page one comes back to."""
        is_script = request.headers.get("Accept", "").startswith("application/json")
        try:
            with transaction.atomic():
                thing = act()
        except Refusal as refusal:
            if is_script:
                return JsonResponse(
                    {"taken": False, "code": refusal.code, "words": str(refusal)}, status=refusal.status
                )
            messages.error(request, str(refusal))
            thing = None
        else:
            said = words % {"name": getattr(thing, "name", "")} if "%(" in words else words
            if is_script:
                return JsonResponse({"taken": True, "words": said})
            messages.success(request, said)
        match = request.resolver_match
        key = match.kwargs.get("asset_id") if match else None
        if wall or key is None:
            return HttpResponseRedirect(reverse(_WALL))
        return HttpResponseRedirect(reverse("admin:content_asset_change", args=[key]))


def _link(asset: Asset, scope: Scope) -> dict[str, str]:
    shown: Any = show(asset, scope)
    return {
        "name": asset.name,
        "url": reverse("admin:content_asset_change", args=[asset.pk]),
        "thumb": shown.thumb,
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
