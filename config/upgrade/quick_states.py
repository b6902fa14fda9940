"""Migrating in a fifth of the time: most of it goes into drawing models anew, hundreds of times.

After each operation Django builds the classes of all models that hang together with the changed one, and ours all hang
together. For a new model its own class is enough, a new field can join the class that is there, and an index, a
constraint or a trigger needs no new class at all. tests/config/test_migrate.py compares what this makes with what
Django alone makes.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import NOT_PROVIDED
from pgtrigger.migrations import AddTrigger, RemoveTrigger

from campaigns.lib.memory import settled_memory


@contextmanager
def states_drawn_once() -> Iterator[None]:
    """Inside, what adds a model, a field, an index, a constraint or a trigger to a state draws no other model anew.

    Not so for what undoes migrations: Django keeps the states of before for it, and their classes would get the fields
    that came later.
    """
    executor: Any = MigrationExecutor
    undo = executor._migrate_all_backwards
    with ExitStack() as drawn_once, settled_memory():

        def as_django_does(*args: Any, **options: Any) -> Any:
            drawn_once.close()
            return undo(*args, **options)

        with patch.object(executor, "_migrate_all_backwards", as_django_does):
            for owner, name, quick in (
                (ProjectState, "add_model", _add_model),
                (ProjectState, "add_field", _add_field),
                (ProjectState, "_append_option", _append_option),
                (AddTrigger, "state_forwards", _add_trigger),
                (RemoveTrigger, "state_forwards", _remove_trigger),
            ):
                drawn_once.enter_context(patch.object(owner, name, quick))
            yield


def _add_model(state: Any, model: ModelState) -> None:
    key = model.app_label, model.name_lower
    state.models[key] = model
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:  # asking for it would draw everything
        state.apps.render_multiple([model])


def _add_field(
    state: Any, app_label: str, model_name: str, name: str, field: Any, preserve_default: bool
) -> None:
    if not preserve_default:
        field = field.clone()
        field.default = NOT_PROVIDED
    key = app_label, model_name
    state.models[key].fields[name] = field
    if state._relations is not None:
        state.resolve_model_field_relations(key, name, field)
    if "apps" in state.__dict__:
        state.is_delayed = True  # who asks for more than tables, such as RunPython, has everything drawn anew
        state.apps.get_model(app_label, model_name).add_to_class(name, field.clone())
        state.apps.clear_cache()


def _append_option(state: Any, app_label: str, model_name: str, option_name: str, added: Any) -> None:
    options = state.models[app_label, model_name].options
    options[option_name] = [*options.get(option_name, []), added]


def _add_trigger(operation: Any, app_label: str, state: Any) -> None:
    _append_option(state, app_label, operation.model_name, "triggers", operation.trigger)


def _remove_trigger(operation: Any, app_label: str, state: Any) -> None:
    options = state.models[app_label, operation.model_name].options
    options["triggers"] = [one for one in options.get("triggers", []) if one.name != operation.name]
