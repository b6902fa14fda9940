"""Migrating an empty database in a third of the time: most of it goes into drawing models anew, hundreds of times.

After each operation Django builds the classes of all models that hang together with the changed one, and ours all hang
together. For a new model its own class is enough, and an index, a constraint or a trigger needs no new class at all.
tests/config/test_up.py compares what this makes with what a real migration makes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db.migrations.state import ModelState, ProjectState
from pgtrigger.migrations import AddTrigger

# Everything that a migration makes, one line each; the months of the audit are as many as the settings say.
SHAPE = """
WITH ours AS (SELECT c.oid, c.relname::text AS name, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl
                FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition)
SELECT concat_ws(' ', 'relation', name, relkind, relrowsecurity, relforcerowsecurity, relacl) FROM ours
UNION ALL SELECT concat_ws(' ', 'column', name, attname, attnum, format_type(atttypid, atttypmod), attnotnull,
                           attidentity, attgenerated, attacl, pg_get_expr(d.adbin, d.adrelid))
  FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE attnum > 0 AND relkind IN ('r', 'p', 'v')
UNION ALL SELECT concat_ws(' ', 'constraint', name, conname, pg_get_constraintdef(k.oid))
  FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid
UNION ALL SELECT concat_ws(' ', 'index', name, pg_get_indexdef(i.indexrelid))
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid
UNION ALL SELECT concat_ws(' ', 'trigger', name, pg_get_triggerdef(t.oid), t.tgenabled)
  FROM ours JOIN pg_trigger t ON t.tgrelid = ours.oid AND NOT t.tgisinternal
UNION ALL SELECT concat_ws(' ', 'policy', name, polname, polcmd, polpermissive, polroles::regrole[],
                           pg_get_expr(polqual, polrelid), '/', pg_get_expr(polwithcheck, polrelid))
  FROM ours JOIN pg_policy p ON p.polrelid = ours.oid
UNION ALL SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), p.proowner::regrole, p.proacl)
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
UNION ALL SELECT concat_ws(' ', 'view', name, pg_get_viewdef(oid)) FROM ours WHERE relkind = 'v'
ORDER BY 1
"""


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
