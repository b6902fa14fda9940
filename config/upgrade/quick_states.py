"""Migrating in a third of the time: most of it goes into drawing models anew, hundreds of times.

After each operation Django builds the classes of all models that hang together with the changed one, and ours all hang
together. For a new model its own class is enough, and an index, a constraint or a trigger needs no new class at all.
tests/config/test_migrate.py compares what this makes with what Django alone makes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db.migrations.state import ModelState, ProjectState
from pgtrigger.migrations import AddTrigger


@contextmanager
def states_drawn_once() -> Iterator[None]:
    """Inside, what adds a model, an index, a constraint or a trigger to a state draws no other model anew."""
    with (
        patch.object(ProjectState, "add_model", _add_model),
        patch.object(ProjectState, "_append_option", _append_option),
        patch.object(AddTrigger, "state_forwards", _add_trigger),
    ):
        yield


def _add_model(state: Any, model: ModelState) -> None:
    key = model.app_label, model.name_lower
    state.models[key] = model
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:  # asking for it would draw everything
        state.apps.render_multiple([model])


def _append_option(state: Any, app_label: str, model_name: str, option_name: str, added: Any) -> None:
    options = state.models[app_label, model_name].options
    options[option_name] = [*options.get(option_name, []), added]


def _add_trigger(operation: Any, app_label: str, state: Any) -> None:
    _append_option(state, app_label, operation.model_name, "triggers", operation.trigger)
