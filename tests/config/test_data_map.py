"""The data map: every column says what it holds."""

import csv
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client
from django.test.utils import isolate_apps

from campaigns.customers.models import Customer, Identity
from campaigns.lib.classified import HARMLESS, class_of, needs_line, read, stale
from campaigns.tenants.models import Person
from config import data_map
from config.data_map import columns, stale_lines, unclassified
from tests.support.cast import Cast


def test_every_column_is_classified_and_every_line_speaks_of_a_column() -> None:
    """For a new column, add a line to its room's data_classes.py: class, form, how long it is kept, what for."""
    assert unclassified() == []
    assert stale_lines() == []


@isolate_apps("campaigns.customers")
def test_a_column_that_nobody_classified_is_found() -> None:
    class Diary(models.Model):
        words = models.TextField()
        day = models.DateField()
        at = models.DateTimeField()
        is_open = models.BooleanField()

        class Meta:
            app_label = "customers"

    class Mood(models.Model):
        customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True)
        is_good = models.BooleanField()
        score = models.SmallIntegerField()

        class Meta:
            app_label = "customers"

    found = {
        f"{m.__name__}.{f.name}": class_of(f, {}) for m in (Diary, Mood) for f in m._meta.concrete_fields
    }
    missing = {name for name, said in found.items() if said is None}
    assert missing == {"Diary.words", "Diary.day", "Mood.is_good", "Mood.score"}
    assert found["Diary.at"] == found["Mood.customer"] == HARMLESS
    assert stale({"diary.words": HARMLESS, "diary.gone": HARMLESS}, [Diary]) == ["diary.gone"]


def test_a_line_of_other_words_is_refused() -> None:
    for wrong in ("a.b secret plain thing run", "a.b none plain thing", "a none plain thing run"):
        with pytest.raises(ValueError, match="a"):
            read(wrong)
    with pytest.raises(ValueError, match="twice"):
        read("a.b none plain thing run\na.b none plain thing run")


def test_identities_are_sealed_or_hashed_wherever_they_are_kept_history_included() -> None:
    personal = [
        c for c in columns() if c.classified and c.classified.kind in ("identity", "sensitive", "credential")
    ]
    # A yes or no that counts with, and cannot open anything.
    plain = {c.name for c in personal if c.classified and c.classified.form == "plain"}
    assert plain == {"customers_permission.is_minor", "django_session.session_key", "django_session.session_data",
                     "django_session.expire_date"}  # fmt: skip
    history = {c.name for c in personal if c.is_history}
    assert {"customers_identityevent.value", "customers_identityevent.lookup"} <= history
    assert needs_line(Identity._meta.get_field("value")) and not needs_line(Person._meta.get_field("branch"))


def test_the_map_is_printed_as_csv_and_not_while_something_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("data_map", "--language", "en")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    [phone] = [r for r in rows if (r["table"], r["column"]) == ("customers_identity", "value")]
    assert (phone["class"], phone["form"], phone["kept"]) == (
        "identity",
        "sealed",
        "until the customer is erased",
    )
    monkeypatch.setattr("config.management.commands.data_map.unclassified", lambda: ["x_y"])
    with pytest.raises(CommandError, match="x_y"):
        call_command("data_map", "--check")


def test_head_office_and_the_auditor_read_it_and_nobody_else(cast: Cast) -> None:
    def page(name: str, **query: str) -> Any:
        client = Client()
        client.force_login(cast.play(name).login)
        return client.get("/admin/data-map/", query)

    for name in ("ho_administrator", "ho_auditor"):
        answer = page(name)
        assert answer.status_code == 200 and "customers_identity" in answer.content.decode()
    only = page("ho_auditor", room="customers", kind="identity").content.decode()
    assert "customers_identity" in only and "tenants_person" not in only and "number_tail" not in only
    assert page("ho_auditor", room="nowhere", kind="nothing").status_code == 200
    for name in ("ho_editor", "nb_manager", "nb_clerk"):
        assert page(name).status_code == 403, name
    assert data_map.app_name("customers")
