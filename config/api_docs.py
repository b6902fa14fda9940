"""The API described: the OpenAPI 3.1 document, and a page that reads it aloud."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.bodies import JSONRenderer
from campaigns.lib.http.views import ApiView


class OpenApiRenderer(JSONRenderer):
    media_type = "application/vnd.oai.openapi+json"
    format = "openapi"


@cache
def _document(language: str) -> dict[str, Any]:
    """The whole document; it changes only with the code, so once a process and language is enough."""
    generator: Any = SchemaGenerator
    document: dict[str, Any] = generator().get_schema(request=None, public=True)
    return document


class SchemaDocument(ApiView):
    who = "anyone"
    renderer_classes = [JSONRenderer, OpenApiRenderer]

    @extend_schema(
        operation_id="schema",
        summary="接口文档（OpenAPI 3.1） · This document",
        responses={200: dict[str, Any]},
    )
    def get(self, request: Request) -> Response:
        return self.answer(_document(get_language() or "zh-hans"))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI from the wheel; loads nothing from outside and has no inline script."""
    return render(request, "api_docs/docs.html")
