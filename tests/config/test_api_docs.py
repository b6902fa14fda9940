"""The API is described, wholly and without anything from outside."""

import re
from typing import Any

from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.urls import URLPattern, get_resolver

from tests.support.calls import Caller


def operations() -> dict[tuple[str, str], Any]:
    document = Caller().get("/api/v1/schema/").json()
    return {
        (method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_openapi_3_1_and_anyone_may_read_it(db: None) -> None:
    response = Caller().get("/api/v1/schema/")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["openapi"] == "3.1.0"
    assert Caller().get("/api/v1/schema/", If_None_Match=response["ETag"]).status_code == 304


def test_it_is_made_without_a_warning() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")


def test_every_address_of_the_api_is_in_it(db: None) -> None:
    [api] = [r for r in get_resolver().url_patterns if str(r.pattern) == "api/v1/"]
    listed = {path for _method, path in operations()}
    for pattern in api.url_patterns:
        assert isinstance(pattern, URLPattern)
        path = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if pattern.name not in NOT_OPERATIONS:
            assert path in listed, path


# A page, files, and the plain text that WeCom asks for: not operations of the API.
NOT_OPERATIONS = {"docs", "media", "hooks-wecom"}


def test_every_operation_has_a_summary_in_both_languages_problems_and_its_own_name(db: None) -> None:
    found = operations()
    for (method, path), operation in found.items():
        summary = operation.get("summary", "")
        assert re.search(r"[\u4e00-\u9fff]", summary) and re.search(r" · .*[A-Za-z]", summary), (method, path)
        problems = {
            code
            for code, r in operation["responses"].items()
            if "application/problem+json" in r.get("content", {})
        }
        assert {"400", "429"} <= problems, (method, path)
    names = [operation["operationId"] for operation in found.values()]
    assert len(names) == len(set(names))


def test_every_operation_says_which_token_it_wants(db: None) -> None:
    for (method, path), operation in operations().items():
        wanted = operation.get("security", [])
        if path.startswith("/api/v1/staff/") and not path.startswith("/api/v1/staff/auth/"):
            assert wanted == [{"staffToken": []}], (method, path)
        elif path.startswith("/api/v1/me"):
            assert wanted == [{"customerToken": []}], (method, path)


def test_the_page_loads_nothing_from_outside_and_all_of_it_exists(db: None) -> None:
    page = Caller().get("/api/v1/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    loaded = re.findall(r'(?:src|href|data-schema)="([^"]+)"', text)
    assert len(loaded) == 6
    for address in loaded:
        assert address.startswith("/") and not address.startswith("//")
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    assert "<script>" not in text and "接口文档" in text
    assert Caller().post("/api/v1/docs/").status_code == 405
