"""Folders and rooms point down. import-linter sees imports; string foreign keys it does not."""

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.models import CASCADE, Field, Model

RANK = {path.rpartition(".")[2]: rank for rank, path in enumerate(settings.ROOMS)}
OURS = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in RANK]


def relations(model: type[Model]) -> list[Field]:  # type: ignore[type-arg]
    return [f for f in model._meta.get_fields() if isinstance(f, Field) and f.is_relation]


def test_every_model_relation_points_down_the_stack_or_stays_in_its_room() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in OURS
        for field in relations(model)
        if RANK.get(field.related_model._meta.app_label, -1) > RANK[model._meta.app_label]  # type: ignore[union-attr]
    ]
    assert upward == []


def test_the_walk_sees_string_keys_history_tables_and_the_log_in() -> None:
    seen = {f"{m._meta.label}.{f.name}" for m in OURS for f in relations(m)}
    assert {"tenants.Assignment.person", "tenants.AssignmentEvent.pgh_obj", "tenants.Login.person"} <= seen


def test_no_relation_of_ours_deletes_along() -> None:
    cascades = [
        f"{model._meta.label}.{field.name}"
        for model in OURS
        for field in relations(model)
        if getattr(field.remote_field, "on_delete", None) is CASCADE
    ]
    assert cascades == []


def test_models_and_migrations_agree(django_db_setup: None, django_db_blocker: object) -> None:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("makemigrations", check=True, dry_run=True, verbosity=1)
