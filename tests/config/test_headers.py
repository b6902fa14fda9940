"""What every answer tells the browser, asked of every kind of answer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.cast import Cast
from tests.support.content import submitted_item

NOTHING = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def policy(answer: Any) -> dict[str, str]:
    parts = (part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    return {name: rest[0] if rest else "" for name, *rest in parts}


@pytest.fixture
def answers(cast: Cast) -> Iterator[dict[str, Any]]:
    """One of each kind; those of the admin as an administrator of head office sees them."""
    revision = submitted_item(cast.north_editor)
    browser, stranger = Client(), Client(raise_request_exception=False)
    browser.force_login(cast.ho_reviewer.login)
    phone = reverse("admin:approvals_revision_phone", args=[revision.pk, "new"])
    made: dict[str, Any] = {
        "desk": browser.get("/admin/"),
        "editor": browser.get(reverse("admin:content_item_changelist")),
        "phone": browser.get(phone),
        "wording": browser.get(reverse("admin:jsi18n")),
        "log-in": stranger.get("/admin/login/"),
        "to the log-in": stranger.get("/admin/"),
        "front": stranger.get("/"),
        "absent": stranger.get("/nothing/"),
        "docs": stranger.get("/api/v1/docs/"),
        "schema": stranger.get("/api/v1/schema/"),
        "problem": stranger.get("/api/v1/home"),
        "absent in the api": stranger.get("/api/v1/nothing"),
        "health": stranger.get("/healthz"),
        "a script": stranger.get("/static/shell/switcher.js"),
    }
    yield made
    # A file that nobody closes is a warning in some later test.
    made["a script"].close()


def test_every_kind_of_answer_carries_the_headers(answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["Referrer-Policy"] == "same-origin", name
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", name
        assert "camera=()" in answer["Permissions-Policy"], name
        found = policy(answer)
        assert found["default-src"] == found["base-uri"] == "'none'", name
        # No host, no scheme that leads outside, no nonce to be guessed or forgotten.
        assert set(answer["Content-Security-Policy"].replace(";", "").split()) - set(found) <= {
            "'none'", "'self'", "'unsafe-eval'", "'unsafe-inline'", "data:", "blob:",
            *re.findall(r"'sha256-[^']+'", found.get("script-src", "")),
        }, name  # fmt: skip
    for name in ("desk", "editor", "phone", "log-in", "to the log-in"):
        assert "no-store" in answers[name]["Cache-Control"], name


def test_what_is_no_page_of_the_admin_may_do_nothing_loose(answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        found = policy(answer)
        if name in ("desk", "editor", "log-in"):
            assert "'unsafe-inline'" not in found["script-src"]
            assert (found["frame-ancestors"], answer["X-Frame-Options"]) == ("'none'", "DENY"), name
            continue
        assert "unsafe-eval" not in answer["Content-Security-Policy"], name
        if name == "phone":
            assert "script-src" not in found and found["frame-ancestors"] == "'self'"
            assert answer["X-Frame-Options"] == "SAMEORIGIN"
            continue
        assert "unsafe-inline" not in answer["Content-Security-Policy"], name
        assert found["frame-ancestors"] == "'none'", name
        if name not in ("absent", "docs"):
            assert found == NOTHING, name
